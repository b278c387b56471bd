"""What lies in a storage, of whatever kind."""

from contextlib import closing

from google.cloud.storage import Client
from upath import UPath

from teamster.core.storage import is_local, open_object


def content(path: UPath) -> bytes:
    with open_object(path) as file:
        return file.read()


def names_under(root: UPath) -> list[str]:
    """Every object below a root, whatever its name, relative to it."""
    prefix = f"{root.path.rstrip('/')}/"
    if root.protocol == "gs":
        bucket, _, below = prefix.partition("/")
        with closing(Client(project=None)) as client:
            return sorted(
                blob.name.removeprefix(below) for blob in client.list_blobs(bucket, prefix=below)
            )
    if is_local(root):
        found = [path.as_posix() for path in UPath(root.path).rglob("*") if path.is_file()]
    else:
        found = root.fs.find(root.path)
    return sorted(path.removeprefix(prefix) for path in found)
