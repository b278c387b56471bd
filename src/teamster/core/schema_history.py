"""Which schemas an asset's objects were written with: from their metadata, or their headers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from upath import UPath

from teamster.core.avro_header import AvroHeader, read_header
from teamster.core.errors import UnreadableFile
from teamster.core.fingerprint import OBJECT_KEY, fingerprint
from teamster.core.schema import AvroSchema
from teamster.core.storage import StoredObject, is_local, open_object, stored_under

DATA = "data"
"""The last part of the path of a partition's object."""

PARTITION_PREFIX = "_dagster_partition_"
"""How each folder of a partition begins."""

_READERS = 8
"""Headers that are asked for at once, where each is a round trip; Google's client has a pool of
ten connections."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class SchemaGroup:
    """The objects that were written with one schema.

    Attributes:
        fingerprint: The schema's.
        schema: The schema, as it stands in one of the objects.
        objects: The objects, by path.
    """

    fingerprint: str
    schema: AvroSchema
    objects: list[StoredObject] = field(default_factory=list)


@dataclass(frozen=True)
class SchemaHistory:
    """The schemas that an asset's objects were written with.

    Attributes:
        folder: The asset's folder.
        present: The fingerprint of the asset's present schema.
        groups: The objects by schema, the present one first, then the one of most objects.
        unreadable: Objects that are no Avro files.
    """

    folder: UPath
    present: str
    groups: Sequence[SchemaGroup]
    unreadable: Sequence[StoredObject]

    @property
    def old(self) -> Sequence[SchemaGroup]:
        """The groups of schemas that are not the present one."""
        return [group for group in self.groups if group.fingerprint != self.present]

    @property
    def count(self) -> int:
        """How many objects there are."""
        return sum(len(group.objects) for group in self.groups) + len(self.unreadable)


def objects_of(folder: UPath, name: str = DATA) -> Iterator[StoredObject]:
    """Hands on an asset's own objects, sorted by path: not those of assets whose keys go on.

    Args:
        folder: The asset's folder.
        name: The last part of the objects' paths.
    """
    for found in stored_under(folder, name):
        if all(part.startswith(PARTITION_PREFIX) for part in parts_below(folder, found)):
            yield found


def parts_below(folder: UPath, found: StoredObject) -> list[str]:
    """Returns the folders between an asset's own and one of its objects."""
    below = found.path.path.removeprefix(folder.path.rstrip("/") + "/")
    return below.split("/")[:-1]


def schema_history(folder: UPath, present: AvroSchema) -> SchemaHistory:
    """Looks at all objects of an asset: one listing, and headers where the listing does not tell.

    Args:
        folder: The asset's folder.
        present: The asset's present schema.

    Raises:
        TeamsterError: The storage refused or did not answer.
    """
    noted: dict[str, list[StoredObject]] = {}
    silent: list[StoredObject] = []
    for found in objects_of(folder):
        told = found.metadata.get(OBJECT_KEY)
        if told:
            noted.setdefault(told, []).append(found)
        else:
            silent.append(found)
    unreadable: list[StoredObject] = []
    groups: dict[str, SchemaGroup] = {}
    batches = [*noted.values(), *([found] for found in silent)]
    for batch, (header, broken) in zip(
        batches, _read_all(folder, _first_header, batches), strict=True
    ):
        unreadable += broken
        if header is not None:
            group = groups.setdefault(
                header.fingerprint, SchemaGroup(header.fingerprint, header.schema)
            )
            group.objects += [found for found in batch if found not in broken]
    for group in groups.values():
        group.objects.sort(key=lambda found: found.path.path)
    now = fingerprint(present)
    ordered = sorted(groups.values(), key=lambda g: (g.fingerprint != now, -len(g.objects)))
    return SchemaHistory(folder, now, ordered, unreadable)


def _first_header(
    batch: Sequence[StoredObject],
) -> tuple[AvroHeader | None, list[StoredObject]]:
    """Returns the first header that can be read, and the objects before it that cannot.

    An object that went away since it was listed is as good as one that was never there.
    """
    broken: list[StoredObject] = []
    for found in batch:
        try:
            with open_object(found.path) as file:
                header = read_header(file)
            header.fingerprint  # noqa: B018 - raises where the schema is no record
        except UnreadableFile:
            broken.append(found)
        except FileNotFoundError:
            continue
        else:
            return header, broken
    return None, broken


def _read_all(
    folder: UPath, read: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    if is_local(folder):  # a thread costs more than a local file's first block
        yield from map(read, items)
        return
    with ThreadPoolExecutor(_READERS) as readers:
        yield from readers.map(read, items)
