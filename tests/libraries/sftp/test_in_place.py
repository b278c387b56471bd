"""Ways to encode many rows at once, in place, by gathering, by length: they write the same."""

import csv
import io
from collections import Counter

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.blocks import Branches
from teamster.libraries.sftp.by_length import SpelledEncoder
from teamster.libraries.sftp.encoding import Plan, Source, TextColumn, can_stay
from teamster.libraries.sftp.formats.delimited import Delimited, Dialect
from teamster.libraries.sftp.formats.places import Places
from teamster.libraries.sftp.formats.spelled import rows_by_csv
from teamster.libraries.sftp.formats.splitting import Signs, split
from teamster.libraries.sftp.gathering import Gathering
from teamster.libraries.sftp.in_place import encode_in_place

NULL_FIRST = Branches(b"\0", b"\2")
NULL_LAST = Branches(b"\2", b"\0")

LENGTHS = st.sampled_from([0, 1, 2, 62, 63, 64, 65, 127, 128, 8190, 8191])
CELLS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=6),
    st.sampled_from(
        ['"', '""', '","', "a\nb", ",", "a,b", " ", "\N{LATIN SMALL LETTER Y WITH DIAERESIS}"]
    ),
    LENGTHS.map("x".__mul__),
    LENGTHS.map(lambda length: '"' + "y" * length),
)


def split_cells(text: str) -> Places:
    cells = split(text.encode(), Signs(ord(","), ord('"'))).cells
    assert cells is not None
    return cells


def plan(width: int, branches: Branches = NULL_FIRST) -> Plan:
    return Plan(
        [f"column_{at}" for at in range(width)], [TextColumn(at, branches) for at in range(width)]
    )


def decoded(encoded: bytes, width: int, count: int) -> list[list[str | None]]:
    fields = [{"name": name, "type": ["null", "string"]} for name in plan(width).names]
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    file = io.BytesIO(encoded)
    rows = [fastavro.schemaless_reader(file, schema, None) for _ in range(count)]
    assert not file.read()
    return [list(row.values()) for row in rows if isinstance(row, dict)]


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_all_ways_write_the_rows(
    rows: list[list[str]], line_end: str, quoting: "csv._QuotingType"
) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator=line_end, quoting=quoting).writerows(rows)
    places = split_cells(file.getvalue())
    width = len(rows[0])
    encoded = encode_in_place(places)
    if encoded is None:
        assert any(len(cell.encode()) >= 8192 for row in rows for cell in row)
    else:
        assert decoded(encoded, width, len(rows)) == [
            [cell or None for cell in row] for row in rows
        ]
    gathered = bytes(Gathering(plan(width))(places.joined, places.line_numbers))
    assert encoded in (None, gathered)
    nulls = {f"column_{at}": sum(not row[at] for row in rows) for at in range(width)}
    assert by_length(file.getvalue(), plan(width), width) == (gathered, +Counter(nulls))
    assert decoded(gathered, width, len(rows)) == [[cell or None for cell in row] for row in rows]


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1), st.permutations(range(3)))
def test_fields_in_another_order_are_written_the_same(
    rows: list[list[str]], order: list[int]
) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    kinds = [NULL_FIRST, NULL_LAST, NULL_FIRST]
    texts: list[Source] = [TextColumn(at, kinds[at]) for at in order]
    mixed = Plan(["a", "b", "c", "d"], [*texts, b"\2\2!"])
    places = split_cells(file.getvalue())
    gathered = bytes(Gathering(mixed)(places.joined, places.line_numbers))
    assert by_length(file.getvalue(), mixed, 3)[0] == gathered


def by_length(text: str, plan: Plan, width: int) -> tuple[bytes, Counter[str]]:
    """Returns what rows come to, and how many nulls they have."""
    encoder = SpelledEncoder(plan, width)
    encoded, nulls = b"", Counter[str]()
    for found in rows_by_csv(text.encode(), 0, Dialect.of(Delimited()), is_last=True):
        done = encoder(found)
        assert done
        encoded += done.encoded
        nulls.update(done.nulls)
    return encoded, nulls


@pytest.mark.parametrize("text", ["a,\0\n", f"{'x' * 8192},b\n", f'"{"x" * 8191}""",b\n'])
def test_what_is_left_to_gathering(text: str) -> None:
    assert encode_in_place(split_cells(text)) is None


def test_plans_of_other_fields_are_left_to_gathering() -> None:
    in_order = plan(2)
    assert can_stay(in_order)
    assert not can_stay(plan(2, NULL_LAST))
    assert not can_stay(plan(2, Branches(None, b"")))
    assert not can_stay(Plan(in_order.names, in_order.sources[::-1]))
    assert not can_stay(Plan(in_order.names, [in_order.sources[0], b"\0"]))
