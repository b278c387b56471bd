"""Two real runs of one partition at once: one wins whole, the other says so."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from upath import UPath

from teamster.core.avro import read_avro
from tests.core.lying import names_under
from tests.core.places import KINDS, place_of
from tests.core.racing import ROWS

ROUNDS = 8
FOLDER = "kippnewark/scores/_dagster_partition_key="


@pytest.fixture(params=KINDS)
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UPath:
    return place_of(request.param, request, tmp_path, monkeypatch)


class Runner:
    """A process that runs one materialization after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say(self, line: str = "") -> None:
        assert self._process.stdin
        print(line, file=self._process.stdin, flush=True)

    def hear(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def begin(self, partition_key: str) -> None:
        """Starts a run, and returns when it has read half of its rows."""
        self.say(partition_key)
        assert self.hear() == "half way"

    def finish(self) -> list[str]:
        """Lets the run go on, and returns what it failed of."""
        self.say()
        return self.failures()

    def failures(self) -> list[str]:
        failures: list[str] = json.loads(self.hear())
        return failures


@contextmanager
def runner(root: UPath, who: str) -> Iterator[Runner]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.core.racing", str(root), who],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    ) as process:
        try:
            yield Runner(process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(30)


def winner(root: UPath, partition_key: str) -> str:
    """Returns whose object lies there, having seen that all of it, and what is beside it, is."""
    rows = list(read_avro(root / f"{FOLDER}{partition_key}/data"))
    (who,) = {str(row["who"]) for row in rows}
    assert [row["row"] for row in rows] == [str(number) for number in range(ROWS)]
    (rejected,) = read_avro(root / f"{FOLDER}{partition_key}/quarantine")
    assert rejected["source_file_name"] == who
    return who


def assert_says_so(failures: list[str], partition_key: str) -> None:
    (failure,) = failures
    assert "ObjectChanged" in failure
    assert f"kippnewark/scores, partition {partition_key}: another run has written" in failure
    assert f"{FOLDER}{partition_key}/data" in failure


def test_one_wins_whole_and_the_other_says_so(root: UPath, tmp_path: Path) -> None:
    with runner(root, "one") as one, runner(root, "other") as other:
        for number in range(2):  # into nothing, and over an object
            one.begin("0")
            other.begin("0")
            last, first = (one, other) if number else (other, one)
            assert first.finish() == []
            failures = last.finish()
            assert_says_so(failures, "0")
            assert str(tmp_path) not in failures[0]
            assert winner(root, "0") == ("other" if number else "one")
        for number in range(1, ROUNDS):  # to the end at the same moment
            one.begin(str(number))
            other.begin(str(number))
            one.say()
            other.say()
            ends = {"one": one.failures(), "other": other.failures()}
            loser = "other" if winner(root, str(number)) == "one" else "one"
            assert_says_so(ends.pop(loser), str(number))
            assert list(ends.values()) == [[]]
    assert names_under(root) == sorted(
        f"{FOLDER}{number}/{name}" for number in range(ROUNDS) for name in ("data", "quarantine")
    )
