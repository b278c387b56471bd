"""A proxy before Cloud Storage's emulator that lets requests fail in the ways that networks do."""

import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

RESET_BEFORE = "reset before the request has an effect"
RESET_AFTER = "reset after it, the answer lost"
CUT = "the answer breaks off"
DAMAGED_REQUEST = "a bit of the request's body is wrong"
DAMAGED_ANSWER = "a bit of the answer's body is wrong"

Fault = int | str | dict[str, Any]
"""An HTTP status to answer with, one of the above, or another answer in JSON."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def sends(self) -> bool:
        """Whether it carries an object, or a part of one."""
        return "/upload/" in self.path and (
            self.method == "PUT" or "uploadType=multipart" in self.path
        )

    @property
    def reads(self) -> bool:
        """Whether it asks for an object's content."""
        return "alt=media" in self.path


@dataclass
class Faults:
    """What shall go wrong, and what was asked.

    Attributes:
        endpoint: The proxy's address.
        asked: The requests so far.
    """

    endpoint: str = ""
    asked: list[Asked] = field(default_factory=list)
    _waiting: list[tuple[Fault, Callable[[Asked], bool], int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, where: Callable[[Asked], bool], times: int = 1) -> None:
        """Lets the next requests of a kind fail."""
        self._waiting.append((fault, where, times))

    @property
    def all_met(self) -> bool:
        """Whether every fault has happened."""
        return not self._waiting

    def meet(self, asked: Asked) -> Fault | None:
        """Notes a request, and returns what shall happen to it."""
        with self._lock:
            self.asked.append(asked)
            for place, (fault, where, times) in enumerate(self._waiting):
                if where(asked):
                    self._waiting[place : place + 1] = [(fault, where, times - 1)] * (times > 1)
                    return fault
        return None


@contextmanager
def faults_before(emulator: str) -> Iterator[Faults]:
    """Runs a proxy before an emulator."""
    faults = Faults()

    class Handler(_Handler):
        target = urlsplit(emulator).netloc

    Handler.faults = faults
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    faults.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    try:
        yield faults
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


class _Handler(BaseHTTPRequestHandler):
    faults: Faults
    target: str

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.faults.meet(Asked(self.command, self.path, dict(self.headers)))
        if isinstance(fault, dict):
            self._answer(200, [], json.dumps(fault).encode())
            return
        if isinstance(fault, int):
            self._answer(fault, [], json.dumps(_error(fault)).encode())
            return
        if fault == RESET_BEFORE:
            self._reset()
            return
        status, headers, answer = self._forward(
            _flipped(body) if fault == DAMAGED_REQUEST else body
        )
        if fault == RESET_AFTER:
            self._reset()
        elif fault == CUT:
            self._answer(status, headers, answer, sent=len(answer) // 2)
            self._reset()
        else:
            self._answer(status, headers, _flipped(answer) if fault == DAMAGED_ANSWER else answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _pass_on

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.target, timeout=60)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers))
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, sent: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "server", "date", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])

    def _reset(self) -> None:
        """Closes the connection by a reset, without a farewell."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.finish()
        self.connection.close()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (OSError, ValueError):  # a side is gone, as was wanted
            self.close_connection = True

    def finish(self) -> None:
        for file in (self.wfile, self.rfile):
            with suppress(OSError, ValueError):
                file.close()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _flipped(body: bytes) -> bytes:
    """Returns a body in which one bit of the last quarter is another: headers come first."""
    place = len(body) * 3 // 4
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def _error(status: int) -> dict[str, Any]:
    """An answer as Google words it, with what must not be passed on."""
    reason = {403: "forbidden", 429: "rateLimitExceeded", 503: "backendError"}.get(status, "other")
    said = "canary-4711 secret@example.org"
    return {"error": {"code": status, "message": said, "errors": [{"reason": reason}]}}
