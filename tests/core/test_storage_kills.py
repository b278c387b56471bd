"""A writer killed at any moment, a hundred times on each storage: the old object or the new one."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from teamster.core.avro import read_avro
from tests.core.kills import rows_of, write_object, writer
from tests.core.lying import names_under
from tests.core.places import KINDS, place_of

KILLS = 100
OTHER_DEVICE = Path("/dev/shm")


def write_that_lies_there(target: UPath) -> int:
    """Reads the object to its end, and returns the write that it is of."""
    rows = list(read_avro(target))  # each block has its checksum
    (write,) = {int(str(row["write"])) for row in rows}
    assert [row["row"] for row in rows] == [str(number) for number in range(rows_of(write))]
    return write


@pytest.fixture(params=[*KINDS, "folder on another device"])
def root(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spools: Path,
) -> UPath:
    kind = request.param if request.param in KINDS else "folder"
    return place_of(kind, request, tmp_path, monkeypatch)


@pytest.fixture
def spools(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Where killed writers leave their spools: on the storage's device it is moved, else copied."""
    other = "another device" in request.node.name
    if other and (
        not OTHER_DEVICE.is_dir() or OTHER_DEVICE.stat().st_dev == tmp_path.stat().st_dev
    ):
        pytest.skip("no second file system here")
    with tempfile.TemporaryDirectory(dir=OTHER_DEVICE if other else tmp_path) as folder:
        monkeypatch.setenv("TEAMSTER_SPOOL_DIR", folder)
        yield Path(folder)


def test_old_or_new_but_whole(root: UPath, spools: Path) -> None:
    target = root / "scores/data"
    dice = random.Random(4711)
    longest = [0.0, 0.0]  # of a small write and of a large one
    new, ended, left = 0, 0, 0
    with writer(target) as write:
        for number in range(4):  # not killed: the last two show how long there is to kill one
            longest[number % 2], whole = write(number, 0)
            assert whole
        there = write_that_lies_there(target)
        for number in range(4, 4 + KILLS):
            _, whole = write(number, dice.uniform(0.001, longest[number % 2]))
            found = write_that_lies_there(target)
            assert found == number if whole else found in (there, number)
            new, ended = new + (found == number), ended + whole
            left += len(names_under(root)) > 1
            there = found
            for spool in spools.iterdir():
                shutil.rmtree(spool)
    assert 0 < new < KILLS
    assert ended < KILLS * 0.9
    write_object(target, 1000)
    assert write_that_lies_there(target) == 1000
    assert names_under(root) == ["scores/data"], "what killed writers have left is gone"
    print(f"{new} new, {ended} not killed in time, {left} leftovers")
