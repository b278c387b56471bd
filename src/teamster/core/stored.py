"""What a storage says of an object that lies in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from upath import UPath

from teamster.core.errors import ObjectChanged

NOTHING = ""
"""The version of an object that is not there."""


@dataclass(frozen=True)
class StoredObject:
    """An object as it lies there.

    Attributes:
        path: Its path.
        version: Changes whenever the object does; what it is made of is the storage's own affair.
        size: Its bytes.
        metadata: What its writer noted beside it; empty where the storage keeps no such notes.
    """

    path: UPath
    version: str
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)


def version_of(found: StoredObject | None) -> str:
    """Returns an object's version, or :data:`NOTHING`."""
    return found.version if found else NOTHING


def check_seen(found: StoredObject | None, replacing: str | None) -> None:
    """Raises if something else lies there than the caller has seen.

    Args:
        found: What lies there now.
        replacing: The version that the caller has seen; None if that does not matter.

    Raises:
        ObjectChanged: Another version is there.
    """
    if replacing is not None and version_of(found) != replacing:
        raise changed(replacing)


def changed(replacing: str | None) -> ObjectChanged:
    """Returns what to say where another version lies than the caller has seen."""
    seen = "there was none" if replacing == NOTHING else "it was another one"
    return ObjectChanged(f"the object is not what was seen before, when {seen}: it stays")
