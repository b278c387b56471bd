"""The Avro objects behind a dbt source: found by one listing, grouped by writer schema."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import unquote

from upath import UPath

from teamster.core.avro_header import read_header
from teamster.core.errors import ConfigError, UnreadableFile
from teamster.core.storage import StoredObject, is_local, open_object, stored_under

DATA = "data"
PARTITION_PREFIX = "_dagster_partition_"

_REMOTE_READERS = 32


@dataclass(frozen=True)
class SourceObject:
    """One partition's object.

    Attributes:
        stored: Where it lies, and which version.
        folders: Its hive folders, ``_dagster_partition_<dimension>=<quoted value>``, from the top.
    """

    stored: StoredObject
    folders: tuple[str, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of its partition's dimensions, in the path's order."""
        return tuple(name for name, _ in self._parts())

    @property
    def values(self) -> dict[str, str]:
        """Its partition's values by dimension, as Dagster has them."""
        return dict(self._parts())

    def _parts(self) -> Iterator[tuple[str, str]]:
        for folder in self.folders:
            name, _, value = folder.removeprefix(PARTITION_PREFIX).partition("=")
            yield unquote(name), unquote(value)


def find_objects(
    root: UPath, key: Sequence[str], dimensions: Sequence[str], *, in_order: bool = False
) -> list[SourceObject]:
    """Returns a source's objects, sorted by path.

    Args:
        root: The storage's root.
        key: The ingestion asset's key.
        dimensions: The partition dimensions that the source declares.
        in_order: Whether they must stand in the path's order.

    Raises:
        ConfigError: An object's partitions are not those that the source declares.
    """
    folder = root.joinpath(*key)
    base = folder.path.rstrip("/") + "/"
    found: list[SourceObject] = []
    for stored in stored_under(folder, DATA):
        *parts, _ = stored.path.path.removeprefix(base).split("/")
        if not all(part.startswith(PARTITION_PREFIX) for part in parts):
            continue  # of another asset, whose key begins with this one's
        each = SourceObject(stored, tuple(parts))
        if set(each.dimensions) != set(dimensions) or (
            in_order and each.dimensions != tuple(dimensions)
        ):
            raise _other_layout(key, each, dimensions)
        found.append(each)
    return found


def _other_layout(
    key: Sequence[str], found: SourceObject, dimensions: Sequence[str]
) -> ConfigError:
    return ConfigError(
        f"objects of {'/'.join(key)} are partitioned by {list(found.dimensions)}, the dbt source "
        f"declares {list(dimensions)}: correct meta.teamster.partitions, or move the objects of an "
        "earlier layout away"
    )


def writer_schemas(objects: Sequence[SourceObject]) -> list[bytes]:
    """Returns the objects' writer schemas, as JSON, in the objects' order.

    Raises:
        UnreadableFile: An object is no Avro file.
    """
    if all(is_local(each.stored.path) for each in objects):
        return [_writer_schema(each) for each in objects]
    with ThreadPoolExecutor(_REMOTE_READERS) as readers:
        return list(readers.map(_writer_schema, objects))


def by_writer_schema(objects: Sequence[SourceObject]) -> dict[bytes, list[SourceObject]]:
    """Groups objects by writer schema, byte for byte: each is read but parsed once a group.

    Raises:
        UnreadableFile: An object is no Avro file.
    """
    return _grouped(zip(writer_schemas(objects), objects, strict=True))


def _grouped(pairs: Iterable[tuple[bytes, SourceObject]]) -> dict[bytes, list[SourceObject]]:
    groups: dict[bytes, list[SourceObject]] = {}
    for schema, each in pairs:
        groups.setdefault(schema, []).append(each)
    return groups


def _writer_schema(each: SourceObject) -> bytes:
    try:
        with open_object(each.stored.path) as file:
            return read_header(file).schema_json
    except UnreadableFile:
        # A folder more than the partition's, so that one sees whose it is, and no machine's path.
        shown = "/".join(each.stored.path.path.split("/")[-len(each.folders) - 2 :])
        raise UnreadableFile(f"{shown} is no Avro file") from None
