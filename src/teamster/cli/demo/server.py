"""A loopback SFTP server that serves a folder laid out as vendors' servers, one user a vendor."""

import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from anyio.from_thread import start_blocking_portal

HOST = "127.0.0.1"
_WRITING = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


@dataclass(frozen=True)
class VendorServer:
    """A running server.

    Attributes:
        host: A loopback address.
        port: A port that was free.
        fingerprint: The SHA-256 fingerprint of its host key, to be pinned.
        passwords: User -> password; the user sees ``<root>/<user>``.
    """

    host: str
    port: int
    fingerprint: str
    passwords: Mapping[str, str]

    def environment(self, vendor: str) -> dict[str, str]:
        """Returns the variables by which a code location finds the server as a vendor's."""
        prefix = f"{vendor.upper()}_SFTP"
        return {
            f"{prefix}_HOST": self.host,
            f"{prefix}_PORT": str(self.port),
            f"{prefix}_USERNAME": vendor,
            f"{prefix}_PASSWORD": self.passwords[vendor],
            f"{prefix}_HOST_KEY_FINGERPRINT": self.fingerprint,
        }


@contextmanager
def serve_drop(root: Path, users: Mapping[str, str] | None = None) -> Iterator[VendorServer]:
    """Serves each folder of a drop to the user of its name, read-only, on a free loopback port.

    Args:
        root: The drop: one folder a vendor.
        users: User -> password; by default a user for each folder, with a password made up now.

    Yields:
        The running server, stopped when the block ends.
    """
    passwords = users or {
        folder.name: secrets.token_urlsafe(24)
        for folder in sorted(root.iterdir())
        if folder.is_dir()
    }
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            HOST,
            0,
            server_factory=lambda: _Login(passwords),
            server_host_keys=[key],
            sftp_factory=lambda channel: _ReadOnly(channel, root),
        )

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        await acceptor.wait_closed()

    with start_blocking_portal() as portal:
        acceptor = portal.call(listen)
        try:
            yield VendorServer(HOST, acceptor.get_port(), key.get_fingerprint("sha256"), passwords)
        finally:
            portal.call(stop, acceptor)


class _Login(asyncssh.SSHServer):
    """Lets the known users in by their passwords."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        expected = self._passwords.get(username)
        return expected is not None and hmac.compare_digest(expected, password)


class _ReadOnly(asyncssh.SFTPServer):
    """A user's own folder, which nobody can change through it."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", root: Path) -> None:
        user = str(channel.get_extra_info("username"))
        super().__init__(channel, chroot=str(root / user).encode())

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & _WRITING:
            raise asyncssh.SFTPPermissionDenied("this server is read-only")
        return super().open(path, pflags, attrs)

    def open56(
        self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs
    ) -> object:
        raise asyncssh.SFTPOpUnsupported("open by SFTP 5 or 6")


def _refuse(server: _ReadOnly, *arguments: object) -> None:
    raise asyncssh.SFTPPermissionDenied("this server is read-only")


for _operation in (
    *("remove", "rename", "posix_rename", "mkdir", "rmdir", "symlink", "link"),
    *("setstat", "lsetstat", "fsetstat"),
):
    setattr(_ReadOnly, _operation, _refuse)
