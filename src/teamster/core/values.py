"""Text cells to Avro values: strict, so that nothing is guessed."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from teamster.core.errors import ConfigError
from teamster.core.fit import BITS, LARGEST
from teamster.core.schema import non_null

Converter: TypeAlias = Callable[[str], Any]
"""Turns a cell's text into a value, or raises ValueError."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOMENT = re.compile(r"[0-9W-]{8,10}([T ][0-9:.,Z+-]+)?")
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


def converter(avro_type: Any) -> Converter | None:
    """Returns how a column's cells become values.

    Args:
        avro_type: The field's type; of a nullable union the branch that is not null.

    Returns:
        A function, or None for text, which is taken as it is.

    Raises:
        ConfigError: No cell can hold a value of this type.
    """
    kind = non_null(avro_type)
    if kind == "string":
        return None
    if isinstance(kind, Mapping):
        logical = kind.get("logicalType")
        if logical == "decimal":
            return _decimal(int(kind["precision"]), int(kind.get("scale", 0)))
        name = str(logical or kind["type"])
    else:
        name = str(kind)
    if name == "string":
        return None
    if name in BITS:
        return _integer(BITS[name])
    if name not in _CONVERTERS:
        raise ConfigError(f"a cell of a file cannot hold the type {name}; make the column text")
    return _CONVERTERS[name]


def type_name(avro_type: Any) -> str:
    """Returns a short name of a field's type for messages."""
    kind = non_null(avro_type)
    return str(kind.get("logicalType") or kind["type"]) if isinstance(kind, Mapping) else str(kind)


def _integer(bits: int) -> Converter:
    def convert(text: str) -> int:
        if not _INTEGER.fullmatch(text.strip()):
            raise ValueError
        value = int(text)
        if not -(1 << bits) <= value < 1 << bits:
            raise ValueError
        return value

    return convert


def _number(largest: float) -> Converter:
    def convert(text: str) -> float:
        if not _NUMBER.fullmatch(text.strip()):
            raise ValueError
        value = float(text)
        if abs(value) > largest:
            raise ValueError
        return value

    return convert


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError


def _date(text: str) -> date:
    return date.fromisoformat(text.strip())


def _timestamp(text: str) -> datetime:
    text = text.strip()
    if not _MOMENT.fullmatch(text):
        raise ValueError
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:  # a time zone takes it out of the years 1 to 9999
        raise ValueError from None


def _decimal(precision: int, scale: int) -> Converter:
    def convert(text: str) -> Decimal:
        if not _NUMBER.fullmatch(text.strip()):
            raise ValueError
        try:
            value = Decimal(text.strip())
        except InvalidOperation:  # an exponent beyond what Decimal can hold
            raise ValueError from None
        _, digits, exponent = value.as_tuple()
        decimals = -int(exponent)
        if decimals > scale or len(digits) - decimals > precision - scale:
            raise ValueError
        return value

    return convert


_CONVERTERS: dict[str, Converter] = {
    **{kind: _number(largest) for kind, largest in LARGEST.items()},
    "boolean": _boolean,
    "date": _date,
    "timestamp-millis": _timestamp,
    "timestamp-micros": _timestamp,
}
