"""Whether a value fits an Avro type, exactly: what is written is what will be read.

fastavro alone converts what does not fit: 1.5 becomes an ``int`` 1, any text the ``boolean`` true,
1e300 a ``float`` that is infinite.
"""

import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from fastavro.read import LOGICAL_READERS
from fastavro.write import LOGICAL_WRITERS

from teamster.core.schema import non_null

# Apache Avro 1.12 specification, "Primitive Types"; float is IEEE 754 single precision.
BITS = {"int": 31, "long": 63}
"""Integer type -> bits, without the sign."""

LARGEST = {"float": 3.4028234663852886e38, "double": sys.float_info.max}
"""Type of numbers -> the largest that is finite."""

_DAY = {"int-time-millis": 86_400_000, "long-time-micros": 86_400_000_000}
"""Type of times of day -> how long a day is."""

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Misfit:
    """A value that does not fit, told without the value.

    Attributes:
        field: The field's dotted name.
        avro_type: The type that it does not fit.
        found: The name of its Python type.
    """

    field: str
    avro_type: Any
    found: str

    def __str__(self) -> str:
        return f"field {self.field}: {self.found} does not fit the schema's type {self.avro_type}"


def first_misfit(
    record: Mapping[str, Any], fields: Iterable[Mapping[str, Any]], prefix: str = ""
) -> Misfit | None:
    """Returns the first field of a record that does not fit, or None if all fit.

    Args:
        record: The record; a field that it lacks has its default.
        fields: The fields to look at, as they stand in a schema, named types written out.
        prefix: Goes before the fields' names.
    """
    for field in fields:
        name = field["name"]
        if name in record or "default" not in field:
            found = misfit(record.get(name), field["type"], prefix + name)
            if found:
                return found
    return None


def misfit(value: Any, avro_type: Any, field: str) -> Misfit | None:
    """Returns the first value that does not fit, or None if all fit.

    Args:
        value: A value, with all that it holds.
        avro_type: Its type; named types written out.
        field: Its field's dotted name.
    """
    if isinstance(avro_type, list):
        return _misfit_of_union(value, avro_type, field)
    if isinstance(avro_type, str) and avro_type in _FITS and _FITS[avro_type](value):
        return None  # as most do
    wrong = Misfit(field, avro_type, type(value).__name__)
    kind = avro_type["type"] if isinstance(avro_type, dict) else avro_type
    if isinstance(avro_type, dict) and "logicalType" in avro_type:
        logical = f"{kind}-{avro_type['logicalType']}"
        prepare, read = LOGICAL_WRITERS.get(logical), LOGICAL_READERS.get(logical)
        try:
            value = prepare(value, avro_type) if prepare else value
            if read:  # what is no UUID, or lies beyond the calendar, is written all the same
                read(value, avro_type, None)
            if logical in _DAY and not 0 <= value < _DAY[logical]:
                return wrong
        except Exception:  # whatever it is, it may hold the value
            return wrong
    match kind:
        case "record" | "array" | "map":
            if not isinstance(value, Mapping if kind != "array" else (list, tuple)):
                return wrong
            return _MISFIT_WITHIN[kind](value, avro_type, field)
        case "enum":
            fits = value in avro_type["symbols"]
        case "fixed":
            fits = isinstance(value, (bytes, bytearray)) and len(value) == avro_type["size"]
        case _:
            fits = kind not in _FITS or _FITS[kind](value)
    return None if fits else wrong


def _misfit_of_union(value: Any, branches: list[Any], field: str) -> Misfit | None:
    only = non_null(branches)
    if value is not None and not isinstance(only, list):
        return misfit(value, only, field)  # tells the very field of a nested record
    if any(misfit(value, branch, field) is None for branch in branches):
        return None
    return Misfit(field, branches, type(value).__name__)


def _misfit_of_items(items: Iterable[Any], avro_type: Any, field: str) -> Misfit | None:
    found = (misfit(item, avro_type["items"], field) for item in items)
    return next(filter(None, found), None)


def _misfit_of_map(entries: Mapping[Any, Any], avro_type: Any, field: str) -> Misfit | None:
    found = (
        misfit(key, "string", field) or misfit(value, avro_type["values"], field)
        for key, value in entries.items()
    )
    return next(filter(None, found), None)


_MISFIT_WITHIN: dict[str, Callable[[Any, Any, str], Misfit | None]] = {
    "record": lambda value, kind, field: first_misfit(value, kind["fields"], f"{field}."),
    "array": _misfit_of_items,
    "map": _misfit_of_map,
}


def _is_integer(bits: int) -> Callable[[Any], bool]:
    limit = 1 << bits

    def fits(value: Any) -> bool:
        is_integer = isinstance(value, Integral) and not isinstance(value, bool)
        return is_integer and -limit <= int(value) < limit

    return fits


def _is_number(largest: float) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        if not isinstance(value, Real) or isinstance(value, bool):
            return False
        number: Any = value
        return not largest < abs(number) < math.inf

    return fits


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not _SURROGATE.search(value)


_FITS: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    **{kind: _is_integer(bits) for kind, bits in BITS.items()},
    **{kind: _is_number(largest) for kind, largest in LARGEST.items()},
    "string": _is_text,
    "bytes": lambda value: isinstance(value, (bytes, bytearray)),
}
