"""What a server holds for its feeds: each partition that has files, and what no feed takes."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeAlias

import regex

from teamster.core.errors import NoMatchingFile, Permanent, PermissionRefused, UnreadableFile
from teamster.core.paths import Pattern
from teamster.libraries.sftp.archives import member_names, spellings
from teamster.libraries.sftp.feed import Feed, PartitionValues
from teamster.libraries.ssh.files import Listing, RemoteFile
from teamster.libraries.ssh.session import SFTPSession

Present: TypeAlias = dict[str | None, list[RemoteFile]]
"""Partition key (None for an asset without partitions) -> its files, ordered by path."""

Takers: TypeAlias = Sequence[tuple[Pattern, Pattern]]
"""Patterns of the folder and of the file's name, for each feed."""

_READERS = 8
"""Archives whose directories are read at once."""

_UPLOADING = regex.compile(r"\..*|.*(\.part|\.partial|\.filepart|\.tmp|\.temp|\.crdownload|~)")
"""Names by which programs hide what they have not finished."""


@dataclass
class Found:
    """What a server holds for one feed.

    Attributes:
        partitions: Each partition that has a file. Keys that the partitions definition does not
            have are left out, but for dynamic partitions.
        unmatched: Files in the feed's folders that no feed takes, and folders, with a ``/`` at the
            end, of partitions that are not defined. Some thousands at most.
        unmatched_not_kept: How many more files there are.
        unreadable: Folders that the server refused to list, and archives that are none.
        without_member: Archives that hold no member of the feed's.
        hostile: How many names were passed over for what is in them.
    """

    partitions: Present = field(default_factory=dict)
    unmatched: list[str] = field(default_factory=list)
    unmatched_not_kept: int = 0
    unreadable: list[str] = field(default_factory=list)
    without_member: list[str] = field(default_factory=list)
    hostile: int = 0

    @property
    def newest(self) -> RemoteFile | None:
        """The file that was changed last."""
        files = [file for files in self.partitions.values() for file in files]
        return max(files, key=lambda file: (file.mtime, file.path), default=None)


class Directories:
    """The members' names of archives, each read once: from survey to survey while it is unchanged.

    A half-uploaded archive has no directory yet, for that is at its end: it counts as unreadable
    until it has changed.
    """

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._read: dict[str, tuple[RemoteFile, Sequence[str] | None]] = {}

    def read(
        self,
        session: SFTPSession,
        archives: Iterable[RemoteFile],
        max_members: int,
        deadline: float | None,
    ) -> None:
        """Reads what is not known yet, several at once, until the deadline.

        Args:
            session: The archives' server.
            archives: As they are listed now.
            max_members: An archive that lists more counts as unreadable.
            deadline: When to stop, by ``time.monotonic``.

        Raises:
            ServerUnavailable: The server did not answer.
        """
        missing = sorted(archive for archive in set(archives) if archive not in self)
        if not missing:
            return
        with ThreadPoolExecutor(_READERS, thread_name_prefix="directories") as pool:
            reading = {pool.submit(_names_in, session, file, max_members): file for file in missing}
            seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
            done, late = wait(reading, seconds)
            for future in late:
                future.cancel()
        for future in done:
            self._read[reading[future].path] = (reading[future], future.result())

    def __contains__(self, archive: RemoteFile) -> bool:
        """Tells whether an archive's directory was read, and is still the same."""
        return archive.path in self._read and self._read[archive.path][0] == archive

    def __getitem__(self, archive: RemoteFile) -> Sequence[str] | None:
        """Returns the members' names of an archive that was read, or None if it is unreadable."""
        return self._read[archive.path][1]


def _names_in(session: SFTPSession, file: RemoteFile, max_members: int) -> Sequence[str] | None:
    try:
        with session.open(file) as archive:
            return member_names(archive, file.name, max_members)
    except (UnreadableFile, PermissionRefused):
        return None
    except NoMatchingFile:  # gone since it was listed
        return ()


def survey(
    feeds: Sequence[Feed],
    session: SFTPSession,
    *,
    deadline: float | None = None,
    directories: Directories | None = None,
    others: Sequence[Feed] = (),
) -> list[Found | Permanent | None]:
    """Finds what a server holds for its feeds.

    Each folder is listed once, and each archive's directory read once, however many feeds look.

    Args:
        feeds: The feeds of one server.
        session: Their server.
        deadline: When to stop, by ``time.monotonic``.
        directories: What is known of archives from an earlier survey of this server.
        others: Further feeds of the server: a file that one of them takes is not unmatched.

    Returns:
        For each feed, in their order, what is there, or why that cannot be told, or None if time
        ran out.

    Raises:
        TeamsterError: The server cannot be reached, or does not let us in.
    """
    directories = directories or Directories()
    seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
    specs = [feed.walk_spec({}) for feed in feeds]
    listings = session.walk_all(specs, seconds)
    max_members = max((feed.read.max_members for feed in feeds), default=0)
    directories.read(session, _archives(feeds, listings), max_members, deadline)
    own = {feed.asset_key for feed in feeds}
    specs += [feed.walk_spec({}) for feed in others if feed.asset_key not in own]
    takers = list({(spec.folders, spec.files) for spec in specs})
    return [
        _found(feed, listing, directories, takers) if isinstance(listing, Listing) else listing
        for feed, listing in zip(feeds, listings, strict=True)
    ]


def partitions_present(feed: Feed, session: SFTPSession) -> Present:
    """Finds every partition of a feed that has a file on the server.

    Args:
        feed: The feed.
        session: Its server.

    Raises:
        NoSuchDirectory: The folder that all partitions share is not there.
    """
    (found,) = survey([feed], session)
    if isinstance(found, Permanent):
        raise found
    assert found is not None  # without a deadline every survey ends
    return found.partitions


def _archives(
    feeds: Sequence[Feed], listings: Sequence[Listing | Permanent | None]
) -> Iterator[RemoteFile]:
    for feed, listing in zip(feeds, listings, strict=True):
        if feed.patterns.member is not None and isinstance(listing, Listing):
            yield from (file for file in listing.files if feed.values_of_file(file) is not None)


def _found(feed: Feed, listing: Listing, directories: Directories, takers: Takers) -> Found | None:
    found = Found(unreadable=list(listing.unreadable), hostile=listing.hostile)
    for file in listing.files:
        in_path = feed.values_of_file(file)
        if in_path is None:
            continue
        if feed.patterns.member is not None and file not in directories:
            return None  # time ran out
        for values in _values_present(feed, file, in_path, directories, found):
            if feed.knows(values):
                found.partitions.setdefault(feed.key_of_values(values), []).append(file)
    _note_unmatched(feed, listing, takers, found)
    return found


def _values_present(
    feed: Feed,
    file: RemoteFile,
    in_path: PartitionValues,
    directories: Directories,
    found: Found,
) -> Iterator[PartitionValues]:
    """Yields the partitions of which a file holds something."""
    member = feed.patterns.member
    if member is None:
        yield in_path
        return
    names = directories[file]
    if names is None:
        found.unreadable.append(file.path)
        if not feed.patterns.in_member:
            yield in_path  # its run says what is wrong, once the file is settled
        return
    in_members = [
        next((values for values in map(member.parse, spellings(name)) if values is not None), None)
        for name in names
    ]
    if not any(values is not None for values in in_members):
        found.without_member.append(file.path)
    yield from _distinct({**in_path, **values} for values in in_members if values is not None)


def _distinct(given: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return list({tuple(sorted(values.items())): values for values in given}.values())


def _note_unmatched(feed: Feed, listing: Listing, takers: Takers, found: Found) -> None:
    ignored = [regex.compile(source) for source in feed.match.ignore_files]

    def may_be_missed(path: str) -> bool:
        name = path.rpartition("/")[2]
        return not (_UPLOADING.fullmatch(name) or any(each.fullmatch(name) for each in ignored))

    def is_taken(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        return any(
            folders.fullmatch(folder or path[:1]) and files.fullmatch(name)
            for folders, files in takers
        )

    found.unmatched = [
        path for path in listing.beside if may_be_missed(path) and not is_taken(path)
    ]
    undefined = feed.patterns.folder.as_written
    found.unmatched += [
        f"{path}/"
        for path in listing.not_entered
        if undefined.fullmatch(path) and may_be_missed(path)
    ]
    found.unmatched_not_kept = listing.beside_not_kept
