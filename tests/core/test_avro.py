"""Objects hold what was given, with the schema as given; what does not fit is told without it."""

import datetime as dt
import json
import math
import traceback
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath

from teamster.core.avro import read_avro, write_avro
from teamster.core.errors import UnreadableFile
from teamster.core.schema import resolve_schema, text_model
from teamster.core.storage import private_spool

CANARY = "canary-4711"


def schema_of(**types: Any) -> dict[str, Any]:
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    return {"type": "record", "name": "Row", "fields": fields}


PLACE = {
    "type": "record",
    "name": "Place",
    "fields": [{"name": "street", "type": ["null", "string"], "default": None}],
}
SCHEMA = schema_of(
    boolean="boolean",
    int="int",
    long="long",
    float="float",
    double="double",
    string="string",
    bytes="bytes",
    nullable=["null", "string"],
    several=["null", "long", "string", "boolean"],
    array={"type": "array", "items": ["null", "int"]},
    map={"type": "map", "values": "string"},
    enum={"type": "enum", "name": "Subject", "symbols": ["ela", "math"]},
    fixed={"type": "fixed", "name": "Four", "size": 4},
    place=PLACE,
    places={"type": "array", "items": "Place"},
    date={"type": "int", "logicalType": "date"},
    millis={"type": "long", "logicalType": "timestamp-millis"},
    micros=["null", {"type": "long", "logicalType": "timestamp-micros"}],
    time={"type": "long", "logicalType": "time-micros"},
    decimal={"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 4},
    uuid={"type": "string", "logicalType": "uuid"},
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLACES = st.fixed_dictionaries({"street": st.none() | TEXT})
MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC))
RECORDS = st.fixed_dictionaries(
    {
        "boolean": st.booleans(),
        "int": st.integers(-(2**31), 2**31 - 1),
        "long": st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(width=32),
        "double": st.floats(),
        "string": TEXT,
        "bytes": st.binary(),
        "nullable": st.none() | TEXT,
        "several": st.none() | st.integers(-(2**63), 2**63 - 1) | TEXT | st.booleans(),
        "array": st.lists(st.none() | st.integers(-(2**31), 2**31 - 1)),
        "map": st.dictionaries(TEXT, TEXT),
        "enum": st.sampled_from(["ela", "math"]),
        "fixed": st.binary(min_size=4, max_size=4),
        "place": PLACES,
        "places": st.lists(PLACES, max_size=2),
        "date": st.dates(),
        "millis": MOMENTS.map(lambda m: m.replace(microsecond=m.microsecond // 1000 * 1000)),
        "micros": st.none() | MOMENTS,
        "time": st.times(),
        "decimal": st.decimals(-(10**33), 10**33, places=4),
        "uuid": st.uuids(),
    }
)


def same(one: Any, other: Any) -> bool:
    """Equality for which NaN is itself."""
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


@given(st.lists(RECORDS, max_size=3))
def test_what_is_written_is_what_is_read(records: list[dict[str, Any]]) -> None:
    with private_spool() as folder:
        write_avro(folder / "data", records, SCHEMA)
        read = read_avro(UPath(folder / "data"))
        assert read.schema == SCHEMA
        assert same(dict(enumerate(read)), dict(enumerate(records)))


# --- the file ----------------------------------------------------------------------------------


def test_the_writer_schema_is_stored_as_given(tmp_path: Path) -> None:
    schema = {
        "x-source": "vendor",
        "namespace": "org.example",
        "type": "record",
        "name": "Row",
        "doc": "what it is",
        "aliases": ["Old"],
        "fields": [
            {"doc": "first", "name": "a", "type": {"type": "string"}, "x-unit": "points"},
            {"name": "b", "type": ["null", PLACE], "default": None},
            {"name": "c", "type": ["null", "Place"], "default": None},
        ],
    }
    before = json.dumps(schema)
    write_avro(tmp_path / "data", [{"a": "x"}], schema)
    assert json.dumps(schema) == before
    with (tmp_path / "data").open("rb") as file:
        metadata = fastavro.reader(file).metadata
    assert metadata["avro.schema"] == before
    assert metadata["avro.codec"] == "snappy"
    assert json.dumps(read_avro(UPath(tmp_path / "data")).schema) == before


def test_lacking_fields_take_their_default_and_unknown_ones_are_left_out(tmp_path: Path) -> None:
    schema = resolve_schema(text_model("Row", "a b"))
    write_avro(tmp_path / "data", [{"a": "1", "c": "x"}, {}], schema)
    assert list(read_avro(UPath(tmp_path / "data"))) == [
        {"a": "1", "b": None},
        {"a": None, "b": None},
    ]


def test_a_file_of_no_records(tmp_path: Path) -> None:
    write_avro(tmp_path / "data", [], SCHEMA)
    read = read_avro(UPath(tmp_path / "data"))
    assert (list(read), read.schema, read.summary.rows) == ([], SCHEMA, 0)


def test_records_are_written_block_by_block(tmp_path: Path) -> None:
    sizes = []

    def rows() -> Iterator[dict[str, str]]:
        for number in range(3000):
            sizes.append((tmp_path / "data").stat().st_size)
            yield {"a": uuid.uuid4().hex * 10, "b": str(number)}

    write_avro(tmp_path / "data", rows(), resolve_schema(text_model("Row", "a b")))
    assert 0 < sizes[1500] < sizes[-1]


# --- what does not fit -------------------------------------------------------------------------

MISFITS: list[tuple[Any, Any, str]] = [
    ("int", CANARY, "a"),
    ("int", 2**31, "a"),
    ("int", 1.5, "a"),
    ("boolean", CANARY, "a"),
    ("float", 1e300, "a"),
    ("string", None, "a"),
    ("string", 4711, "a"),
    ("string", f"{CANARY}\ud800", "a"),
    ("bytes", CANARY, "a"),
    (["null", "string"], [CANARY], "a"),
    (["null", "long"], CANARY, "a"),
    (["null", PLACE], {"street": [CANARY]}, "a.street"),
    ({"type": "array", "items": "int"}, [CANARY], "a"),
    ({"type": "map", "values": "int"}, {CANARY: CANARY}, "a"),
    ({"type": "enum", "name": "E", "symbols": ["x"]}, CANARY, "a"),
    ({"type": "int", "logicalType": "date"}, CANARY, "a"),
    ({"type": "long", "logicalType": "timestamp-millis"}, CANARY, "a"),
    (
        {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2},
        Decimal("4711.001"),
        "a",
    ),
]


@pytest.mark.parametrize(("kind", "value", "field"), MISFITS, ids=[str(m[0]) for m in MISFITS])
def test_an_unfit_record_is_told_by_number_and_field_alone(
    tmp_path: Path, kind: Any, value: Any, field: str
) -> None:
    schema = schema_of(other=["null", "string"], a=kind)
    fits = {
        "int": 1, "boolean": True, "float": 1.0, "string": "x", "bytes": b"x",
    }.get(str(kind))  # fmt: skip
    before = [] if fits is None else [{"other": "x", "a": fits}]
    with pytest.raises(UnreadableFile) as raised:
        write_avro(tmp_path / "data", [*before, {"other": "x", "a": value}], schema)
    assert str(raised.value).startswith(f"record {len(before) + 1}, field {field}: ")
    shown = "".join(traceback.format_exception(raised.value))
    assert CANARY not in shown
    assert "4711" not in shown


def test_a_field_that_must_be_there(tmp_path: Path) -> None:
    schema = schema_of(name="string", score="int")
    with pytest.raises(UnreadableFile, match=r"^record 1, field score: NoneType does not fit"):
        write_avro(tmp_path / "data", [{"name": CANARY}], schema)


def test_errors_of_the_stream_itself_pass_as_they_are(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield {"a": "x"}
        raise ValueError("of the reader")

    with pytest.raises(ValueError, match="of the reader"):
        write_avro(tmp_path / "data", rows(), resolve_schema(text_model("Row", "a")))


# --- reading -----------------------------------------------------------------------------------


def test_nothing_is_open_before_or_after_the_records_are_read(tmp_path: Path) -> None:
    write_avro(tmp_path / "data", [{"a": "1"}, {"a": "2"}], resolve_schema(text_model("R", "a")))
    streams = [read_avro(UPath(tmp_path / "data")) for _ in range(2000)]  # more than may be open
    assert [row["a"] for row in streams[0]] == ["1", "2"]
    with streams[1] as stopped_early:
        assert next(iter(stopped_early)) == {"a": "1"}


def test_no_object(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_avro(UPath(tmp_path / "data"))


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"Obj\x01"])
def test_what_is_no_avro_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data").write_bytes(content)
    with pytest.raises(UnreadableFile, match="no Avro file"):
        read_avro(UPath(tmp_path / "data"))


def test_an_avro_file_of_something_else(tmp_path: Path) -> None:
    with (tmp_path / "data").open("wb") as file:
        fastavro.writer(file, {"type": "string"}, ["x"])
    with pytest.raises(UnreadableFile, match="no record"):
        read_avro(UPath(tmp_path / "data"))
