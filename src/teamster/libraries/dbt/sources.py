"""dbt sources that are Avro objects: what they declare, and their views in the embedded warehouse.

A source says in its ``config.meta`` what its objects hold::

    meta:
      teamster:
        avro_schema: "teamster.libraries.iready.schema:DiagnosticResults"
        partitions: [academic_year, subject]
        load: native  # BigQuery only: external, the default, reads the objects in place

Its objects lie at ``<storage>/<asset key>/_dagster_partition_<dimension>=<value>/…/data``, where
the asset key is that of the ingestion asset. The view has the schema's columns, typed, and one text
column ``_dagster_partition_<dimension>`` a dimension.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from upath import UPath

from teamster.core.errors import ConfigError
from teamster.core.schema import AvroSchema, resolve_schema
from teamster.libraries.dbt.avro_sql import column_sql, fields_of, quoted, sql_type, text_literal
from teamster.libraries.dbt.objects import (
    PARTITION_PREFIX,
    SourceObject,
    by_writer_schema,
    find_objects,
)

LOADS = ("external", "native")


@dataclass(frozen=True)
class AvroSource:
    """A dbt source and the Avro objects behind it.

    Attributes:
        schema: The view's schema.
        identifier: The view's name.
        key: The ingestion asset's key.
        avro_schema: The declared (reader) schema.
        partitions: The names of the partition dimensions.
        load: How BigQuery gets the objects, one of :data:`LOADS`; empty where the source leaves it
            to the environment.
        database: The Google project, on BigQuery.
    """

    schema: str
    identifier: str
    key: tuple[str, ...]
    avro_schema: AvroSchema
    partitions: tuple[str, ...]
    load: str = ""
    database: str = ""

    @classmethod
    def from_dbt(cls, code_location: str, source: Mapping[str, Any]) -> "AvroSource":
        """Reads a source as it stands in dbt's manifest.

        Args:
            code_location: The first part of the ingestion asset's key.
            source: The source's properties.

        Raises:
            ConfigError: ``meta.teamster`` has unknown or no fitting entries.
        """
        name = f"dbt source {source['source_name']}.{source['name']}"
        declared = dict(meta_of(source).get("teamster") or {})
        avro_schema = declared.pop("avro_schema", None)
        partitions = declared.pop("partitions", None) or ()
        load = declared.pop("load", "")
        known = load in ("", *LOADS) and not declared
        if not isinstance(avro_schema, str) or isinstance(partitions, str) or not known:
            raise ConfigError(
                f"{name}: meta.teamster takes avro_schema ('package.module:Name'), partitions (a "
                f"list of dimension names) and load ({' or '.join(LOADS)})"
            )
        return cls(
            schema=source["schema"],
            identifier=source["identifier"],
            key=source_key(code_location, source),
            avro_schema=resolve_schema(avro_schema),
            partitions=tuple(str(dimension) for dimension in partitions),
            load=load,
            database=source.get("database") or "",
        )

    @property
    def relation(self) -> str:
        """The view's name as SQL."""
        return f"{quoted(self.schema)}.{quoted(self.identifier)}"


def meta_of(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a dbt resource's ``meta``, wherever this version of dbt keeps it."""
    config: Mapping[str, Any] = properties.get("config") or {}
    meta: Mapping[str, Any] = config.get("meta") or properties.get("meta") or {}
    return meta


def source_key(code_location: str, source: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the key of the asset that a dbt source stands for.

    Args:
        code_location: The code location that the dbt project belongs to.
        source: The source's properties.

    Returns:
        ``meta.dagster.asset_key`` if given; else the table's name after
        ``meta.dagster.asset_key_prefix``, by default the code location and the source's name.
    """
    dagster = meta_of(source).get("dagster") or {}
    if dagster.get("asset_key"):
        return tuple(dagster["asset_key"])
    prefix = dagster.get("asset_key_prefix") or (code_location, source["source_name"])
    return (*prefix, source["name"])


def needed_sources(
    sources: Iterable[Mapping[str, Any]],
    parents: Mapping[str, Sequence[str]],
    selected: Iterable[str],
) -> list[Mapping[str, Any]]:
    """Returns the Avro sources that a dbt invocation reads, directly or through other models.

    Args:
        sources: All sources of the project.
        parents: Unique id of a node -> unique ids of what it depends on.
        selected: Unique ids that the invocation builds; none means all.
    """
    ours = [source for source in sources if "teamster" in meta_of(source)]
    waiting = list(selected)
    if not waiting:
        return ours
    seen: set[str] = set()
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in seen:
            seen.add(unique_id)
            waiting.extend(parents.get(unique_id, ()))
    return [source for source in ours if source["unique_id"] in seen]


def stage(execute: Callable[[str], object], source: AvroSource, root: UPath) -> int:
    """Creates or replaces a source's view in the embedded warehouse.

    Args:
        execute: Runs one SQL statement in the warehouse.
        source: The source.
        root: The storage's root.

    Returns:
        How many objects the view reads.

    Raises:
        ConfigError: The objects are not partitioned as the source declares, or a folder of the
            storage's own path would be taken for a partition.
        UnreadableFile: An object is no Avro file.
    """
    if source.partitions and "=" in root.joinpath(*source.key).path:
        raise ConfigError("the storage's path must have no '=': DuckDB takes it for a partition")
    objects = find_objects(root, source.key, source.partitions)
    execute(f"create schema if not exists {quoted(source.schema)}")
    selected = _select(source, by_writer_schema(objects))
    execute(f"create or replace view {source.relation} as {selected}")
    return len(objects)


def _select(source: AvroSource, groups: Mapping[bytes, Sequence[SourceObject]]) -> str:
    declared = fields_of(source.avro_schema).values()
    dimensions = [quoted(PARTITION_PREFIX + dimension) for dimension in source.partitions]
    if not groups:
        empty = [f"cast(null as {sql_type(f['type'])}) as {quoted(f['name'])}" for f in declared]
        empty += [f"cast(null as VARCHAR) as {dimension}" for dimension in dimensions]
        return f"select {', '.join(empty)} where false"
    # Without autocast '007' stays text.
    hive = "true, hive_types_autocast = false" if dimensions else "false"
    branches = []
    for schema, found in groups.items():
        written = fields_of(json.loads(schema))
        columns = [column_sql(field, written) for field in declared]
        paths = ", ".join(text_literal(_no_glob(each.stored.path)) for each in found)
        selected = ", ".join(columns + dimensions)
        objects_read = f"read_avro([{paths}], hive_partitioning = {hive})"
        branches.append(f"select {selected} from {objects_read}")  # noqa: S608 - all quoted
    return " union all ".join(branches)


def _no_glob(path: UPath) -> str:
    """Writes a path so that DuckDB takes it as it is, not for a pattern."""
    text = str(path).removeprefix("file://")
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)
