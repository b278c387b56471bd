"""Files fetched while those before them are read: in order, so many and no more, nothing left."""

import logging
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from teamster.core.errors import FileChanged, NoMatchingFile, ServerUnavailable
from teamster.libraries.ssh import fetching
from teamster.libraries.ssh.files import RemoteFile
from tests.libraries.ssh.test_failures import A_MOMENT, Stalling, Trickling
from tests.libraries.ssh.test_fetch import BIG, Dropping, Growing, everything, held, remote


@pytest.fixture(params=["near", "far"])
def distance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the server counts as near: it then takes turns with who reads."""
    monkeypatch.setattr(fetching, "_NEAR", {"near": 60, "far": 0}[request.param])
    distance: str = request.param
    return distance


@pytest.fixture
def opened(connect: Any, distance: str) -> Any:
    """Opens sessions that know how far the server is."""

    def open_one(served: Any, **fields: Any) -> Any:
        session = connect(served, **fields)
        everything(session, "/")
        assert distance
        return session

    return open_one


def has(opened: list[str], path: str) -> bool:
    return path in opened


def until(seen: Any) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + 5
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Watched:
    """Looks at how many files are in the spool and how large, often, until the block ends."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.counts: list[int] = []
        self.sizes: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def look(self) -> None:
        sizes = []
        for path in self.spool.iterdir():
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:
                continue
        self.counts.append(len(sizes))
        self.sizes.append(sum(sizes))

    def _watch(self) -> None:
        while not self._over.wait(0.001):
            self.look()

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.mark.parametrize("kind", ["asyncssh", "openssh"])
def test_files_come_whole_and_in_order_and_no_more_of_them_wait_than_may(
    request: pytest.FixtureRequest, kind: str, connect: Any, spool: Path, root: Path, distance: str
) -> None:
    if kind == "openssh":
        served = request.getfixturevalue("sshd")
        folder = served.root / f"fetching-{distance}"
        folder.mkdir()
    else:
        served, folder = request.getfixturevalue("serve")(), root
    contents = {f"{n:02}.csv": bytes([n]) * (n * 7919 % 30_000) for n in range(40)}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    session = connect(served, max_ahead=5, max_ahead_bytes=70_000)
    files = everything(session, str(folder) if kind == "openssh" else "/")
    with Watched(spool) as watched, session.fetching(files, spool) as arriving:
        for number, local in enumerate(arriving):
            assert local.remote == files[number]
            assert local.path.read_bytes() == contents[local.name]
            time.sleep(0.004 if number % 3 else 0)
    assert number == 39
    assert max(watched.counts) <= 5 + 1, "besides those that wait there is the one that is read"
    assert max(watched.sizes) <= 70_000 + 30_000
    assert max(watched.counts) > 3, "they do come ahead"
    assert held(spool) == []


def test_a_distant_servers_files_come_while_one_is_read(
    serve: Any, plant: Any, connect: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_NEAR", 0)
    plant({f"{number}.csv": b"x" for number in range(9)})
    served = serve()
    session = connect(served, max_ahead=4, max_downloads=2)
    with session.fetching([remote(f"/{n}.csv", 1) for n in range(9)], spool) as arriving:
        for number, _ in enumerate(arriving):
            if number < 8:
                until(partial(has, served.opened, f"/{number + 1}.csv"))
                assert len(served.opened) <= number + 1 + 4
    assert len(served.opened) == 9


def test_a_file_larger_than_what_may_wait_comes_alone(
    serve: Any, plant: Any, opened: Any, spool: Path
) -> None:
    plant({"a.csv": b"a" * 10, "b.csv": BIG, "c.csv": b"c" * 10})
    session = opened(serve(), max_ahead_bytes=1000)
    seen = []
    with session.fetching(everything(session, "/"), spool) as arriving:
        for local in arriving:
            time.sleep(0.05)
            seen.append((local.name, len(held(spool))))
            assert local.path.stat().st_size == local.remote.size
    assert [name for name, _ in seen] == ["a.csv", "b.csv", "c.csv"]
    assert max(count for _, count in seen) <= 2


@pytest.mark.parametrize("stalls", [False, True])
def test_closed_early_it_leaves_nothing_and_waits_for_nobody(
    serve: Any,
    plant: Any,
    opened: Any,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    stalls: bool,
) -> None:
    monkeypatch.setattr(Stalling, "at", "file" if stalls else "")
    plant({"a.csv": b"a", "b.csv": BIG, "c.csv": BIG})
    session = opened(serve(Stalling), timeout=60)
    files = [remote("/a.csv", 1), remote("/b.csv", len(BIG)), remote("/c.csv", len(BIG))]
    began = time.monotonic()
    with session.fetching(files, spool) as arriving:
        if stalls:
            until(lambda: len(held(spool)) == 3)
        else:
            assert next(arriving).name == "a.csv"
    assert time.monotonic() - began < 5
    assert held(spool) == []
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
    monkeypatch.setattr(Stalling, "at", "")
    assert session.fetch(files, spool)[1].path.read_bytes() == BIG, "the session is still good"


def test_closed_at_once_or_never_begun(serve: Any, plant: Any, opened: Any, spool: Path) -> None:
    plant({"a.csv": b"a"})
    session = opened(serve())
    with session.fetching([remote("/a.csv")], spool):
        pass
    with session.fetching([], spool) as arriving:
        assert list(arriving) == []
    assert held(spool) == []


def test_what_comes_before_a_file_that_is_not_there_is_handed_over(
    serve: Any, plant: Any, opened: Any, spool: Path
) -> None:
    plant({f"{number}.csv": b"x" for number in range(30)} | {"29.csv": BIG})
    files = [remote(f"/{number}.csv", 1) for number in range(30)]
    (files[17], files[23]) = (remote("/gone.csv"), remote("/gone, too.csv"))
    served = serve()
    taken = []
    session = opened(served, attempts=5, max_ahead=10)
    with (  # noqa: PT012 - that nothing is left is seen behind the block
        pytest.raises(NoMatchingFile, match=r"/gone\.csv"),
        session.fetching(files, spool) as arriving,
    ):
        for local in arriving:
            taken.append(local.remote.path)
            assert local.path.read_bytes() == b"x"
    assert taken == [f"/{number}.csv" for number in range(17)]
    assert held(spool) == []
    assert len(served.connections) == 1, "trying again would not help"


def test_a_changed_file_is_fetched_again_and_one_that_goes_on_changing_is_named(
    serve: Any, plant: Any, opened: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({f"{number}.csv": b"head\n" for number in range(6)})
    files = [remote(f"/{number}.csv", 5) for number in range(6)]
    monkeypatch.setattr(Growing, "times", 1)
    session = opened(serve(Growing), max_ahead=3)
    with session.fetching(files, spool) as arriving:
        contents = [(local.remote.size, local.path.read_bytes()) for local in arriving]
    assert sorted(contents) == [(5, b"head\n")] * 5 + [(10, b"head\nmore\n")]
    monkeypatch.setattr(Growing, "times", 1_000)
    with session.fetching(files, spool) as arriving, pytest.raises(FileChanged, match=r"/0\.csv"):
        next(arriving)


def test_after_a_dropped_connection_only_what_is_missing_is_fetched(
    serve: Any, plant: Any, opened: Any, spool: Path
) -> None:
    plant({f"{number}.csv": b"x" for number in range(9)} | {"5.csv": BIG})
    served = serve(Dropping)
    files = [remote(f"/{number}.csv", 1) for number in range(9)]
    session = opened(served, attempts=3, max_downloads=1, max_ahead=20)
    with session.fetching(files, spool) as arriving:
        sizes = [local.path.stat().st_size for local in arriving]
    assert sizes == [1] * 5 + [len(BIG)] + [1] * 3
    assert served.sessions == 3
    assert [served.opened.count(f"/{number}.csv") for number in range(5)] == [1] * 5
    again = opened(serve(Dropping), attempts=2, max_downloads=1)
    with again.fetching(files, spool) as arriving:
        assert [next(arriving).name for _ in range(5)] == [f"{number}.csv" for number in range(5)]
        with pytest.raises(ServerUnavailable):
            next(arriving)
    assert held(spool) == []


def test_the_time_that_reading_takes_is_no_time_without_an_answer(
    serve: Any, plant: Any, connect: Any, spool: Path
) -> None:
    plant({f"{number}.csv": b"x" for number in range(6)})
    served = serve()
    session = connect(served, timeout=A_MOMENT, attempts=1, max_ahead=2, keepalive_interval=0.1)
    with session.fetching([remote(f"/{n}.csv", 1) for n in range(6)], spool) as arriving:
        for number, _ in enumerate(arriving):
            time.sleep(1.5 * A_MOMENT if number == 0 else 0)
    assert number == 5
    assert len(served.connections) == 1


def hang_up(served: Any) -> None:
    connection = served.connections[0]
    connection._loop.call_soon_threadsafe(connection.abort)


def test_a_server_that_hangs_up_while_nothing_is_asked_for_costs_no_try(
    serve: Any, plant: Any, opened: Any, spool: Path
) -> None:
    plant({f"{number}.csv": b"x" for number in range(8)})
    served = serve()
    session = opened(served, attempts=1, max_ahead=2)
    with session.fetching([remote(f"/{n}.csv", 1) for n in range(8)], spool) as arriving:
        for number, _ in enumerate(arriving):
            if number == 1:
                time.sleep(0.1)
                hang_up(served)
                time.sleep(0.1)
    assert number == 7
    assert len(served.connections) == 2


def test_a_slow_server_is_waited_for_and_one_that_stalls_is_not(
    serve: Any, plant: Any, connect: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({"a.csv": b"a", "b.csv": BIG})
    files = [remote("/a.csv", 1), remote("/b.csv", len(BIG))]
    with connect(serve(Trickling), timeout=A_MOMENT, attempts=1).fetching(files, spool) as arriving:
        assert [local.path.stat().st_size for local in arriving] == [1, len(BIG)]
    monkeypatch.setattr(Stalling, "at", "file")
    session = connect(serve(Stalling), timeout=A_MOMENT, attempts=2, max_ahead=1)
    began = time.monotonic()
    with session.fetching(files, spool) as arriving:
        assert next(arriving).name == "a.csv"
        with pytest.raises(ServerUnavailable, match="no answer"):
            next(arriving)
    assert time.monotonic() - began < 2 * A_MOMENT + 1
    assert held(spool) == []


def test_files_that_are_larger_than_they_were_listed_count_as_they_are(
    serve: Any, plant: Any, opened: Any, spool: Path
) -> None:
    plant({f"{number}.csv": b"x" * 1000 for number in range(12)})
    files: list[RemoteFile] = [remote(f"/{number}.csv", 10) for number in range(12)]
    session = opened(serve(), max_ahead_bytes=3000, max_downloads=1, max_ahead=2)
    with Watched(spool) as watched, session.fetching(files, spool) as arriving:
        for _ in arriving:
            time.sleep(0.005)
    assert max(watched.sizes) <= 3000
