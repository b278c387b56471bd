"""Real servers to talk to: asyncssh's in this process, which a test can bend, and OpenSSH's."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from anyio.from_thread import start_blocking_portal

from teamster.libraries.ssh.resources import SSHResource
from teamster.libraries.ssh.session import SFTPSession

HOST = "127.0.0.1"
USER = "vendor"
PASSWORD = "right"


@dataclass
class Served:
    """A running server, and what it saw.

    Attributes:
        port: Where it listens, on the loopback address.
        root: The folder that it shows.
        host_key: Its public key, as in a known_hosts line.
        fingerprint: The key's fingerprint.
        login: The resource's fields that log in.
        listed: Paths of the folders listed.
        opened: Paths of the files opened.
        read: Bytes sent of files.
        sessions: How many SFTP sessions were begun.
        connections: The connections made.
        passwords: The passwords tried.
        keys: The fingerprints of the users' keys tried.
        authorized: The fingerprints of the keys that are let in.
        pid: The process, if it is sshd.
    """

    port: int
    root: Path
    host_key: str
    fingerprint: str
    login: dict[str, str] = field(default_factory=lambda: {"username": USER, "password": PASSWORD})
    listed: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    read: int = 0
    sessions: int = 0
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    authorized: set[str] = field(default_factory=set)
    pid: int = 0

    @property
    def known_hosts(self) -> str:
        """The line by which OpenSSH knows the server."""
        return f"[{HOST}]:{self.port} {self.host_key}\n"


class Recorder(asyncssh.SFTPServer):
    """A server of one folder that takes notes; mixins before it in the order misbehave."""

    def __init__(self, channel: Any, served: Served) -> None:
        super().__init__(channel, chroot=os.fsencode(served.root))
        self.served = served
        served.sessions += 1
        self.session = served.sessions

    async def stall(self) -> None:
        """Does nothing until the client gives up."""
        await self.connection.wait_closed()

    def scandir(self, path: bytes) -> Any:
        self.served.listed.append(path.decode())
        return super().scandir(path)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        self.served.opened.append(path.decode(errors="replace"))
        return super().open(path, pflags, attrs)

    def read(self, file_obj: Any, offset: int, size: int) -> Any:
        data = super().read(file_obj, offset, size)
        self.served.read += len(data)
        return data


class Login(asyncssh.SSHServer):
    def __init__(self, served: Served) -> None:
        self.served = served

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.served.connections.append(conn)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self.served.passwords.append(password)
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self.served.keys.add(key.get_fingerprint("sha256"))
        return username == USER and key.get_fingerprint("sha256") in self.served.authorized


@contextmanager
def serving(root: Path, behaviour: type | None = None, **options: Any) -> Iterator[Served]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    host_key = key.export_public_key().decode().strip()
    served = Served(0, root, host_key, key.get_fingerprint("sha256"))
    bases = (Recorder,) if behaviour is None else (behaviour, Recorder)
    sftp_server = type("Server", bases, {})

    options = {
        "server_factory": lambda: Login(served),
        "server_host_keys": [key],
        "sftp_factory": lambda channel: sftp_server(channel, served),
        **options,
    }

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(HOST, 0, **options)

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        for connection in served.connections:
            connection.abort()
            await connection.wait_closed()
        await acceptor.wait_closed()

    with start_blocking_portal() as portal:
        acceptor = portal.call(listen)
        served.port = acceptor.get_port()
        try:
            yield served
        finally:
            portal.call(stop, acceptor)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own: nothing of the user's may play a part."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder that the in-process servers show."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
def serve(root: Path) -> Iterator[Callable[..., Served]]:
    """Starts in-process servers: ``serve(behaviour=None, **options)``."""
    with ExitStack() as running:
        yield lambda *behaviour, **options: running.enter_context(
            serving(root, *behaviour, **options)
        )


@pytest.fixture
def plant(root: Path) -> Callable[[Mapping[str, bytes | str]], None]:
    """Lays out files of the given bytes, and links to the given texts, below the root."""

    def lay_out(files: Mapping[str, bytes | str]) -> None:
        for path, content in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                place.write_bytes(content)
            else:
                place.symlink_to(content)

    return lay_out


@pytest.fixture
def resource() -> Callable[..., SSHResource]:
    """Makes a resource for a server: who logs in, the pinned host key, and little patience."""

    def make(served: Served, **fields: Any) -> SSHResource:
        common: dict[str, Any] = {
            "remote_host": HOST,
            "remote_port": served.port,
            "host_key_fingerprint": served.fingerprint,
            "timeout": 5,
            "attempts": 2,
            "longest_wait": 0,
        }
        return SSHResource(**{**common, **served.login, **fields})

    return make


@pytest.fixture
def connect(
    resource: Callable[..., SSHResource],
) -> Iterator[Callable[..., SFTPSession]]:
    """Opens sessions, closed at the test's end: ``connect(served, **fields)``."""
    with ExitStack() as sessions:
        yield lambda served, **fields: sessions.enter_context(resource(served, **fields).session())


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """OpenSSH's own server, which lets the current user in by a key."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        message = "OpenSSH's sshd is not installed"
        if os.environ.get("TEAMSTER_REQUIRE_SSHD"):
            pytest.fail(message)
        pytest.skip(message)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd asks for it when root starts it
    folder = tmp_path_factory.mktemp("sshd")
    served, command = _configured(program, folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
    try:
        _wait_until_open(process, served.port, folder / "log")
        served.pid = process.pid
        yield served
    finally:
        process.terminate()
        process.wait(10)


def _configured(program: str, folder: Path) -> tuple[Served, list[str]]:
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    host_key.write_private_key(folder / "host_key")
    (folder / "host_key").chmod(0o600)
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key.write_public_key(folder / "authorized_keys")
    root = folder / "root"
    root.mkdir()
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    (folder / "config").write_text(
        f"ListenAddress {HOST}:{port}\nHostKey {folder}/host_key\nPidFile {folder}/pid\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp -d {root}\n"
    )
    served = Served(
        port,
        root,
        host_key.export_public_key().decode().strip(),
        host_key.get_fingerprint("sha256"),
        {"username": getpass.getuser(), "key_string": user_key.export_private_key().decode()},
    )
    return served, [program, "-D", "-e", "-f", str(folder / "config")]


def _wait_until_open(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"sshd does not listen: {log.read_text()}")
