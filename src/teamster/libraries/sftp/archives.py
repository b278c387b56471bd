"""Members of zip archives, and gzip files: which there are, and unpacking them into the spool."""

import gzip
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from teamster.core.errors import NoMatchingFile, SeveralMatchingFiles, UnreadableFile
from teamster.core.paths import Pattern
from teamster.libraries.sftp.options import Select
from teamster.libraries.sftp.zips import CHUNK, Budget, Limits, open_zip
from teamster.libraries.ssh.files import LocalFile

_GZIP = b"\x1f\x8b"


def member_names(archive: IO[bytes], name: str, max_members: int = Limits.max_members) -> list[str]:
    """Returns the names of an archive's files.

    Args:
        archive: The archive, seekable; only its directory is read.
        name: What people call it.
        max_members: The most that it may list.

    Raises:
        UnreadableFile: It is no zip archive, or lists too many members.
    """
    with open_zip(archive, name, Limits(max_members=max_members)) as opened:
        return [member.filename for member in opened.members]


def unpack(
    archive: LocalFile, pattern: Pattern, select: Select, spool: Path, limits: Limits
) -> list[LocalFile]:
    """Unpacks the members that match into the spool, under names of our own.

    Args:
        archive: The fetched archive.
        pattern: Matches a member's whole name, or the last part of it.
        select: Of several members: fail unless one, the newest, or all in the order of their names.
        spool: A private folder.
        limits: What the archive may be.

    Returns:
        At least one member.

    Raises:
        NoMatchingFile: No member matches; the error names those there are.
        SeveralMatchingFiles: Several match where one is wanted.
        UnreadableFile: The archive is corrupt, encrypted with another password or without one
            given, lists too many members, or unpacks to too much.
        ConfigError: The variable that should hold its password is not set.
    """
    members: list[LocalFile] = []
    with archive.path.open("rb") as file, open_zip(file, archive.name, limits) as opened:
        for number, info in enumerate(_chosen(archive.name, opened.members, pattern, select)):
            member = replace(archive, path=spool / f"member-{number}", member=info.filename)
            _write(member.path, opened.unpacked(info))
            members.append(member)
    return members


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
    size = file.path.stat().st_size
    try:
        _write(place, Budget(size, max_bytes).spend(file.name, _gunzip(file.path), size))
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UnreadableFile(f"{file.name} is no readable gzip file: {error}") from None
    return replace(file, path=place)


def _gunzip(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _write(place: Path, chunks: Iterable[bytes]) -> None:
    with place.open("xb") as target:
        target.writelines(chunks)
