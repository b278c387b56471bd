"""Objects put in place as a whole: a reader sees the old one or the new one, never a part.

One way for folders, Google Cloud Storage and whatever else fsspec knows.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from upath import UPath

from teamster.core import folders, other_storage
from teamster.core.errors import ConfigError
from teamster.core.settings import project_root, spool_dir
from teamster.core.stored import NOTHING, StoredObject, version_of

__all__ = [
    "NOTHING",
    "StoredObject",
    "is_local",
    "open_object",
    "private_spool",
    "put_in_place",
    "remove",
    "shown_uri",
    "stored",
    "stored_under",
    "version_of",
]


class _Storage(Protocol):
    """What a module does for one kind of storage."""

    def stored(self, path: UPath) -> StoredObject | None: ...

    def stored_under(self, folder: UPath, name: str) -> Iterator[StoredObject]: ...

    def open_object(self, path: UPath) -> BinaryIO: ...

    def put(
        self,
        spooled: Path,
        target: UPath,
        replacing: str | None,
        metadata: Mapping[str, str] | None,
    ) -> str: ...

    def remove(self, target: UPath, replacing: str | None) -> None: ...


def _behind(path: UPath) -> _Storage:
    if is_local(path):
        return folders
    if path.protocol not in ("gs", "gcs"):
        return other_storage
    try:
        from teamster.core import gcs
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("google"):
            raise
        raise ConfigError(
            "objects in Google Cloud Storage need its library: pip install 'teamster[gcs]'"
        ) from None
    return gcs


@contextmanager
def private_spool() -> Iterator[Path]:
    """Gives a private folder (mode 0700) that is gone when the block ends, however it ends."""
    with tempfile.TemporaryDirectory(prefix="teamster-", dir=spool_dir()) as folder:
        yield Path(folder)


def is_local(path: UPath) -> bool:
    """Tells whether a path lies on this machine's own file system."""
    return path.protocol in ("", "file", "local")


def stored(path: UPath) -> StoredObject | None:
    """Returns what lies at a path now, or None.

    Raises:
        TeamsterError: A storage in a cloud refused or did not answer.
    """
    return _behind(path).stored(path)


def stored_under(folder: UPath, name: str) -> Iterator[StoredObject]:
    """Hands on all objects of one name below a folder: one listing, page by page.

    Args:
        folder: Where to look, at any depth.
        name: The last part of the objects' paths.

    Yields:
        The objects, sorted by path.

    Raises:
        TeamsterError: A storage in a cloud refused or did not answer.
    """
    return _behind(folder).stored_under(folder, name)


def open_object(path: UPath) -> BinaryIO:
    """Opens an object for reading, in flat memory.

    In Cloud Storage, what is read is one version of the object, checked at its end.

    Raises:
        FileNotFoundError: There is no such object.
        ObjectChanged: While being read: the object was replaced, and what it was is gone.
        TeamsterError: A storage in a cloud refused or did not answer.
    """
    return _behind(path).open_object(path)


def put_in_place(
    spooled: Path,
    target: UPath,
    *,
    replacing: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> str:
    """Puts a finished file where it belongs, whole or not at all.

    Args:
        spooled: A finished local file. It may be moved.
        target: The object's path. Its folder is made where the storage has folders.
        replacing: The version that the caller has seen there; :data:`NOTHING` if there was none.
            None replaces whatever is there.
        metadata: Notes to keep beside the object, where the storage can.

    Returns:
        The new object's version.

    Raises:
        ObjectChanged: Another version is there; it stays.
        TeamsterError: A storage in a cloud refused or did not answer.
        OSError: A folder or disk refused; what was there before is unchanged.
    """
    return _behind(target).put(spooled, target, replacing, metadata)


def remove(target: UPath, *, replacing: str | None = None) -> None:
    """Removes an object; nothing happens if there is none, whatever was there before.

    Args:
        target: The object's path.
        replacing: The version that the caller has seen there. None removes whatever is there.

    Raises:
        ObjectChanged: Another version is there; it stays.
        TeamsterError: A storage in a cloud refused or did not answer.
    """
    _behind(target).remove(target, replacing)


def shown_uri(path: UPath, root: UPath) -> str:
    """Returns an object's address as people may see it: never with a path of this machine.

    Args:
        path: An object's path.
        root: The storage's root.

    Returns:
        The full URL of an object in a cloud. For a local one the path from the project's folder
        where it lies inside, else from the storage root's own name.
    """
    if not is_local(path):
        return str(path)
    local = Path(path.path)
    project = project_root()
    if local.is_relative_to(project):
        return local.relative_to(project).as_posix()
    return local.relative_to(Path(root.path).parent).as_posix()
