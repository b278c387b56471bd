"""Walks over remote folders that go only where a file can match, many folders at once."""

import asyncio
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import asyncssh

from teamster.core.errors import NoSuchDirectory, Permanent, PermissionRefused
from teamster.core.paths import Pattern
from teamster.libraries.ssh.files import Listing, RemoteFile
from teamster.libraries.ssh.remote import Remote, all_ended

_OTHERS_KEPT = 300
_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory)
_REFUSED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure)


@dataclass(frozen=True)
class WalkSpec:
    """Where to walk and what to take.

    Attributes:
        start: The folder to begin at; it must exist. Empty or ``.`` is the login folder.
        folders: Pattern of the folders whose files are wanted, without a trailing slash.
        files: Pattern of the files' names.
        exclude_dirs: Folder names never gone into.
    """

    start: str
    folders: Pattern
    files: Pattern
    exclude_dirs: Collection[str] = ()

    def may_lead_on(self, folder: str) -> bool:
        """Tells whether a folder below ``folder`` can match."""
        beginning = folder if folder in ("", "/") else f"{folder}/"
        return self.folders.fullmatch(beginning, partial=True) is not None


@dataclass(frozen=True)
class _Place:
    """A folder that a walk has come to.

    Attributes:
        path: The way to it, as the patterns see it.
        real: Its path without links: what tells it apart from every other folder.
        passed: The real paths of the folders on the way to it.
    """

    path: str
    real: str
    passed: frozenset[str] = frozenset()

    def below(self, name: str, real: str) -> "_Place":
        return _Place(self.join(name), real, self.passed | {self.real})

    def join(self, name: str) -> str:
        return _join(self.path, name) if self.path else name


@dataclass(frozen=True)
class _Entry:
    """A file or folder: of a link, what it leads to."""

    name: str
    real: str
    attrs: asyncssh.SFTPAttrs
    is_link: bool


@dataclass
class _Contents:
    """What a folder holds, and how many names were passed over."""

    entries: list[_Entry] = field(default_factory=list)
    hostile: int = 0


class _Folders:
    """The folders of one server. Walks that share it list each of them once between them."""

    def __init__(self, remote: Remote, max_listings: int) -> None:
        self.remote = remote
        self._in_flight = asyncio.Semaphore(max_listings)
        self._listed: dict[str, asyncio.Task[_Contents]] = {}

    async def contents(self, place: _Place) -> _Contents:
        if place.real not in self._listed:
            self._listed[place.real] = asyncio.create_task(self._list(place))
        return await self._listed[place.real]

    async def _list(self, place: _Place) -> _Contents:
        contents = _Contents()
        async with self._in_flight:
            for entry in await self.remote.entries(place.path or "."):
                name = str(entry.filename)
                if name in (".", ".."):
                    continue
                if not name or "/" in name or not name.isprintable():
                    contents.hostile += 1
                    continue
                known = await self._resolved(place, name, entry.attrs)
                if known is not None:
                    contents.entries.append(known)
        return contents

    async def _resolved(self, place: _Place, name: str, attrs: asyncssh.SFTPAttrs) -> _Entry | None:
        if not stat.S_ISLNK(attrs.permissions or 0):
            return _Entry(name, _join(place.real, name), attrs, is_link=False)
        path = place.join(name)
        try:
            real = await self.remote.real_path(path)
            return _Entry(name, real, await self.remote.stat(path), is_link=True)
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection):
            raise
        except asyncssh.SFTPError:  # a dangling link, or one that leads to itself
            return None


@dataclass
class _Walk:
    """One walk; see :func:`walk_all`."""

    folders: _Folders
    spec: WalkSpec
    root: str = ""
    listing: Listing = field(default_factory=Listing)

    async def run(self) -> Listing | Permanent:
        start = self.spec.start or "."
        try:
            self.root = await self.folders.remote.real_path(start)
            await self._folder(_Place(self.spec.start, self.root))
        except _MISSING:
            return NoSuchDirectory(
                f"there is no folder {start} on the server; check remote_dir_regex, or ask the "
                "vendor whether it moved"
            )
        except _REFUSED as error:
            return PermissionRefused(f"folder {start}: {error.reason}")
        self.listing.files.sort()
        return self.listing

    async def _folder(self, place: _Place) -> None:
        contents = await self.folders.contents(place)
        self.listing.hostile += contents.hostile
        wanted = self.spec.folders.fullmatch(place.path) is not None
        below = [self._entry(place, entry, wanted) for entry in contents.entries]
        await all_ended(self._subfolder(folder) for folder in below if folder is not None)

    async def _subfolder(self, place: _Place) -> None:
        try:
            await self._folder(place)
        except _REFUSED:
            self.listing.unreadable.append(place.path)
        except _MISSING:
            pass  # gone between its parent's listing and its own

    def _entry(self, place: _Place, entry: _Entry, wanted: bool) -> _Place | None:
        """Takes note of a file; returns a folder if the walk goes on there."""
        if entry.is_link and not _join(entry.real, "").startswith(_join(self.root, "")):
            return None
        mode = entry.attrs.permissions or stat.S_IFREG
        if stat.S_ISDIR(mode):
            return self._step_into(place.below(entry.name, entry.real), entry.name)
        if not stat.S_ISREG(mode):
            return None
        path = place.join(entry.name)
        if wanted and self.spec.files.fullmatch(entry.name):
            self.listing.files.append(RemoteFile.of(path, entry.attrs))
        else:
            self._other(path)
        return None

    def _step_into(self, place: _Place, name: str) -> _Place | None:
        # A link to a folder on the way to it would lead round in a circle.
        if name in self.spec.exclude_dirs or place.real in place.passed:
            return None
        if self.spec.may_lead_on(place.path) or self.spec.folders.fullmatch(place.path):
            return place
        self._other(f"{place.path}/")
        return None

    def _other(self, path: str) -> None:
        if len(self.listing.others) < _OTHERS_KEPT:
            self.listing.others.append(path)


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


async def walk_all(
    remote: Remote, specs: Sequence[WalkSpec], max_listings: int
) -> list[Listing | Permanent]:
    """Lists the files that match each spec, going only into folders that still can.

    Args:
        remote: An open connection.
        specs: Where to walk and what to take. A folder that several want is listed once.
        max_listings: How many folders are listed at once.

    Returns:
        For each spec, in their order, its listing; in place of it a ``NoSuchDirectory`` if its
        start folder is not there, or a ``PermissionRefused`` if that may not be listed.
    """
    folders = _Folders(remote, max_listings)
    return await all_ended(_Walk(folders, spec).run() for spec in specs)
