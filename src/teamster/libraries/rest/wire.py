"""One exchange with a server over urllib3: a request out, a whole answer into the spool."""

import logging
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from urllib.parse import urlencode

import urllib3

from teamster.core.errors import ConfigError, UnexpectedAnswer
from teamster.core.settings import spool_dir
from teamster.libraries.rest.failures import SHOWN_BYTES, sorted_failures
from teamster.libraries.rest.messages import Answer, Request
from teamster.libraries.rest.origins import origin, shown_host

_CHUNK = 1 << 16
_IN_MEMORY = 1 << 20
"""Bytes of an answer that are kept in memory; more go to a file without a name."""

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "teamster",
}

_OURS: ContextVar[bool] = ContextVar("_OURS", default=False)


def _not_ours(_: logging.LogRecord) -> bool:
    """Holds back what urllib3 logs of our requests: it shows whole URLs, keys and all."""
    return not _OURS.get()


@contextmanager
def _unlogged() -> Iterator[None]:
    before = _OURS.set(True)
    try:
        yield
    finally:
        _OURS.reset(before)


for _name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.response"):
    logging.getLogger(_name).addFilter(_not_ours)


@dataclass(frozen=True)
class WireOptions:
    """How a server is reached.

    Attributes:
        connect_seconds: The longest wait for a connection.
        read_seconds: The longest wait for the next bytes.
        max_bytes: The largest answer, unpacked.
        ca_file: The file of the certificate authorities that are trusted; the system's where None.
        connections: Connections kept.
    """

    connect_seconds: float = 10
    read_seconds: float = 60
    max_bytes: int = 2 * 1024**3
    ca_file: str | None = None
    connections: int = 4


class Wire:
    """Connections to servers; safe for many threads.

    Args:
        options: How they are reached.
    """

    def __init__(self, options: WireOptions) -> None:
        self._options = options
        self._pools: dict[str, urllib3.PoolManager] = {}

    @contextmanager
    def exchange(self, request: Request) -> Iterator[Answer]:
        """Sends a request, and gives the answer once all of it has come; nothing is retried.

        Raises:
            AnswerIncomplete: Less came than the server announced.
            ServerUnavailable: There was no answer, or it stalled.
            UnexpectedAnswer: The answer is larger than allowed.
            ConfigError: The server's certificate is not trusted.
        """
        host = shown_host(request.url)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=spool_dir()) as spooled:
            body = cast(BinaryIO, spooled)
            with _unlogged(), sorted_failures(request, host):
                response = self._send(request)
                try:
                    size = self._receive(response, body, request, host)
                finally:
                    response.close()  # one that is read to its end has let its connection go
            body.seek(0)
            headers = {name.lower(): response.headers[name] for name in response.headers}
            yield Answer(response.status, headers, body, size, request.target)

    def _send(self, request: Request) -> urllib3.BaseHTTPResponse:
        headers = urllib3.HTTPHeaderDict(_HEADERS)
        for name, value in request.headers.items():
            headers[name] = value  # whatever its case
        body = None
        if request.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(request.form)
        return self._pool(request.url).request(
            "GET" if body is None else "POST",
            request.target,
            body=body,
            headers=headers,
            preload_content=False,
            redirect=False,
            retries=False,
        )

    def _receive(
        self, response: urllib3.BaseHTTPResponse, body: BinaryIO, request: Request, host: str
    ) -> int:
        size = 0
        limit = self._options.max_bytes if response.status < 300 else SHOWN_BYTES
        for chunk in response.stream(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > limit:
                if response.status >= 300:  # an error's page need not be whole
                    return size
                raise UnexpectedAnswer(
                    f"{host}: {request.shown}: the answer is larger than max_answer_bytes "
                    f"({limit}); ask for smaller pages, or raise it"
                )
            body.write(chunk)
        return size

    def _pool(self, url: str) -> urllib3.PoolManager:
        scheme, host, _ = origin(url)
        proxy = urllib.request.getproxies().get(scheme, "")
        if proxy and urllib.request.proxy_bypass(host):
            proxy = ""
        if proxy not in self._pools:
            self._pools[proxy] = self._new_pool(proxy)
        return self._pools[proxy]

    def _new_pool(self, proxy: str) -> urllib3.PoolManager:
        options = self._options
        shared: dict[str, Any] = {
            "maxsize": options.connections,
            "timeout": urllib3.Timeout(connect=options.connect_seconds, read=options.read_seconds),
            "cert_reqs": "CERT_REQUIRED",
            "ca_certs": options.ca_file,
        }
        if not proxy:
            return urllib3.PoolManager(**shared)
        try:
            login = urllib3.util.parse_url(proxy).auth
            headers = urllib3.make_headers(proxy_basic_auth=login) if login else None
            return urllib3.ProxyManager(proxy, proxy_headers=headers, **shared)
        except (urllib3.exceptions.HTTPError, ValueError):
            raise ConfigError("HTTP_PROXY or HTTPS_PROXY is no URL of a proxy") from None

    def close(self) -> None:
        """Closes the connections."""
        for pool in self._pools.values():
            pool.clear()
