"""What a run takes from a server, noted as it passes: for metadata and the data version."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from dagster import DataVersion, MetadataValue, TableColumn, TableRecord, TableSchema

from teamster.core.fingerprint import fingerprint
from teamster.libraries.sftp.feed import Feed
from teamster.libraries.ssh.files import LocalFile

_FILES_SHOWN = 100
_COLUMNS = {"path": "string", "member": "string", "size": "int", "mtime": "string"}


class Taken:
    """The files of a run, of which some are gone by the time that the last one has passed.

    Args:
        feed: The feed that they are read for.
    """

    def __init__(self, feed: Feed) -> None:
        self._digest = sha256(fingerprint(feed.schema).encode())
        self._digest.update(feed.read.model_dump_json().encode())
        self._shown: list[TableRecord] = []
        self._count = 0
        self._size = 0
        self._newest: datetime | None = None

    def passing(self, files: Iterable[LocalFile]) -> Iterator[LocalFile]:
        """Hands on files, each noted before it is read."""
        for file in files:
            remote = file.remote
            self._digest.update(f"{file.name}\0{file.sha256}\0".encode())
            self._count += 1
            self._size += remote.size
            self._newest = max(self._newest or remote.mtime, remote.mtime)
            if len(self._shown) < _FILES_SHOWN:
                self._shown.append(_shown(file))
            yield file

    @property
    def data_version(self) -> DataVersion:
        """A version that changes when the files' content, or what is made of it, does."""
        return DataVersion(self._digest.hexdigest())

    @property
    def metadata(self) -> dict[str, Any]:
        """Metadata that says which remote files an output was made of: at least one."""
        assert self._newest is not None
        columns = [TableColumn(name, kind) for name, kind in _COLUMNS.items()]
        return {
            "source_files": MetadataValue.table(self._shown, TableSchema(columns)),
            "source_file_count": self._count,
            "source_size": self._size,
            "source_mtime": MetadataValue.timestamp(self._newest),
        }


def _shown(file: LocalFile) -> TableRecord:
    return TableRecord(
        {
            "path": file.remote.path,
            "member": file.member or "",
            "size": file.remote.size,
            "mtime": file.remote.mtime.isoformat(),
        }
    )
