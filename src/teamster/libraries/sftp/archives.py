"""Zip archives and gzip files: which members there are, and unpacking within limits."""

import gzip
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from teamster.core.errors import NoMatchingFile, SeveralMatchingFiles, UnreadableFile
from teamster.core.paths import Pattern
from teamster.libraries.sftp.options import Select
from teamster.libraries.ssh.files import LocalFile

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_ENCRYPTED = 0x1
_CORRUPT = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError)
_RATIO_LIMIT = 500
_RATIO_MATTERS = 64 * 1024**2
"""Below this many bytes a high ratio is only a repetitive file."""


def member_names(archive: IO[bytes], name: str) -> list[str]:
    """Returns the names of an archive's files.

    Args:
        archive: The archive, seekable; only its directory is read.
        name: What people call it.

    Raises:
        UnreadableFile: It is no zip archive.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return [info.filename for info in opened.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        raise UnreadableFile(f"{name} is no readable zip archive: {error}") from None


def unpack(
    archive: LocalFile, pattern: Pattern, select: Select, spool: Path, max_bytes: int
) -> list[LocalFile]:
    """Unpacks the members that match into the spool, under names of our own.

    Args:
        archive: The fetched archive.
        pattern: Matches a member's whole name, or the last part of it.
        select: Of several members: fail unless one, the newest, or all in the order of their names.
        spool: A private folder.
        max_bytes: The largest member that is unpacked.

    Returns:
        At least one member.

    Raises:
        NoMatchingFile: No member matches; the error names those there are.
        SeveralMatchingFiles: Several match where one is wanted.
        UnreadableFile: The archive is corrupt, encrypted, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(archive.path) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
            chosen = _chosen(archive.name, infos, pattern, select)
            return [
                _unpack_one(archive, opened, info, spool / f"member-{number}", max_bytes)
                for number, info in enumerate(chosen)
            ]
    except _CORRUPT as error:
        raise UnreadableFile(f"{archive.name} is no readable zip archive: {error}") from None


def spellings(member: str) -> tuple[str, ...]:
    """Returns what a member pattern may match: the whole name, or the last part of it."""
    return tuple(dict.fromkeys((member, member.rpartition("/")[2])))


def _chosen(
    name: str, infos: Sequence[zipfile.ZipInfo], pattern: Pattern, select: Select
) -> list[zipfile.ZipInfo]:
    matching = [info for info in infos if any(map(pattern.fullmatch, spellings(info.filename)))]
    names = ", ".join(sorted(info.filename for info in matching or infos)[:20])
    if not matching:
        raise NoMatchingFile(
            f"{name}: no member matches {pattern.pattern}; there are: {names or 'none'}"
        )
    if select == "all":
        return sorted(matching, key=lambda info: info.filename)
    if select == "newest":
        return [max(matching, key=lambda info: (info.date_time, info.filename))]
    if len(matching) > 1:
        raise SeveralMatchingFiles(
            f"{name}: {len(matching)} members match where one is wanted: {names}; narrow "
            "archive_file_regex, or set select: newest or all"
        )
    return matching


def _unpack_one(
    archive: LocalFile, opened: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path, max_bytes: int
) -> LocalFile:
    member = replace(archive, path=place, member=info.filename)
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableFile(f"{member.name} is encrypted")
    with opened.open(info) as source:
        _copy_within_limits(source, member, info.compress_size, max_bytes)
    return member


def gunzipped(file: LocalFile, place: Path, max_bytes: int) -> LocalFile:
    """Unpacks a gzip file into the spool; any other file is returned as it is.

    Args:
        file: A fetched file. What it is is told by its first bytes, not by its name.
        place: Where to unpack it.
        max_bytes: The most that is unpacked.

    Raises:
        UnreadableFile: It is corrupt, or unpacks to too much.
    """
    with file.path.open("rb") as packed:
        if packed.read(len(_GZIP)) != _GZIP:
            return file
    unpacked = replace(file, path=place)
    try:
        with gzip.open(file.path) as source:
            _copy_within_limits(source, unpacked, file.path.stat().st_size, max_bytes)
    except _CORRUPT as error:
        raise UnreadableFile(f"{file.name} is no readable gzip file: {error}") from None
    return unpacked


def _copy_within_limits(
    source: IO[bytes] | gzip.GzipFile, target: LocalFile, packed_size: int, max_bytes: int
) -> None:
    written = 0
    with target.path.open("xb") as place:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            # The sizes that an archive states are claims; what comes out counts.
            too_dense = written > _RATIO_MATTERS and written > _RATIO_LIMIT * packed_size
            if written > max_bytes or too_dense:
                raise UnreadableFile(
                    f"{target.name} unpacks to more than it may ({max_bytes} bytes, or "
                    f"{_RATIO_LIMIT} times its size); raise max_unpacked_bytes if you trust it"
                )
            place.write(chunk)
