"""Objects are there as a whole or not at all; private folders are private, and gone."""

import errno
import fcntl
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from upath import UPath

from teamster.core.avro import read_avro
from teamster.core.errors import ObjectChanged
from teamster.core.storage import (
    NOTHING,
    is_local,
    open_object,
    private_spool,
    put_in_place,
    remove,
    shown_uri,
    stored,
    stored_under,
    version_of,
)
from tests.core.lying import content, names_under

OTHER_DEVICE = Path("/dev/shm")


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def spooled(tmp_path: Path) -> Path:
    path = tmp_path / "spooled"
    path.write_bytes(b"new")
    return path


@pytest.fixture
def on_other_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A finished file on another device than the target, so that it cannot be moved."""
    if not OTHER_DEVICE.is_dir() or OTHER_DEVICE.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system here")
    monkeypatch.setenv("TEAMSTER_SPOOL_DIR", str(OTHER_DEVICE))
    with private_spool() as folder:
        path = folder / "data"
        path.write_bytes(b"new")
        yield path


# --- put_in_place ------------------------------------------------------------------------------


def test_a_new_object_and_its_folders(root: UPath, spooled: Path) -> None:
    target = root / "a/b=c/data"
    put_in_place(spooled, target)
    assert content(target) == b"new"
    assert names_under(root) == ["a/b=c/data"]


def test_an_object_is_replaced(root: UPath, spooled: Path) -> None:
    target = root / "data"
    put_in_place(spooled, target)
    spooled.write_bytes(b"newer")
    put_in_place(spooled, target)
    assert content(target) == b"newer"


def test_who_reads_the_old_object_reads_it_to_its_end(tmp_path: Path, spooled: Path) -> None:
    target = UPath(tmp_path / "root/data")
    target.parent.mkdir()
    target.write_bytes(b"old")
    with target.open("rb") as reader:
        put_in_place(spooled, target)
        assert reader.read() == b"old"
    assert target.read_bytes() == b"new"


def test_from_another_device(tmp_path: Path, on_other_device: Path) -> None:
    target = UPath(tmp_path / "root/a/data")
    with pytest.raises(OSError) as raised:
        on_other_device.rename(tmp_path / "moved")
    assert raised.value.errno == errno.EXDEV
    put_in_place(on_other_device, target)
    assert files_below(tmp_path) == {"root/a/data": b"new"}


@pytest.mark.parametrize("origin", ["spooled", "on_other_device"])
def test_a_failure_changes_nothing_and_leaves_nothing(
    tmp_path: Path, origin: str, request: pytest.FixtureRequest
) -> None:
    source: Path = request.getfixturevalue(origin)
    in_the_way = tmp_path / "root/data"
    in_the_way.mkdir(parents=True)
    (in_the_way / "old").write_bytes(b"old")
    with pytest.raises(OSError):
        put_in_place(source, UPath(in_the_way))
    assert files_below(tmp_path / "root") == {"data/old": b"old"}


def test_a_copy_that_fails_half_way_leaves_nothing(
    tmp_path: Path, on_other_device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "root/data"
    target.parent.mkdir()
    target.write_bytes(b"old")

    def no_space(source: object, copy: object, length: int) -> None:
        copy.write(b"n")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", no_space)
    with pytest.raises(OSError, match="No space"):
        put_in_place(on_other_device, UPath(target))
    assert files_below(tmp_path) == {"root/data": b"old"}


def test_remove(root: UPath, spooled: Path) -> None:
    target = root / "a/data"
    remove(target)
    put_in_place(spooled, target)
    remove(target)
    assert names_under(root) == []
    remove(target)


# --- versions ----------------------------------------------------------------------------------


def put(target: UPath, spooled: Path, body: bytes, replacing: str | None = None) -> str:
    spooled.write_bytes(body)
    return put_in_place(spooled, target, replacing=replacing)


def test_what_lies_there(root: UPath, spooled: Path) -> None:
    target = root / "a/b=c%2Fd/data"
    assert stored(target) is None
    assert version_of(stored(target)) == NOTHING
    version = put(target, spooled, b"old")
    found = stored(target)
    assert found
    assert (found.path, found.version, found.size) == (target, version, 3)
    assert stored(target) == found
    newer = put(target, spooled, b"new")
    assert newer == version_of(stored(target)) != version
    assert stored(target.parent) is None
    assert stored(target / "deeper") is None


def test_all_that_lie_there(root: UPath, spooled: Path) -> None:
    names = ["a/data", "a-b/data", "a/b/data", "a/b/quarantine", "a/data.old", "data"]
    for name in names:
        put(root / name, spooled, b"x")
    assert list(stored_under(root / "nowhere", "data")) == []
    found = list(stored_under(root, "data"))
    assert [each.path for each in found] == [
        root / name for name in ("a-b/data", "a/b/data", "a/data", "data")
    ]
    assert found == [stored(each.path) for each in found]
    assert [each.path for each in stored_under(root / "a", "data")] == [
        root / "a/b/data",
        root / "a/data",
    ]


def test_only_what_was_seen_is_replaced(root: UPath, spooled: Path) -> None:
    target = root / "a/data"
    with pytest.raises(ObjectChanged, match="it was another one"):
        put(target, spooled, b"new", replacing="1")
    first = put(target, spooled, b"first", replacing=NOTHING)
    with pytest.raises(ObjectChanged, match="there was none"):
        put(target, spooled, b"new", replacing=NOTHING)
    second = put(target, spooled, b"second", replacing=first)
    with pytest.raises(ObjectChanged):
        put(target, spooled, b"new", replacing=first)
    assert content(target) == b"second"
    put(target, spooled, b"third", replacing=second)
    assert content(target) == b"third"
    assert names_under(root) == ["a/data"]


def test_only_what_was_seen_is_removed(root: UPath, spooled: Path) -> None:
    target = root / "a/data"
    remove(target, replacing=NOTHING)
    first = put(target, spooled, b"first")
    second = put(target, spooled, b"second")
    for seen in (NOTHING, first):
        with pytest.raises(ObjectChanged):
            remove(target, replacing=seen)
    assert content(target) == b"second"
    remove(target, replacing=second)
    assert stored(target) is None


def test_reading_what_is_not_there(root: UPath) -> None:
    with pytest.raises(FileNotFoundError):
        open_object(root / "a/data")


# --- folders -----------------------------------------------------------------------------------


def test_what_the_system_says_names_no_path(tmp_path: Path, spooled: Path) -> None:
    (tmp_path / "root").write_text("a file where a folder should be")
    target = UPath(tmp_path / "root/a/data")
    calls: list[Callable[[], object]] = [
        lambda: put_in_place(spooled, target),
        lambda: open_object(target),
        lambda: open_object(UPath(tmp_path / "nowhere")),
        lambda: remove(UPath(tmp_path / "folder")),
    ]
    (tmp_path / "folder").mkdir()
    for call in calls:
        with pytest.raises(OSError) as raised:
            call()
        assert raised.value.filename is None
        assert str(tmp_path) not in str(raised.value)
        assert raised.value.__suppress_context__


def test_writers_of_one_object_wait_for_each_other(tmp_path: Path, spooled: Path) -> None:
    target = UPath(tmp_path / "root/data")
    put(target, spooled, b"old")
    holder = os.open(tmp_path / "root", os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(put, target, spooled, b"new")
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        assert content(target) == b"old"
        os.close(holder)
        waiting.result(10)
    assert content(target) == b"new"


def test_a_folder_that_cannot_be_locked_has_a_lock_file(
    tmp_path: Path, spooled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on NFS, which cannot be mounted here."""

    def refuse(file: int, how: int) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    target = UPath(tmp_path / "root/data")
    put(target, spooled, b"old")
    monkeypatch.setattr("teamster.core.folders._flock", refuse)
    with ThreadPoolExecutor(1) as pool:
        with FileLock(tmp_path / "root/.data.lock"):
            waiting = pool.submit(put, target, spooled, b"new")
            with pytest.raises(TimeoutError):
                waiting.result(0.2)
        waiting.result(10)
    assert content(target) == b"new"


def test_what_killed_writers_left_goes_with_the_next_write(tmp_path: Path, spooled: Path) -> None:
    target = UPath(tmp_path / "root/data")
    put(target, spooled, b"old")
    for name in (".data.1234.partial", ".data.5678.partial", ".other.1.partial", "data.partial"):
        (tmp_path / "root" / name).write_bytes(b"half")
    assert [found.path for found in stored_under(UPath(tmp_path / "root"), "data")] == [target]
    put(target, spooled, b"new")
    assert names_under(UPath(tmp_path / "root")) == [".other.1.partial", "data", "data.partial"]


# --- private_spool -----------------------------------------------------------------------------


def test_a_spool_is_private_and_gone_after_success(spool: Path) -> None:
    with private_spool() as folder:
        assert folder.parent == spool
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "deep").mkdir()
        (folder / "deep/file").write_text("x")
    assert list(spool.iterdir()) == []


def test_a_spool_is_gone_after_a_failure(spool: Path) -> None:
    def fail() -> None:
        with private_spool() as folder:
            (folder / "file").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(spool.iterdir()) == []


def test_a_spool_is_gone_when_a_generator_is_closed(spool: Path) -> None:
    def rows() -> Iterator[int]:
        with private_spool() as folder:
            (folder / "file").write_text("x")
            yield 1
            yield 2

    stream = rows()
    next(stream)
    assert len(list(spool.iterdir())) == 1
    stream.close()
    assert list(spool.iterdir()) == []


def test_two_spools_are_two() -> None:
    with private_spool() as one, private_spool() as other:
        assert one != other


# --- a killed writer ---------------------------------------------------------------------------

WRITER = """
import sys, time
from dagster import asset, materialize
from teamster.core.io_managers import AvroIOManager
from teamster.core.schema import text_model

def rows(endless):
    for number in range(20_000):
        yield {"a": str(number)}
    if endless:
        print("half way", flush=True)
        time.sleep(600)

def run(endless):
    @asset(io_manager_key="io_manager_gcs_avro", key_prefix="kippnewark")
    def scores():
        return rows(endless), text_model("Row", "a")
    materialize([scores], resources={"io_manager_gcs_avro": AvroIOManager(root=sys.argv[1])})

run(endless=False)
run(endless=True)
"""


def test_a_killed_writer_leaves_the_old_object_whole(tmp_path: Path, spool: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "root")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"half way\n"
        (spooled,) = spool.iterdir()
        assert stat.S_IMODE(spooled.stat().st_mode) == 0o700
        writer.kill()
    assert list(files_below(tmp_path / "root")) == ["kippnewark/scores/data"]
    assert sum(1 for _ in read_avro(UPath(tmp_path / "root/kippnewark/scores/data"))) == 20_000


# --- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "local"),
    [("/a", True), ("file:///a", True), ("a", True), ("memory://a", False)],
)
def test_is_local(path: str, local: bool) -> None:
    assert is_local(UPath(path)) is local


def test_shown_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAMSTER_HOME", str(tmp_path / "home"))
    inside, outside = UPath(tmp_path / "home/.teamster/storage"), UPath(tmp_path / "elsewhere/root")
    cloud = UPath("memory://bucket/root")
    assert shown_uri(inside / "a/data", inside) == ".teamster/storage/a/data"
    assert shown_uri(outside / "a/data", outside) == "root/a/data"
    assert shown_uri(cloud / "a/data", cloud) == "memory://bucket/root/a/data"
    by_url = UPath(f"file://{tmp_path}/elsewhere/root")
    assert shown_uri(by_url / "a/data", by_url) == "root/a/data"
