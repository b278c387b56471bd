"""Only what changed: marks from run to run, and changes laid over the last object by key.

A mark is the server's clock or its own count of changes, never a record's value. Marks stand in the
metadata of materializations.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetRecordsFilter,
    FloatMetadataValue,
    TextMetadataValue,
)
from upath import UPath

from teamster.core.asset_schemas import asset_folder
from teamster.core.avro import read_avro
from teamster.core.errors import ObjectChanged, UnexpectedAnswer
from teamster.core.fingerprint import fingerprint
from teamster.core.io_managers import DATA
from teamster.core.partitions import hive_parts
from teamster.core.storage import stored, version_of
from teamster.libraries.rest.chains import filled_params
from teamster.libraries.rest.endpoints import SINCE, UNTIL, Endpoint
from teamster.libraries.rest.options import Since
from teamster.libraries.rest.paths import ABSENT, look_up, shown_path
from teamster.libraries.rest.placeholders import Values
from teamster.libraries.rest.session import RestSession
from teamster.libraries.rest.spool import hashed

MARK, FULL_AT, ASKED, READ = "since_mark", "since_full_at", "since_asked", "since_read"
_VERSION_TAG = "dagster/data_version"
_WHOLE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Last:
    """What the last run left.

    Attributes:
        mark: How far it read.
        full_at: When everything was last read, in seconds since 1970.
        data_version: The data version of its object.
        read: The data version of what it read; "" where it does not say.
        object_path: Its object.
        version: The object's version.
    """

    mark: str
    full_at: float
    data_version: str
    read: str
    object_path: UPath
    version: str


class Changes:
    """The part of a run that knows of the runs before it.

    Args:
        endpoint: The endpoint.
        since: Its option.
        context: The run's.
    """

    def __init__(self, endpoint: Endpoint, since: Since, context: AssetExecutionContext) -> None:
        self._endpoint = endpoint
        self._since = since
        self._asked = _fingerprint(endpoint)
        self._now = datetime.now(UTC).timestamp()
        self._mark: str | None = None
        self.last = self._found(context)

    def _found(self, context: AssetExecutionContext) -> Last | None:
        """Returns what the last run left; None where everything has to be read."""
        endpoint = self._endpoint
        partition_key = context.partition_key if context.has_partition_key else None
        records = context.instance.fetch_materializations(
            AssetRecordsFilter(
                asset_key=endpoint.asset_key,
                asset_partitions=None if partition_key is None else [partition_key],
            ),
            limit=1,
        ).records
        event = records[0].asset_materialization if records else None
        if event is None:
            return None
        mark, asked = event.metadata.get(MARK), event.metadata.get(ASKED)
        full_at = event.metadata.get(FULL_AT)
        if not (isinstance(mark, TextMetadataValue) and isinstance(full_at, FloatMetadataValue)):
            return None
        if not isinstance(asked, TextMetadataValue) or asked.text != self._asked:
            return None  # schema or request are others than then
        if self._now - (full_at.value or 0) >= self._since.full_every.total_seconds():
            return None
        io_manager = getattr(context.resources, endpoint.asset.io_manager_key)
        hive = hive_parts(endpoint.partitions_def, partition_key) if partition_key else []
        path = asset_folder(io_manager, endpoint.asset_key).joinpath(*hive, DATA)
        there = stored(path)
        if there is None:
            return None
        read = event.metadata.get(READ)
        return Last(
            mark=mark.text or "",
            full_at=full_at.value or 0.0,
            data_version=(event.tags or {}).get(_VERSION_TAG, ""),
            read=str(read.value) if isinstance(read, TextMetadataValue) else "",
            object_path=path,
            version=version_of(there),
        )

    def ask_mark(self, session: RestSession) -> None:
        """Asks how far the server's changes go, before the records are read.

        Raises:
            UnexpectedAnswer: The answer has no such mark, or one that nothing can be taken from.
        """
        mark = self._since.mark
        if mark is None:
            return
        where = f"{session.host}: GET {mark.endpoint}"
        found = look_up(session.get_json(mark.endpoint), mark.path)
        if not isinstance(found, str) or not found:
            raise UnexpectedAnswer(f"{where}: no mark at {shown_path(mark.path)}")
        if mark.overlap and not _WHOLE.fullmatch(found):
            raise UnexpectedAnswer(
                f"{where}: the mark at {shown_path(mark.path)} is no whole number; leave overlap "
                "out"
            )
        self._mark = found

    def note_clock(self, session: RestSession) -> None:
        """Takes the server's clock as it was at the first answer.

        Raises:
            UnexpectedAnswer: The server does not tell the time.
        """
        if self._since.mark is not None:
            return
        if session.began is None:
            raise UnexpectedAnswer(
                f"{session.host}: the server's answers have no Date header, by which since goes; "
                "give since.mark"
            )
        began = session.began.astimezone(UTC) - self._since.overlap
        self._mark = began.strftime(self._since.time_format)

    def params(self, values: Values) -> dict[str, str]:
        """Returns what to add to the query; nothing where everything has to be read."""
        if self.last is None:
            return {}
        marks = {SINCE: self._since_mark(self.last), UNTIL: self._mark or ""}
        return dict(filled_params(self._since.params, {**values, **marks}))

    def _since_mark(self, last: Last) -> str:
        """Returns from where to ask; counted marks reach back."""
        overlap = self._since.mark.overlap if self._since.mark else 0
        return str(max(0, int(last.mark) - overlap)) if overlap else last.mark

    def metadata(self, of_read: str) -> dict[str, Any]:
        """Returns what the next run will look for.

        Args:
            of_read: The data version of what was read.
        """
        full_at = self._now if self.last is None else self.last.full_at
        return {MARK: self._mark, FULL_AT: full_at, ASKED: self._asked, READ: of_read}

    def data_version(self, of_read: str, count: int) -> str:
        """Returns the data version of what is written.

        What was read twice in a row, as overlaps are, changes the object once.

        Args:
            of_read: The data version of what was read.
            count: How many records were read.
        """
        if self.last is None:
            return of_read
        if not count or of_read == self.last.read:
            return self.last.data_version
        return sha256(f"{self.last.data_version} {of_read}".encode()).hexdigest()

    def rows(self, read: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Hands on what was read, and behind it what is left of the last object.

        Raises:
            ObjectChanged: Another run has replaced the last object meanwhile.
        """
        keys: set[int] = set()
        for row in read:
            keys.add(self._key(row))
            if not self._is_deleted(row):
                yield row
        if self.last is None:
            return
        if version_of(stored(self.last.object_path)) != self.last.version:
            raise ObjectChanged(
                f"{self._endpoint.asset_key.to_user_string()}: another run has replaced the last "
                "object while this one read what changed; run it again"
            )
        with read_avro(self.last.object_path) as before:
            for row in before:
                if self._key(row) not in keys:
                    yield row

    def _key(self, row: Mapping[str, Any]) -> int:
        parts = [str(look_up(row, path)) for path in self._endpoint.key_columns]
        return hashed("\0".join(parts))

    def _is_deleted(self, row: Mapping[str, Any]) -> bool:
        path = self._endpoint.deleted_column
        if path is None:
            return False
        found = look_up(row, path)
        return found is not ABSENT and str(found).lower() in self._since.deleted_values


def _fingerprint(endpoint: Endpoint) -> str:
    """Returns a name of what is asked for, and of what is made of it."""
    digest = sha256(fingerprint(endpoint.schema).encode())
    for options in (endpoint.request, endpoint.fit):
        digest.update(options.model_dump_json().encode())
    digest.update(endpoint.path.source.encode())
    return digest.hexdigest()[:16]
