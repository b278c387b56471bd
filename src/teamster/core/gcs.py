"""Objects in Google Cloud Storage, by Google's own library.

Credentials are the Application Default Credentials. ``STORAGE_EMULATOR_HOST`` leads to an emulator,
without credentials; the library reads it.

A write names the generation that it replaces (``ifGenerationMatch``) and its checksum, so that
Cloud Storage itself refuses what came damaged or too late. What is read is one generation, in
ranges, so that no connection waits while rows are made of it.
"""

import os
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c
from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from upath import UPath

from teamster.core.gcs_errors import explained, no_bucket
from teamster.core.gcs_reading import encoded, open_generation
from teamster.core.stored import NOTHING, StoredObject, changed

RETRY = DEFAULT_RETRY.with_delay(initial=0.5, maximum=30).with_timeout(180)
"""How 408, 429, 5xx, resets and time-outs are tried again: with backoff and jitter, seconds."""

CHUNK = 32 << 20
"""Bytes of a large upload that are sent, and sent again, at once; they are held in memory."""

WRITE = "teamster-write"
"""The key of an object's metadata that tells which write it is of."""

_UPLOADS = 3
"""How often an upload is begun: its session may be lost (404, 410), or a byte damaged (400)."""

_LISTED = "items(name,generation,size,metadata),nextPageToken"


def stored(path: UPath) -> StoredObject | None:
    """Returns what lies at a path now, or None."""
    blob = _live(path)
    return _described(path, blob) if blob else None


def stored_under(folder: UPath, name: str) -> Iterator[StoredObject]:
    """Hands on the objects of one name below a folder, sorted by path: one request a thousand."""
    bucket, prefix = _address(folder)
    prefix = prefix and f"{prefix}/"
    with explained(folder):
        pages = _client().list_blobs(bucket, prefix=prefix, fields=_LISTED, retry=RETRY)
        for blob in pages:
            if blob.name.rpartition("/")[2] == name:
                yield _described(folder / blob.name.removeprefix(prefix), blob)


def open_object(path: UPath) -> BinaryIO:
    """Opens the generation of an object that is there now.

    Raises:
        FileNotFoundError: There is none.
    """
    blob = _live(path)
    if blob is None:
        raise FileNotFoundError(f"there is no object {path}")
    return open_generation(blob, path, RETRY)


def put(
    spooled: Path, target: UPath, replacing: str | None, metadata: Mapping[str, str] | None
) -> str:
    """Uploads a finished file; see :func:`teamster.core.storage.put_in_place`."""
    write = uuid.uuid4().hex
    notes = {**(metadata or {}), WRITE: write}
    checksum = _checksum(spooled)
    for begun in range(1, _UPLOADS + 1):
        with explained(target):
            try:
                return _upload(spooled, target, replacing, notes, checksum)
            except Exception as error:
                # The answer may have been lost, not the write: what was sent again then finds it.
                found = stored(target)
                if found and found.metadata.get(WRITE) == write:
                    return found.version
                if isinstance(error, PreconditionFailed):
                    raise changed(replacing) from None
                if begun == _UPLOADS or not _worth_another(error):
                    raise
    raise AssertionError("the last upload has returned or raised")


def _upload(
    spooled: Path, target: UPath, replacing: str | None, notes: Mapping[str, str], checksum: str
) -> str:
    blob = _blob(target)
    blob.chunk_size = CHUNK
    blob.metadata = notes
    blob.crc32c = checksum
    with spooled.open("rb") as file:
        blob.upload_from_file(
            file,
            size=spooled.stat().st_size,
            if_generation_match=None if replacing is None else int(replacing or 0),
            # Cloud Storage compares the checksum given above before there is an object. Of its own
            # the library would compare afterwards, and delete whatever is there then.
            checksum=None,
            retry=RETRY,
        )
    return str(blob.generation)


def _worth_another(error: Exception) -> bool:
    gone = isinstance(error, GoogleAPICallError) and error.code in (404, 410)
    return gone or isinstance(error, BadRequest)


def remove(target: UPath, replacing: str | None) -> None:
    """Removes an object; see :func:`teamster.core.storage.remove`."""
    if replacing == NOTHING:
        if stored(target):
            raise changed(replacing)
        return
    with explained(target):
        try:
            generation = None if replacing is None else int(replacing)
            _blob(target).delete(if_generation_match=generation, retry=RETRY)
        except NotFound:
            return
        except PreconditionFailed:
            if stored(target):  # else it is gone, perhaps by our own request, its answer lost
                raise changed(replacing) from None


def _described(path: UPath, blob: Any) -> StoredObject:
    return StoredObject(path, str(blob.generation), blob.size, blob.metadata or {})


def _checksum(spooled: Path) -> str:
    checksum = 0
    with spooled.open("rb") as file:
        while data := file.read(1 << 20):
            checksum = google_crc32c.extend(checksum, data)
    return encoded(checksum)


def _address(path: UPath) -> tuple[str, str]:
    bucket, _, name = path.path.partition("/")
    return bucket, name.rstrip("/")


def _live(path: UPath) -> Any:
    """Returns the library's object of what lies at a path now, or None."""
    blob = _blob(path)
    with explained(path):
        try:
            blob.reload(retry=RETRY)
        except NotFound:
            _check_bucket(_where(), blob.bucket.name)
            return None
    return blob


def _blob(path: UPath) -> Any:
    bucket, name = _address(path)
    return _client().bucket(bucket).blob(name)


def _client() -> Any:
    """Returns this process's client: connections must not be shared with a process forked off."""
    with explained(None):
        return _client_of(_where())


def _where() -> tuple[str | None, int]:
    return os.environ.get("STORAGE_EMULATOR_HOST"), os.getpid()


# Or the library asks in a thread of its own where each bucket lies, which takes another permission.
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")


@lru_cache(maxsize=4)
def _client_of(where: tuple[str | None, int]) -> Any:
    return storage.Client(project=None)  # objects belong to no project, only buckets do


@lru_cache(maxsize=64)
def _check_bucket(where: tuple[str | None, int], bucket: str) -> None:
    """Tells a bucket that is not there from one without the object: both are a 404."""
    client = _client_of(where)
    try:
        next(iter(client.list_blobs(bucket, max_results=1, fields=_LISTED, retry=RETRY)), None)
    except NotFound:
        raise no_bucket(bucket) from None
