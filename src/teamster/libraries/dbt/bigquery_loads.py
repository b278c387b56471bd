"""Avro objects loaded into native tables of BigQuery, partition by partition.

BigQuery's own partitions are dates, numbers or the time of loading: Dagster's keys are texts, so a
load job cannot overwrite "the partition ela of 2026" alone. So an object is loaded into a table of
its own first, which costs nothing and is all or nothing, and then one transaction deletes the
partition's rows, inserts the new ones and notes the object's version. A reader sees the old
partition or the new one; a run again does the same again; of two runs at once BigQuery aborts one.

Only objects of another version than the noted one are loaded. A changed schema makes another table,
named by its fingerprint, and loads all: the view is pointed at it when it is complete.
"""
# ruff: noqa: S608 - every name and text in a statement is quoted by bigquery_sql

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from teamster.core.fingerprint import fingerprint
from teamster.libraries.dbt.avro_sql import fields_of
from teamster.libraries.dbt.bigquery_sql import (
    LOADS_TABLE,
    PARTITION,
    columns_of,
    in_list,
    insert_sql,
    loads_table_sql,
    native_table_sql,
    partition_of,
    quoted,
    text_literal,
)
from teamster.libraries.dbt.objects import SourceObject, writer_schemas
from teamster.libraries.dbt.sources import AvroSource

_AT_ONCE = 8
_IN_ONE_TRANSACTION = 100
"""Partitions; a query may name a thousand tables, and its text has a megabyte."""
_DIGITS = 12
"""Hexadecimal digits of a schema's fingerprint in a table's name."""


@dataclass(frozen=True)
class _Native:
    """A source's native table."""

    client: bigquery.Client
    source: AvroSource
    table_id: str

    @property
    def table(self) -> str:
        return quoted(self.source.database, self.source.schema, self.table_id)

    @property
    def loads(self) -> str:
        return quoted(self.source.database, self.source.schema, LOADS_TABLE)

    def address(self, table_id: str) -> str:
        """Returns a table's name as Google's library takes it."""
        return f"{self.source.database}.{self.source.schema}.{table_id}"

    def run(self, sql: str) -> Any:
        return self.client.query(sql).result()


def load_objects(
    client: bigquery.Client, source: AvroSource, objects: Sequence[SourceObject]
) -> str:
    """Brings a source's native table up to date.

    Args:
        client: A client that may create, load and query.
        source: The source; its dataset is there.
        objects: All its objects, as a listing has them now.

    Returns:
        The table's name as SQL.

    Raises:
        ConfigError: An object's types and the schema's cannot be joined.
        UnreadableFile: An object is no Avro file.
        GoogleAPICallError: BigQuery refused.
    """
    native = _Native(client, source, _table_id(source))
    noted = _noted(native)
    changed = [each for each in objects if noted.get(partition_of(each)) != each.stored.version]
    gone = sorted(noted.keys() - {partition_of(each) for each in objects})
    for start in range(0, len(changed), _IN_ONE_TRANSACTION):
        batch = changed[start : start + _IN_ONE_TRANSACTION]
        # Where nothing is noted, rows that are there are of a run that was cut off.
        _take_in(native, batch, None if start == 0 and not noted else _partitions(batch))
    if gone:
        _take_in(native, [], gone)
    return native.table


def drop_older_tables(client: bigquery.Client, source: AvroSource) -> None:
    """Drops a source's native tables of earlier schemas: its view reads them no more.

    Args:
        client: A client that may query and drop.
        source: The source, loaded before.

    Raises:
        GoogleAPICallError: BigQuery refused.
    """
    native = _Native(client, source, _table_id(source))
    pattern = text_literal(f"^{source.identifier}__[0-9a-f]{{{_DIGITS}}}$")
    older = native.run(
        f"select distinct table_id from {native.loads} where table_id <> "
        f"{text_literal(native.table_id)} and regexp_contains(table_id, {pattern})"
    )
    for (table_id,) in [tuple(row) for row in older]:
        # In this order: a table that comes back must not find notes of what it holds no more.
        native.run(f"delete from {native.loads} where table_id = {text_literal(table_id)}")
        client.delete_table(native.address(table_id), not_found_ok=True)


def _table_id(source: AvroSource) -> str:
    declared = f"{fingerprint(source.avro_schema)} {' '.join(source.partitions)}"
    return f"{source.identifier}__{hashlib.sha256(declared.encode()).hexdigest()[:_DIGITS]}"


def _partitions(objects: Sequence[SourceObject]) -> list[str]:
    return [partition_of(each) for each in objects]


def _noted(native: _Native) -> dict[str, str]:
    """Returns which version of each partition's object the table holds; makes it if need be."""
    native.run(loads_table_sql(native.source))
    try:
        native.client.get_table(native.address(native.table_id))
    except NotFound:  # notes of a table that somebody dropped are of no use
        native.run(native_table_sql(native.source, native.table))
        return {}
    rows = native.run(
        f"select `partition`, version from {native.loads} "
        f"where table_id = {text_literal(native.table_id)}"
    )
    return {row[0]: row[1] for row in rows}


def _take_in(
    native: _Native, objects: Sequence[SourceObject], partitions: Sequence[str] | None
) -> None:
    """Puts the objects' rows, and nothing else, in the place of partitions: one transaction.

    Args:
        native: The table.
        objects: The objects.
        partitions: The partitions whose rows they replace; None for all.
    """
    schemas = [fields_of(json.loads(schema)) for schema in writer_schemas(objects)]
    rows, notes = "true", f"table_id = {text_literal(native.table_id)}"
    if partitions is not None:
        rows = in_list(PARTITION, partitions)
        notes = f"{notes} and {in_list('partition', partitions)}"
    statements = [
        f"delete from {native.table} where {rows}",
        f"delete from {native.loads} where {notes}",
    ]
    with _loaded(native, objects, schemas) as staging:
        if objects:
            loaded = zip(staging, objects, schemas, strict=True)
            statements.append(insert_sql(native.source, native.table, loaded))
            statements.append(_notes_sql(native, objects))
        script = ";\n".join(["begin transaction", *statements, "commit transaction"])
        native.run(f"{script};")


def _notes_sql(native: _Native, objects: Sequence[SourceObject]) -> str:
    table_id = text_literal(native.table_id)
    values = ",\n".join(
        f"({table_id}, {text_literal(partition_of(each))}, {text_literal(each.stored.version)}, "
        "current_timestamp())"
        for each in objects
    )
    columns = "table_id, `partition`, version, loaded_at"
    return f"insert into {native.loads} ({columns}) values\n{values}"


@contextmanager
def _loaded(
    native: _Native,
    objects: Sequence[SourceObject],
    schemas: Sequence[Mapping[str, Mapping[str, Any]]],
) -> Iterator[list[str]]:
    """Loads each object into a table of its own, and yields the tables' names as SQL."""
    run = uuid.uuid4().hex[:12]
    names = [f"{native.table_id}__{run}_{number}" for number in range(len(objects))]
    tables = [quoted(native.source.database, native.source.schema, name) for name in names]

    def load(number: int) -> None:
        columns = columns_of(schemas[number].values())
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        # If this process is killed, the table goes by itself.
        native.run(
            f"create table {tables[number]} ({listed}) options (expiration_timestamp = "
            "timestamp_add(current_timestamp(), interval 6 hour))"
        )
        native.client.load_table_from_uri(
            str(objects[number].stored.path),
            native.address(names[number]),
            job_config=bigquery.LoadJobConfig(
                source_format=bigquery.SourceFormat.AVRO,
                use_avro_logical_types=True,
                decimal_target_types=["NUMERIC", "BIGNUMERIC"],
                create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
                write_disposition=bigquery.WriteDisposition.WRITE_EMPTY,
            ),
        ).result()

    try:
        with ThreadPoolExecutor(_AT_ONCE) as loaders:
            list(loaders.map(load, range(len(objects))))
        yield tables
    finally:
        for name in names:
            native.client.delete_table(native.address(name), not_found_ok=True)
