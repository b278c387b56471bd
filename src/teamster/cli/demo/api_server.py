"""A loopback HTTP server for the demo's made-up APIs: an API is a function from call to reply."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        method: ``GET`` or ``POST``.
        path: The path, without its query.
        query: The query; of a name that stands twice the last value.
        headers: The headers, their names in lower case.
        form: The fields of a form that was sent.
        url: The whole URL.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer; its body goes out as JSON."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Api: TypeAlias = Callable[[Call], Reply]


@contextmanager
def serve_api(api: Api) -> Iterator[str]:
    """Serves an API on a free loopback port.

    Args:
        api: The API; it is called by one thread at a time.

    Yields:
        Its URL; the server is stopped when the block ends.
    """
    with ThreadingHTTPServer((HOST, 0), _handler(api)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            form = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            call = Call(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                dict(parse_qsl(form)),
                f"http://{self.headers.get('host', HOST)}{self.path}",
            )
            with lock:
                reply = api(call)
            content = json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: a URL may hold a key."""

    return Handler
