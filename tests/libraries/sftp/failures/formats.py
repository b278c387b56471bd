"""Excel, JSON, PDF and fixed width, and files that are of another format than their feed says."""

import io
import json
from collections.abc import Callable
from typing import Any

import xlsxwriter
from fpdf import FPDF

from teamster.core.errors import TooManyRejectedRows, UnreadableFile
from tests.libraries.sftp.failures.cases import CANARY, Case, Scene, content
from tests.libraries.sftp.vendor import zip_of

TABLE = [["id", "name"], ["1", CANARY]]
ROWS = [("1", CANARY)]
PATTERN = r"^\s*(?P<id>\d+)\s+(?P<name>\w+)$"


def declared(kind: str, **fields: Any) -> dict[str, Any]:
    return {"file": r"table\.\w+", "format": {"type": kind, **fields}}


def workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Students")
        for number, cells in enumerate(TABLE):
            sheet.write_row(number, 0, cells)
    return buffer.getvalue()


def sparse_workbook() -> bytes:
    """A stray cell far from the table: what reads it makes room for all between."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, TABLE[1])
        sheet.write(1_000_000, 16_000, "x")
    return buffer.getvalue()


def pdf(*lines: str) -> bytes:
    page = FPDF()
    page.add_page()
    page.set_font("helvetica", size=12)
    for line in lines:
        page.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def xlsx(data: bytes, name: str = "table.xlsx") -> Callable[[Scene], object]:
    return content(data, name)


RECORD = json.dumps({"id": "1", "name": CANARY})
EXCEL = [
    Case("Excel workbook", "read", xlsx(workbook()), rows=ROWS, options=declared("excel")),
    Case(
        "corrupt Excel workbook",
        *("refused", xlsx(cut(workbook())), UnreadableFile, [r"table\.xlsx"]),
        secret=True,
        options=declared("excel"),
    ),
    Case(
        "no such sheet",
        *("refused", xlsx(workbook()), UnreadableFile, ["there are: 'Students'"]),
        options=declared("excel", sheet="Pupils"),
    ),
    Case(
        "Excel workbook with a cell a million rows away",
        *("refused", xlsx(sparse_workbook()), UnreadableFile, ["spans .* cells"]),
        options=declared("excel"),
    ),
    Case(
        "Excel workbook that unpacks to too much",
        *("refused", xlsx(workbook()), UnreadableFile, ["max_unpacked_bytes"]),
        options={**declared("excel"), "max_unpacked_bytes": 1000},
    ),
]

JSON = [
    Case(
        "JSON cut short",
        *("refused", content(f"[{RECORD}, {RECORD[:-3]}"), UnreadableFile),
        says=[r"table\.csv is no JSON after 1 records"],
        options=declared("json"),
    ),
    Case(
        "JSON without the array",
        *("refused", content(f'{{"rows": [{RECORD}]}}'), UnreadableFile, ["no array at records"]),
        options=declared("json", records="students"),
    ),
    Case(
        "a broken line of JSON lines",
        *("quarantined", content(f"{RECORD}\n{RECORD[:-3]}\n"), TooManyRejectedRows),
        says=[r"table\.csv, line 2"],
        rejected=1,
        options=declared("json_lines"),
    ),
    Case(
        "a broken line of JSON lines, within max_rejected_rows",
        *("quarantined", content(f"{RECORD}\n{RECORD[:-3]}\n")),
        rows=ROWS,
        rejected=1,
        options={**declared("json_lines"), "max_rejected_rows": 1},
    ),
]

PDFS = [
    Case(
        "PDF",
        *("read", content(pdf("Roster", f"1  {CANARY}"), "table.pdf")),
        rows=ROWS,
        secret=True,
        options=declared("pdf", row_pattern=PATTERN),
    ),
    Case(
        "PDF in which no line matches",
        *("refused", content(pdf("Roster", f"one {CANARY}"), "table.pdf"), UnreadableFile),
        says=["row_pattern matches none of its 2 lines"],
        secret=True,
        options=declared("pdf", row_pattern=PATTERN),
    ),
    Case(
        "corrupt PDF",
        *("refused", content(cut(pdf("Roster", f"1  {CANARY}")), "table.pdf"), UnreadableFile),
        secret=True,
        options=declared("pdf", row_pattern=PATTERN),
    ),
]

OTHERS = [
    Case(
        "a line of fixed width that is too long",
        *("quarantined", content(f"1 Ann\n2 {CANARY}\n"), TooManyRejectedRows),
        says=[r"table\.csv, line 2", "text beyond the last column"],
        rejected=1,
        options=declared(
            "fixed_width",
            columns=[
                {"name": "id", "start": 1, "width": 2},
                {"name": "name", "start": 3, "width": 4},
            ],
        ),
    ),
    Case(
        "Excel workbook under the name of a text",
        *("refused", content(workbook()), UnreadableFile, [r"format: \{type: excel\}"]),
    ),
    Case(
        "zip under the name of a text",
        *("refused", content(zip_of({"table.csv": f"id,name\n1,{CANARY}\n"})), UnreadableFile),
        says=["build_sftp_archive_asset"],
    ),
    Case(
        "PDF under the name of a text",
        *("refused", content(pdf(CANARY)), UnreadableFile, ["is a PDF by its first bytes"]),
        secret=True,
    ),
    Case(
        "text under the name of an Excel workbook",
        *("refused", xlsx(f"id,name\n1,{CANARY}\n".encode()), UnreadableFile),
        says=["delimited text by its first bytes"],
        options=declared("excel"),
    ),
]

CASES = [*EXCEL, *JSON, *PDFS, *OTHERS]
