"""One generation of a Cloud Storage object as a stream: ranges of it, one after the other."""

import base64
import io
from typing import Any, BinaryIO, cast

import google_crc32c
from google.api_core.exceptions import NotFound
from upath import UPath

from teamster.core.errors import ObjectChanged, ServerUnavailable
from teamster.core.gcs_errors import explained

FIRST_RANGE = 64 << 10
"""Bytes of the first range: an Avro header is all that some want."""

LARGEST_RANGE = 8 << 20
"""Bytes of the ranges that follow, each four times the one before until they are so large."""


def open_generation(blob: Any, path: UPath, retry: Any) -> BinaryIO:
    """Opens one generation of an object.

    Args:
        blob: The client library's object, as it was found.
        path: Its address, for people.
        retry: How a range is asked for again.
    """
    return cast(BinaryIO, io.BufferedReader(_Ranges(blob, path, retry), LARGEST_RANGE))


class _Ranges(io.RawIOBase):
    """Asks for the next range when it is wanted; no connection is kept meanwhile."""

    def __init__(self, blob: Any, path: UPath, retry: Any) -> None:
        self._found, self._path, self._retry = blob, path, retry
        self._checksum = 0
        self._checked = 0
        self._position = 0
        self._range = FIRST_RANGE

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._found.size}
        self._position = max(0, start[whence] + offset)
        return self._position

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(LARGEST_RANGE) or b"", b""))

    def readinto(self, buffer: Any) -> int:
        wanted: int = min(len(buffer), self._range, self._found.size - self._position)
        if wanted <= 0:
            return 0
        data = self._fetch(wanted)
        self._check(data)
        self._position += wanted
        self._range = min(self._range * 4, LARGEST_RANGE)
        buffer[:wanted] = data
        return wanted

    def _fetch(self, wanted: int) -> bytes:
        # A blob forgets its generation when a download's answer does not name it: a new one each.
        blob = self._found.bucket.blob(self._found.name, generation=self._found.generation)
        first = self._position
        with explained(self._path):
            try:
                data = blob.download_as_bytes(
                    start=first,
                    end=first + wanted - 1,
                    raw_download=True,
                    checksum=None,  # Cloud Storage knows none of a range
                    retry=self._retry,
                )
            except NotFound:
                raise ObjectChanged(
                    f"{self._path} was replaced or removed while it was read: run again; "
                    "with object versioning on the bucket, readers can finish"
                ) from None
        if len(data) != wanted:
            raise self._damaged()
        return cast(bytes, data)

    def _check(self, data: bytes) -> None:
        """Compares the checksum when all has been read from the start, in whatever pieces."""
        new = self._checked - self._position
        if not 0 <= new < len(data):  # read before, or beyond what was
            return
        self._checksum = google_crc32c.extend(self._checksum, data[new:])
        self._checked += len(data) - new
        whole = self._checked == self._found.size
        if whole and encoded(self._checksum) != self._found.crc32c:
            raise self._damaged()

    def _damaged(self) -> ServerUnavailable:
        return ServerUnavailable(f"{self._path} did not come as it is stored (CRC32C): run again")


def encoded(checksum: int) -> str:
    """Returns a CRC32C as Cloud Storage writes it.

    Source: Cloud Storage's JSON API, Objects, `crc32c`: big-endian, in base64.
    """
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()
