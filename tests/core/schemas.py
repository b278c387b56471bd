"""Random Avro schemas, records that fit them, and what becomes of a schema over the years."""

import datetime as dt
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INT = st.integers(-(2**31), 2**31 - 1)
LONG = st.integers(-(2**63), 2**63 - 1)
MOMENT = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC))
NAMES = "abcdefgh"

PLAIN = ("boolean", "int", "long", "float", "double", "string", "bytes")

DATE = {"type": "int", "logicalType": "date"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
TIME = {"type": "long", "logicalType": "time-micros"}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}
UUID = {"type": "string", "logicalType": "uuid"}


def same(one: Any, other: Any) -> bool:
    """Equality of values and of their Python types, for which NaN is itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or (one != one and other != other))


def enum(name: str, *symbols: str) -> dict[str, Any]:
    return {"type": "enum", "name": name, "symbols": list(symbols)}


def record(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def values_of(avro_type: Any) -> st.SearchStrategy[Any]:
    """Values that fit a type, as Python has them."""
    if isinstance(avro_type, list):
        return st.one_of(*map(values_of, avro_type))
    if avro_type == DATE:
        return st.dates(dt.date(1, 1, 2))
    if avro_type == MILLIS:
        return MOMENT.map(lambda m: m.replace(microsecond=m.microsecond // 1000 * 1000))
    if avro_type == MICROS:
        return MOMENT
    if avro_type == TIME:
        return st.times()
    if avro_type == DECIMAL:
        return st.decimals(-(10**9), 10**9, places=2)
    if avro_type == UUID:
        return st.uuids()
    match avro_type:
        case {"type": "array", "items": items}:
            return st.lists(values_of(items), max_size=2)
        case {"type": "map", "values": values}:
            return st.dictionaries(TEXT, values_of(values), max_size=2)
        case {"type": "enum", "symbols": symbols}:
            return st.sampled_from(symbols)
        case {"type": "fixed", "size": size}:
            return st.binary(min_size=size, max_size=size)
        case {"type": "record"}:
            return records_of(avro_type)
    return {
        "null": st.none(),
        "boolean": st.booleans(),
        "int": INT,
        "long": LONG,
        "float": st.floats(width=32),
        "double": st.floats(),
        "string": TEXT,
        "bytes": st.binary(max_size=8),
    }[avro_type]


def records_of(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({f["name"]: values_of(f["type"]) for f in schema["fields"]})


LEAVES = st.sampled_from([*PLAIN, DATE, MILLIS, MICROS, TIME, DECIMAL, UUID])


@st.composite
def types(draw: st.DrawFn, name: str) -> Any:
    """A type; what it names is named for its field, so that no name stands twice."""
    kind: Any = draw(
        LEAVES
        | st.just(enum(f"E_{name}", "x", "y"))
        | st.just({"type": "fixed", "name": f"F_{name}", "size": 2})
        | st.builds(lambda t: {"type": "array", "items": t}, LEAVES)
        | st.builds(lambda t: {"type": "map", "values": ["null", t]}, LEAVES)
        | st.builds(
            lambda one, two: record(
                f"R_{name}",
                {"name": "one", "type": one},
                {"name": "two", "type": ["null", two], "default": None},
            ),
            LEAVES,
            LEAVES,
        )
    )
    return draw(st.sampled_from([kind, ["null", kind], [kind, "null"]]))


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    fields = []
    for name in names:
        field = {"name": name, "type": draw(types(name))}
        if isinstance(field["type"], list) and field["type"][0] == "null" and draw(st.booleans()):
            field["default"] = None
        fields.append(field)
    return record("Row", *fields)


# --- what becomes of a schema ------------------------------------------------------------------

ADDED: list[dict[str, Any]] = [
    {"type": ["null", "string"], "default": None},
    {"type": ["null", MICROS]},  # null, though nobody says so
    {"type": "long", "default": 7},
    {"type": ["string", "null"], "default": "unknown"},
    {"type": "double", "default": 0.5},
    {"type": {"type": "array", "items": "int"}, "default": []},
]
PROMOTED = {"int": "long", "long": "double", "float": "double"}


def add(draw: Callable[..., Any], fields: list[dict[str, Any]], number: int) -> None:
    place = draw(st.integers(0, len(fields)))
    fields.insert(place, {"name": f"new_{number}", **deepcopy(draw(st.sampled_from(ADDED)))})


def remove(draw: Callable[..., Any], fields: list[dict[str, Any]], number: int) -> None:
    if len(fields) > 1:
        fields.pop(draw(st.integers(0, len(fields) - 1)))


def reorder(draw: Callable[..., Any], fields: list[dict[str, Any]], number: int) -> None:
    fields[:] = draw(st.permutations(fields))


def promote(draw: Callable[..., Any], fields: list[dict[str, Any]], number: int) -> None:
    field = draw(st.sampled_from(fields))
    kind = field["type"]
    if isinstance(kind, str) and kind in PROMOTED and "default" not in field:
        field["type"] = PROMOTED[kind]
    elif isinstance(kind, list):
        field["type"] = [PROMOTED.get(b, b) if isinstance(b, str) else b for b in kind]


def make_nullable(draw: Callable[..., Any], fields: list[dict[str, Any]], number: int) -> None:
    field = draw(st.sampled_from(fields))
    if not isinstance(field["type"], list) and "default" not in field:
        field.update(type=["null", field["type"]], default=None)


def rename(draw: Callable[..., Any], fields: list[dict[str, Any]], number: int) -> None:
    field = draw(st.sampled_from(fields))
    field["aliases"] = [*field.get("aliases", []), field["name"]]
    field["name"] = f"renamed_{number}"


def nest(draw: Callable[..., Any], fields: list[dict[str, Any]], number: int) -> None:
    """Changes the record in a field, if there is one."""
    for field in fields:
        for kind in field["type"] if isinstance(field["type"], list) else [field["type"]]:
            if isinstance(kind, dict) and kind.get("type") == "record":
                add(draw, kind["fields"], number)
                reorder(draw, kind["fields"], number)


CHANGES = [add, remove, reorder, promote, make_nullable, rename, nest]


@st.composite
def evolutions(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema, and what it became: always one that can read what the first one wrote."""
    written = draw(schemas())
    present = deepcopy(written)
    for number, change in enumerate(draw(st.lists(st.sampled_from(CHANGES), max_size=5))):
        change(draw, present["fields"], number)
    return written, present
