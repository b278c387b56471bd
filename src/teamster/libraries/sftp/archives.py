"""Zip archives: which members there are, and unpacking one within limits."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from teamster.core.errors import NoMatchingFile, SeveralMatchingFiles, UnreadableFile
from teamster.core.paths import Pattern
from teamster.libraries.sftp.options import Select
from teamster.libraries.ssh.files import LocalFile

_CHUNK = 1 << 20
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
    except zipfile.BadZipFile as error:
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
    if info.flag_bits & 0x1:
        raise UnreadableFile(f"{archive.name}/{info.filename} is encrypted")
    written = 0
    with opened.open(info) as source, place.open("xb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            # The sizes that the archive states are claims; what comes out counts.
            too_dense = written > _RATIO_MATTERS and written > _RATIO_LIMIT * info.compress_size
            if written > max_bytes or too_dense:
                raise UnreadableFile(
                    f"{archive.name}/{info.filename} unpacks to more than it may "
                    f"({max_bytes} bytes, or {_RATIO_LIMIT} times its size); raise "
                    "max_unpacked_bytes if you trust it"
                )
            target.write(chunk)
    return LocalFile(place, archive.remote, archive.sha256, member=info.filename)
