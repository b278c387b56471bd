"""Objects in a folder of this machine, or one that it mounts.

Two runs that write one object exclude each other by a lock on the object's folder: `flock` on the
folder itself. It leaves no file behind, and the system lets it go when its holder dies, however
that happens. Where a folder cannot be locked so (NFS, Windows), a lock file lies beside the object.
"""

import errno
import os
import shutil
import stat
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock
from upath import UPath

from teamster.core.stored import StoredObject, check_seen, version_of

if sys.platform != "win32":
    from fcntl import LOCK_EX
    from fcntl import flock as _flock

_PARTIAL = ".partial"
_NO_LOCK_ON_FOLDERS = {
    errno.EBADF,  # NFS wants the file open for writing, and a folder cannot be
    errno.EINVAL,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
}


def stored(path: UPath) -> StoredObject | None:
    """Returns what lies at a path now, or None."""
    return _stored(path, Path(path.path))


def _stored(path: UPath, local: Path) -> StoredObject | None:
    try:
        found = local.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    version = f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"
    return StoredObject(path, version, found.st_size)


def stored_under(folder: UPath, name: str) -> Iterator[StoredObject]:
    """Hands on the objects of one name below a folder, sorted by path."""
    root = Path(folder.path)
    below = [Path(where) for where, _, names in os.walk(root) if name in names]
    relative = sorted((where / name).relative_to(root).as_posix() for where in below)
    for path in relative:
        found = _stored(folder / path, root / path)
        if found:
            yield found


def open_object(path: UPath) -> BinaryIO:
    """Opens an object; who has it open reads it to its end, whatever is put in its place.

    Raises:
        FileNotFoundError: There is none.
    """
    with nameless():
        return Path(path.path).open("rb")


def put(
    spooled: Path, target: UPath, replacing: str | None, metadata: Mapping[str, str] | None
) -> str:
    """Moves a finished file to where it belongs; see :func:`teamster.core.storage.put_in_place`."""
    final = Path(target.path)
    with nameless():
        final.parent.mkdir(parents=True, exist_ok=True)
        with _locked(final):
            check_seen(stored(target), replacing)
            _remove_partial_copies(final)
            with spooled.open("rb") as file:
                os.fsync(file.fileno())
            _mark_as_new(spooled)
            try:
                spooled.replace(final)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _copy_beside_then_replace(spooled, final)
            return version_of(stored(target))


def remove(target: UPath, replacing: str | None) -> None:
    """Removes an object; see :func:`teamster.core.storage.remove`."""
    final = Path(target.path)
    with nameless():
        if not final.parent.is_dir():
            return
        with _locked(final):
            found = stored(target)
            if found:
                check_seen(found, replacing)
            final.unlink(missing_ok=True)


@contextmanager
def _locked(final: Path) -> Iterator[None]:
    """Keeps others from the object until the block ends, and then has the folder on the disk."""
    folder = _locked_folder(final.parent)
    if folder is None:
        with FileLock(final.with_name(f".{final.name}.lock")):
            yield
        return
    try:
        yield
        os.fsync(folder)
    finally:
        os.close(folder)  # which lets go of the lock


def _locked_folder(path: Path) -> int | None:
    """Returns the open, locked folder; None where folders cannot be locked."""
    if sys.platform == "win32":
        return None
    folder = os.open(path, os.O_RDONLY)
    try:
        _flock(folder, LOCK_EX)
    except OSError as error:
        os.close(folder)
        if error.errno in _NO_LOCK_ON_FOLDERS:
            return None
        raise
    return folder


def _remove_partial_copies(final: Path) -> None:
    """Removes what killed writers have left: whoever still writes one has the lock, and we do."""
    with os.scandir(final.parent) as entries:
        for entry in entries:
            if entry.name.startswith(f".{final.name}.") and entry.name.endswith(_PARTIAL):
                Path(entry.path).unlink(missing_ok=True)


def _mark_as_new(path: Path) -> None:
    """Gives a file a moment to the nanosecond: the system's own clock for files ticks in ms."""
    now = time.time_ns()
    os.utime(path, ns=(now, now))


def _copy_beside_then_replace(spooled: Path, final: Path) -> None:
    beside = final.with_name(f".{final.name}.{uuid.uuid4().hex}{_PARTIAL}")
    try:
        with spooled.open("rb") as source, beside.open("xb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        _mark_as_new(beside)
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def nameless() -> Iterator[None]:
    """Takes the machine's own path out of what the system has to say."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or "the storage failed") from None
