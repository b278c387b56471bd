"""The files of a run on their way to its reader: fetched, unpacked, and removed once read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

from teamster.libraries.sftp.archives import gunzipped, unpack
from teamster.libraries.sftp.feed import Feed, PartitionValues
from teamster.libraries.sftp.inspecting import inspect_archive
from teamster.libraries.sftp.matching import files_of_partition
from teamster.libraries.ssh.files import LocalFile, RemoteFile
from teamster.libraries.ssh.session import SFTPSession


def arriving_files(
    feed: Feed, session: SFTPSession, values: PartitionValues, spool: Path, resources: ExitStack
) -> Iterable[LocalFile]:
    """Gives the files of a partition, unpacked, in order.

    They are read while those behind them are still fetched, and each is removed once it was read.
    All are fetched and unpacked first where a file or member that is not there ends the run without
    an output: that must be known before the output begins.

    Args:
        feed: The feed.
        session: Its server. The connection is closed when the last file is here.
        values: The partition's values by dimension.
        spool: A private folder.
        resources: Gets what is to be closed when the files are done with, before the session.

    Returns:
        The files, of which the first is here.

    Raises:
        NoMatchingFile: There is none, or the first has vanished or lacks the member.
        TeamsterError: See ``teamster.core.errors``. What is the matter with a file behind the first
            is raised in its turn, unless all are fetched first.
    """
    remote = files_of_partition(feed, session, values)
    all_first = feed.match.when_missing == "skip" or feed.look is not None
    fetched: Iterable[LocalFile]
    if all_first or len(remote) == 1:
        fetched = session.fetch(remote, spool)
        session.close()
    else:
        arriving = resources.enter_context(session.fetching(remote, spool))
        fetched = _until_the_last(remote, arriving, session.close)
    unpacked = _unpacked(feed, fetched, values, spool)
    files = _removing(list(unpacked) if all_first else unpacked)
    return chain([next(files)], files)


def _until_the_last(
    remote: Sequence[RemoteFile], arriving: Iterable[LocalFile], close: Callable[[], None]
) -> Iterator[LocalFile]:
    for number, file in enumerate(arriving, start=1):
        if number == len(remote):
            close()
        yield file


def _removing(files: Iterable[LocalFile]) -> Iterator[LocalFile]:
    for file in files:
        yield file
        file.path.unlink()


def _unpacked(
    feed: Feed, files: Iterable[LocalFile], values: PartitionValues, spool: Path
) -> Iterator[LocalFile]:
    limits = feed.read.limits
    if feed.patterns.member is None:
        for number, file in enumerate(files):
            yield gunzipped(file, spool / f"gunzipped-{number}", limits.max_bytes)
        return
    pattern = feed.patterns.member.bind(values)
    for number, archive in enumerate(files):
        if feed.look is not None:
            inspect_archive(archive, feed.look, pattern, limits)
        folder = spool / f"archive-{number}"
        folder.mkdir()
        yield from unpack(archive, pattern, feed.select, folder, limits)
