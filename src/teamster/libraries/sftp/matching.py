"""The remote files of one partition."""

import difflib
from collections.abc import Sequence

from dagster import get_dagster_logger

from teamster.core.errors import NoMatchingFile, SeveralMatchingFiles
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
            "folders that the server refused to list: %s", some_names(listing.unreadable)
        )
    files = [file for file in listing.files if _belongs(feed, file, values)]
    if not files:
        others = [*(file.path for file in listing.files), *listing.others]
        raise NoMatchingFile(_nothing_matches(feed, others, listing, values))
    return _selected(files, feed)


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
            f"{some_names(sorted(file.path for file in files))}; "
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
    seen = f"nearest seen: {some_names(nearest)}" if nearest else "the folders there are empty"
    parts.append(seen)
    if listing.unreadable:
        parts.append(f"not readable: {some_names(listing.unreadable)}")
    if listing.hostile:
        parts.append(f"{listing.hostile} names with control characters passed over")
    return "; ".join(parts)


def some_names(names: Sequence[str]) -> str:
    """Returns the first few names, and how many more there are."""
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"{shown} and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else shown
