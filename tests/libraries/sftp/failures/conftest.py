"""The two servers, one a module and a folder of it a test, and the ways to what must not leak."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from dagster import DagsterInstance, instance_for_test

from teamster.libraries.ssh.resources import SSHResource
from tests.libraries.sftp.failures.cases import CANARY, Scene
from tests.libraries.sftp.failures.harness import Ears, good_object
from tests.libraries.sftp.vendor import Vendor
from tests.libraries.ssh.conftest import serving
from tests.sshd import openssh_server

PATIENCE: dict[str, Any] = {"timeout": 20, "attempts": 2, "longest_wait": 0}


@dataclass
class Server:
    """A running server.

    Attributes:
        kind: ``asyncssh`` or ``openssh``.
        root: The folder that it shows.
        prefix: What that is called on the server.
        resource: How to log in.
        known_host: Its host key, as in a known_hosts line.
    """

    kind: str
    root: Path
    prefix: str
    resource: SSHResource
    known_host: str
    scenes: int = 0


class Hostile:
    """Obeys files' modes, root being root or not, and tells of names that no folder can have."""

    async def scandir(self, path: bytes) -> Any:
        self._obey(path)
        async for entry in super().scandir(path):  # type: ignore[misc]
            entry.filename = entry.filename.replace(b"%2F", b"/")
            yield entry

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        self._obey(path)
        return super().open(path, pflags, attrs)  # type: ignore[misc]

    def _obey(self, path: bytes) -> None:
        place = Path(self.map_path(path).decode(errors="surrogateescape"))  # type: ignore[attr-defined]
        if place.exists() and not place.stat().st_mode & 0o400:
            raise asyncssh.SFTPPermissionDenied("Permission denied")


@contextmanager
def asyncssh_server(folder: Path) -> Iterator[Server]:
    root = folder / "root"
    root.mkdir()
    with serving(root, Hostile) as served:
        login: dict[str, Any] = {**served.login, **PATIENCE}
        resource = SSHResource(
            remote_host="127.0.0.1",
            remote_port=served.port,
            host_key_fingerprint=served.fingerprint,
            **login,
        )
        yield Server("asyncssh", root, "", resource, served.host_key)


@contextmanager
def sshd_server(folder: Path) -> Iterator[Server]:
    root = folder / "root"
    root.mkdir()
    with openssh_server(folder, root) as resource:
        fields = {name: getattr(resource, name) for name in SSHResource.model_fields}
        patient = SSHResource(**{**fields, **PATIENCE})
        host_key = asyncssh.read_private_key(folder / "host_key").export_public_key()
        yield Server("openssh", root, str(root), patient, host_key.decode().strip())


SERVERS = {"asyncssh": asyncssh_server, "openssh": sshd_server}


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server that the module names as ``SERVER``."""
    with SERVERS[request.module.SERVER](tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def instance() -> Iterator[DagsterInstance]:
    """Dagster's own storage; what it has kept at the end holds no canary anywhere."""
    with tempfile.TemporaryDirectory() as home, instance_for_test(temp_dir=home) as instance:
        yield instance
        kept = [path for path in Path(home).rglob("*") if path.is_file()]
        assert kept
        for path in kept:
            assert CANARY.encode() not in path.read_bytes(), path.name


@pytest.fixture(scope="module")
def good(server: Server, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The object that a good file on the server makes: the last good one of every case."""
    root = server.root / "good"
    storage = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEAMSTER_STORAGE_URL", str(storage))
        return good_object(Vendor(root, server.resource, storage, prefix=f"{server.prefix}/good"))


@pytest.fixture
def scene(
    server: Server, good: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """A folder of the server's, and a storage, a spool and a home of the test's own."""
    server.scenes += 1
    name = f"case-{server.scenes}"
    root = server.root / name
    folders = {each: tmp_path / each for each in ("storage", "spool", "home", "tmp")}
    for folder in (root, root / "data", *folders.values()):
        folder.mkdir()
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", str(folders["storage"]))
    monkeypatch.setenv("TEAMSTER_SPOOL_DIR", str(folders["spool"]))
    monkeypatch.setenv("HOME", str(folders["home"]))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folders["tmp"]))
    vendor = Vendor(root, server.resource, folders["storage"], prefix=f"{server.prefix}/{name}")
    vendor.object_at().parent.mkdir(parents=True)
    vendor.object_at().write_bytes(good)
    with ExitStack() as opened:
        yield Scene(vendor, server.kind, server.known_host, folders["home"], opened)
    for spool in (folders["spool"], folders["tmp"]):
        assert not list(spool.iterdir()), "a temporary file is left"


@pytest.fixture
def ears(
    instance: DagsterInstance,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Ears:
    return Ears(instance, caplog, capfd)
