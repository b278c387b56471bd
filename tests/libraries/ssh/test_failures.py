"""Servers that are down, drop the line or say nothing: tried again, and never waited for long."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import regex

from teamster.core.errors import ConfigError, ServerUnavailable
from teamster.libraries.ssh.files import RemoteFile
from teamster.libraries.ssh.walk import WalkSpec

ANYTHING = WalkSpec("/", regex.compile(".*"), regex.compile(".*"))
BIG = os.urandom(1 << 20)
A_MOMENT = 0.4
FILE = RemoteFile("/b.csv", len(BIG), datetime.fromtimestamp(0, UTC))


@contextmanager
def unavailable_within(seconds: float, message: str | None = None) -> Iterator[None]:
    began = time.monotonic()
    with pytest.raises(ServerUnavailable, match=message):
        yield
    assert time.monotonic() - began < seconds


def test_a_server_that_is_down(serve: Any, connect: Any) -> None:
    served = serve()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        session = connect(served, remote_port=closed.getsockname()[1], attempts=3)
        tried = 0
        once = session.connect

        async def counted() -> Any:
            nonlocal tried
            tried += 1
            return await once()

        session.connect = counted
        with unavailable_within(2, "ConnectionRefusedError"):
            session.walk(ANYTHING)
        assert tried == 3


def test_a_server_that_is_down_only_at_first(
    serve: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = connect(serve(), attempts=3)
    once = session.connect
    tries = iter([ConnectionRefusedError(111, "refused"), TimeoutError(), None])

    async def at_last() -> Any:
        failure = next(tries)
        if failure is not None:
            raise failure
        return await once()

    session.connect = at_last
    assert session.walk(ANYTHING).files == []


def test_a_listener_that_never_speaks(serve: Any, connect: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        session = connect(serve(), remote_port=port, timeout=A_MOMENT, attempts=2)
        with unavailable_within(2 * A_MOMENT + 1):
            session.walk(ANYTHING)


def test_a_listener_that_speaks_no_ssh(serve: Any, connect: Any) -> None:
    served = serve()

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    session = connect(served, attempts=1, remote_port=1)
    other = session.portal.call(asyncio.start_server, hang_up, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    with unavailable_within(2):
        connect(served, attempts=1, remote_port=port, timeout=1).walk(ANYTHING)
    session.portal.call(_close, other)


async def _close(listener: asyncio.Server) -> None:
    listener.close()
    await listener.wait_closed()


def test_a_host_whose_name_is_unknown(serve: Any, connect: Any) -> None:
    with pytest.raises(ServerUnavailable):
        connect(serve(), remote_host="nowhere.invalid", attempts=1).walk(ANYTHING)


class DropsListing:
    """Cuts the first connection off in the middle of a listing."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        async for entry in super().scandir(path):
            if self.session == 1 and path == b"/data/b":
                self.connection.abort()
            yield entry


def test_a_connection_dropped_in_mid_listing(serve: Any, plant: Any, connect: Any) -> None:
    plant({f"data/{folder}/x.csv": b"" for folder in "abc"})
    served = serve(DropsListing)
    listing = connect(served).walk(ANYTHING)
    assert [file.path for file in listing.files] == [f"/data/{name}/x.csv" for name in "abc"]
    assert listing.unreadable == []
    assert len(served.connections) == 2


class Resetting:
    """Ends each connection as soon as a folder is opened."""

    def scandir(self, path: bytes) -> Any:
        self.connection.disconnect(asyncssh.DISC_BY_APPLICATION, "too many connections")
        return super().scandir(path)


def test_a_server_that_sends_us_away(serve: Any, connect: Any) -> None:
    served = serve(Resetting)
    with unavailable_within(5, f"127.0.0.1:{served.port}"):
        connect(served, attempts=4).walk(ANYTHING)
    assert len(served.connections) == 4


class Stalling:
    """Stops in the middle: of a listing, of a file, or of what a path is."""

    at = ""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        async for entry in super().scandir(path):
            yield entry
        if Stalling.at == "listing":
            await self.stall()

    async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        if Stalling.at == "file" and offset > len(BIG) // 2:
            await self.stall()
        return bytes(super().read(file_obj, offset, size))

    async def stat(self, path: bytes) -> Any:
        if Stalling.at == "stat":
            await self.stall()
        return super().stat(path)

    async def realpath(self, path: bytes) -> Any:
        if Stalling.at == "realpath":
            await self.stall()
        return super().realpath(path)


@pytest.mark.parametrize("at", ["listing", "file", "stat", "realpath"])
def test_a_server_that_stalls(
    serve: Any, plant: Any, connect: Any, spool: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({"b.csv": BIG})
    monkeypatch.setattr(Stalling, "at", at)
    served = serve(Stalling)
    session = connect(served, timeout=A_MOMENT, attempts=2)
    with unavailable_within(2 * A_MOMENT + 1, f"no answer for {A_MOMENT:g} seconds"):
        if at in ("listing", "realpath"):
            session.walk(ANYTHING)
        else:
            session.fetch([FILE], spool)
    assert len(served.connections) == 2, "each try has a connection of its own"
    monkeypatch.setattr(Stalling, "at", "")
    assert session.fetch([FILE], spool)[0].path.read_bytes() == BIG, "the session is still good"


def test_an_archive_that_stalls(
    serve: Any, plant: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({"b.csv": BIG})
    monkeypatch.setattr(Stalling, "at", "file")
    session = connect(serve(Stalling), timeout=A_MOMENT, attempts=1)
    with session.open(FILE) as stream:
        stream.seek(len(BIG) - 100)
        with unavailable_within(A_MOMENT + 1):
            stream.read()


class Trickling:
    """Sends little at a time, but never stops."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        await asyncio.sleep(A_MOMENT / 2)
        async for entry in super().scandir(path):
            yield entry

    async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        await asyncio.sleep(A_MOMENT / 4)
        return bytes(super().read(file_obj, offset, size))


def test_a_slow_server_is_waited_for(serve: Any, plant: Any, connect: Any, spool: Path) -> None:
    plant({f"{number}/x.csv": b"" for number in range(4)} | {"b.csv": BIG})
    session = connect(serve(Trickling), timeout=A_MOMENT, attempts=1)
    began = time.monotonic()
    assert len(session.walk(ANYTHING).files) == 5
    assert session.fetch([FILE], spool)[0].remote.size == len(BIG)
    assert time.monotonic() - began > 2 * A_MOMENT


def test_idle_time_between_calls_does_not_count(serve: Any, connect: Any) -> None:
    served = serve()
    session = connect(served, timeout=A_MOMENT, attempts=1)
    session.walk(ANYTHING)
    time.sleep(1.5 * A_MOMENT)
    session.walk(ANYTHING)
    assert len(served.connections) == 1


def test_a_server_without_sftp(serve: Any, connect: Any) -> None:
    with unavailable_within(5):
        connect(serve(sftp_factory=None), timeout=1).walk(ANYTHING)


def test_a_server_that_never_begins(serve: Any, connect: Any) -> None:
    async def never(channel: Any) -> asyncssh.SFTPServer:
        await channel.get_connection().wait_closed()
        return asyncssh.SFTPServer(channel)

    served = serve(sftp_factory=never)
    with unavailable_within(2 * A_MOMENT + 1, "no answer"):
        connect(served, timeout=A_MOMENT, attempts=2).walk(ANYTHING)
    assert len(served.connections) == 2


def test_a_frozen_sshd(sshd: Any, connect: Any) -> None:
    session = connect(sshd, timeout=A_MOMENT, attempts=1)
    here = WalkSpec("", ANYTHING.folders, ANYTHING.files)
    session.walk(here)
    with frozen(sshd.pid), unavailable_within(2 * A_MOMENT + 1):
        session.walk(here)
    session.walk(here)


@contextmanager
def frozen(process: int) -> Iterator[None]:
    """Stops a process and all that it started, for the length of the block."""
    processes = [process]
    for number in processes:
        for task in Path(f"/proc/{number}/task").iterdir():
            processes += map(int, (task / "children").read_text().split())
    for number in processes:
        os.kill(number, signal.SIGSTOP)
    try:
        yield
    finally:
        for number in reversed(processes):
            os.kill(number, signal.SIGCONT)


def test_no_algorithm_in_common(serve: Any, connect: Any) -> None:
    served = serve(kex_algs=["diffie-hellman-group1-sha1"])
    with pytest.raises(ConfigError, match="no algorithm in common"):
        connect(served, attempts=5).walk(ANYTHING)
    # The server may hang up before it is told so: that is tried again.
    assert len(served.connections) < 5
