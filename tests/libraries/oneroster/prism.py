"""Prism, which makes a mock of a vendor's OpenAPI document, or stands between and checks by it.

``npm install --prefix .node @stoplight/prism-cli`` installs it; ``TEAMSTER_PRISM`` names another
one. The documents are those of ``../shared/realdata``.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.libraries.rest.server import Answered, App, Asked

ROOT = Path(__file__).resolve().parents[3]
PRISM = Path(os.environ.get("TEAMSTER_PRISM") or ROOT / ".node/node_modules/.bin/prism")
DOCUMENTS = ROOT.parent / "shared/realdata/oneroster_api"
_PATIENCE = 60
"""Seconds until it is taken for broken, on a machine that does much else."""


def needed(document: str) -> Path:
    """Returns the path of a vendor's document; skips the test where something is missing."""
    if not PRISM.is_file():
        pytest.skip("no Prism here: npm install --prefix .node @stoplight/prism-cli")
    if not (DOCUMENTS / document).is_file():
        pytest.skip("no vendors' documents beside this clone (../shared/realdata/oneroster_api)")
    return DOCUMENTS / document


@contextmanager
def running(mode: str, document: Path, *arguments: str, log: Path) -> Iterator[str]:
    """Runs Prism on a free port of loopback; yields its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(PRISM), mode, str(document), *arguments, "-p", str(port), "-v", "warn"]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


class Relay:
    """Hands requests on to Prism and remembers what came; tokens come from elsewhere.

    Attributes:
        url: Prism's.
        answers: The documents that it answered with status 200.
    """

    def __init__(self, url: str, tokens: App | None = None) -> None:
        self.url = url
        self.answers: list[Any] = []
        self._tokens = tokens

    def __call__(self, asked: Asked) -> Answered:
        if asked.method == "POST":
            token = {"access_token": "token", "token_type": "Bearer", "expires_in": 3600}
            return self._tokens(asked) if self._tokens else Answered(token)
        kept = ("authorization", "accept", "prefer")
        headers = {name: asked.headers[name] for name in kept if name in asked.headers}
        request = urllib.request.Request(self.url + _target(asked.url), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                body = response.read()
                self.answers.append(json.loads(body))
                return Answered(body, response.status, _kept(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.read(), error.code, _kept(error.headers))


def _target(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _kept(headers: Any) -> dict[str, str]:
    names = ("Content-Type", "X-Total-Count", "WWW-Authenticate")
    return {name: headers[name] for name in names if headers[name]}


def fetched(url: str, path: str, **query: str) -> Any:
    """Returns a document of a mock."""
    asked = f"{path}?{urlencode(query)}" if query else path
    request = urllib.request.Request(url + asked, headers={"Authorization": "Bearer token"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)
