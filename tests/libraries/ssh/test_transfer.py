"""Blocks asked for ahead: whole and in order, however the server answers, and within limits."""

import asyncio
import hashlib
import os
from typing import Any

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.libraries.ssh.remote import _BLOCK, _WINDOW
from teamster.libraries.ssh.transfer import MAX_AHEAD, blocks_ahead, read_ahead
from tests.libraries.ssh.test_fetch import BIG, held, remote

CONTENT = bytes(range(256)) * 4


async def taken(read: Any, size: int, block: int, ahead: int) -> bytes:
    return b"".join([data async for data in read_ahead(read, size, block, ahead)])


@given(
    size=st.integers(0, len(CONTENT) + 50),
    block=st.integers(1, 300),
    ahead=st.integers(1, 9),
    given_at_once=st.integers(1, 300),
    late=st.randoms(use_true_random=False),
)
def test_blocks_come_whole_and_in_order_however_the_server_answers(
    size: int, block: int, ahead: int, given_at_once: int, late: Any
) -> None:
    under_way = most = 0

    async def read(wanted: int, offset: int) -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(late.randrange(4)):
            await asyncio.sleep(0)
        under_way -= 1
        return CONTENT[offset : offset + min(wanted, given_at_once)]

    assert asyncio.run(taken(read, size, block, ahead)) == CONTENT[:size]
    assert most <= ahead


def test_a_block_that_fails_ends_those_behind_it() -> None:
    ended = []

    async def read(wanted: int, offset: int) -> bytes:
        if offset == 0:
            raise OSError("gone")
        try:
            return await asyncio.Event().wait()  # type: ignore[return-value]
        finally:
            ended.append(offset)

    async def run() -> None:
        with pytest.raises(OSError, match="gone"):
            await taken(read, 40, 10, 4)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())
    assert sorted(ended) == [10, 20, 30]


def test_more_is_asked_for_ahead_of_a_distant_server() -> None:
    distances = [blocks_ahead(_BLOCK, seconds) for seconds in (0, 0.0005, 0.02, 0.04, 0.3, 60)]
    assert distances == sorted(distances)
    assert distances[0] == distances[1] < distances[2] < distances[3]
    assert distances[-1] == MAX_AHEAD


class Grudging:
    """Gives a thousand bytes at the most, whatever is asked for."""

    def read(self, file_obj: Any, offset: int, size: int) -> Any:
        return super().read(file_obj, offset, min(size, 1000))  # type: ignore[misc]


def test_a_server_that_gives_less_than_it_is_asked_for(
    serve: Any, plant: Any, connect: Any, spool: Any
) -> None:
    content = os.urandom(70_123)
    plant({"a.csv": content})
    (fetched,) = connect(serve(Grudging)).fetch([remote("/a.csv")], spool)
    assert fetched.path.read_bytes() == content
    assert fetched.sha256 == hashlib.sha256(content).hexdigest()


def test_all_downloads_together_ask_for_no_more_than_one_may(
    serve: Any, plant: Any, connect: Any, spool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"/{number}.csv" for number in range(16)]
    plant({name[1:]: BIG * 2 for name in names})
    under_way = most = 0
    original = asyncssh.SFTPClientFile.read

    async def counted(*arguments: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return await original(*arguments)
        finally:
            under_way -= 1

    monkeypatch.setattr(asyncssh.SFTPClientFile, "read", counted)
    fetched = connect(serve()).fetch([remote(name) for name in names], spool)
    assert all(file.path.read_bytes() == BIG * 2 for file in fetched)
    assert len(held(spool)) == 16
    assert most == MAX_AHEAD


class Windowed:
    """Knows how much it may send before the client has taken it."""

    window = 0

    def __init__(self, channel: Any, served: Any) -> None:
        Windowed.window = channel._send_window
        super().__init__(channel, served)  # type: ignore[call-arg]


def test_a_server_may_send_all_that_is_asked_for_at_once(
    serve: Any, plant: Any, connect: Any
) -> None:
    plant({"a.csv": b"a"})
    connect(serve(Windowed)).read_at("/a.csv", 1, 0)
    assert Windowed.window > _WINDOW - 10_000  # but for what it has sent by now


def test_without_uvloop_all_goes_on(
    serve: Any, plant: Any, connect: Any, spool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = []
    plant({"a.csv": BIG})
    for use_uvloop in (True, False):
        monkeypatch.setattr("teamster.libraries.ssh.resources._LOOP", {"use_uvloop": use_uvloop})
        session = connect(serve())
        loops.append(session.portal.call(running_loop))
        (fetched,) = session.fetch([remote("/a.csv")], spool)
        assert fetched.path.read_bytes() == BIG
    assert loops[0].startswith("uvloop")
    assert loops[1].startswith("asyncio")


async def running_loop() -> str:
    return type(asyncio.get_running_loop()).__module__
