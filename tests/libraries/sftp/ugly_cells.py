"""Cells of every type that a column can have: those that fit, and those that nearly do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

LONG_TEXTS = [
    letter * ((bytes_ + more) // len(letter.encode()))
    for letter in ("x", "é", "数", "😀")
    for bytes_ in (63, 64, 127, 8191, 8192)
    for more in (-1, 0, 1)
]
"""Cells about the lengths at which a varint, a buffer or a fixed width may end."""

TEXTS = [
    *("Ann", "Bo", "0", "ELA", "2025-2026", "a b", " ", " lead", "trail ", "\t", "Núñez", "数学"),
    *("😀", "e\u0301", "\u00a0", "\u2028", "\x85", "\x0b\x0c", "\x1c", "\x1a", "\x7f", "\ufffd"),
    *("Doe, Ann", "a;b|c", "two\nlines", "two\r\nlines", 'a "quote"', '"', '""'),
    *("it's", "\\", "back\\slash", '\\"', "#no comment", "^", "NULL", "None", "true", "||", "~|~"),
]
MOMENTS = [
    *("2026-02-28T01:02:03", "2026-02-28 01:02:03.123456", "2026-02-28", "20260228T010203"),
    *("2026-02-28T01:02:03Z", "2026-02-28T01:02:03+05:30", "2026-02-28 23:59:59.999999-11:00"),
    *("1969-12-31T23:59:59.999999", "0001-01-01T00:00", "9999-12-31T23:59:59.999999"),
    *("2026-02-28T01:02", "2026-02-28T01", "2026-W09-5T10:00:00,5", " 2026-02-28T01:02:03 "),
    *("2026-02-28T01:02:03.1", "2026-02-28T01:02:03.1239", "1970-01-01 00:00:00.001"),
]
NO_MOMENTS = [
    *("2026-02-30T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-02:00", "now"),
    *("02/28/2026 1:00 PM", "2026-02-28T25:00:00", "2026-02-28T01:02:60", "1772236923"),
    *("2026-02-28x01:02:03", "2026-02-28T01:02:03 UTC", "2026-02-28T"),
]


def mostly(usual: Any, *others: Any, share: float = 0.9) -> st.SearchStrategy[Any]:
    """Draws what is usual so often that the fast way is mostly taken, and others now and then."""
    often = round(len(others) * share / (1 - share))
    return st.sampled_from([*[usual] * often, *others])


@dataclass(frozen=True)
class Kind:
    """A type of a column.

    Attributes:
        avro: The type as a schema has it.
        fit: Cells that a column of the type can hold.
        misfit: Cells that it cannot, of those that look as if.
        default: What a missing column may have instead of null.
    """

    avro: Any
    fit: Sequence[str]
    misfit: Sequence[str]
    default: Any = None


def _cells(words: str, *more: str) -> list[str]:
    return [*words.split(" "), *more]


def _decimal(avro: Mapping[str, Any]) -> Kind:
    return Kind(
        {**avro, "logicalType": "decimal", "precision": 10, "scale": 2},
        _cells("0 1.5 -0.01 12345678.12 -12345678 128 -1.28 1e3 +7. .5 -0"),
        _cells("123456789 1.234 1e9 1e-3 1e999999999999999999 NaN 1,5 x 1_0"),
    )


KINDS: dict[str, Kind] = {
    "string": Kind("string", TEXTS, [], "none"),
    "int": Kind(
        "int",
        _cells("0 -1 +7 007 2147483647 -2147483648 63 64 -65", " 42 ", "\u00a07"),
        _cells("2147483648 -2147483649 1.0 1e3 1_000 --1 + １２ 0x1 x", "1 2"),
        7,
    ),
    "long": Kind(
        "long",
        _cells("0 -1 12 8191 8192 -8193 -0 9223372036854775807 -9223372036854775808 +001")
        + _cells("111111111111111111", "0" * 25, "\t7\x0b"),
        _cells("9223372036854775808 -9223372036854775809 1.5 ٣ -", "9" * 25, "1" * 5000, "\x1c7"),
        -7,
    ),
    "float": Kind(
        "float",
        _cells("0 1.5 -0.0 1e10 .5 5. 3.4028234663852886e38 1e-50 0.1", " 2.5 "),
        _cells("3.5e38 1e39 nan inf -Infinity 0x1p3 1_0.0 1,5 e5 . 1e"),
        0.5,
    ),
    "double": Kind(
        "double",
        _cells("0 0.1 -0.0 1e308 4.9e-324 2.2250738585072011e-308 9007199254740993 +.5E-3 8.41 3.")
        + _cells("123456789012345678901234567890 0.30000000000000004 1.7976931348623157e308 99.99")
        + _cells("100 1e-400", "\u00a01.5", "0" * 30 + "1.5"),
        _cells("1e309 nan inf 1__0 1.5.2 1e5.5 ½ 12% $5 -", "1 000.0"),
        -0.5,
    ),
    "boolean": Kind(
        "boolean",
        _cells("true T yes Y 1 FALSE f No n 0 tRuE", " Yes ", "\x1ft"),
        _cells("2 tru oui ｙ truе - 10 on ſ t\0"),
        True,
    ),
    "date": Kind(
        {"type": "int", "logicalType": "date"},
        _cells("2026-02-28 20260228 2026-W09-5 2026W09 1969-12-31 1970-01-01 2024-02-29")
        + _cells("0001-01-01 9999-12-31", " 2026-02-28"),
        _cells("2026-02-30 2025-02-29 2026-2-3 02/28/2026 0000-01-01 2026-02-28T00:00:00 today"),
    ),
    "timestamp-millis": Kind(
        {"type": "long", "logicalType": "timestamp-millis"}, MOMENTS, NO_MOMENTS
    ),
    "timestamp-micros": Kind(
        {"type": "long", "logicalType": "timestamp-micros"}, MOMENTS, NO_MOMENTS
    ),
    "decimal": _decimal({"type": "bytes"}),
    "fixed-decimal": _decimal({"type": "fixed", "name": "money", "size": 8}),
}

_FITTING = {name: st.sampled_from(kind.fit) for name, kind in KINDS.items()}
_FITTING_OR_NONE = {name: st.just("") | cells | cells for name, cells in _FITTING.items()}
_SHAPES = mostly("null first", *["null last"] * 5, "never null", share=0.6)
_KINDS = mostly("string", *KINDS, share=0.4)


def cells_of(field: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Returns the cells of a field in a nearly regular file: empty only where it may be."""
    kinds = _FITTING_OR_NONE if isinstance(field["type"], list) else _FITTING
    return kinds[kind_of_type(field["type"])]


@st.composite
def field_named(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draws a field of a schema: most are nullable text, as vendors' are."""
    kind = KINDS[draw(_KINDS)]
    avro: Any = kind.avro
    if isinstance(avro, Mapping) and "name" in avro:
        avro = {**avro, "name": f"{avro['name']}_{name}"}  # Avro wants each name once
    match draw(_SHAPES):
        case "null first":
            return {"name": name, "type": ["null", avro], "default": None}
        case "null last" if kind.default is not None and draw(st.booleans()):
            return {"name": name, "type": [avro, "null"], "default": kind.default}
        case "null last":
            return {"name": name, "type": [avro, "null"]}
        case _:
            return {"name": name, "type": avro}


def kind_of_type(avro_type: Any) -> str:
    """Returns the name in :data:`KINDS` of a field's type; what a cell cannot be is text."""
    branches = avro_type if isinstance(avro_type, list) else [avro_type]
    for branch in branches:
        if isinstance(branch, str) and branch in KINDS:
            return branch
        if isinstance(branch, dict) and "logicalType" in branch:
            fixed = branch["type"] == "fixed"
            return "fixed-decimal" if fixed else str(branch["logicalType"])
    return "string"


def spelled(cell: str, layout: Mapping[str, Any], *, always: bool) -> str:
    """Returns a cell as it stands in a file, quoted where it must be or always."""
    quote, escape = layout["quote"], layout["escape"]
    special = [sign for sign in (layout["sep"], quote, escape, "\r", "\n") if sign]
    if quote is None:
        return "".join(escape + sign if escape and sign in special else sign for sign in cell)
    if not always and not any(sign in cell for sign in special):
        return cell
    if escape:
        cell = cell.replace(escape, 2 * escape)
    return f"{quote}{cell.replace(quote, (escape or quote) + quote)}{quote}"
