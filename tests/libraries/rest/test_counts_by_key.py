"""Counts beside pages by key: what comes and goes is no loss, what a server leaves out is one."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.errors import AnswerIncomplete
from teamster.libraries.rest.counts import Counts
from tests.libraries.rest.listings import KEYSET, Read, Records, read
from tests.libraries.rest.server import Answered, Api, Asked, serving

COUNT = {"type": "endpoint", "endpoint": "/things/count"}
STEP = st.tuples(st.booleans(), st.sets(st.integers(0, 30), max_size=5), st.integers(0, 30))


@given(there=st.sets(st.integers(0, 30)), steps=st.lists(STEP, max_size=6))
def test_a_right_reading_agrees_where_counts_see_all_that_comes_and_goes(
    there: set[int], steps: list[Any]
) -> None:
    """Between two counts records come or go, and then those up to a key are read."""
    came: set[int] = set()
    counts, place = [len(there)], -1
    for comes, some, until in [*steps, (True, set[int](), 30)]:
        there = there | some if comes else there - some
        came |= {each for each in there if place < each <= until}
        place = max(place, until)
        counts.append(len(there))
    assert Counts(counts).allow(len(came)) or not came


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 5))
def test_where_nothing_changes_as_many_must_come(count: int, came: int, times: int) -> None:
    assert Counts([count] * times).allow(came) == (came == count)


@pytest.mark.parametrize(
    ("counts", "came", "agrees"),
    [
        ([9, 10], 9, True),
        ([9, 10], 10, True),
        ([10, 9], 8, False),
        ([9, 10], 11, False),
        ([10, 9, 10], 9, True),
        ([10, 9, 10], 11, True),
        ([10, 9, 10], 8, False),
        ([1, 0], 0, False),
        ([0, 1], 0, False),
        ([0, 0], 0, True),
    ],
)
def test_what_came_lies_between_the_counts(counts: list[int], came: int, agrees: bool) -> None:
    assert Counts(counts).allow(came) == agrees


def by_key(api: Api, folder: Path, **options: Any) -> Read:
    return read(api, folder, pagination=KEYSET, total=COUNT, key="id", **options)


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": 10 * number} for number in range(1, count + 1)]


def test_a_list_that_never_rests_is_read(tmp_path: Path) -> None:
    """Before two of three answers something goes or comes; it can be as many."""
    gone: list[int] = []

    def change(table: Records, asked: Asked) -> None:
        if table.served % 3 == 1:
            gone.append(table.rows.pop(7 * table.served % len(table.rows))["id"])
        elif table.served % 3 == 0:
            table.rows.append({"id": 1000 + table.served})

    table = Records(rows(40), "keyset", 5, change)
    with serving(table) as api:
        found = [row["id"] for row in by_key(api, tmp_path).values]
    assert {10 * number for number in range(1, 41)} - set(gone) <= set(found)
    assert len(set(found)) == len(found)


def test_a_list_that_grows_as_it_is_read_is_not_read_for_ever(tmp_path: Path) -> None:
    def change(table: Records, asked: Asked) -> None:
        table.rows.append({"id": 1000 + table.served})

    table = Records(rows(9), "keyset", 5, change)
    with (
        serving(table) as api,
        pytest.raises(AnswerIncomplete, match=r"as fast as they are read.*in 2 reads"),
    ):
        by_key(api, tmp_path, max_reads=2)
    assert table.served < 200


def test_as_many_that_went_as_came_are_seen_by_counts_between_pages(tmp_path: Path) -> None:
    def change(table: Records, asked: Asked) -> None:
        if asked.number("id[gt]", 0) == 20:
            table.rows = [row for row in table.rows if row["id"] != 60]
        if asked.number("id[gt]", 0) == 50:
            table.rows.append({"id": 5 + table.served})

    with serving(Records(rows(9), "keyset", 1, change)) as api:
        found = [row["id"] for row in by_key(api, tmp_path).values]
        asked = [each.path for each in api.asked]
    assert set(found) >= {10 * number for number in range(1, 10) if number != 6}
    once = asked.index("/things/count", 1)
    assert asked[once : once + 4] == ["/things/count", "/things/count", "/things", "/things/count"]


@pytest.mark.parametrize("busy", [False, True])
def test_a_server_that_leaves_records_out_is_told(tmp_path: Path, busy: bool) -> None:
    """It ends before the end, on a list that grows say."""

    class Ending(Records):
        def __call__(self, asked: Asked) -> Answered:
            self.rows += [{"id": 1000 + self.served}] if busy else []
            answered = super().__call__(asked)
            return Answered({"data": []}) if asked.number("id[gt]", 0) >= 100 else answered

    with (
        serving(Ending(rows(30), "keyset", 5)) as api,
        pytest.raises(AnswerIncomplete, match=r"10 records came, the server states .*in 2 reads"),
    ):
        by_key(api, tmp_path, max_reads=2)


@pytest.mark.parametrize("at", [1, 2])
def test_nothing_is_right_only_where_nothing_is_counted(tmp_path: Path, at: int) -> None:
    """The one record goes before the page, or comes after it: all is read anew."""

    def change(table: Records, asked: Asked) -> None:
        if table.served == at:
            table.rows = rows(1) if at == 2 else []

    with serving(Records(rows(2 - at), "keyset", 5, change)) as api:
        found = by_key(api, tmp_path)
    assert len(found.values) == found.reading.stated == at - 1
