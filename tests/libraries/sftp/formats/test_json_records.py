"""JSON arrays and JSON lines: nested records, types, and what is set aside."""

import tracemalloc
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from teamster.core.errors import TooManyRejectedRows, UnreadableFile
from teamster.core.schema import resolve_schema, text_model
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.sftp.reading import read_records
from tests.libraries.sftp.formats.taking import CANARY, local_file, read, take
from tests.libraries.sftp.vendor import Vendor

LINES = {"type": "json_lines"}
ARRAY = {"type": "json"}


class School(BaseModel):
    id: int | None = None
    name: str | None = None


class Student(BaseModel):
    id: int | None = None
    born: date | None = None
    active: bool | None = None
    score: float | None = None
    note: str | None = None
    school: School | None = None
    schools: list[School] | None = None
    tags: dict[str, str] | None = None
    extra: dict[str, str] | None = Field(default=None, alias="_extra")


RECORD = """{"ID": 7, "born": "2010-05-06", "active": true, "score": 2.50, "note": 1.50,
 "School": {"id": "3", "name": "North"}, "schools": [{"id": 3, "city": "X"}, {"name": 1e5}],
 "tags": {"a": 1, "b": null, "c": ""}, "unknown": {"x": [1.0, "é"]}, "empty": null}"""


def wrapped(record: str, kind: str) -> str:
    """Returns a file of one record."""
    return f"{' '.join(record.split())}\n" if kind == "json_lines" else f"[{record}]"


@pytest.mark.parametrize("kind", ["json", "json_lines"])
def test_a_feed_of_json_runs_nested_where_the_schema_nests(quick_vendor: Vendor, kind: str) -> None:
    record = RECORD.replace(', "b": null', "")
    metadata = take(quick_vendor, wrapped(record, kind), Student, format=kind)
    assert quick_vendor.rows() == [
        {
            "id": 7,
            "born": date(2010, 5, 6),
            "active": True,
            "score": 2.5,
            "note": "1.50",
            "school": {"id": 3, "name": "North"},
            "schools": [{"id": 3, "name": None}, {"id": None, "name": "1e5"}],
            "tags": {"a": "1", "c": ""},
            "_extra": {"unknown": '{"x":[1.0,"é"]}'},
        }
    ]
    assert metadata["check"].metadata["extras"].value == "empty, schools.city, unknown"
    assert metadata["check"].metadata["missing"].value == ""


MISFITS: dict[str, tuple[str, str, str]] = {
    "text for a number": (f'{{"id": "{CANARY}"}}', "id", "not of type long"),
    "a fraction for an integer": ('{"id": 1.5}', "id", "not of type long"),
    "a truth for a number": ('{"id": true}', "id", "not of type long"),
    "too large": ('{"id": 99999999999999999999}', "id", "not of type long"),
    "too many digits": (f'{{"score": 1{"0" * 5000}}}', "score", "not of type double"),
    "an object for a number": (f'{{"id": {{"{CANARY}": 1}}}}', "id", "not of type long"),
    "no date": ('{"id": 1, "born": "6.5.2010"}', "born", "not of type date"),
    "no number": ('{"score": NaN}', "score", "not of type double"),
    "no number as text": ('{"note": [-Infinity]}', "note", "NaN or Infinity"),
    "half a character": ('{"note": "\\ud800"}', "note", "not of type string"),
    "a nested misfit": (f'{{"school": {{"id": "{CANARY}"}}}}', "school.id", "not of type long"),
    "a misfit in an array": ('{"schools": [{"id": 1}, {"id": "x"}]}', "schools.id", "long"),
    "text for a record": (f'{{"school": "{CANARY}"}}', "school", "not of type record"),
    "an object for an array": ('{"schools": {"id": 1}}', "schools", "not of type array"),
    "a list for a map": ('{"tags": [1]}', "tags", "not of type map"),
    "null in a map": ('{"tags": {"a": null}}', "tags", "null"),
}


@pytest.mark.parametrize("kind", ["json", "json_lines"])
@pytest.mark.parametrize("case", MISFITS)
def test_a_record_that_does_not_fit_is_set_aside_with_its_place(
    tmp_path: Path, case: str, kind: str
) -> None:
    record, column, reason = MISFITS[case]
    records = ['{"id": 1}', record, '{"id": 3}']
    text = "\n".join(records) if kind == "json_lines" else f"[{','.join(records)}]"
    taken = read(tmp_path, text, Student, format=kind)
    assert [row["id"] for row in taken.rows] == [1, 3]
    (rejected,) = taken.rejected
    assert rejected["line"] == 2
    assert rejected["column"] == column
    assert reason in rejected["reason"]
    assert CANARY not in rejected["reason"]
    assert rejected["cells"] == [record]


@pytest.mark.parametrize("line", [CANARY, "[1]", "12", '{"id": 1', "[" * 100_000])
def test_a_line_that_is_no_object_goes_to_quarantine_and_the_run_fails(
    quick_vendor: Vendor, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    content = f'\ufeff{{"id": 1}}\r\n\r\n{line}\r\n{{"id": 4}}'
    with pytest.raises(TooManyRejectedRows, match=r"table\.csv, line 3: the line") as failure:
        take(quick_vendor, content, format=LINES)
    assert CANARY not in str(failure.value) + caplog.text
    assert quick_vendor.rejected()[0]["cells"] == [line]
    take(quick_vendor, content, "id source_line", format=LINES, max_rejected_rows=1)
    assert [tuple(row.values()) for row in quick_vendor.rows()] == [("1", "1"), ("4", "4")]


def test_a_record_of_an_array_that_is_no_object_is_set_aside(tmp_path: Path) -> None:
    taken = read(tmp_path, f'[{{"id": 1}}, "{CANARY}", {{"id": 3}}]', format=ARRAY)
    assert [row["id"] for row in taken.rows] == ["1", "3"]
    assert [(row["line"], row["cells"]) for row in taken.rejected] == [(2, [f'"{CANARY}"'])]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('[{"id": 1}]', None),
        ('\ufeff \n[{"id": 1}]\n', None),
        ('{"meta": {"data": [5]}, "data": [{"id": 1}]}', "data"),
        ('{"a": {"x": 1, "b": [{"id": 1}]}, "b": []}', "a.b"),
        ('{"a": {"data": [0]}, "b": [{"data": 1}, [2]], "c": {}, "data": [{"id": 1}]}', "data"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_array_is_found_by_its_path(
    tmp_path: Path, text: str, records: str | None, encoding: str
) -> None:
    content = text.removeprefix("\ufeff" if encoding == "utf-16" else "").encode(encoding)
    layout = {**ARRAY, "records": records, "encoding": encoding}
    assert read(tmp_path, content, "id", format=layout).rows == [{"id": "1"}]


REFUSED: dict[str, tuple[str | bytes, dict[str, Any], str]] = {
    "an object, no path": ('{"data": []}', ARRAY, "set records"),
    "no such path": ('{"data": []}', {**ARRAY, "records": "rows"}, "no array at records: rows"),
    "no array there": ('{"a": {"b": 1}}', {**ARRAY, "records": "a"}, "no array at records: a"),
    "cut short": (f'[{{"id": 1}}, {{"id": "{CANARY}', ARRAY, "after 1 records"),
    "text": (f"{CANARY},2\n", ARRAY, "no JSON"),
    "records that are lines": (f'{{"id": 1}}\n{{"id": "{CANARY}"}}\n', ARRAY, "json_lines"),
    "lines that are an array": (f'[{{"id": "{CANARY}"}}]', LINES, "type: json"),
    "another encoding": (b'[{"id": "\xe9"}]', ARRAY, "offset 9"),
    "lines of another encoding": (b'{"id": "\xe9"}', LINES, "offset 8"),
    "another file": (f'[{{"{CANARY}": 1}}]', ARRAY, "none of its 1 records"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_not_what_its_feed_says_is_refused_and_nothing_of_it_shown(
    tmp_path: Path, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    content, layout, said = REFUSED[case]
    with pytest.raises(UnreadableFile, match=said) as failure:
        read(tmp_path, content, format=layout)
    assert "table.csv" in str(failure.value)
    assert CANARY not in str(failure.value) + caplog.text


@pytest.mark.parametrize(("content", "layout"), [("", ARRAY), ("[]", ARRAY), ("", LINES)])
def test_no_records_are_a_warning(tmp_path: Path, content: str, layout: dict[str, Any]) -> None:
    taken = read(tmp_path, content, format=layout)
    assert taken.rows == []
    assert taken.summary.warnings == ["table.csv has no records"]


def test_names_that_collide_are_numbered_and_nothing_is_lost(tmp_path: Path) -> None:
    taken = read(
        tmp_path, '{"First Name": 1, "firstName": 2}\n' * 2, "first_name firstname", format=LINES
    )
    assert taken.values == [("1", "2")] * 2
    taken = read(tmp_path, '{"a b": 1, "a.b": 2}\n' * 2, "a_b a_b_2", format=LINES)
    assert taken.values == [("1", "2")] * 2
    assert "a_b_2" in taken.summary.warnings[0]


def test_ignored_fields_are_neither_taken_nor_drift(tmp_path: Path) -> None:
    taken = read(
        tmp_path, f'{{"id": 1, "password": "{CANARY}"}}', format=LINES, ignore_cols=["password"]
    )
    assert taken.rows == [{"id": "1"}]
    assert not taken.summary.fields.extras


def test_a_field_that_must_not_be_null_is_asked_for(tmp_path: Path) -> None:
    schema = {
        "type": "record",
        "name": "table",
        "fields": [
            {"name": "id", "type": "long"},
            {"name": "name", "type": ["null", "string"], "default": None},
        ],
    }
    taken = read(tmp_path, '{"id": 1}\n{"name": "x"}\n{"id": null}\n', schema, format=LINES)
    assert taken.rows == [{"id": 1}]
    assert [(row["line"], row["column"]) for row in taken.rejected] == [(2, "id"), (3, "id")]


def test_a_union_of_several_types_takes_what_fits_one_of_them(tmp_path: Path) -> None:
    schema = {
        "type": "record",
        "name": "table",
        "fields": [
            {"name": "id", "type": ["null", "long", "boolean", "string"], "default": None},
            {"name": "kind", "type": {"type": "enum", "name": "kind", "symbols": ["a", "b"]}},
        ],
    }
    lines = ['{"id": 5, "kind": "a"}', '{"id": "5", "kind": "b"}', '{"id": [1], "kind": "a"}']
    taken = read(tmp_path, "\n".join([*lines, '{"id": true, "kind": "c"}']), schema, format=LINES)
    assert taken.values == [(5, "a"), ("5", "b")]
    assert [row["column"] for row in taken.rejected] == ["id", "kind"]


def test_decimals_are_exact(tmp_path: Path) -> None:
    schema: Any = {
        "type": "record",
        "name": "table",
        "fields": [
            {"name": "id", "type": ["null", "string"], "default": None},
            {
                "name": "paid",
                "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2},
            },
        ],
    }
    taken = read(
        tmp_path, '{"id": "a", "paid": 12.30}\n{"id": "b", "paid": 1.234}', schema, format=LINES
    )
    assert taken.values == [("a", Decimal("12.30"))]
    assert [(row["line"], row["column"]) for row in taken.rejected] == [(2, "paid")]


@pytest.mark.parametrize(
    ("layout", "head", "row", "tail"),
    [
        ({"type": "delimited"}, "id,name\n", "1,{}\n", ""),
        (
            {"type": "fixed_width", "columns": [{"name": "id", "start": 1, "width": 9}]},
            "",
            "1\n",
            "",
        ),
        (LINES, "", '{{"id": 1, "name": "{}"}}\n', ""),
        (ARRAY, "[", '{{"id": 1, "name": "{}"}},', "{}]"),
    ],
    ids=["delimited", "fixed_width", "json_lines", "json"],
)
def test_memory_stays_flat(
    tmp_path: Path, layout: dict[str, Any], head: str, row: str, tail: str
) -> None:
    content = head + row.format("x" * 200) * 20_000 + tail
    file = local_file(tmp_path, content)
    schema = resolve_schema(text_model("table", "id name"))
    del content
    tracemalloc.start()
    try:
        with read_records(
            [file], schema, ReadOptions(format=layout), tmp_path, ExitStack()
        ) as records:
            assert sum(1 for _ in records) >= 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
