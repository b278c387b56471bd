"""PDF: rows told from the rest of a page's text by a pattern."""

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fpdf
import pytest

from teamster.core.errors import UnreadableFile
from tests.libraries.sftp.formats.taking import CANARY, read, take
from tests.libraries.sftp.vendor import Vendor

PATTERN = r"^\s*(?P<School>\d+)\s+(?P<student_id>\d{4,})\s+(?P<Name>\D+?)\s+(?P<fte>[\d.]+)$"
COLUMNS = "school student_id name fte"
ROWS = [("12", "1001", "Doe, Jane Q", ".5000"), ("12", "1002", "Núñez, Bo", "1.0")]
# ../shared/vendors/fldoe.json, table fte: a real vendor's.
FTE = (
    r"\s+(?P<school_number>\d+)\s+(?P<student_id>\d+)\s+(?P<florida_student_id>[\dX]+)"
    r"\s+(?P<student_name>[\D]+)\s+(?P<grade>\w+)\s+(?P<fte_capped>[\d\.]+)"
    r"\s+(?P<fte_uncapped>[\d\.]+)"
)


def pdf(*pages: list[tuple[str, ...]], password: str | None = None) -> bytes:
    """Makes a PDF of tables, with a title and a page number on each page."""
    document = fpdf.FPDF(orientation="landscape")
    document.set_font("Helvetica", size=9)
    if password is not None:
        document.set_encryption(owner_password="owner", user_password=password)
    for number, rows in enumerate(pages, start=1):
        document.add_page()
        document.cell(text="District FTE Report 2026")
        for line, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                document.set_xy(15 + 38 * column, 30 + 6 * line)
                document.cell(text=cell)
        document.set_xy(250, 190)
        document.cell(text=f"Page {number}")
    return bytes(document.output())


def test_a_feed_of_pdf_runs(quick_vendor: Vendor) -> None:
    content = pdf([("School", "Student", "Name", "FTE"), *ROWS], ROWS)
    metadata = take(quick_vendor, content, COLUMNS, format={"type": "pdf", "row_pattern": PATTERN})
    assert [tuple(row.values()) for row in quick_vendor.rows()] == [*ROWS, *ROWS]
    assert metadata["check"].passed
    assert "warnings" not in metadata


def test_a_real_vendors_pattern_takes_every_row(tmp_path: Path) -> None:
    rows = [
        ("1234", f"{number:010d}", f"{number:012d}XX", "DOE, JANE Q", "05", ".5000", ".4900")
        for number in range(20)
    ]
    columns = re.findall(r"\?P<(\w+)>", FTE)
    taken = read(
        tmp_path,
        pdf([("School", "ID"), *rows]),
        columns,
        format={"type": "pdf", "row_pattern": FTE},
    )
    assert taken.values == rows


def test_a_file_in_which_no_line_matches_is_refused_with_their_count(tmp_path: Path) -> None:
    layout = {"type": "pdf", "row_pattern": "^(?P<id>never)$"}
    with pytest.raises(UnreadableFile, match="matches none of its 4 lines") as failure:
        read(tmp_path, pdf([(CANARY,), ("x",)]), "id", format=layout)
    assert CANARY not in str(failure.value)


def test_pages_without_text_are_perhaps_a_scan(tmp_path: Path) -> None:
    document = fpdf.FPDF()
    document.add_page()
    layout = {"type": "pdf", "row_pattern": "(?P<id>.)"}
    with pytest.raises(UnreadableFile, match=r"table\.csv: it holds no text; is it a scan\?"):
        read(tmp_path, bytes(document.output()), "id", format=layout)
    assert read(tmp_path, b"", "id", format=layout).summary.warnings == ["table.csv is empty"]


def test_a_group_that_does_not_take_part_is_null(tmp_path: Path) -> None:
    layout = {"type": "pdf", "row_pattern": r"^\s*(?P<id>\d+)(\s+(?P<name>[a-z]+))?$"}
    taken = read(tmp_path, pdf([("1", "ann"), ("2",)]), format=layout)
    assert taken.values == [("1", "ann"), ("2", None)]


def test_a_pattern_that_never_ends_is_stopped(tmp_path: Path) -> None:
    layout = {"type": "pdf", "row_pattern": r"^\s*(?P<id>(a|aa)+)x$"}
    with pytest.raises(UnreadableFile, match=r"table\.csv, line 2: the pattern takes longer"):
        read(tmp_path, pdf([("a" * 120,)]), "id", format=layout)


def inflated() -> bytes:
    """Makes a PDF whose page is a few hundred kilobytes, packed, and 300 megabytes of blanks."""
    packed = zlib.compress(b" " * 300_000_000, 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed),
    ]
    body, places = b"%PDF-1.4\n", b""
    for number, content in enumerate(objects, start=1):
        places += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 5\n0000000000 65535 f \n" + places
    return body + table + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)


REFUSED: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "a password": (pdf(ROWS, password=CANARY), "with a password"),
    "cut short": (pdf(ROWS)[:400], "cannot be read"),
    "garbled": (b"%PDF-1.7\n" + CANARY.encode() * 50, "cannot be read"),
    "a bomb": (inflated, "cannot be read: LimitReached"),
    "text": (f"{CANARY},1\n".encode(), "is delimited text by its first bytes, not a PDF"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pdf_that_cannot_be_read_is_refused(
    tmp_path: Path, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    given, said = REFUSED[case]
    content = given if isinstance(given, bytes) else given()
    layout: dict[str, Any] = {"type": "pdf", "row_pattern": PATTERN}
    with pytest.raises(UnreadableFile, match=said) as failure:
        read(tmp_path, content, COLUMNS, format=layout)
    assert "table.csv" in str(failure.value)
    assert CANARY not in str(failure.value) + caplog.text


def test_a_pdf_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    content = pdf(ROWS, password="")
    taken = read(tmp_path, content, COLUMNS, format={"type": "pdf", "row_pattern": PATTERN})
    assert taken.values == ROWS
