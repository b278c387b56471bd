"""Objects put in place as a whole: a reader sees the old one or the new one, never a part."""

import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from teamster.core.settings import project_root, spool_dir


@contextmanager
def private_spool() -> Iterator[Path]:
    """Gives a private folder (mode 0700) that is gone when the block ends, however it ends."""
    with tempfile.TemporaryDirectory(prefix="teamster-", dir=spool_dir()) as folder:
        yield Path(folder)


def is_local(path: UPath) -> bool:
    """Tells whether a path lies on this machine's own file system."""
    return path.protocol in ("", "file", "local")


def put_in_place(spooled: Path, target: UPath) -> None:
    """Puts a finished file where it belongs, replacing what is there.

    Args:
        spooled: A finished local file. It may be moved.
        target: The object's path. Its folder is made where the storage has folders.

    Raises:
        OSError: The storage refused; what was there before is unchanged.
    """
    if not is_local(target):
        target.fs.put_file(str(spooled), target.path)
        return
    final = Path(target.path)
    final.parent.mkdir(parents=True, exist_ok=True)
    with spooled.open("rb") as file:
        os.fsync(file.fileno())
    try:
        spooled.replace(final)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_beside_then_replace(spooled, final)


def _copy_beside_then_replace(spooled: Path, final: Path) -> None:
    beside = final.with_name(f".{final.name}.{uuid.uuid4().hex}.partial")
    try:
        with spooled.open("rb") as source, beside.open("xb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)


def remove(target: UPath) -> None:
    """Removes an object; nothing happens if there is none."""
    target.unlink(missing_ok=True)


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
