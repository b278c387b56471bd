"""Excel workbooks: sheets, headers, cells as text, and what would exhaust the memory."""

import base64
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from teamster.core.errors import UnreadableFile
from teamster.core.schema import record_model
from tests.libraries.sftp.formats.taking import CANARY, read, take
from tests.libraries.sftp.vendor import Vendor, zip_of

EXCEL = {"type": "excel"}
DATES = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm", time: "hh:mm"}


def workbook(**sheets: Sequence[Sequence[Any]]) -> bytes:
    """Makes a workbook of rows by sheet."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        formats = {kind: book.add_format({"num_format": text}) for kind, text in DATES.items()}
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write(at, column, cell, formats.get(type(cell)))
    return buffer.getvalue()


def test_a_feed_of_excel_runs_and_its_cells_go_the_way_of_text(quick_vendor: Vendor) -> None:
    content = workbook(
        A=[
            ["ID", "Name", "Score", "Passed", "Born", "Seen", "At", "Big"],
            [
                7.0,
                "007",
                2.5,
                True,
                date(2010, 5, 6),
                datetime(2026, 1, 2, 3, 4),
                time(6),
                12345678901,
            ],
            [],
            [-0.125, " x ", None, False],
        ]
    )
    columns = "id name score passed born seen at big source_line"
    metadata = take(quick_vendor, content, columns, format=EXCEL)
    assert [tuple(row.values()) for row in quick_vendor.rows()] == [
        (
            "7",
            "007",
            "2.5",
            "true",
            "2010-05-06",
            "2026-01-02T03:04:00",
            "06:00:00",
            "12345678901",
            "2",
        ),
        ("-0.125", " x ", None, "false", None, None, None, None, "4"),
    ]
    assert metadata["check"].passed


def test_typed_columns_are_converted_and_bad_rows_set_aside(tmp_path: Path) -> None:
    model = record_model(
        "table", {"id": int | None, "born": date | None, "seen": datetime | None, "ok": bool | None}
    )
    content = workbook(
        A=[
            ["id", "born", "seen", "ok"],
            [1, date(2010, 5, 6), datetime(2026, 1, 2, 3, 4), True],
            [1.5, None, None, None],
            [CANARY],
            [2, None, None, None],
        ]
    )
    taken = read(tmp_path, content, model, format=EXCEL)
    assert taken.values == [
        (1, date(2010, 5, 6), datetime(2026, 1, 2, 3, 4, tzinfo=UTC), True),
        (2, None, None, None),
    ]
    assert [(row["line"], row["column"]) for row in taken.rejected] == [(3, "id"), (4, "id")]


TABLE = [["id", "name"], ["1", "Ann"], ["2", "Bo"]]
LAYOUTS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "the first sheet": (workbook(A=TABLE, B=[["x"]]), {}),
    "by index": (workbook(A=[["x"]], B=TABLE), {"sheet": 1}),
    "by name": (workbook(A=[["x"]], B=TABLE), {"sheet": "B"}),
    "rows above": (workbook(A=[["Report 2026"], [], *TABLE]), {"header_row": 3}),
    "rows above that vary": (
        workbook(A=[["Report", "id"], ["x"], *TABLE]),
        {"skip_until": "^id\t"},
    ),
    "empty rows above": (workbook(A=[[], [], *TABLE]), {}),
    "empty columns": (workbook(A=[[None, None, *row] for row in TABLE]), {}),
    "no header": (workbook(A=TABLE[1:]), {"columns": ["id", "name"]}),
    "no header below rows": (
        workbook(A=[["x"], *TABLE[1:]]),
        {"columns": ["id", "name"], "header_row": 2},
    ),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts_that_say_the_same_are_read_the_same(tmp_path: Path, case: str) -> None:
    content, options = LAYOUTS[case]
    taken = read(tmp_path, content, format={**EXCEL, **options})
    assert taken.values == [("1", "Ann"), ("2", "Bo")]


def test_a_heading_over_several_columns_belongs_to_each(tmp_path: Path) -> None:
    content = workbook(A=[[None, "ELA", None], ["id", "Score", "Level"], [1, 2, 3]])
    taken = read(tmp_path, content, "id ela_score ela_level", format={**EXCEL, "header_lines": 2})
    assert taken.values == [("1", "2", "3")]


@pytest.mark.parametrize("sheet", ["Grades", 2, -1])
def test_a_sheet_that_is_not_there_is_named_beside_those_that_are(
    tmp_path: Path, sheet: Any
) -> None:
    content = workbook(First=TABLE, Second=TABLE)
    with pytest.raises(UnreadableFile, match=r"'First' \(0\), 'Second' \(1\)"):
        read(tmp_path, content, format={**EXCEL, "sheet": sheet})


def test_an_empty_sheet_and_a_header_alone_are_warnings(tmp_path: Path) -> None:
    assert read(tmp_path, "", format=EXCEL).summary.warnings == ["table.csv is empty"]
    assert read(tmp_path, workbook(A=[]), format=EXCEL).summary.warnings == ["table.csv is empty"]
    taken = read(tmp_path, workbook(A=TABLE[:1]), format=EXCEL)
    assert taken.summary.warnings == ["table.csv has a header and no rows"]


def test_a_header_that_is_not_found_is_another_sheet(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="none of its 3 rows"):
        read(tmp_path, workbook(A=TABLE), format={**EXCEL, "skip_until": "Nowhere"})


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    content = zlib.decompress(base64.b85decode(OLD))
    taken = read(tmp_path, content, "id name born", format={**EXCEL, "sheet": "Old"})
    assert taken.values == [("7", "Ann", "2010-05-06")]


def stray(row: int, column: int) -> bytes:
    """Makes a workbook whose sheet has a cell far away."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "name"])
        sheet.write(row, column, CANARY)
    return buffer.getvalue()


def inflated() -> bytes:
    """Makes a workbook with a sheet of a few hundred megabytes."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(A=TABLE))) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
        target.writestr("xl/media/bomb.xml", b" " * 100_000_000)
    return packed.getvalue()


REFUSED: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "cells far apart": (stray(1_048_575, 16_383), "delete the stray"),
    "a bomb": (inflated, "more than it may"),
    "delimited text": (f"id,name\n1,{CANARY}\n".encode(), "is delimited text by its first bytes"),
    "an HTML page": (f"<html>{CANARY}</html>".encode(), "is an HTML or XML page"),
    "a PDF": (b"%PDF-1.7 " + CANARY.encode(), "is a PDF"),
    "another zip": (zip_of({"table.csv": f"{CANARY}\n"}), "no .xlsx workbook"),
    "cut short": (workbook(A=TABLE)[:-100], "no readable Excel"),
    "no sheet in it": (zip_of({"xl/workbook.xml": f"<{CANARY}"}), "no readable Excel"),
    "an old one, cut short": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600,
        "no readable Excel",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_workbook_that_cannot_be_trusted_is_refused(
    tmp_path: Path, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    given, said = REFUSED[case]
    content = given if isinstance(given, bytes) else given()
    with pytest.raises(UnreadableFile, match=said) as failure:
        read(tmp_path, content, format=EXCEL)
    assert "table.csv" in str(failure.value)
    assert CANARY not in str(failure.value) + caplog.text


def test_a_stray_cell_within_reason_is_only_rejected_rows(tmp_path: Path) -> None:
    taken = read(tmp_path, stray(100_000, 3), format=EXCEL)
    assert taken.rows == [{"id": None, "name": None}]
    assert taken.summary.fields.extras == {"column_3", "column_4"}


def test_the_limits_of_archives_hold_for_workbooks(tmp_path: Path) -> None:
    content = workbook(A=TABLE)
    with pytest.raises(UnreadableFile, match="max_unpacked_bytes"):
        read(tmp_path, content, format=EXCEL, max_unpacked_bytes=500)
    with pytest.raises(UnreadableFile, match="max_members"):
        read(tmp_path, content, format=EXCEL, max_members=3)


# A sheet "Old" of one row, written by xlwt 1.3: zlib, base85.
OLD = (
    "c-"
    "rk)O=uHA6#izDG(Wb<rlvwGgjld@Z4ctbOS`R9drGZd{6VOR$)U7vWYL2jv|4i%1W$^WLOpn?dhrK6s3"
    "#9XMGt}?Bzp8DD0pbIzIi(<X+&s53zhkndGqGIc{^|C&CkxfUQAZz?srwufI$RMbE9aflL<;uzhHv&t}"
    "9tTk5F<o))k@=3S>(NPugCEWejD!t1xgc_?#&4k<xLT##qTNX4VjU*@v8vJ`4~QxJ8mUI@zmsrYD(hWO"
    "|otK4m(@lB-MysBT3Z!=g3TyGM=UBStst;*jrs$Tsg;vI`w}DM#_eYr?A=!mu-"
    "$n_g#%bg&ikpn#4R?V=;g3EV~uI7;ZxX8T7*Do9bV=kd+W0AKxC{Vb#9YbzHZ`S+Fb@NeW13Sy)Dx)B6"
    "s;GW<~QpN^^gHjW~f$72$wm_C-qVYXhAjZy}DpHm&Id%XTw(Xc))_EB)S1bc<JUv>87LZ^*$&<t+KbG!"
    "%d6UhLTN5mq;icc(Aht?>;Np_BAmcb|40t{Pz0B`qdYRw4nfWfJDH_3)_l$QaX8$bLxx(5WYG*g&t+lO"
    "=-"
    "%fn_^T9{y@+WHt@e8BX^Qnb*)*QNN!zz%yd}h%n`ozr}5|1rE7iuy2z_jz1g(YH`%6C`of(b0ksYFOJ^"
    "-8jL#LtqU`bt`h2I~t(jAcorReizMvUfb4K|Z}WYhci5#{=%Vp}K821`Q1j4Gj$q4GoPygit@{0d-"
    "0Ush|I_y4P8zRMXca|1A!oM9&#IRPKXKxr1{}jh{^j3IAPUl{Wr;p~PWo-"
    "N6*{?8j8o<ChL^qW*hUZD{_zDb#HHwPyVM$L;?B^L5UL"
)
