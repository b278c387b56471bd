"""Zip archives within limits: what one says of itself is a claim, what comes out of it counts."""

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from teamster.core.errors import ConfigError, UnreadableFile

CHUNK = 1 << 20

_RATIO_LIMIT = 500
_RATIO_MATTERS = 64 * 1024**2
"""Below this many bytes a high ratio is only a repetitive file."""

_DIRECTORY_BYTES = 1024
"""The most of an archive's directory that is read for each member it may have."""

_ENCRYPTED = 0x1
_DEFLATE64 = 9  # APPNOTE.TXT 6.3.10, 4.4.5; Windows writes it for files over 2 GiB
_LOCAL_HEADER = 30  # APPNOTE.TXT 6.3.10, 4.3.7, without the name
_SIZES = slice(18, 26)
_LARGEST_SIZE = 0xFFFFFFFE
_CORRUPT = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    UnicodeDecodeError,
)


@dataclass(frozen=True)
class Limits:
    """What an archive may be.

    Attributes:
        max_bytes: The most that its members unpack to, together.
        max_members: The most members that its directory lists.
        password_env: The environment variable that holds its password.
    """

    max_bytes: int = 20 * 1024**3
    max_members: int = 10_000
    password_env: str | None = None


@dataclass
class Budget:
    """What may still come out of one packed file.

    Attributes:
        packed: The file's size in bytes.
        max_bytes: The most that comes out of it.
        spent: What has come out so far.
    """

    packed: int
    max_bytes: int
    spent: int = 0

    def spend(self, name: str, chunks: Iterable[bytes], packed: int) -> Iterator[bytes]:
        """Hands on what comes out of a member, as long as it is within the limits.

        Args:
            name: What people call the member.
            chunks: Its bytes.
            packed: Its packed size.

        Raises:
            UnreadableFile: It is too much, alone or with what came before.
        """
        written = 0
        for chunk in chunks:
            written += len(chunk)
            self.spent += len(chunk)
            if self.spent > self.max_bytes:
                raise UnreadableFile(
                    f"{name} unpacks to more than it may ({self.max_bytes} bytes for all of a "
                    "file); raise max_unpacked_bytes if you trust it"
                )
            if _too_dense(written, packed) or _too_dense(self.spent, self.packed):
                raise UnreadableFile(
                    f"{name} unpacks to more than it may ({_RATIO_LIMIT} times its size), as only "
                    "what is meant to fill a disk does; ask the vendor to pack it in another way"
                )
            yield chunk


def _too_dense(written: int, packed: int) -> bool:
    return written > _RATIO_MATTERS and written > _RATIO_LIMIT * packed


class _WrongPassword(Exception):
    """A member is encrypted with another password."""


class Zip:
    """An opened archive; made by :func:`open_zip`.

    Attributes:
        name: What people call it.
        members: The files that its directory lists.
    """

    def __init__(self, archive: zipfile.ZipFile, file: IO[bytes], name: str, limits: Limits):
        self.name = name
        self.members = [info for info in archive.infolist() if not info.is_dir()]
        self._archive = archive
        self._file = file
        self._password_env = limits.password_env
        self._budget = Budget(file.seek(0, os.SEEK_END), limits.max_bytes)

    def unpacked(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Unpacks a member.

        Raises:
            UnreadableFile: It is corrupt, encrypted with another password or without one given, or
                unpacks to too much.
            ConfigError: The variable that should hold its password is not set.
        """
        name = f"{self.name}/{member.filename}"
        encrypted = bool(member.flag_bits & _ENCRYPTED)
        password = self._password(name) if encrypted else None
        by_stream = encrypted or member.compress_type == _DEFLATE64
        chunks = self._streamed(member, password) if by_stream else self._opened(member)
        try:
            yield from self._budget.spend(name, chunks, member.compress_size)
        except _WrongPassword:
            raise UnreadableFile(f"{name}: the password in {self._password_env} is wrong") from None
        except (*_CORRUPT, OSError) as error:
            doubt = f" (or the password in {self._password_env} is wrong)" if encrypted else ""
            raise UnreadableFile(
                f"{name} is corrupt or of an unknown kind{doubt}: {type(error).__name__}"
            ) from None

    def _password(self, name: str) -> bytes:
        if self._password_env is None:
            raise UnreadableFile(
                f"{name} is encrypted: set archive_password_env to the name of the environment "
                "variable that holds its password"
            )
        password = os.environ.get(self._password_env)
        if not password:
            raise ConfigError(
                f"{name} is encrypted, and the variable {self._password_env}, named by "
                "archive_password_env, is not set"
            )
        return password.encode()

    def _opened(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        with self._archive.open(member) as source:
            while chunk := source.read(CHUNK):
                yield chunk

    def _streamed(self, member: zipfile.ZipInfo, password: bytes | None) -> Iterator[bytes]:
        """Reads what the standard library does not, or decrypts a hundred times slower."""
        # Slow to import, and few archives need it.
        from stream_unzip import IncorrectPasswordError, UnzipError, stream_unzip

        try:
            for _, _, chunks in stream_unzip(self._from(member), password, CHUNK):
                yield from chunks
                return
        except IncorrectPasswordError:
            raise _WrongPassword from None
        except UnzipError as error:
            raise zipfile.BadZipFile(type(error).__name__) from None

    def _from(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Reads the archive from a member on, with the sizes that only its directory may know."""
        self._file.seek(member.header_offset)
        header = bytearray(self._file.read(_LOCAL_HEADER))
        sizes = (member.compress_size, member.file_size)
        if header[_SIZES] == bytes(8) and max(sizes) <= _LARGEST_SIZE:
            header[_SIZES] = struct.pack("<II", *sizes)
        yield bytes(header)
        while chunk := self._file.read(CHUNK):
            yield chunk


@contextmanager
def open_zip(
    file: IO[bytes], name: str, limits: Limits, kind: str = "zip archive"
) -> Iterator[Zip]:
    """Opens an archive.

    Args:
        file: The archive, seekable; only its directory is read at first.
        name: What people call it.
        limits: What it may be.
        kind: What its feed says it is.

    Raises:
        UnreadableFile: It is no zip archive, or has more members than it may.
    """
    bounded = _Bounded(file, max(CHUNK, _DIRECTORY_BYTES * limits.max_members))
    try:
        archive = zipfile.ZipFile(bounded)
    except _TooLong:
        raise _too_many(name, limits) from None
    except _CORRUPT as error:
        raise UnreadableFile(f"{name} is no readable {kind}: {error}") from None
    with archive:
        if len(archive.infolist()) > limits.max_members:
            raise _too_many(name, limits)
        yield Zip(archive, file, name, limits)


def _too_many(name: str, limits: Limits) -> UnreadableFile:
    return UnreadableFile(
        f"{name} lists more members than it may ({limits.max_members}); raise max_members if you "
        "trust it"
    )


class _TooLong(Exception):
    """More would be read at once than the directory may have."""


class _Bounded:
    """A file of which only so much is read at once: zipfile reads a directory whole."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._most = most
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            raise _TooLong
        return self._file.read(size)
