"""Objects are there as a whole or not at all; private folders are private, and gone."""

import errno
import os
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from teamster.core.avro import read_avro
from teamster.core.storage import is_local, private_spool, put_in_place, remove, shown_uri

OTHER_DEVICE = Path("/dev/shm")


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    local = UPath(tmp_path / "root")
    return local if request.param == "local" else UPath(f"memory://{uuid.uuid4().hex}/root")


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
    assert target.read_bytes() == b"new"
    assert [path.name for path in (root / "a/b=c").iterdir()] == ["data"]


def test_an_object_is_replaced(root: UPath, spooled: Path) -> None:
    target = root / "data"
    put_in_place(spooled, target)
    spooled.write_bytes(b"newer")
    put_in_place(spooled, target)
    assert target.read_bytes() == b"newer"


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
    assert not target.exists()
    remove(target)


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
