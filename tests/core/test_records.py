"""A stream of records: read once, then it knows what it saw; nothing stays behind."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from teamster.core.drift import FieldsSeen
from teamster.core.errors import TooManyRejectedRows
from teamster.core.quarantine import Quarantine
from teamster.core.records import Records, Tally
from teamster.core.schema import resolve_schema, text_model
from teamster.core.storage import private_spool

SCHEMA = resolve_schema(text_model("Row", "a b"))
ROWS: list[dict[str, Any]] = [{"a": "1", "b": None}, {"a": "2", "c": "x"}]


def spooled_records(rows: Any, quarantine: bool = False, allowed: int = 0) -> Records:
    """Records whose temporary file lies in a private spool, as those of a fetched file."""
    resources = ExitStack()
    folder = resources.enter_context(private_spool())
    (folder / "fetched").write_text("x")
    tally = None
    if quarantine:
        aside = Quarantine(folder, max_rejected_rows=allowed)
        resources.enter_context(aside)
        tally = Tally(FieldsSeen(SCHEMA), aside)
    return Records(rows(tally) if quarantine else rows, SCHEMA, tally=tally, resources=resources)


def with_rejects(tally: Tally) -> Iterator[dict[str, Any]]:
    yield {"a": "1"}
    assert tally.quarantine
    tally.quarantine.add("x.csv", 2, "more cells than the header", ["a", "b", "c"])
    yield {"a": "2"}


def test_rows_pass_unchanged_and_are_counted() -> None:
    records = Records(iter(ROWS), SCHEMA)
    assert list(records) == ROWS
    summary = records.summary
    assert summary.rows == 2
    assert summary.rejected_rows == summary.short_rows == 0
    assert (summary.fields.extras, summary.fields.missing) == ({"c"}, [])


def test_rows_are_read_lazily() -> None:
    taken = []

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(3):
            taken.append(number)
            yield {"a": str(number)}

    stream = iter(Records(rows(), SCHEMA))
    assert taken == []
    next(stream)
    assert taken == [0]


def test_a_stream_is_single_use() -> None:
    records = Records(ROWS, SCHEMA)
    list(records)
    with pytest.raises(RuntimeError, match="single-use"):
        iter(records)


def test_no_summary_before_the_end() -> None:
    records = Records(ROWS, SCHEMA)
    with pytest.raises(RuntimeError, match="not been read to their end"):
        _ = records.summary
    next(iter(records))
    with pytest.raises(RuntimeError, match="not been read to their end"):
        _ = records.summary


def test_no_summary_after_a_failure() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"a": "1"}
        raise OSError("gone")

    records = Records(rows(), SCHEMA)
    with pytest.raises(OSError, match="gone"):
        list(records)
    with pytest.raises(RuntimeError, match="not been read to their end"):
        _ = records.summary


def test_a_reader_with_a_tally_notes_for_itself() -> None:
    tally = Tally(FieldsSeen(SCHEMA))
    records = Records(ROWS, SCHEMA, tally=tally)
    list(records)
    assert records.summary is tally
    assert (tally.rows, tally.fields.extras) == (2, set())


# --- temporary files are gone, however the stream ends -----------------------------------------


def test_gone_at_the_end(spool: Path) -> None:
    records = spooled_records(ROWS)
    assert len(list(spool.iterdir())) == 1
    list(records)
    assert list(spool.iterdir()) == []


def test_gone_after_a_failure(spool: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"a": "1"}
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(spooled_records(rows()))
    assert list(spool.iterdir()) == []


def test_gone_when_the_reader_stops_early(spool: Path) -> None:
    stream = iter(spooled_records(ROWS))
    next(stream)
    stream.close()
    assert list(spool.iterdir()) == []


def test_gone_when_nobody_reads(spool: Path) -> None:
    with spooled_records(ROWS):
        pass
    assert list(spool.iterdir()) == []


def test_gone_when_the_stream_is_dropped(spool: Path) -> None:
    stream = iter(spooled_records(ROWS))
    next(stream)
    del stream
    gc.collect()
    assert list(spool.iterdir()) == []


# --- rejected rows -----------------------------------------------------------------------------


def test_rejected_rows_stay_until_close(spool: Path) -> None:
    records = spooled_records(with_rejects, quarantine=True, allowed=1)
    assert len(list(records)) == 2
    assert records.summary.rejected_rows == 1
    assert records.quarantine
    assert [row["line"] for row in records.quarantine.rows()] == [2]
    records.close()
    assert list(spool.iterdir()) == []


def test_too_many_rejected_rows_fail_after_the_last_row(spool: Path) -> None:
    records = spooled_records(with_rejects, quarantine=True)
    stream = iter(records)
    assert [next(stream), next(stream)] == [{"a": "1"}, {"a": "2"}]
    with pytest.raises(TooManyRejectedRows):
        next(stream)
    assert records.quarantine
    assert len(list(records.quarantine.rows())) == 1
    with records:
        pass
    assert list(spool.iterdir()) == []
