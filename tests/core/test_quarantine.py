"""Rejected rows: kept whole, reported without a value."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath

from teamster.core.avro import read_avro, write_avro
from teamster.core.errors import TooManyRejectedRows
from teamster.core.quarantine import QUARANTINE_SCHEMA, Quarantine
from teamster.core.storage import private_spool

CANARY = "canary-4711"


def test_nothing_is_written_before_a_row_is_rejected(tmp_path: Path) -> None:
    with Quarantine(tmp_path) as quarantine:
        assert quarantine.count == 0
        assert not quarantine.full
        assert list(quarantine.rows()) == []
        quarantine.check()
    assert list(tmp_path.iterdir()) == []


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.integers(1, 2**40),
            st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4),
            st.none() | st.just("score"),
        ),
        max_size=5,
    )
)
def test_rows_come_back_whole_also_from_the_object(
    rejected: list[tuple[str, int, list[str], str | None]],
) -> None:
    expected = [
        {"source_file_name": name, "line": line, "column": column, "reason": "r", "cells": cells}
        for name, line, cells, column in rejected
    ]
    with private_spool() as spool, Quarantine(spool) as quarantine:
        for name, line, cells, column in rejected:
            quarantine.add(name, line, "r", cells, column)
        assert list(quarantine.rows()) == expected
        write_avro(spool / "object", quarantine.rows(), QUARANTINE_SCHEMA)
        assert list(read_avro(UPath(spool / "object"))) == expected
        assert quarantine.count == len(rejected)


def test_rows_can_be_read_while_more_are_rejected(tmp_path: Path) -> None:
    with Quarantine(tmp_path) as quarantine:
        quarantine.add("a.csv", 2, "r", ["x"])
        assert len(list(quarantine.rows())) == 1
        quarantine.add("a.csv", 3, "r", ["y"])
        assert [row["line"] for row in quarantine.rows()] == [2, 3]


def test_spooled_rows_are_in_a_private_folder() -> None:
    with private_spool() as spool, Quarantine(spool) as quarantine:
        quarantine.add("a.csv", 2, "r", [CANARY])
        assert quarantine.path.parent == spool
        assert stat.S_IMODE(spool.stat().st_mode) == 0o700


def test_more_than_allowed_fails_with_counts_and_the_first_place(tmp_path: Path) -> None:
    with Quarantine(tmp_path, max_rejected_rows=2) as quarantine:
        quarantine.add("a.csv", 7, "not of type int", [CANARY], "score")
        quarantine.add("b.csv", 9, "more cells than the header", [CANARY])
        assert not quarantine.full
        quarantine.check()
        quarantine.add("b.csv", 10, "not of type int", [CANARY], "score")
        assert quarantine.full
        with pytest.raises(TooManyRejectedRows) as raised:
            quarantine.check()
    message = str(raised.value)
    assert message.startswith(
        "rejected rows: 3, allowed: 2: 2 × not of type int, 1 × more cells than the header. "
        "First: a.csv, line 7, column score: not of type int."
    )
    assert CANARY not in message
