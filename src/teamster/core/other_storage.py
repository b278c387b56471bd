"""Objects in any other storage that fsspec knows: S3, Azure and whatever has a driver.

fsspec has no call that writes only if nothing else did meanwhile. So a version is compared just
before the object is put: two runs that begin one after the other are told apart, two that end in
the same moment are not.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from upath import UPath

from teamster.core.stored import StoredObject, check_seen, version_of

_TELLING = ("ETag", "etag", "generation", "LastModified", "last_modified", "mtime", "created")
"""What drivers call that by which a new object can be told, the surest first."""


def stored(path: UPath) -> StoredObject | None:
    """Returns what lies at a path now, or None."""
    fs = path.fs
    fs.invalidate_cache(path.parent.path)
    try:
        found = fs.info(path.path)
    except FileNotFoundError:
        return None
    return _described(path, found) if found["type"] == "file" else None


def stored_under(folder: UPath, name: str) -> Iterator[StoredObject]:
    """Hands on the objects of one name below a folder, sorted by path."""
    fs = folder.fs
    fs.invalidate_cache(folder.path)
    base = folder.path.rstrip("/") + "/"
    for path, found in sorted(fs.find(folder.path, detail=True).items()):
        if path.rpartition("/")[2] == name:
            yield _described(folder / path.removeprefix(base), found)


def _described(path: UPath, found: Mapping[str, Any]) -> StoredObject:
    told = next((found[key] for key in _TELLING if found.get(key)), "")
    if isinstance(told, datetime):  # a driver may say so here and give a number there
        told = told.timestamp()
    return StoredObject(path, f"{told}-{found['size']}", found["size"])


def open_object(path: UPath) -> BinaryIO:
    """Opens an object.

    Raises:
        FileNotFoundError: There is none.
    """
    return cast(BinaryIO, path.fs.open(path.path, "rb"))


def put(
    spooled: Path, target: UPath, replacing: str | None, metadata: Mapping[str, str] | None
) -> str:
    """Uploads a finished file; see :func:`teamster.core.storage.put_in_place`."""
    check_seen(stored(target), replacing)
    target.fs.put_file(str(spooled), target.path)
    return version_of(stored(target))


def remove(target: UPath, replacing: str | None) -> None:
    """Removes an object; see :func:`teamster.core.storage.remove`."""
    found = stored(target)
    if found:
        check_seen(found, replacing)
        target.fs.rm_file(target.path)
