"""Old objects rewritten in place: whole or not at all, whatever happens in between."""

import json
import random
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

import teamster.core.reencoding as reencoding
from teamster.core.avro import read_avro
from teamster.core.avro_header import read_header
from teamster.core.errors import ObjectChanged, Permanent, UnreadableFile
from teamster.core.fingerprint import OBJECT_KEY, fingerprint
from teamster.core.reencoding import KEPT, rewrite, settle
from teamster.core.schema_history import DATA
from teamster.core.storage import (
    open_object,
    private_spool,
    put_in_place,
    remove,
    stored,
    stored_under,
)
from tests.core.killed import reencode_all
from tests.core.places import KINDS, at, lay, place_of
from tests.core.schemas import UUID, record

OLD = record("Row", {"name": "n", "type": "int"}, {"name": "gone", "type": ["null", "string"]})
NEW = record(
    "Row",
    {"name": "fresh", "type": ["null", "string"], "default": None},
    {"name": "n", "type": ["null", "long"]},
)
ROWS = [{"n": n, "gone": f"canary {n}"} for n in range(1000)]
YEAR = "_dagster_partition_year="
RESOLVED = [{"fresh": None, "n": n} for n in range(1000)]


@pytest.fixture(params=KINDS)
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> UPath:
    """An asset's folder."""
    return place_of(request.param, request, tmp_path, monkeypatch) / "asset"


def content(place: UPath) -> bytes:
    with open_object(place) as file:
        return file.read()


def names_in(folder: UPath) -> list[str]:
    """Everything below a folder that is no object of another name than these."""
    return [
        found.path.path.removeprefix(folder.path).strip("/")
        for name in (DATA, KEPT)
        for found in stored_under(folder, name)
    ]


def test_an_object_is_rewritten_and_nothing_else_is_left(folder: UPath, spool: Path) -> None:
    found = lay(folder / YEAR / DATA, ROWS, OLD)
    assert rewrite(found, NEW) == len(ROWS)
    read = read_avro(folder / YEAR / DATA)
    assert (read.schema, list(read)) == (NEW, RESOLVED)
    assert names_in(folder) == [f"{YEAR}/data"]
    assert list(spool.iterdir()) == []
    now = at(folder / YEAR / DATA)
    assert now.version != found.version
    assert now.metadata.get(OBJECT_KEY, fingerprint(NEW)) == fingerprint(NEW)
    assert bool(now.metadata) is (folder.protocol == "gs")
    with open_object(now.path) as file:
        assert read_header(file).noted_fingerprint == fingerprint(NEW)


def test_what_cannot_be_resolved_stays_as_it_was(folder: UPath, spool: Path) -> None:
    found = lay(folder / DATA, [{"n": 1, "gone": "canary"}], OLD)
    impossible = record("Row", {"name": "gone", "type": "long"})
    with pytest.raises(UnreadableFile) as raised:
        rewrite(found, impossible)
    assert "canary" not in str(raised.value)
    assert at(folder / DATA) == found
    assert names_in(folder) == ["data"]
    assert list(spool.iterdir()) == []


def test_a_text_that_is_to_be_a_uuid_must_be_one(folder: UPath) -> None:
    plain = record("Row", {"name": "id", "type": "string"})
    marked = record("Row", {"name": "id", "type": UUID})
    rows = [{"id": str(uuid.UUID(int=n))} for n in range(3)]
    good = lay(folder / f"{YEAR}good" / DATA, rows, plain)
    bad = lay(folder / f"{YEAR}bad" / DATA, [*rows, {"id": "canary"}], plain)
    assert rewrite(good, marked) == 3
    with pytest.raises(UnreadableFile, match=r"^record 4 does not fit its logical types"):
        rewrite(bad, marked)
    assert at(folder / f"{YEAR}bad" / DATA) == bad


def test_a_number_that_would_not_be_the_same_stays(folder: UPath) -> None:
    """Avro turns any int into a float; of this one it would make another number."""
    found = lay(
        folder / DATA, [{"n": 1}, {"n": 2**24 + 1}], record("Row", {"name": "n", "type": "int"})
    )
    with pytest.raises(UnreadableFile, match="record 2 would not be the same: field n"):
        rewrite(found, record("Row", {"name": "n", "type": "float"}))
    assert at(folder / DATA) == found


def test_not_a_number_is_itself(folder: UPath) -> None:
    nested = {"type": "array", "items": "double"}
    was = record("Row", {"name": "n", "type": nested})
    found = lay(folder / DATA, [{"n": [1.0, float("nan")]}], was)
    assert rewrite(found, record("Row", {"name": "n", "type": ["null", nested]})) == 1


def test_an_object_that_was_written_anew_since_it_was_listed(folder: UPath) -> None:
    found = lay(folder / DATA, ROWS, OLD)
    lay(folder / DATA, ROWS[:5], OLD)
    with pytest.raises(ObjectChanged):
        rewrite(found, NEW)
    assert len(list(read_avro(folder / DATA))) == 5
    assert names_in(folder) == ["data"]


def test_an_object_that_went_away_since_it_was_listed(folder: UPath) -> None:
    found = lay(folder / DATA, ROWS, OLD)
    remove(folder / DATA)
    with pytest.raises(ObjectChanged):
        rewrite(found, NEW)
    assert names_in(folder) == []


# --- what may happen at each step ---------------------------------------------------------------

Step = Callable[..., Any]


class Stop(BaseException):
    """The process ends here."""


def before(step: int, happens: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets something happen before a step of a rewrite: 1 keeps the old object, 2 puts the new one
    in place, 3 reads it back, 4 removes the kept one."""
    steps = iter(range(1, 100))
    for name in ("put_in_place", "open_object", "remove"):
        monkeypatch.setattr(
            reencoding, name, _counted(getattr(reencoding, name), steps, step, happens)
        )


def _counted(real: Step, steps: Any, step: int, happens: Step) -> Step:
    fetched = []

    def counted(*arguments: Any, **named: Any) -> Any:
        if not fetched and real is open_object:
            fetched.append(True)  # to the spool, before the first step
        elif next(steps) == step:
            happens()
        return real(*arguments, **named)

    return counted


@pytest.mark.parametrize(
    ("step", "left", "said"),
    [
        (1, ["data"], []),
        (2, ["data", "data.before"], ["nothing had been replaced"]),
        (3, ["data", "data.before"], ["the object had been replaced and is verified now"]),
        (4, ["data", "data.before"], ["the object had been replaced and is verified now"]),
    ],
)
def test_a_second_run_completes_a_first_one_that_ended_before_a_step(
    folder: UPath, monkeypatch: pytest.MonkeyPatch, step: int, left: list[str], said: list[str]
) -> None:
    found = lay(folder / DATA, ROWS, OLD)

    def stop() -> None:
        raise Stop

    with monkeypatch.context() as patched:
        before(step, stop, patched)
        with pytest.raises(Stop):
            rewrite(found, NEW)
    assert names_in(folder) == left
    assert list(read_avro(folder / DATA)) == (ROWS if step < 3 else RESOLVED)
    if len(left) == 2:
        assert list(read_avro(folder / KEPT)) == ROWS
    assert reencode_all(folder, NEW) == said
    assert names_in(folder) == ["data"]
    assert list(read_avro(folder / DATA)) == RESOLVED
    assert reencode_all(folder, NEW) == []


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_another_run_that_writes_the_object_at_any_step_is_never_undone(
    folder: UPath, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    found = lay(folder / DATA, ROWS, OLD)
    with monkeypatch.context() as patched:
        before(step, lambda: lay(folder / DATA, ROWS[:7], OLD), patched)
        if step < 3:
            with pytest.raises(ObjectChanged):
                rewrite(found, NEW)
        else:
            rewrite(found, NEW)
    assert list(read_avro(folder / DATA)) == ROWS[:7]
    assert names_in(folder) == ["data"]


def test_two_at_once_do_not_mix(folder: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lay(folder / DATA, ROWS, OLD)
    with monkeypatch.context() as patched:
        before(1, lambda: None if stored(folder / KEPT) else lay(folder / KEPT, ROWS, OLD), patched)
        with pytest.raises(ObjectChanged):
            rewrite(found, NEW)
    assert at(folder / DATA) == found


def test_what_is_not_there_as_it_was_put_is_replaced_by_the_old_object(
    folder: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lay(folder / DATA, ROWS, OLD)
    before_all = content(folder / DATA)
    real = reencoding._checksum
    seen = []

    def checksum(file: Any) -> str:
        seen.append(real(file))
        return seen[-1] if len(seen) != 2 else "of something else"  # 1: put, 2: read back

    monkeypatch.setattr(reencoding, "_checksum", checksum)
    with pytest.raises(UnreadableFile, match="the old object is back"):
        rewrite(found, NEW)
    assert content(folder / DATA) == before_all
    assert names_in(folder) == ["data"]


# --- what an interrupted run has left -----------------------------------------------------------


def test_a_later_run_s_object_is_kept_and_the_old_one_goes(folder: UPath) -> None:
    kept = lay(folder / KEPT, ROWS, OLD)
    newer = lay(folder / DATA, ROWS[:3], OLD)
    assert settle(kept) == "the object was written anew since"
    assert names_in(folder) == ["data"]
    assert at(folder / DATA) == newer


def test_an_object_of_a_schema_in_between_is_verified_by_that(folder: UPath) -> None:
    between = record("Row", {"name": "n", "type": ["null", "long"]})
    kept = lay(folder / KEPT, ROWS, OLD)
    lay(folder / DATA, [{"n": row["n"]} for row in ROWS], between)
    assert settle(kept) == "the object had been replaced and is verified now"
    assert reencode_all(folder, NEW) == []
    assert list(read_avro(folder / DATA)) == RESOLVED


def test_an_object_that_cannot_be_read_gives_way_to_the_old_one(folder: UPath) -> None:
    kept = lay(folder / KEPT, ROWS, OLD)
    with private_spool() as spool:
        (spool / "broken").write_bytes(content(folder / KEPT)[:-5])
        put_in_place(spool / "broken", folder / DATA)
    assert settle(kept) == "the object could not be read: the old one is back"
    assert list(read_avro(folder / DATA)) == ROWS
    assert names_in(folder) == ["data"]


def test_an_object_that_somebody_removed_is_not_brought_back_unasked(folder: UPath) -> None:
    kept = lay(folder / KEPT, ROWS, OLD)
    with pytest.raises(Permanent, match="somebody removed it meanwhile"):
        settle(kept)
    assert names_in(folder) == ["data.before"]


# --- killed at any moment ------------------------------------------------------------------------


def test_killed_at_random_points_nothing_is_lost_and_the_next_run_completes(
    folder: UPath, spool: Path
) -> None:
    dice = random.Random(4711)
    places = [folder / f"{YEAR}{number}" / DATA for number in range(3)]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.core.killed", str(folder), json.dumps(NEW)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert child.stdin is not None
    assert child.stdout is not None
    longest, seen = 0.0, set()
    try:
        for number in range(25):
            for place in places:
                lay(place, ROWS, OLD)
            # Two are let run: the second, all being loaded, shows how long there is to kill it.
            print(dice.uniform(0.001, longest) if number > 1 else 0, file=child.stdin, flush=True)
            took = float(child.stdout.readline())
            longest = took if number == 1 else longest
            for place in places:
                rows = list(read_avro(place))
                assert rows in (ROWS, RESOLVED)
                seen.add(rows == RESOLVED)
            reencode_all(folder, NEW)
            assert [list(read_avro(place)) for place in places] == [RESOLVED] * 3
            assert names_in(folder) == [f"{YEAR}{number}/data" for number in range(3)]
    finally:
        child.stdin.close()
        child.wait(10)
        child.stdout.close()
    assert seen == {False, True}
