"""Ways to encode many rows at once, in place, by gathering, by length: they write the same."""

import csv
import io

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.blocks import Branches
from teamster.libraries.sftp.by_length import encode_by_length
from teamster.libraries.sftp.encoding import Plan, TextColumn, can_stay
from teamster.libraries.sftp.formats.batches import in_bytes
from teamster.libraries.sftp.formats.places import Places
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
    by_length = encode_by_length([list(map(in_bytes, row)) for row in rows], width)
    assert by_length.encoded == gathered
    assert by_length.nulls == [sum(not row[at] for row in rows) for at in range(width)]
    assert decoded(gathered, width, len(rows)) == [[cell or None for cell in row] for row in rows]


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
