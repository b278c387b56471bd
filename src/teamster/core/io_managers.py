"""IO managers over a folder or an object store: Avro streams, files, and pickles.

Layout: ``<root>/<asset key>/<hive partitions>/data``, rejected rows beside it as ``quarantine``.
Outputs of ops that belong to no asset: ``<root>/_ops/<run>/<step>/<output>/data``.
"""

import pickle
import shutil
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar
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
from teamster.core.errors import ConfigError, TeamsterError
from teamster.core.fingerprint import object_metadata
from teamster.core.partitions import hive_parts
from teamster.core.placing import Placing
from teamster.core.quarantine import QUARANTINE_SCHEMA
from teamster.core.records import Records
from teamster.core.schema import AvroSchema, resolve_schema
from teamster.core.storage import (
    open_object,
    private_spool,
    shown_uri,
    stored,
    stored_under,
)
from teamster.core.upstream import UpstreamPartitions

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

    beside: ClassVar[tuple[str, ...]] = ()
    """Names of objects that :meth:`dump` may leave in the spool, to lie beside the output."""

    @abstractmethod
    def dump(self, context: OutputContext, value: Any, spooled: Path) -> Mapping[str, Any]:
        """Writes a value to a local file and returns the output's metadata."""

    @abstractmethod
    def load(self, context: InputContext, path: UPath) -> Any:
        """Reads an object."""

    def notes(self, value: Any) -> Mapping[str, str]:
        """Returns what to keep beside an object, in the storage's own metadata."""
        return {}

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Writes an output; a failure leaves the previous object as it was.

        Raises:
            ObjectChanged: Another run has written the object since this one began.
        """
        folder = self._folder_of_output(context)
        placing = Placing(folder, self._root(context), _owner(context), (DATA, *self.beside))
        with private_spool() as spool:
            try:
                metadata = self.dump(context, obj, spool / DATA)
            except BaseException:
                self._put_beside_a_failure(context, placing, spool)
                raise
            placing.put(spool / DATA, DATA, self.notes(obj))
            for name in self.beside:
                if (spool / name).exists():
                    placing.put(spool / name, name)
                else:
                    placing.remove(name)  # of an earlier run
        context.add_output_metadata({**metadata, "dagster/uri": placing.uri(DATA)})

    def _put_beside_a_failure(self, context: OutputContext, placing: Placing, spool: Path) -> None:
        """Lets what a failed run has set aside be looked at; the failure itself matters more."""
        for name in self.beside:
            if (spool / name).exists():
                try:
                    placing.put(spool / name, name)
                except (TeamsterError, OSError) as error:
                    context.log.warning(f"{name} was not put in place: {error}")

    def load_input(self, context: InputContext) -> Any:
        """Reads an upstream output: one partition's value, or key -> value for several.

        Of several, each is opened when it is asked for.

        Raises:
            FileNotFoundError: A partition has no object, unless the input's metadata has
                ``allow_missing_partitions``.
        """
        if not context.has_asset_partitions:
            return self._load(context, self._folder(context, None))
        missing_allowed = bool((context.definition_metadata or {}).get("allow_missing_partitions"))
        folders = {key: self._folder(context, key) for key in context.asset_partition_keys}
        if len(folders) == 1:
            (folder,) = folders.values()
            if missing_allowed and stored(folder / DATA) is None:
                return None
            return self._load(context, folder)
        everything = stored_under(self._folder(context, None), DATA)
        there = {found.path.path for found in everything}
        missing = [key for key, folder in folders.items() if (folder / DATA).path not in there]
        if missing and not missing_allowed:
            raise self._missing(context, folders[missing[0]], f" ({len(missing)} are missing)")
        keys = [key for key in folders if key not in set(missing)]
        return UpstreamPartitions(keys, lambda key: self._load(context, folders[key]))

    def _load(self, context: InputContext, folder: UPath) -> Any:
        try:
            return self.load(context, folder / DATA)
        except FileNotFoundError:  # its text would hold a path of this machine
            raise self._missing(context, folder) from None

    def _missing(
        self, context: InputContext, folder: UPath, besides: str = ""
    ) -> FileNotFoundError:
        shown = shown_uri(folder / DATA, self._root(context))
        return FileNotFoundError(f"there is no object {shown}: materialize it first{besides}")

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

    beside: ClassVar[tuple[str, ...]] = (QUARANTINE,)

    def dump(
        self, context: OutputContext, value: tuple[Iterable[Mapping[str, Any]], Any], spooled: Path
    ) -> Mapping[str, Any]:
        """Streams the records to a file, and rejected rows to another one."""
        given, schema = value[0], resolve_schema(value[1])
        records = given if isinstance(given, Records) else Records(given, schema)
        with records:
            try:
                write_avro(spooled, records, schema)
            finally:
                quarantine = records.quarantine
                if quarantine and quarantine.count:
                    rejected = spooled.with_name(QUARANTINE)
                    write_avro(rejected, quarantine.rows(), QUARANTINE_SCHEMA)
            summary = records.summary
        return {
            "records": summary.rows,
            "dagster/row_count": summary.rows,
            "rejected_rows": summary.rejected_rows,
            "short_rows": summary.short_rows,
            "dagster/column_schema": column_schema(schema),
            **({"warnings": MetadataValue.json(summary.warnings)} if summary.warnings else {}),
        }

    def notes(self, value: tuple[Any, Any]) -> Mapping[str, str]:
        """Returns the fingerprint of the writer schema, which the file's header has too."""
        return object_metadata(resolve_schema(value[1]))

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
        """Returns the object's path, for :func:`teamster.core.storage.open_object`."""
        if stored(path) is None:
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
        with open_object(path) as file:
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


def _owner(context: OutputContext) -> str:
    """Returns whose output it is, as people know it."""
    if not context.has_asset_key:
        return "/".join(context.get_identifier())
    key = _only_partition(context)
    asset_key = context.asset_key.to_user_string()
    return asset_key if key is None else f"{asset_key}, partition {key}"


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
