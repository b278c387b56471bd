"""Avro types as DuckDB SQL: the type a column has, and how an object's column becomes it.

What DuckDB's Avro extension 1.5 does by itself: dates, times and timestamps (as UTC), nested
records, arrays and maps are typed; a decimal is typed if it is *fixed*, but a decimal of *bytes*
comes as bytes; enumerations and unions of several types come as types of their own. It cannot read
``local-timestamp-micros``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import fastavro

from teamster.core.errors import ConfigError
from teamster.core.schema import AvroSchema, non_null

_TEXT = "VARCHAR"
# Apache Avro 1.12 specification, "Primitive Types" and "Logical Types".
_PLAIN = {
    "null": _TEXT,
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "bytes": "BLOB",
    "string": _TEXT,
    "enum": _TEXT,
    "fixed": "BLOB",
}
_LOGICAL = {
    "date": "DATE",
    "time-millis": "TIME",
    "time-micros": "TIME",
    "timestamp-millis": "TIMESTAMP",
    "timestamp-micros": "TIMESTAMP",
    "local-timestamp-millis": "TIMESTAMP",
    "uuid": _TEXT,
}


def quoted(name: str) -> str:
    """Returns an identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Returns a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def fields_of(schema: AvroSchema) -> dict[str, Mapping[str, Any]]:
    """Returns a record schema's fields by name, types that are named elsewhere written out."""
    expanded: Any = fastavro.schema.expand_schema(schema)
    return {field["name"]: field for field in expanded["fields"]}


def sql_type(avro_type: Any) -> str:
    """Returns the DuckDB type of an Avro type, named types written out.

    Args:
        avro_type: A type of :func:`fields_of`. A union of several types is text.

    Raises:
        ConfigError: The type contains itself, or is unknown.
    """
    avro_type = non_null(avro_type)
    if isinstance(avro_type, list):
        return _TEXT
    if isinstance(avro_type, str):
        avro_type = {"type": avro_type}
    kind, logical = avro_type["type"], avro_type.get("logicalType")
    if logical == "decimal":
        return f"DECIMAL({avro_type['precision']}, {avro_type.get('scale', 0)})"
    if logical in _LOGICAL:
        return _LOGICAL[logical]
    match kind:
        case "array":
            return f"{sql_type(avro_type['items'])}[]"
        case "map":
            return f"MAP({_TEXT}, {sql_type(avro_type['values'])})"
        case "record":
            members = [f"{quoted(f['name'])} {sql_type(f['type'])}" for f in avro_type["fields"]]
            return f"STRUCT({', '.join(members)})" if members else _TEXT
    if kind not in _PLAIN:
        raise ConfigError(f"Avro type {kind!r} has no column type: a type cannot contain itself")
    return _PLAIN[kind]


def column_sql(field: Mapping[str, Any], written: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the SQL that makes a declared column of an object's columns.

    Values that do not fit the declared type become null, as do columns that the object lacks.

    Args:
        field: The declared field (of :func:`fields_of`).
        written: The object's own fields by name; empty for no object at all.

    Returns:
        An expression with the field's name and type.

    Raises:
        ConfigError: A decimal of bytes stands inside another type.
    """
    name, declared = field["name"], sql_type(field["type"])
    source = next((n for n in (name, *field.get("aliases", ())) if n in written), None)
    if source is None or not _meet(written[source]["type"], field["type"]):
        return f"cast(null as {declared}) as {quoted(name)}"
    column, writer = quoted(source), non_null(written[source]["type"])
    if any(_is_decimal_of_bytes(inner) for inner in _inside(writer)):
        raise ConfigError(
            f"column {name}: a decimal inside another type must be of Avro's type fixed"
        )
    if _is_decimal_of_bytes(writer):
        column = _decimal_sql(column, writer["precision"], writer.get("scale", 0))
    elif writer == "string" and declared == _TEXT:
        return column if source == name else f"{column} as {quoted(name)}"
    return f"try_cast({column} as {declared}) as {quoted(name)}"


def _meet(written: Any, declared: Any) -> bool:
    """Tells whether a cast is possible: DuckDB refuses records without a common field."""
    written, declared = non_null(written), non_null(declared)
    if not (isinstance(written, dict) and isinstance(declared, dict)):
        return True
    if written["type"] != declared["type"]:
        return True
    if written["type"] == "record":
        ours = {field["name"]: field["type"] for field in declared["fields"]}
        common = [field for field in written["fields"] if field["name"] in ours]
        return bool(common) and all(_meet(f["type"], ours[f["name"]]) for f in common)
    inner = {"array": "items", "map": "values"}.get(written["type"])
    return inner is None or _meet(written[inner], declared[inner])


def _inside(avro_type: Any) -> Iterator[Any]:
    """Yields the types within a type, itself excluded."""
    if isinstance(avro_type, list):
        parts = avro_type
    elif isinstance(avro_type, dict):
        parts = [field["type"] for field in avro_type.get("fields", ())]
        parts += [avro_type[name] for name in ("items", "values") if name in avro_type]
    else:
        parts = []
    for part in parts:
        yield non_null(part)
        yield from _inside(non_null(part))


def _is_decimal_of_bytes(avro_type: Any) -> bool:
    return (
        isinstance(avro_type, dict)
        and avro_type.get("logicalType") == "decimal"
        and avro_type["type"] == "bytes"
    )


def _decimal_sql(column: str, precision: int, scale: int) -> str:
    """Reads big-endian two's-complement bytes (Avro's decimal) exactly, by way of its digits."""
    sign = f"case when hex({column})[1] >= '8' then 'F' else '0' end"
    digits = f"lpad(hex({column}), 32, {sign})"
    high = f"('0x' || {digits}[1:16])::UBIGINT::HUGEINT"
    low = f"('0x' || {digits}[17:32])::UBIGINT::HUGEINT"
    below = f"case when hex({column})[1] >= '8' then 18446744073709551616::HUGEINT else 0 end"
    number = f"(({high} - {below}) * 18446744073709551616::HUGEINT + {low})"
    whole = f"lpad(abs({number})::VARCHAR, 40, '0')"
    if scale:
        whole = f"left({whole}, -{scale}) || '.' || right({whole}, {scale})"
    text = f"case when {number} < 0 then '-' else '' end || {whole}"
    return f"({text})::DECIMAL({precision}, {scale})"
