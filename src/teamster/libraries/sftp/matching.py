"""Remote files to a partition, and partitions to the files that are there."""

import difflib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from dagster import get_dagster_logger

from teamster.core.errors import NoMatchingFile, Permanent, SeveralMatchingFiles
from teamster.libraries.sftp.archives import member_names, spellings
from teamster.libraries.sftp.feed import Feed, PartitionValues
from teamster.libraries.ssh.files import Listing, RemoteFile
from teamster.libraries.ssh.session import SFTPSession

_NAMES_SHOWN = 8


def files_of_partition(
    feed: Feed, session: SFTPSession, values: PartitionValues
) -> list[RemoteFile]:
    """Lists and selects the remote files of a partition.

    Args:
        feed: The feed.
        session: Its server.
        values: The partition's values by dimension.

    Returns:
        At least one file: for ``select: all`` in the order of their paths.

    Raises:
        NoMatchingFile: There is none; the error names the nearest names seen.
        SeveralMatchingFiles: There are several where one is wanted; the error names them.
        NoSuchDirectory: The folder that all partitions share is not there.
    """
    listing = session.walk(feed.walk_spec(values))
    if listing.unreadable:
        get_dagster_logger().warning(
            "folders that the server refused to list: %s", _some(listing.unreadable)
        )
    files = [file for file in listing.files if _belongs(feed, file, values)]
    if not files:
        others = [*(file.path for file in listing.files), *listing.others]
        raise NoMatchingFile(_nothing_matches(feed, others, listing, values))
    return _selected(files, feed)


Present: TypeAlias = dict[str | None, list[RemoteFile]]
"""Partition key (None for an asset without partitions) -> its files, ordered by path."""


def partitions_present(feed: Feed, session: SFTPSession) -> Present:
    """Finds every partition of a feed that has a file on the server.

    Args:
        feed: The feed.
        session: Its server.

    Returns:
        What is there. Keys that the partitions definition does not have are left out, but for
        dynamic partitions.

    Raises:
        NoSuchDirectory: The folder that all partitions share is not there.
        UnreadableFile: An archive cannot be read.
    """
    (found,) = survey([feed], session)
    if isinstance(found, Permanent):
        raise found
    return found


def survey(feeds: Sequence[Feed], session: SFTPSession) -> list[Present | Permanent]:
    """Finds the partitions of several feeds of one server that have files there.

    Each folder is listed once, and each archive's directory read once, however many feeds look.

    Args:
        feeds: The feeds.
        session: Their server.

    Returns:
        For each feed, in their order, what is there, or why that cannot be told.
    """
    listings = session.walk_all([feed.walk_spec({}) for feed in feeds])
    members: dict[RemoteFile, list[str]] = {}

    def names(file: RemoteFile) -> list[str]:
        if file not in members:
            with session.open(file) as archive:
                members[file] = member_names(archive, file.name)
        return members[file]

    found: list[Present | Permanent] = []
    for feed, listing in zip(feeds, listings, strict=True):
        try:
            if isinstance(listing, Permanent):
                raise listing
            found.append(_present(feed, listing, names))
        except Permanent as error:
            found.append(error)
    return found


def _present(feed: Feed, listing: Listing, names: Callable[[RemoteFile], list[str]]) -> Present:
    present: Present = {}
    for file in listing.files:
        for values in _values_present(feed, file, names):
            if feed.knows(values):
                present.setdefault(feed.key_of_values(values), []).append(file)
    return present


def _values_present(
    feed: Feed, file: RemoteFile, names: Callable[[RemoteFile], list[str]]
) -> Iterator[PartitionValues]:
    in_path = feed.values_of_file(file)
    if in_path is None:
        return
    if feed.patterns.member is None:
        yield in_path
        return
    for name in names(file):
        parsed = map(feed.patterns.member.parse, spellings(name))
        in_member = next((values for values in parsed if values is not None), None)
        if in_member is not None:
            yield {**in_path, **in_member}


def _belongs(feed: Feed, file: RemoteFile, values: PartitionValues) -> bool:
    """Tells whether a file that the partition's patterns match carries no other value too."""
    if not values:
        return True
    found = feed.values_of_file(file)
    return found is not None and all(values[name] == value for name, value in found.items())


def _selected(files: Sequence[RemoteFile], feed: Feed) -> list[RemoteFile]:
    match feed.select:
        case "all":
            return sorted(files)
        case "newest":
            return [max(files, key=lambda file: (file.mtime, file.path))]
    if len(files) > 1:
        raise SeveralMatchingFiles(
            f"{len(files)} files match where one is wanted: "
            f"{_some(sorted(file.path for file in files))}; "
            "narrow remote_file_regex, or set select: newest or all"
        )
    return list(files)


def _nothing_matches(
    feed: Feed, others: Sequence[str], listing: Listing, values: PartitionValues
) -> str:
    wanted = (
        f"{feed.patterns.folder.bind(values).pattern}/{feed.patterns.file.bind(values).pattern}"
    )
    nearest = difflib.get_close_matches(wanted, others, n=_NAMES_SHOWN, cutoff=0.0)
    parts = [f"no file matches {wanted}"]
    parts.append(f"nearest seen: {_some(nearest)}" if nearest else "the folders there are empty")
    if listing.unreadable:
        parts.append(f"not readable: {_some(listing.unreadable)}")
    if listing.hostile:
        parts.append(f"{listing.hostile} names with control characters passed over")
    return "; ".join(parts)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"{shown} and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else shown
