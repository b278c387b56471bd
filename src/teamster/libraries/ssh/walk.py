"""Walks over remote folders that go only where a file can match, many folders at once."""

import asyncio
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import asyncssh

from teamster.core.errors import NoSuchDirectory, Permanent, PermissionRefused
from teamster.core.paths import Pattern
from teamster.libraries.ssh.files import Listing, RemoteFile
from teamster.libraries.ssh.folders import (
    NAMES_KEPT,
    Contents,
    Entry,
    Folders,
    Place,
    join_path,
)
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


@dataclass
class _Walk:
    """One walk; see :func:`walk_all`."""

    folders: Folders
    spec: WalkSpec
    root: str = ""
    listing: Listing = field(default_factory=Listing)

    async def run(self) -> Listing | Permanent:
        start = self.spec.start or "."
        server = self.folders.remote.server
        try:
            self.root = await self.folders.remote.real_path(start)
            await self._folder(Place(self.spec.start, self.root))
        except _MISSING:
            return NoSuchDirectory(
                f"{server}: there is no folder {start}; check remote_dir_regex, or ask the "
                "vendor whether it moved"
            )
        except _REFUSED as error:
            return PermissionRefused(f"{server}: folder {start}: {error.reason}")
        self.listing.files.sort()
        return self.listing

    async def _folder(self, place: Place) -> None:
        contents = await self.folders.contents(place)
        self.listing.hostile += contents.hostile
        wanted = self.spec.folders.fullmatch(place.path) is not None
        for name in contents.unwanted[:_OTHERS_KEPT]:
            self._other(place.join(name))
        if wanted:
            self._beside(place, contents)
        below = [self._entry(place, entry, wanted) for entry in contents.entries]
        await all_ended(self._subfolder(folder) for folder in below if folder is not None)

    async def _subfolder(self, place: Place) -> None:
        try:
            await self._folder(place)
        except _REFUSED:
            self.listing.unreadable.append(place.path)
        except _MISSING:
            pass  # gone between its parent's listing and its own

    def _entry(self, place: Place, entry: Entry, wanted: bool) -> Place | None:
        """Takes note of a file; returns a folder if the walk goes on there."""
        if entry.is_link and not join_path(entry.real, "").startswith(join_path(self.root, "")):
            return None
        if stat.S_ISDIR(entry.mode):
            return self._step_into(place.below(entry.name, entry.real), entry.name)
        if not stat.S_ISREG(entry.mode):
            return None
        path = place.join(entry.name)
        if wanted and self.spec.files.fullmatch(entry.name):
            self.listing.files.append(RemoteFile.of(path, entry.attrs))
        else:
            self._other(path)
            if wanted:
                self.listing.beside.append(path)
        return None

    def _step_into(self, place: Place, name: str) -> Place | None:
        # A link to a folder on the way to it would lead round in a circle.
        if name in self.spec.exclude_dirs or place.real in place.passed:
            return None
        if self.spec.may_lead_on(place.path) or self.spec.folders.fullmatch(place.path):
            return place
        self._other(f"{place.path}/")
        if len(self.listing.not_entered) < NAMES_KEPT:
            self.listing.not_entered.append(place.path)
        return None

    def _other(self, path: str) -> None:
        if len(self.listing.others) < _OTHERS_KEPT:
            self.listing.others.append(path)

    def _beside(self, place: Place, contents: Contents) -> None:
        kept = contents.unwanted[: max(0, NAMES_KEPT - len(self.listing.beside))]
        self.listing.beside += map(place.join, kept)
        self.listing.beside_not_kept += contents.unwanted_count - len(kept)


async def walk_all(
    remote: Remote, specs: Sequence[WalkSpec], max_listings: int, seconds: float | None = None
) -> list[Listing | Permanent | None]:
    """Lists the files that match each spec, going only into folders that still can.

    Args:
        remote: An open connection.
        specs: Where to walk and what to take. A folder that several want is listed once.
        max_listings: How many folders are listed at once.
        seconds: Walks that have not ended by then are given up, and the connection with them.

    Returns:
        For each spec, in their order, its listing; in place of it a ``NoSuchDirectory`` if its
        start folder is not there, a ``PermissionRefused`` if that may not be listed, or None if
        time ran out.
    """
    patterns = {spec.files for spec in specs}
    folders = Folders(
        remote, max_listings, lambda name: any(pattern.fullmatch(name) for pattern in patterns)
    )
    walks = [asyncio.ensure_future(_Walk(folders, spec).run()) for spec in specs]
    _, late = await asyncio.wait(walks, timeout=seconds) if walks else (None, set())
    if late:
        remote.cut()  # first: a cancelled call would wait for the server to close its handle
        for walk in late:
            walk.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return [None if walk in late else walk.result() for walk in walks]
