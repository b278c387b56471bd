"""Rows of ugly files: what is read, what is set aside, and what is said."""

import csv
import io
from typing import Any

import pytest
from dagster import AssetSelection, materialize

from teamster.core.errors import TooManyRejectedRows, UnreadableFile
from teamster.core.resources import get_io_managers
from teamster.core.schema import record_model, text_model
from teamster.libraries.sftp.assets import build_sftp_file_asset
from tests.libraries.sftp.formats.taking import CANARY, take
from tests.libraries.sftp.vendor import KEY, MTIME, Vendor


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("id,name\n1,Ann\n2,Bo\n", {}),
        ("\ufeffid,name\r\n1,Ann\r\n2,Bo", {}),
        ("id,name\r1,Ann\r2,Bo\r", {}),
        ("id,name\n\n1,Ann\n\n\n2,Bo\n\n", {}),
        ('"id","name"\n"1","Ann"\n"2","Bo"\n', {}),
        ("id\tname\n1\tAnn\n2\tBo\n", {"file_sep": "\t"}),
        ("id|name\n'1'|Ann\n2|'Bo'\n", {"file_sep": "|", "file_quote": "'"}),
        ("id,name\n1,Ann\n2,Bo\n".encode("utf-16"), {"file_encoding": "utf-16"}),
        ("name,id\nAnn,1\nBo,2\n", {}),
        ("id,name,\n1,Ann,\n2,Bo\n", {}),
    ],
)
def test_layouts_that_say_the_same_are_read_the_same(
    quick_vendor: Vendor, content: str | bytes, options: dict[str, Any]
) -> None:
    take(quick_vendor, content, **options)
    assert quick_vendor.rows() == [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bo"}]


def test_cells_keep_what_is_in_them(quick_vendor: Vendor) -> None:
    big = "x" * 1_000_000
    cells = ["Ann, Jr.", "two\nlines", 'a "quote"', " spaces ", "a\0b", "Núñez 数", big]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["id", "name"])
    writer.writerows([str(number), cell] for number, cell in enumerate(cells))
    assert take(quick_vendor, buffer.getvalue())["records"] == len(cells)
    assert [row["name"] for row in quick_vendor.rows()] == cells


def test_headers_become_distinct_avro_names(quick_vendor: Vendor) -> None:
    header = "Student ID,% Done,Class(es),Name,name,NAME,,2nd"
    columns = "student_id percent_done class_es name name_2 name_3 column_7 _2nd"
    metadata = take(
        quick_vendor,
        f"{header}\n1,2,3,4,5,6,7,8\n",
        columns,
        slugify_replacements=[["%", "percent"]],
    )
    assert list(quick_vendor.rows()[0].values()) == list("12345678")
    (warning,) = metadata["warnings"]
    assert "name_2" in warning
    assert "name_3" in warning
    assert metadata["check"].passed


def test_column_names_may_stay_as_they_are(quick_vendor: Vendor) -> None:
    columns = "sourcedId metadata_x sourcedId_2"
    take(quick_vendor, "sourcedId,metadata.x,sourcedId\n1,2,3\n", columns, slugify_cols=False)
    assert list(quick_vendor.rows()[0].values()) == ["1", "2", "3"]


def test_short_rows_are_filled_and_counted(quick_vendor: Vendor) -> None:
    metadata = take(quick_vendor, "id,name\n1\n2,Bo\n,\n")
    assert [tuple(row.values()) for row in quick_vendor.rows()] == [
        ("1", None),
        ("2", "Bo"),
        (None, None),
    ]
    assert metadata["short_rows"] == 1


def test_provenance_goes_where_the_schema_has_a_place_for_it(quick_vendor: Vendor) -> None:
    columns = "id source_file_name source_file_mtime source_line"
    metadata = take(quick_vendor, "id\n1\n\n2\n", columns)
    assert [tuple(row.values()) for row in quick_vendor.rows()] == [
        ("1", "table.csv", MTIME.isoformat(), "2"),
        ("2", "table.csv", MTIME.isoformat(), "4"),
    ]
    assert metadata["check"].metadata["missing"].value == ""


def test_unknown_columns_are_warned_of_and_kept_where_there_is_a_place(
    quick_vendor: Vendor,
) -> None:
    model = record_model("table", {"id": str | None, "_extra": dict[str, str] | None})
    metadata = take(quick_vendor, "id,New One,Empty\n1,x,\n", model)
    assert quick_vendor.rows() == [{"id": "1", "_extra": {"new_one": "x"}}]
    assert metadata["check"].metadata["extras"].value == "empty, new_one"
    assert not metadata["check"].passed


def test_ignored_columns_are_neither_taken_nor_drift(quick_vendor: Vendor) -> None:
    metadata = take(quick_vendor, f"id,name,password\n1,Ann,{CANARY}\n", ignore_cols=["password"])
    assert metadata["check"].passed
    assert CANARY.encode() not in quick_vendor.object_at().read_bytes()


TYPED = record_model("table", {"id": int | None, "score": float | None, "passed": bool | None})


def test_typed_columns_are_converted(quick_vendor: Vendor) -> None:
    take(quick_vendor, "id,score,passed\n1,2.5,Y\n,,\n", TYPED)
    assert quick_vendor.rows() == [
        {"id": 1, "score": 2.5, "passed": True},
        {"id": None, "score": None, "passed": None},
    ]


BAD_ROWS = {
    "more cells than the header": (f"1,{CANARY},x,y", None),
    "not of type long": (f"{CANARY},2", "id"),
    "a quote is opened and never closed": (f'2,"{CANARY}', None),
    "text follows a closing quote": (f'"2"x,"{CANARY}","3"', None),
}


@pytest.mark.parametrize("reason", BAD_ROWS)
def test_a_bad_row_goes_to_quarantine_and_the_run_fails(
    quick_vendor: Vendor, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = record_model("table", {"id": int | None, "name": str | None})
    row, column = BAD_ROWS[reason]
    take(quick_vendor, "id,name\n1,old\n", model)
    before = quick_vendor.object_at().read_bytes()
    content = f"id,name\n1,Ann\n{row}\n3,Cy\n"
    with pytest.raises(TooManyRejectedRows, match=r"table\.csv, line 3") as failure:
        take(quick_vendor, content, model)
    assert reason in str(failure.value)
    assert CANARY not in str(failure.value) + caplog.text
    assert quick_vendor.object_at().read_bytes() == before
    (rejected,) = quick_vendor.rejected()
    assert rejected["line"] == 3
    assert rejected["reason"] == reason
    assert rejected["column"] == column
    assert CANARY in "".join(rejected["cells"])

    metadata = take(quick_vendor, content, model, max_rejected_rows=1)
    assert metadata["rejected_rows"] == 1
    assert [row["name"] for row in quick_vendor.rows()] == ["Ann", "Cy"]
    assert CANARY not in caplog.text

    take(quick_vendor, "id,name\n1,new\n", model)
    assert not quick_vendor.object_at().with_name("quarantine").exists()


@pytest.mark.parametrize("cell", ['"say \\"hi\\""', '"say "hi""'])
def test_quotes_not_doubled_are_text_where_the_cells_still_fit(
    quick_vendor: Vendor, cell: str
) -> None:
    metadata = take(quick_vendor, f"id,name\n1,{cell}\n2,Bo\n")
    assert [row["id"] for row in quick_vendor.rows()] == ["1", "2"]
    assert quick_vendor.rows()[0]["name"] == 'say "hi"'
    (warning,) = metadata["warnings"]
    assert "quotes" in warning


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-16"])
def test_a_byte_of_another_encoding_is_named_by_its_offset(
    quick_vendor: Vendor, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    content = f"id,name\n1,{'Ann' * 30_000}\n2,{CANARY}".encode("latin-1") + b"\xf1o\n"
    take(quick_vendor, "id,name\n1,old\n")
    before = quick_vendor.object_at().read_bytes()
    with pytest.raises(UnreadableFile, match="offset") as failure:
        take(quick_vendor, content, file_encoding=encoding)
    if encoding != "utf-16":
        assert f"offset {content.index(0xF1)} " in str(failure.value)
    assert CANARY not in str(failure.value) + caplog.text
    assert quick_vendor.object_at().read_bytes() == before
    take(quick_vendor, content, file_encoding="latin-1")
    assert quick_vendor.rows()[1]["name"] == f"{CANARY}ño"


@pytest.mark.parametrize("content", [f"{CANARY},2\n3,4\n", f"<html>{CANARY}</html>\n", "id;name\n"])
def test_a_file_without_a_known_column_is_another_file_and_its_first_line_is_not_shown(
    quick_vendor: Vendor, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UnreadableFile, match=r"none of its|an HTML or XML page") as failure:
        take(quick_vendor, content)
    assert ("HTML" in str(failure.value)) == ("html" in content)
    assert CANARY not in str(failure.value) + caplog.text
    assert not quick_vendor.object_at().exists()


def test_the_asset_runs_without_its_check(quick_vendor: Vendor) -> None:
    quick_vendor.put("/data/table.csv", "id\n1\n")
    asset = build_sftp_file_asset(
        KEY, "/data", r"table\.csv", "ssh_vendor", text_model("table", "id")
    )
    result = materialize(
        [asset],
        selection=AssetSelection.assets(asset).without_checks(),
        resources={"ssh_vendor": quick_vendor.resource, **get_io_managers("any")},
    )
    assert result.success
    assert not result.get_asset_check_evaluations()
