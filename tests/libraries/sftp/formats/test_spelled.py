"""Rows of a chunk split without numpy: as the csv module reads them, or not at all."""

import csv
import io

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from teamster.libraries.sftp.formats import spelled
from teamster.libraries.sftp.formats.delimited import Delimited, Dialect
from teamster.libraries.sftp.formats.spelled import (
    LONG,
    SpelledRows,
    rows_by_csv,
    rows_of_long_cells,
)

DIALECT = Dialect.of(Delimited())
PIECES = st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "\0", " ", "a", "é", "数", "😀"])
CELLS = st.lists(PIECES, max_size=6).map("".join)


def by_csv(text: str) -> tuple[list[list[str]], list[int]]:
    """Returns the rows of a text and their lines, up to one that the csv module refuses."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    for found in rows_by_csv(text.encode(), 0, DIALECT, is_last=True):
        rows += found.texts
        numbers += found.numbers()
    return rows, numbers


def written(rows: list[list[str]], line_end: str, quoting: "csv._QuotingType") -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator=line_end, quoting=quoting).writerows(rows)
    return file.getvalue()


@pytest.fixture(autouse=True)
def all_cells_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelled, "LONG", 0)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_is_written_well_is_split(
    rows: list[list[str]], line_end: str, quoting: "csv._QuotingType"
) -> None:
    text = written(rows, line_end, quoting)
    found = rows_of_long_cells(text.encode(), 0, DIALECT)
    if found is None:  # a zero outside quotes, or a carriage return: csv.writer quotes neither
        assert "\0" in text or "\r" in text
        return
    assert list(found.texts) == rows
    assert (rows, found.numbers()) == by_csv(text)
    assert found.size == len(text.encode())
    assert found.lines == len(io.StringIO(text, newline="").readlines())


@given(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=5))
def test_whatever_stands_there_is_read_as_by_csv_or_not_at_all(text: str, rest: str) -> None:
    for found in (rows_of_long_cells((text + rest).encode(), 7, DIALECT),):
        event("split" if found else "not split")
        if found is None:
            continue
        taken = (text + rest).encode()[: found.size].decode()
        rows, numbers = by_csv(taken)
        assert list(found.texts) == rows
        assert found.numbers() == [7 + number for number in numbers]
        assert found.lines == len(io.StringIO(taken, newline="").readlines())


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,"b\n', []),
        ('a,"b"\nc,"d', [["a", "b"]]),
        ('a,"b"x\n', None),
        ("a,b\n\nc,d\n", None),
        ("a\rb\n", None),
        ('a,""""\n"",b\n', [["a", '"'], ["", "b"]]),
    ],
)
def test_rows_that_are_not_plain_are_left(text: str, rows: list[list[str]] | None) -> None:
    found: SpelledRows | None = rows_of_long_cells(text.encode(), 0, DIALECT)
    assert (list(found.texts) if found else None) == (rows or None)


def test_cells_that_are_short_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelled, "LONG", LONG)
    assert rows_of_long_cells(b"a,b\n", 0, DIALECT) is None
    assert rows_of_long_cells(b'%s,"%s"\n' % (b"a" * LONG, b"b," * LONG), 0, DIALECT)


@pytest.mark.parametrize("is_last", [True, False])
def test_the_csv_module_stops_before_what_may_go_on(is_last: bool) -> None:
    given = b'h\n"two\nlines"\n\nlast'
    found = list(rows_by_csv(given, 3, DIALECT, is_last=is_last))
    rows = [row for some in found for row in some.texts]
    numbers = [number for some in found for number in some.numbers()]
    assert rows == [["h"], ["two\nlines"], *([["last"]] if is_last else [])]
    assert numbers == [4, 5, *([8] if is_last else [])]
    assert sum(some.size for some in found) == (len(given) if is_last else len(given) - 4)
    assert sum(some.lines for some in found) == (5 if is_last else 4)
