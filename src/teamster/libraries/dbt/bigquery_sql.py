"""Avro types and sources as BigQuery SQL.

What BigQuery makes of Avro with logical types on is in its manual, "Loading Avro data from Cloud
Storage": integers are INT64, maps a repeated record of key and value, enumerations STRING, decimals
NUMERIC where they fit and BIGNUMERIC else, ``local-timestamp-…`` DATETIME. It has no column for a
union of several types, nor for a list of lists.
"""
# ruff: noqa: S608 - this is what quotes

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from teamster.core.errors import ConfigError
from teamster.core.schema import non_null
from teamster.libraries.dbt.avro_sql import fields_of
from teamster.libraries.dbt.objects import DATA, PARTITION_PREFIX, SourceObject
from teamster.libraries.dbt.sources import AvroSource

PARTITION = "_teamster_partition"
"""A native table's column that tells which object a row is of: the object's hive folders."""

LOADS_TABLE = "teamster_loads"
"""Each dataset's table of what its native tables hold: table, partition, version of the object."""

# Apache Avro 1.12 specification, "Primitive Types" and "Logical Types".
_PLAIN = {
    "null": "STRING",
    "boolean": "BOOL",
    "int": "INT64",
    "long": "INT64",
    "float": "FLOAT64",
    "double": "FLOAT64",
    "bytes": "BYTES",
    "string": "STRING",
    "enum": "STRING",
    "fixed": "BYTES",
}
_LOGICAL = {
    "date": "DATE",
    "time-millis": "TIME",
    "time-micros": "TIME",
    "timestamp-millis": "TIMESTAMP",
    "timestamp-micros": "TIMESTAMP",
    "local-timestamp-millis": "DATETIME",
    "local-timestamp-micros": "DATETIME",
    "uuid": "STRING",
}
# BigQuery's manual, "Data types": digits before and after the point.
_NUMERIC = (29, 9)
_BIGNUMERIC = (38, 38)

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")


def quoted(*names: str) -> str:
    """Returns a path of identifiers as SQL.

    Raises:
        ConfigError: BigQuery takes no such name.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"BigQuery takes no name {name!r}: letters, digits, _ and - alone")
    return ".".join(f"`{name}`" for name in names)


def text_literal(text: str) -> str:
    """Returns a text as SQL, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + "".join(c if c.isprintable() else _escaped(c) for c in escaped) + "'"


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def sql_type(avro_type: Any) -> str:
    """Returns the BigQuery type of an Avro type, named types written out.

    Raises:
        ConfigError: BigQuery has no type for it, or the type contains itself.
    """
    avro_type = non_null(avro_type)
    if isinstance(avro_type, list):
        raise ConfigError("BigQuery has no column for a union of several types: declare one type")
    if isinstance(avro_type, str):
        avro_type = {"type": avro_type}
    kind, logical = avro_type["type"], avro_type.get("logicalType")
    if logical == "decimal":
        return _decimal(avro_type["precision"], avro_type.get("scale", 0))
    if logical in _LOGICAL:
        return _LOGICAL[logical]
    match kind:
        case "array":
            items = sql_type(avro_type["items"])
            if items.startswith("ARRAY"):
                raise ConfigError("BigQuery has no column for a list of lists: wrap the inner one")
            return f"ARRAY<{items}>"
        case "map":
            return f"ARRAY<STRUCT<key STRING, value {sql_type(avro_type['values'])}>>"
        case "record":
            members = [f"{_column(f['name'])} {sql_type(f['type'])}" for f in avro_type["fields"]]
            return f"STRUCT<{', '.join(members)}>" if members else "STRING"
    if kind not in _PLAIN:
        raise ConfigError(f"Avro type {kind!r} has no column type: a type cannot contain itself")
    return _PLAIN[kind]


def _decimal(precision: int, scale: int) -> str:
    for name, (before, after) in (("NUMERIC", _NUMERIC), ("BIGNUMERIC", _BIGNUMERIC)):
        if precision - scale <= before and scale <= after:
            return name
    raise ConfigError(f"BigQuery has no number of {precision} digits, {scale} after the point")


def _column(name: str) -> str:
    if not _COLUMN.fullmatch(name):
        raise ConfigError(f"BigQuery takes no column name {name!r}")
    return f"`{name}`"


def columns_of(fields: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Returns the columns of Avro fields (of :func:`fields_of`): quoted name -> type.

    Raises:
        ConfigError: BigQuery has no such column; the message names it.
    """
    columns = {}
    for field in fields:
        try:
            columns[_column(field["name"])] = sql_type(field["type"])
        except ConfigError as error:
            raise ConfigError(f"column {field['name']}: {error}") from None
    return columns


def partition_columns(source: AvroSource) -> dict[str, str]:
    """Returns the columns of a source's partition dimensions: quoted name -> type."""
    return {_column(PARTITION_PREFIX + dimension): "STRING" for dimension in source.partitions}


def declared_columns(source: AvroSource) -> dict[str, str]:
    """Returns the columns that a source declares, partitions excluded: quoted name -> type."""
    return columns_of(fields_of(source.avro_schema).values())


def relation(source: AvroSource, suffix: str = "") -> str:
    """Returns the name of a source's relation, or of a table beside it, as SQL."""
    return quoted(source.database, source.schema, source.identifier + suffix)


def view_sql(source: AvroSource, selected: str) -> str:
    """Returns the statement that makes what dbt reads of a source."""
    return f"create or replace view {relation(source)} as\n{selected}"


def empty_select(source: AvroSource) -> str:
    """Returns a query without rows, of a source's columns."""
    columns = declared_columns(source) | partition_columns(source)
    nulls = ",\n  ".join(f"cast(null as {kind}) as {name}" for name, kind in columns.items())
    return f"select\n  {nulls}\nfrom unnest([1])\nwhere false"


def select_from(source: AvroSource, table: str) -> str:
    """Returns a query of a source's columns from a table that has them."""
    columns = ",\n  ".join(declared_columns(source) | partition_columns(source))
    return f"select\n  {columns}\nfrom {table}"


def external_table_sql(source: AvroSource, table: str, folder: str) -> str:
    """Returns the statement that makes an external table over a source's objects.

    Args:
        source: The source.
        table: The table's name, quoted.
        folder: The objects' URI up to their hive folders, without a slash at its end.
    """
    columns = ",\n  ".join(f"{name} {kind}" for name, kind in declared_columns(source).items())
    uri, hive, options = f"{folder}/{DATA}", "", ""
    if source.partitions:
        # One asterisk is allowed; so begun and ended it takes no other asset's object, no
        # quarantine, and nothing that was put aside.
        uri = f"{folder}/{PARTITION_PREFIX}{source.partitions[0]}=*/{DATA}"
        named = ",\n  ".join(f"{name} {kind}" for name, kind in partition_columns(source).items())
        hive = f"with partition columns (\n  {named}\n)\n"
        options = (
            f"  hive_partition_uri_prefix = {text_literal(folder)},\n"
            "  require_hive_partition_filter = false,\n"
        )
    if "NUMERIC" in columns:
        options += "  decimal_target_types = ['NUMERIC', 'BIGNUMERIC'],\n"
    return (
        f"create or replace external table {table} (\n  {columns}\n)\n{hive}options (\n"
        f"  format = 'AVRO',\n  uris = [{text_literal(uri)}],\n{options}"
        "  enable_logical_types = true\n)"
    )


def native_table_sql(source: AvroSource, table: str) -> str:
    """Returns the statement that makes a native table, if it is not there yet."""
    columns = declared_columns(source) | partition_columns(source)
    listed = ",\n  ".join(f"{name} {kind}" for name, kind in columns.items())
    return (
        f"create table if not exists {table} (\n  {listed},\n  `{PARTITION}` STRING NOT NULL\n)\n"
        f"cluster by `{PARTITION}`"
    )


def loads_table_sql(source: AvroSource) -> str:
    """Returns the statement that makes a dataset's table of loads, if it is not there yet."""
    return (
        f"create table if not exists {quoted(source.database, source.schema, LOADS_TABLE)} (\n"
        "  table_id STRING NOT NULL,\n  `partition` STRING NOT NULL,\n"
        "  version STRING NOT NULL,\n  loaded_at TIMESTAMP NOT NULL\n)"
    )


def column_sql(field: Mapping[str, Any], written: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the expression that makes a declared column of a loaded object's columns.

    A value that does not fit the declared type becomes null, as does a column that the object
    lacks.

    Args:
        field: The declared field (of :func:`fields_of`).
        written: The object's own fields by name.

    Raises:
        ConfigError: A list or record has another type in the object.
    """
    declared = sql_type(field["type"])
    name = next((n for n in (field["name"], *field.get("aliases", ())) if n in written), None)
    if name is None:
        return f"cast(null as {declared})"
    kind = sql_type(written[name]["type"])
    if kind == declared:
        return _column(name)
    if "<" in kind + declared:
        raise ConfigError(
            f"column {name}: an object has it as {kind}, the schema as {declared}, which no cast "
            "joins: bring the objects to the schema with `teamster reencode`"
        )
    return f"safe_cast({_column(name)} as {declared})"


def insert_sql(
    source: AvroSource,
    table: str,
    loaded: Iterable[tuple[str, SourceObject, Mapping[str, Mapping[str, Any]]]],
) -> str:
    """Returns the statement that takes loaded objects into a source's native table.

    Args:
        source: The source.
        table: The native table's name, quoted.
        loaded: For each object the table that it was loaded into, quoted, the object itself, and
            its own fields by name.

    Raises:
        ConfigError: A list or record has another type in an object.
    """
    fields = fields_of(source.avro_schema).values()
    dimensions = [*partition_columns(source), f"`{PARTITION}`"]
    groups: dict[str, tuple[Mapping[str, Mapping[str, Any]], list[str]]] = {}
    for staging, each, written in loaded:
        values = [each.values[name] for name in source.partitions] + [partition_of(each)]
        named = zip(values, dimensions, strict=True)
        constants = ", ".join(f"{text_literal(value)} as {name}" for value, name in named)
        _, selects = groups.setdefault(str(written), (written, []))
        selects.append(f"  select *, {constants} from {staging}")
    branches = []
    for written, selects in groups.values():
        listed = ", ".join([*(column_sql(field, written) for field in fields), *dimensions])
        union = "\n  union all\n".join(selects)
        branches.append(f"select {listed} from (\n{union}\n)")
    columns = ", ".join([*declared_columns(source), *dimensions])
    return f"insert into {table} ({columns})\n" + "\nunion all\n".join(branches)


def partition_of(each: SourceObject) -> str:
    """Returns what :data:`PARTITION` says of an object's rows."""
    return "/".join(each.folders)


def in_list(column: str, values: Sequence[str]) -> str:
    """Returns the condition that a column is one of some texts."""
    return f"`{column}` in ({', '.join(map(text_literal, values))})"
