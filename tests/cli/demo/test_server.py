"""The demo's SFTP server: one user a vendor, read-only, its host key known."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import asyncssh
import pytest

from teamster.cli.demo.server import VendorServer, serve_drop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorServer]:
    for vendor in ("one", "two"):
        (tmp_path / vendor).mkdir()
        (tmp_path / vendor / "file.csv").write_text(vendor)
    with serve_drop(tmp_path) as running:
        yield running


def with_sftp(
    server: VendorServer, user: str, act: Callable[[asyncssh.SFTPClient], Awaitable[object]]
) -> object:
    async def run() -> object:
        async with (
            asyncssh.connect(
                server.host,
                server.port,
                username=user,
                password=server.passwords[user],
                known_hosts=None,
                config=None,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            shown = connection.get_server_host_key()
            assert shown
            assert shown.get_fingerprint("sha256") == server.fingerprint
            return await act(sftp)

    return asyncio.run(run())


def test_each_user_sees_the_vendors_own_folder(server: VendorServer) -> None:
    async def read(sftp: asyncssh.SFTPClient) -> object:
        async with sftp.open("/file.csv") as file:
            return await file.read(), sorted(await sftp.listdir("."))

    assert with_sftp(server, "one", read) == ("one", [".", "..", "file.csv"])
    assert with_sftp(server, "two", read) == ("two", [".", "..", "file.csv"])


@pytest.mark.parametrize(
    "act",
    [
        lambda sftp: sftp.open("/file.csv", "w"),
        lambda sftp: sftp.open("/new.csv", "x"),
        lambda sftp: sftp.open("/file.csv", "a"),
        lambda sftp: sftp.remove("/file.csv"),
        lambda sftp: sftp.rename("/file.csv", "/other.csv"),
        lambda sftp: sftp.posix_rename("/file.csv", "/other.csv"),
        lambda sftp: sftp.mkdir("/new"),
        lambda sftp: sftp.symlink("/file.csv", "/link"),
        lambda sftp: sftp.setstat("/file.csv", asyncssh.SFTPAttrs(permissions=0o600)),
    ],
)
def test_nobody_can_change_a_file(
    server: VendorServer,
    tmp_path: Path,
    act: Callable[[asyncssh.SFTPClient], Awaitable[object]],
) -> None:
    with pytest.raises(asyncssh.SFTPPermissionDenied):
        with_sftp(server, "one", act)
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["file.csv"]
    assert (tmp_path / "one" / "file.csv").read_text() == "one"


def test_a_wrong_password_opens_nothing(server: VendorServer) -> None:
    async def run() -> None:
        await asyncssh.connect(
            server.host,
            server.port,
            username="one",
            password=server.passwords["two"],
            client_keys=None,
            agent_path=None,
            known_hosts=None,
            config=None,
        )

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(run())
