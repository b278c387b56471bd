"""Fixed width: columns by where they begin."""

from pathlib import Path
from typing import Any

import pytest

from tests.libraries.sftp.formats.taking import CANARY, read, take
from tests.libraries.sftp.vendor import Vendor

COLUMNS = [
    {"name": "ID", "start": 1, "width": 3},
    {"name": "Name", "start": 4, "width": 6},
    {"name": "Grade", "start": 11, "width": 2},
]
LAYOUT = {"type": "fixed_width", "columns": COLUMNS}
SCHEMA = "id name grade"


def test_a_feed_of_fixed_width_runs(quick_vendor: Vendor) -> None:
    content = "EXPORT 2026\n007Ann    05\r\n  8 Bo Li K \r\n\r\n"
    metadata = take(quick_vendor, content, SCHEMA, format={**LAYOUT, "skip_lines": 1})
    assert [tuple(row.values()) for row in quick_vendor.rows()] == [
        ("007", "Ann", "05"),
        ("8", "Bo Li", "K"),
    ]
    assert metadata["short_rows"] == 0
    assert metadata["check"].passed


def test_columns_may_be_listed_in_any_order_overlap_and_leave_gaps(tmp_path: Path) -> None:
    columns: list[dict[str, Any]] = [
        {"name": "day", "start": 13, "width": 2},
        {"name": "date", "start": 7, "width": 8},
        {"name": "id", "start": 1, "width": 3},
    ]
    taken = read(tmp_path, "1  xxx20261015\n", "id date day", format={**LAYOUT, "columns": columns})
    assert taken.rows == [{"id": "1", "date": "20261015", "day": "15"}]


def test_short_lines_are_null_and_counted_and_trimmed_ones_are_not(tmp_path: Path) -> None:
    taken = read(tmp_path, "1  Ann    5\n2  Bo\n3\n", SCHEMA, format=LAYOUT)
    assert taken.values == [("1", "Ann", "5"), ("2", "Bo", None), ("3", None, None)]
    assert taken.summary.short_rows == 2


def test_text_beyond_the_layout_is_rejected_and_blanks_are_not(tmp_path: Path) -> None:
    content = f"1  Ann    05   \n2  Bo     05 {CANARY}\n3  Cy     05\n"
    taken = read(tmp_path, content, SCHEMA, format=LAYOUT)
    assert [row["id"] for row in taken.rows] == ["1", "3"]
    (rejected,) = taken.rejected
    assert rejected["line"] == 2
    assert rejected["reason"] == "text beyond the last column"
    assert CANARY in rejected["cells"][0]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_widths_are_characters_not_bytes(tmp_path: Path, encoding: str) -> None:
    content = "# x\n1  Núñez  05\n".encode(encoding)
    layout = {**LAYOUT, "encoding": encoding, "comment": "#"}
    assert read(tmp_path, content, SCHEMA, format=layout).values == [("1", "Núñez", "05")]
