"""An API in this process: an app of one function, over HTTP, with faults laid in its way."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Fault = Literal[
    "429", "429 date", "502", "reset", "slow", "truncated", "short", "stalled", "html 503"
]


@dataclass(frozen=True)
class Asked:
    """A request: what an app may look at. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    form: Mapping[str, list[str]]
    url: str

    def get(self, name: str, default: str = "") -> str:
        """Returns a parameter."""
        return self.query.get(name, [default])[0]

    def number(self, name: str, default: int) -> int:
        """Returns a parameter that is a number."""
        return int(self.get(name, str(default)))


@dataclass
class Answered:
    """An answer; a body that is no bytes goes out as JSON."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


App = Callable[[Asked], Answered]


@dataclass
class Api:
    """A running server.

    Attributes:
        url: Its address.
        asked: All requests that came, in order.
        faults: Number of a request, from 0 -> what happens instead of an answer.
        connections: How many there were.
    """

    url: str
    asked: list[Asked] = field(default_factory=list)
    faults: dict[int, Fault] = field(default_factory=dict)
    connections: int = 0


@contextmanager
def serving(app: App, certificate: Path | None = None) -> Iterator[Api]:
    """Serves an app on a free port of loopback, over TLS where it has a certificate."""
    server = _Server(("127.0.0.1", 0), _handler(app, lambda: api))
    api = Api(f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}")
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.002})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Says nothing: clients go away as they like."""


def make_certificate(folder: Path) -> Path:
    """Makes a certificate of 127.0.0.1 that nobody vouches for, its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def _handler(app: App, get_api: Callable[[], Api]) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            get_api().connections += 1

        def _serve(self) -> None:
            api = get_api()
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            asked = Asked(
                method=self.command,
                path=parts.path,
                query=parse_qs(parts.query, keep_blank_values=True),
                headers={name.lower(): value for name, value in self.headers.items()},
                form=parse_qs(self.rfile.read(length).decode()),
                url=api.url + self.path,
            )
            with lock:
                fault = api.faults.get(len(api.asked))
                api.asked.append(asked)
                answered = _instead(fault) or app(asked)
            self._send(answered, fault)

        do_GET = do_POST = _serve

        def _send(self, answered: Answered, fault: Fault | None) -> None:
            content = answered.content
            if fault == "truncated":
                content = content[: len(content) * 2 // 3]
            if fault == "reset":
                linger = struct.pack("ii", 1, 0)  # close() then sends RST
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(answered.status)
            headers = {"Content-Type": "application/json", **answered.headers}
            for name, value in headers.items():
                for each in value if isinstance(value, list) else [value]:
                    self.send_header(name, each)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if fault == "short":
                self.wfile.write(content[: len(content) // 2])
                self.close_connection = True
            elif fault == "stalled":
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                time.sleep(1)
                self.close_connection = True
            elif fault == "slow":
                for start in range(0, len(content), max(1, len(content) // 4)):
                    self.wfile.write(content[start : start + max(1, len(content) // 4)])
                    self.wfile.flush()
                    time.sleep(0.002)
            else:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # the connection was reset
                super().finish()

    return Handler


def _instead(fault: Fault | None) -> Answered | None:
    match fault:
        case "429":
            return Answered({"error": "slow down"}, 429, {"Retry-After": "0"})
        case "429 date":
            return Answered(b"", 429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
        case "502":
            return Answered(b"<html>Bad Gateway</html>", 502, {"Content-Type": "text/html"})
        case "html 503":
            return Answered(b"<html>Back soon</html>", 503, {"Content-Type": "text/html"})
    return None
