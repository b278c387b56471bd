"""``teamster reencode``: an asset's old objects rewritten to its present Avro schema."""

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pkgutil import iter_modules
from typing import Any

from dagster import AssetKey, AssetsDefinition, Definitions, PartitionsDefinition
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table
from upath import UPath

from teamster import code_locations
from teamster.core.asset_schemas import asset_folder, declared_schema
from teamster.core.differences import differences
from teamster.core.errors import ConfigError, ObjectChanged, Permanent
from teamster.core.partition_folders import shown_partition
from teamster.core.reencoding import KEPT, rewrite, settle
from teamster.core.resolution import obstacles
from teamster.core.schema import AvroSchema
from teamster.core.schema_checks import SHORT
from teamster.core.schema_history import (
    SchemaGroup,
    SchemaHistory,
    objects_of,
    parts_below,
    schema_history,
)
from teamster.core.storage import StoredObject

_NEAREST = 5
_WIDTH_OF_A_FILE = 200


def reencode_asset(asset_key: str, partitions: Sequence[str] = (), *, apply: bool = False) -> bool:
    """Shows what is to be rewritten, and rewrites it if asked to.

    Args:
        asset_key: The asset's key, its parts joined by ``/``.
        partitions: Keys of the partitions to look at; all if there are none.
        apply: Rewrite the objects. Nothing is written while anything cannot be resolved.

    Returns:
        Whether all is well: there was nothing to do, it can be done, or it is done.

    Raises:
        ConfigError: There is no such asset or partition, or it declares no Avro schema.
        TeamsterError: The storage refused or did not answer.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_A_FILE)
    work = _Reencoding(find_asset(asset_key), frozenset(partitions), console)
    work.check_partitions()
    settled = work.settle(apply=apply)
    possible = work.plan()
    if not work.groups:
        return settled and possible
    if not possible:
        work.say("Nothing was written. Correct the schema, or choose others by --partition.")
        return False
    if not apply:
        work.say("Nothing was written: --apply rewrites these objects.")
        return settled
    return work.rewrite() and settled


@dataclass(frozen=True)
class AvroAsset:
    """An asset whose objects are Avro.

    Attributes:
        key: Its key.
        folder: Where its objects lie.
        schema: Its present schema.
        partitions_def: Its partitions.
    """

    key: AssetKey
    folder: UPath
    schema: AvroSchema
    partitions_def: PartitionsDefinition[Any] | None

    def partition_of(self, found: StoredObject) -> str:
        """Returns an object's partition as people see it."""
        return shown_partition(self.partitions_def, parts_below(self.folder, found))


def find_asset(asset_key: str) -> AvroAsset:
    """Finds an asset in the code location that its key begins with.

    Raises:
        ConfigError: There is no such asset, or it declares no Avro schema.
    """
    key = AssetKey.from_user_string(asset_key)
    known = sorted(each.name for each in iter_modules(code_locations.__path__) if each.ispkg)
    if key.path[0] not in known:
        raise ConfigError(
            f"{asset_key}: its first part is no code location; there are {', '.join(known)}"
        )
    module = importlib.import_module(f"teamster.code_locations.{key.path[0]}.definitions")
    definitions: Definitions = module.defs
    for definition in definitions.assets or ():
        if isinstance(definition, AssetsDefinition) and key in definition.keys:
            schema = declared_schema(definition, key)
            if schema is None:
                raise ConfigError(f"{asset_key}: the asset declares no Avro schema")
            manager = definition.get_io_manager_key_for_asset_key(key)
            folder = asset_folder((definitions.resources or {})[manager], key)
            return AvroAsset(key, folder, schema, definition.partitions_def)
    raise ConfigError(f"{asset_key}: the code location {key.path[0]} has no such asset")


class _Reencoding:
    def __init__(self, asset: AvroAsset, partitions: frozenset[str], console: Console) -> None:
        self._asset = asset
        self._partitions = partitions
        self._console = console
        self._history: SchemaHistory | None = None

    @property
    def history(self) -> SchemaHistory:
        if self._history is None:
            self._history = schema_history(self._asset.folder, self._asset.schema)
        return self._history

    @property
    def groups(self) -> list[SchemaGroup]:
        """The chosen objects of other schemas than the present one."""
        chosen = (
            SchemaGroup(group.fingerprint, group.schema, self._chosen(group.objects))
            for group in self.history.old
        )
        return [group for group in chosen if group.objects]

    def _chosen(self, objects: Iterable[StoredObject]) -> list[StoredObject]:
        wanted, of = self._partitions, self._asset.partition_of
        return [found for found in objects if not wanted or of(found) in wanted]

    def say(self, text: str) -> None:
        self._console.print(escape(text), highlight=False)

    def check_partitions(self) -> None:
        """Sees that each partition that was named has an object.

        Raises:
            ConfigError: One has none.
        """
        if not self._partitions:
            return
        objects = [*self.history.unreadable, *(o for g in self.history.groups for o in g.objects)]
        there = {self._asset.partition_of(found) for found in objects}
        for missing in sorted(self._partitions - there):
            near = get_close_matches(missing, there, _NEAREST, cutoff=0) or ["no partition"]
            raise ConfigError(
                f"{self._asset.key.to_user_string()}: there is no object of the partition "
                f"{missing}; there are objects of {', '.join(near)}"
            )

    def settle(self, *, apply: bool) -> bool:
        """Ends what an interrupted run has begun."""
        kept = self._chosen(objects_of(self._asset.folder, KEPT))
        if not kept:
            return True
        if not apply:
            self.say(f"A run was interrupted at {len(kept)} objects: --apply completes it.")
            return True
        self.say("A run was interrupted:")
        settled = self._each(kept, settle)
        self._history = None
        return settled

    def plan(self) -> bool:
        """Shows what is to be done; returns whether it can be."""
        history, key = self.history, self._asset.key.to_user_string()
        old = self.groups
        many = sum(len(group.objects) for group in old)
        self.say(
            f"{key}: {history.count} objects, {many} to be rewritten to schema "
            f"{history.present[:SHORT]}"
        )
        possible = True
        for group in old:
            possible &= self._plan_of(group)
        for found in self._chosen(history.unreadable):
            possible = False
            self.say(f"{self._asset.partition_of(found)}: the object is no Avro file")
        return possible

    def _plan_of(self, group: SchemaGroup) -> bool:
        size = decimal(sum(found.size for found in group.objects))
        title = f"Schema {group.fingerprint[:SHORT]}: {len(group.objects)} objects, {size}"
        table = Table("field", "change", "written", "present", title=title, title_justify="left")
        for each in differences(group.schema, self._asset.schema):
            table.add_row(*map(escape, (each.field, each.change, each.written, each.present)))
        self._console.print(table)
        for found in group.objects:
            self.say(f"  {self._asset.partition_of(found)}  {decimal(found.size)}")
        standing = obstacles(group.schema, self._asset.schema)
        for obstacle in standing:
            depends = "" if obstacle.certain else " (if a record has one)"
            self.say(f"  cannot be resolved: {obstacle}{depends}")
        return not any(obstacle.certain for obstacle in standing)

    def rewrite(self) -> bool:
        """Rewrites the objects; one that cannot be does not keep the others from it."""

        def rewritten(found: StoredObject) -> str:
            return f"{rewrite(found, self._asset.schema)} records rewritten and verified"

        return self._each([found for g in self.groups for found in g.objects], rewritten)

    def _each(self, objects: Sequence[StoredObject], do: Callable[[StoredObject], str]) -> bool:
        succeeded = True
        for number, found in enumerate(objects, start=1):
            try:
                said = do(found)
            except (ObjectChanged, Permanent) as error:
                succeeded = False
                said = f"FAILED, the object stays as it was: {error}"
            self.say(f"  {number}/{len(objects)} {self._asset.partition_of(found)}: {said}")
        return succeeded
