"""dbt sources that are Avro objects: found, grouped by writer schema, and made into one view.

A source says in its ``config.meta`` what its objects hold::

    meta:
      teamster:
        avro_schema: "teamster.libraries.iready.schema:DiagnosticResults"
        partitions: [academic_year, subject]

Its objects lie at ``<storage>/<asset key>/_dagster_partition_<dimension>=<value>/…/data``, where
the asset key is that of the ingestion asset. The view has the schema's columns, typed, and one text
column ``_dagster_partition_<dimension>`` a dimension.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import fastavro
from upath import UPath

from teamster.core.errors import ConfigError, UnreadableFile
from teamster.core.schema import AvroSchema, resolve_schema
from teamster.core.storage import is_local
from teamster.libraries.dbt.avro_sql import column_sql, fields_of, quoted, sql_type, text_literal

DATA = "data"
PARTITION_PREFIX = "_dagster_partition_"

# Apache Avro 1.12 specification, "Object Container Files".
_MAGIC = b"Obj\x01"
_HEADER = fastavro.parse_schema(
    {
        "type": "record",
        "name": "header",
        "fields": [
            {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
            {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        ],
    }
)
_BLOCK = 1 << 16
_REMOTE_READERS = 32


@dataclass(frozen=True)
class AvroSource:
    """A dbt source and the Avro objects behind it.

    Attributes:
        schema: The view's schema.
        identifier: The view's name.
        key: The ingestion asset's key.
        avro_schema: The declared (reader) schema.
        partitions: The names of the partition dimensions.
    """

    schema: str
    identifier: str
    key: tuple[str, ...]
    avro_schema: AvroSchema
    partitions: tuple[str, ...]

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
        if not isinstance(avro_schema, str) or isinstance(partitions, str) or declared:
            raise ConfigError(
                f"{name}: meta.teamster takes avro_schema ('package.module:Name') and partitions "
                "(a list of dimension names)"
            )
        return cls(
            schema=source["schema"],
            identifier=source["identifier"],
            key=source_key(code_location, source),
            avro_schema=resolve_schema(avro_schema),
            partitions=tuple(str(dimension) for dimension in partitions),
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
    """Creates or replaces a source's view.

    Args:
        execute: Runs one SQL statement in the warehouse.
        source: The source.
        root: The storage's root.

    Returns:
        How many objects the view reads.

    Raises:
        ConfigError: The objects are not partitioned as the source declares.
        UnreadableFile: An object is no Avro file.
    """
    folder = root.joinpath(*source.key)
    paths = find_objects(folder, source)
    groups = _by_writer_schema(folder, paths)
    execute(f"create schema if not exists {quoted(source.schema)}")
    execute(f"create or replace view {source.relation} as {_select(source, groups)}")
    return len(paths)


def find_objects(folder: UPath, source: AvroSource) -> list[str]:
    """Returns the paths of a source's objects on its file system, in order.

    Raises:
        ConfigError: An object's partitions are not those that the source declares, or a folder of
            the storage's own path would be taken for a partition.
    """
    base = folder.path.rstrip("/") + "/"
    if source.partitions and "=" in base:
        raise ConfigError("the storage's path must have no '=': DuckDB takes it for a partition")
    found: list[str] = []
    for path in folder.fs.find(folder.path):
        *parts, name = path.removeprefix(base).split("/")
        if name != DATA or not all(part.startswith(PARTITION_PREFIX) for part in parts):
            continue
        names = {part.removeprefix(PARTITION_PREFIX).partition("=")[0] for part in parts}
        if names != set(source.partitions):
            raise ConfigError(
                f"objects of {'/'.join(source.key)} are partitioned by {sorted(names)}, the dbt "
                f"source declares {sorted(source.partitions)}: correct meta.teamster.partitions, "
                "or move the objects of an earlier layout away"
            )
        found.append(path)
    return sorted(found)


def _by_writer_schema(folder: UPath, paths: Sequence[str]) -> dict[bytes, list[str]]:
    """Groups objects by writer schema, byte for byte: each is read but parsed once a group."""
    fs = folder.fs

    def writer_schema(path: str) -> bytes:
        with fs.open(path, "rb", block_size=_BLOCK) as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                place = path.removeprefix(folder.parent.path)
                raise UnreadableFile(f"{place} is no Avro file")
            file.seek(0)
            header: Any = fastavro.schemaless_reader(file, _HEADER, None)
        return bytes(header["meta"]["avro.schema"])

    if is_local(folder):
        schemas = [writer_schema(path) for path in paths]
    else:
        with ThreadPoolExecutor(_REMOTE_READERS) as readers:
            schemas = list(readers.map(writer_schema, paths))
    groups: dict[bytes, list[str]] = {}
    for schema, path in zip(schemas, paths, strict=True):
        groups.setdefault(schema, []).append(str(fs.unstrip_protocol(path)))
    return groups


def _select(source: AvroSource, groups: Mapping[bytes, Sequence[str]]) -> str:
    declared = fields_of(source.avro_schema).values()
    dimensions = [quoted(PARTITION_PREFIX + dimension) for dimension in source.partitions]
    if not groups:
        empty = [f"cast(null as {sql_type(f['type'])}) as {quoted(f['name'])}" for f in declared]
        empty += [f"cast(null as VARCHAR) as {dimension}" for dimension in dimensions]
        return f"select {', '.join(empty)} where false"
    # Without autocast '007' stays text.
    hive = "true, hive_types_autocast = false" if dimensions else "false"
    branches = []
    for schema, paths in groups.items():
        written = fields_of(json.loads(schema))
        columns = [column_sql(field, written) for field in declared]
        objects = ", ".join(text_literal(_no_glob(path)) for path in paths)
        selected = ", ".join(columns + dimensions)
        objects_read = f"read_avro([{objects}], hive_partitioning = {hive})"
        branches.append(f"select {selected} from {objects_read}")  # noqa: S608 - all quoted
    return " union all ".join(branches)


def _no_glob(path: str) -> str:
    """Writes a path so that DuckDB takes it as it is, not for a pattern."""
    path = path.removeprefix("file://")
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)
