"""IO managers over a folder or an object store: Avro streams, files, and pickles.

Layout: ``<root>/<asset key>/<hive partitions>/data``, rejected rows beside it as ``quarantine``.
Outputs of ops that belong to no asset: ``<root>/_ops/<run>/<step>/<output>/data``.
"""

import pickle
import shutil
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dagster import (
    ConfigurableIOManager,
    InputContext,
    MetadataValue,
    OutputContext,
    TableColumn,
    TableSchema,
)
from upath import UPath

from teamster.core.avro import read_avro, write_avro
from teamster.core.errors import ConfigError
from teamster.core.partitions import hive_parts
from teamster.core.quarantine import QUARANTINE_SCHEMA
from teamster.core.records import Records
from teamster.core.schema import AvroSchema, resolve_schema
from teamster.core.storage import private_spool, put_in_place, remove, shown_uri

DATA = "data"
QUARANTINE = "quarantine"
OPS = "_ops"
"""The folder of outputs that belong to no asset: ``<run>/<step>/<output>``."""

ANY_CODE_LOCATION = "{code_location}"
"""Stands for the first part of an asset's own key: one IO manager then serves several locations."""


class ObjectIOManager(ConfigurableIOManager):
    """Spools an output locally, then puts it in place as one object a partition.

    Attributes:
        root: A folder or fsspec URL; ``{code_location}`` is the first part of the asset's key.
    """

    root: str

    @abstractmethod
    def dump(self, context: OutputContext, value: Any, spooled: Path) -> Mapping[str, Any]:
        """Writes a value to a local file and returns the output's metadata."""

    @abstractmethod
    def load(self, context: InputContext, path: UPath) -> Any:
        """Reads an object."""

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Writes an output; a failure leaves the previous object as it was."""
        folder = self._folder_of_output(context)
        with private_spool() as spool:
            spooled = spool / DATA
            metadata = self.dump(context, obj, spooled)
            put_in_place(spooled, folder / DATA)
        uri = shown_uri(folder / DATA, self._root(context))
        context.add_output_metadata({**metadata, "dagster/uri": uri})

    def load_input(self, context: InputContext) -> Any:
        """Reads an upstream output: one partition's value, or key -> value for several.

        Raises:
            FileNotFoundError: A partition has no object, unless the input's metadata has
                ``allow_missing_partitions``.
        """
        if not context.has_asset_partitions:
            return self._load(context, self._folder(context, None))
        folders = {key: self._folder(context, key) for key in context.asset_partition_keys}
        alone = len(folders) == 1
        if (context.definition_metadata or {}).get("allow_missing_partitions"):
            folders = {key: folder for key, folder in folders.items() if (folder / DATA).exists()}
        values = {key: self._load(context, folder) for key, folder in folders.items()}
        return next(iter(values.values()), None) if alone else values

    def _load(self, context: InputContext, folder: UPath) -> Any:
        try:
            return self.load(context, folder / DATA)
        except FileNotFoundError:  # its text would hold a path of this machine
            shown = shown_uri(folder / DATA, self._root(context))
            raise FileNotFoundError(f"there is no object {shown}: materialize it first") from None

    def _root(self, context: InputContext | OutputContext) -> UPath:
        if not context.has_asset_key and ANY_CODE_LOCATION in self.root:
            raise ConfigError(
                "an op's output belongs to no code location, and TEAMSTER_STORAGE_URL wants one: "
                "give the job its location's own IO managers, get_io_managers(code_location)"
            )
        location = context.asset_key.path[0] if context.has_asset_key else ""
        return UPath(self.root.replace(ANY_CODE_LOCATION, location))

    def _folder(self, context: InputContext | OutputContext, partition_key: str | None) -> UPath:
        root = self._root(context)
        if not context.has_asset_key:  # an op's output lives as long as its run is of interest
            return root.joinpath(OPS, *(quote(part, safe="") for part in context.get_identifier()))
        folder = root.joinpath(*context.asset_key.path)
        if partition_key is None:
            return folder
        return folder.joinpath(*hive_parts(context.asset_partitions_def, partition_key))

    def _folder_of_output(self, context: OutputContext) -> UPath:
        return self._folder(context, _only_partition(context))


class AvroIOManager(ObjectIOManager):
    """Writes ``(records, schema)`` as a snappy Avro object that holds exactly the schema."""

    def dump(
        self, context: OutputContext, value: tuple[Iterable[Mapping[str, Any]], Any], spooled: Path
    ) -> Mapping[str, Any]:
        """Streams the records to a file, and sets rejected rows aside beside the output."""
        given, schema = value[0], resolve_schema(value[1])
        records = given if isinstance(given, Records) else Records(given, schema)
        set_aside = self._folder_of_output(context) / QUARANTINE
        with records:
            try:
                write_avro(spooled, records, schema)
            finally:
                quarantine = records.quarantine
                if quarantine and quarantine.count:
                    rejected = spooled.with_name(QUARANTINE)
                    write_avro(rejected, quarantine.rows(), QUARANTINE_SCHEMA)
                    put_in_place(rejected, set_aside)
            summary = records.summary
        if not summary.rejected_rows:
            remove(set_aside)  # of an earlier run
        return {
            "records": summary.rows,
            "dagster/row_count": summary.rows,
            "rejected_rows": summary.rejected_rows,
            "short_rows": summary.short_rows,
            "dagster/column_schema": column_schema(schema),
            **({"warnings": MetadataValue.json(summary.warnings)} if summary.warnings else {}),
        }

    def load(self, context: InputContext, path: UPath) -> tuple[Records, AvroSchema]:
        """Opens an object as ``(records, schema)``."""
        records = read_avro(path)
        return records, records.schema


class FileIOManager(ObjectIOManager):
    """Stores a local file as it is."""

    def dump(self, context: OutputContext, value: str | Path, spooled: Path) -> Mapping[str, Any]:
        """Copies the file."""
        shutil.copyfile(value, spooled)
        return {"size": spooled.stat().st_size}

    def load(self, context: InputContext, path: UPath) -> UPath:
        """Returns the object's path, to be opened by whoever needs it."""
        if not path.exists():
            raise FileNotFoundError
        return path


class PickleIOManager(ObjectIOManager):
    """Stores any Python value as a pickle. Read only what your own runs have written."""

    def dump(self, context: OutputContext, value: Any, spooled: Path) -> Mapping[str, Any]:
        """Pickles the value."""
        with spooled.open("wb") as file:
            pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
        return {"size": spooled.stat().st_size}

    def load(self, context: InputContext, path: UPath) -> Any:
        """Loads the pickle."""
        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301 - written by this class


def column_schema(schema: AvroSchema) -> TableSchema:
    """Returns an Avro record schema as Dagster shows a table's columns."""
    known = _COLUMN_SCHEMAS.get(id(schema))
    if known is None or known[0] is not schema:
        columns = [
            TableColumn(
                name=field["name"],
                type=_shown_type(field["type"]),
                description=field.get("doc"),
            )
            for field in schema["fields"]
        ]
        known = _COLUMN_SCHEMAS[id(schema)] = (schema, TableSchema(columns))
    return known[1]


_COLUMN_SCHEMAS: dict[int, tuple[AvroSchema, TableSchema]] = {}
"""Identity of a schema -> it and its columns: thousands of feeds may share a hundred schemas."""


def _shown_type(avro_type: Any) -> str:
    if isinstance(avro_type, list):
        return " | ".join(_shown_type(branch) for branch in avro_type if branch != "null")
    if isinstance(avro_type, Mapping):
        if avro_type["type"] == "array":
            return f"array<{_shown_type(avro_type['items'])}>"
        return str(avro_type.get("logicalType") or avro_type.get("name") or avro_type["type"])
    return str(avro_type)


def _only_partition(context: OutputContext) -> str | None:
    """Returns the partition of an output, or None; one run of several is not one object."""
    if not context.has_asset_partitions:
        return None
    keys = list(context.asset_partition_keys)
    if len(keys) != 1:
        raise ValueError(
            f"{context.asset_key.to_user_string()}: a run writes one partition, not {len(keys)}; "
            "use one run a partition (BackfillPolicy.multi_run)"
        )
    return keys[0]
