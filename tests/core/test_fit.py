"""What fits a type is exactly what comes back when it is written and read."""

import datetime as dt
import io
import math
import uuid
from decimal import Decimal
from fractions import Fraction
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.fit import first_misfit, misfit

PLACE = {"type": "record", "name": "Place", "fields": [{"name": "street", "type": "string"}]}
DATE = {"type": "int", "logicalType": "date"}
UUID = {"type": "string", "logicalType": "uuid"}
TIME = {"type": "long", "logicalType": "time-micros"}
MILLIS = {"type": "int", "logicalType": "time-millis"}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}


@pytest.mark.parametrize(
    ("avro_type", "value"),
    [
        ("null", None),
        ("boolean", True),
        ("int", 2**31 - 1),
        ("int", -(2**31)),
        ("long", 2**63 - 1),
        ("float", 1),
        ("float", 3.4028234663852886e38),
        ("float", math.inf),
        ("double", 1.7976931348623157e308),
        ("double", math.nan),
        ("double", -math.inf),
        ("string", "é"),
        ("bytes", b"x"),
        (["null", "int"], None),
        (["null", "int", "string"], "x"),
        (["null", PLACE], {"street": "x"}),
        ({"type": "array", "items": "int"}, [1, 2]),
        ({"type": "map", "values": "int"}, {"a": 1}),
        ({"type": "enum", "name": "E", "symbols": ["a"]}, "a"),
        ({"type": "fixed", "name": "F", "size": 2}, b"ab"),
        ({"type": "string"}, "x"),
        (DATE, dt.date(2025, 1, 1)),
        (DATE, 3),
        (DECIMAL, Decimal("12.34")),
        (UUID, "12345678-1234-5678-1234-567812345678"),
        (UUID, uuid.UUID(int=1)),
        (TIME, dt.time(23, 59, 59, 999999)),
        (TIME, 86_399_999_999),
        (MILLIS, 86_399_999),
        ({"type": "long", "logicalType": "unheard-of"}, 3),
        ("NameOfSomethingElse", object()),
    ],
)
def test_fits(avro_type: Any, value: Any) -> None:
    assert misfit(value, avro_type, "f") is None


@pytest.mark.parametrize(
    ("avro_type", "value", "place", "found"),
    [
        ("null", 0, "f", "int"),
        ("boolean", 1, "f", "int"),
        ("boolean", "true", "f", "str"),
        ("int", 2**31, "f", "int"),
        ("int", True, "f", "bool"),
        ("int", 1.0, "f", "float"),
        ("int", "1", "f", "str"),
        ("long", -(2**63) - 1, "f", "int"),
        ("long", None, "f", "NoneType"),
        ("float", 3.5e38, "f", "float"),
        ("float", False, "f", "bool"),
        ("double", 10**400, "f", "int"),
        ("double", Decimal(1), "f", "Decimal"),
        ("double", "1", "f", "str"),
        ("string", 1, "f", "int"),
        ("string", "\ud800", "f", "str"),
        ("bytes", "x", "f", "str"),
        (["null", "int"], 2**31, "f", "int"),
        (["null", "int", "boolean"], "x", "f", "str"),
        (["null", PLACE], {"street": 1}, "f.street", "int"),
        (["null", PLACE], {}, "f.street", "NoneType"),
        (PLACE, [], "f", "list"),
        (
            {"type": "array", "items": PLACE},
            [{"street": "x"}, {"street": None}],
            "f.street",
            "NoneType",
        ),
        ({"type": "array", "items": "int"}, "12", "f", "str"),
        ({"type": "map", "values": "int"}, {"a": "x"}, "f", "str"),
        ({"type": "map", "values": "int"}, {1: 1}, "f", "int"),
        ({"type": "map", "values": "int"}, [1], "f", "list"),
        ({"type": "enum", "name": "E", "symbols": ["a"]}, "b", "f", "str"),
        ({"type": "fixed", "name": "F", "size": 2}, b"abc", "f", "bytes"),
        (DATE, "no date", "f", "str"),
        (DATE, 2**30, "f", "int"),
        (UUID, "x", "f", "str"),
        (UUID, 1, "f", "int"),
        (["null", UUID], "x", "f", "str"),
        (TIME, 86_400_000_000, "f", "int"),
        (TIME, -1, "f", "int"),
        (MILLIS, 86_400_000, "f", "int"),
        (DECIMAL, Decimal("123.45"), "f", "Decimal"),
        (DECIMAL, Decimal("1.234"), "f", "Decimal"),
        (DECIMAL, 1.5, "f", "float"),
    ],
)
def test_does_not_fit(avro_type: Any, value: Any, place: str, found: str) -> None:
    wrong = misfit(value, avro_type, "f")
    assert wrong is not None
    assert (wrong.field, wrong.found) == (place, found)
    assert str(wrong).startswith(f"field {place}: {found} does not fit the schema's type ")


def test_other_kinds_of_numbers_fit() -> None:
    assert misfit(Fraction(1, 2), "double", "f") is None
    assert misfit(Fraction(1, 2), "int", "f") is not None


def test_defaults_stand_in_for_what_a_record_lacks() -> None:
    fields = [{"name": "a", "type": "int", "default": 0}, {"name": "b", "type": "int"}]
    assert first_misfit({"b": 1}, fields) is None
    assert first_misfit({"a": None, "b": 1}, fields) is not None
    assert first_misfit({}, fields, "row.") is not None


SIMPLE = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "string", "bytes"])
TYPES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda values: {"type": "map", "values": values}),
        st.lists(SIMPLE, min_size=1, max_size=3, unique=True),
    ),
    max_leaves=3,
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.sampled_from([2**31, 2**31 - 1, 2**63, 2**63 - 1, 1e300, 10**400]),
        st.floats(allow_nan=False),
        st.text(),
        st.binary(),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


def written_and_read(avro_type: Any, value: Any) -> Any:
    schema = {"type": "record", "name": "Row", "fields": [{"name": "f", "type": avro_type}]}
    file = io.BytesIO()
    fastavro.schemaless_writer(file, schema, {"f": value})
    file.seek(0)
    back: Any = fastavro.schemaless_reader(file, schema, None)
    return back["f"]


@given(TYPES, VALUES)
def test_law_what_fits_is_written_and_comes_back(avro_type: Any, value: Any) -> None:
    """fastavro alone would write much more, and other values than it was given."""
    if misfit(value, avro_type, "f") is not None:
        return
    back = written_and_read(avro_type, value)
    if "float" in str(avro_type):  # single precision
        return
    assert back == value


LOGICAL = [
    ("int", "date"),
    ("int", "time-millis"),
    ("long", "time-micros"),
    ("long", "timestamp-millis"),
    ("long", "timestamp-micros"),
    ("long", "local-timestamp-micros"),
    ("string", "uuid"),
]


@given(st.sampled_from(LOGICAL), VALUES | st.integers(0, 10**11) | st.uuids().map(str))
def test_law_what_fits_a_logical_type_can_be_read(named: tuple[str, str], value: Any) -> None:
    avro_type = dict(zip(("type", "logicalType"), named, strict=True))
    if misfit(value, avro_type, "f") is not None:
        return
    written_and_read(avro_type, value)
