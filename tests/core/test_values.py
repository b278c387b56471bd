"""Cells to values: what is written one way only is taken, and nothing else."""

import math
import struct
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.errors import ConfigError
from teamster.core.fit import LARGEST, misfit
from teamster.core.values import Converter, converter, type_name


def logical(kind: str, name: str, **more: int) -> dict[str, Any]:
    return {"type": kind, "logicalType": name, **more}


DATE = logical("int", "date")
MILLIS = logical("long", "timestamp-millis")
MICROS = logical("long", "timestamp-micros")
DECIMAL = logical("bytes", "decimal", precision=5, scale=2)
TYPES = ["int", "long", "float", "double", "boolean", DATE, MILLIS, MICROS, DECIMAL]


def of(avro_type: Any) -> Converter:
    convert = converter(avro_type)
    assert convert is not None
    return convert


@pytest.mark.parametrize(
    ("avro_type", "text", "value"),
    [
        ("int", "2147483647", 2147483647),
        ("int", "-2147483648", -2147483648),
        ("int", " +007 ", 7),
        ("long", "9223372036854775807", 2**63 - 1),
        ("long", "-9223372036854775808", -(2**63)),
        ("double", "1.5e3", 1500.0),
        ("double", ".5", 0.5),
        ("double", "-5.", -5.0),
        ("double", "1.7976931348623157e308", 1.7976931348623157e308),
        ("double", "1e-999", 0.0),
        ("float", "3.4028234e38", 3.4028234e38),
        ("boolean", "TRUE", True),
        ("boolean", " y", True),
        ("boolean", "1", True),
        ("boolean", "No", False),
        ("boolean", "0", False),
        (DATE, "2025-02-28", date(2025, 2, 28)),
        (DATE, "20250228", date(2025, 2, 28)),
        (MILLIS, "2025-02-28", datetime(2025, 2, 28, tzinfo=UTC)),
        (MILLIS, "2025-02-28T23:30:00-05:00", datetime(2025, 3, 1, 4, 30, tzinfo=UTC)),
        (MICROS, "2025-02-28 10:00:00.000001Z", datetime(2025, 2, 28, 10, 0, 0, 1, tzinfo=UTC)),
        (MICROS, "20250228T100000Z", datetime(2025, 2, 28, 10, tzinfo=UTC)),
        (DECIMAL, "999.99", Decimal("999.99")),
        (DECIMAL, "-999.99", Decimal("-999.99")),
        (DECIMAL, "00012.5", Decimal("12.5")),
        (DECIMAL, "0.01", Decimal("0.01")),
        (DECIMAL, "1e2", Decimal(100)),
        (["null", "int"], "3", 3),
        ({"type": "int"}, "3", 3),
    ],
)
def test_taken(avro_type: Any, text: str, value: Any) -> None:
    result = of(avro_type)(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("avro_type", "text"),
    [
        ("int", "2147483648"),
        ("int", "-2147483649"),
        ("int", "1.0"),
        ("int", "1e3"),
        ("int", "1,000"),
        ("int", "0x10"),
        ("int", "--1"),
        ("int", "- 1"),
        ("long", "9223372036854775808"),
        ("long", "-9223372036854775809"),
        ("long", "9" * 5000),
        ("double", "1e309"),
        ("double", "-1e309"),
        ("double", "."),
        ("double", "1e"),
        ("double", "1,5"),
        ("double", "12%"),
        ("double", "0x1p3"),
        ("float", "3.5e38"),
        ("boolean", "2"),
        ("boolean", "yes!"),
        ("boolean", "on"),
        (DATE, "2025-02-29"),
        (DATE, "2/28/2025"),
        (DATE, "28-02-2025"),
        (DATE, "2025-2-8"),
        (DATE, "2025-02-28T00:00"),
        (DATE, "2025"),
        (MILLIS, "2025-02-28x10:00"),
        (MILLIS, "2025-02-28910:00"),
        (MILLIS, "2025-02-28 25:00"),
        (MILLIS, "10:00"),
        (MILLIS, "1740700800"),
        (MILLIS, "0001-01-01T00:00+14:00"),
        (MILLIS, "9999-12-31T23:59-14:00"),
        (DECIMAL, "1000.00"),
        (DECIMAL, "1000"),
        (DECIMAL, "0.001"),
        (DECIMAL, "1e3"),
        (DECIMAL, "1e99999999999999999999"),
        (DECIMAL, "NaN"),
        (DECIMAL, "sNaN"),
        (DECIMAL, "-Infinity"),
        (DECIMAL, "12.3.4"),
    ],
)
def test_rejected(avro_type: Any, text: str) -> None:
    with pytest.raises(ValueError):
        of(avro_type)(text)


WORDS = ["", " ", "x", "null", "True?", "nan", "inf", "-inf", "Infinity", "1 2", "\x00", "1\x00"]
DIGITS = ["1_000", "2025_01_01", "１", "１２", "٣", "²", "½", "２０２５-０１-０１"]


@pytest.mark.parametrize("avro_type", TYPES, ids=type_name)
@pytest.mark.parametrize("text", [*WORDS, *DIGITS])
def test_no_type_takes_what_is_merely_like_it(avro_type: Any, text: str) -> None:
    with pytest.raises(ValueError):
        of(avro_type)(text)


@pytest.mark.parametrize("avro_type", ["string", ["null", "string"], {"type": "string"}])
def test_text_is_taken_as_it_is(avro_type: Any) -> None:
    assert converter(avro_type) is None


@pytest.mark.parametrize(
    "avro_type",
    [
        "bytes",
        "null",
        ["null", "int", "string"],
        {"type": "array", "items": "int"},
        {"type": "map", "values": "string"},
        {"type": "enum", "name": "E", "symbols": ["a"]},
        {"type": "record", "name": "R", "fields": []},
        logical("int", "time-millis"),
    ],
)
def test_types_that_no_cell_holds(avro_type: Any) -> None:
    with pytest.raises(ConfigError, match="make the column text"):
        converter(avro_type)


def test_type_names() -> None:
    assert [type_name(["null", kind]) for kind in TYPES] == [
        "int", "long", "float", "double", "boolean", "date", "timestamp-millis",
        "timestamp-micros", "decimal",
    ]  # fmt: skip


@given(st.sampled_from(TYPES), st.text() | st.from_regex(r"[-+.0-9eETZ: ]{1,24}", fullmatch=True))
def test_law_any_text_is_a_value_that_fits_or_a_value_error(avro_type: Any, text: str) -> None:
    try:
        value = of(avro_type)(text)
    except ValueError:
        return
    assert misfit(value, avro_type, "f") is None
    assert not (isinstance(value, float) and not math.isfinite(value))


@given(st.integers(-(2**64), 2**64))
def test_integers(number: int) -> None:
    for kind, bits in (("int", 31), ("long", 63)):
        if -(2**bits) <= number < 2**bits:
            assert of(kind)(str(number)) == number
        else:
            with pytest.raises(ValueError):
                of(kind)(str(number))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats(number: float) -> None:
    assert of("double")(repr(number)) == number
    if abs(number) <= LARGEST["float"]:
        struct.pack("<f", of("float")(repr(number)))
    else:
        with pytest.raises(ValueError):
            of("float")(repr(number))


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_moments(moment: datetime) -> None:
    try:
        expected = datetime.fromisoformat(moment.isoformat()).astimezone(UTC)
    except OverflowError:  # in UTC it lies beyond the years 1 to 9999
        with pytest.raises(ValueError):
            of(MICROS)(moment.isoformat())
    else:
        assert of(MICROS)(moment.isoformat()) == expected


@given(st.integers(1, 38), st.data())
def test_decimals_at_the_edge(precision: int, data: st.DataObject) -> None:
    scale = data.draw(st.integers(0, precision))
    convert = of(logical("bytes", "decimal", precision=precision, scale=scale))
    digits = data.draw(st.integers(0, 10**precision - 1))
    sign = data.draw(st.sampled_from("+-"))
    text = f"{sign}{digits}e-{scale}"
    assert convert(text) == Decimal(text)
    for beyond in (f"{sign}{10**precision}e-{scale}", f"{sign}{digits}e-{scale + 1}"):
        with pytest.raises(ValueError):
            convert(beyond)
