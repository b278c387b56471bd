"""A walk over remote folders that goes only where a file can match, many folders at once."""

import asyncio
import stat
from collections.abc import Collection
from dataclasses import dataclass, field

import asyncssh

from teamster.core.errors import NoSuchDirectory, PermissionRefused
from teamster.core.paths import Pattern
from teamster.libraries.ssh.files import Listing, RemoteFile

_OTHERS_KEPT = 300
_LOGIN = ("", ".")


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
class Walk:
    """One walk; see :func:`walk`."""

    sftp: asyncssh.SFTPClient
    spec: WalkSpec
    in_flight: asyncio.Semaphore
    listing: Listing = field(default_factory=Listing)
    root: str = ""
    visited: set[str] = field(default_factory=set)

    async def run(self) -> Listing:
        """Walks from the start and returns what was found."""
        start = self.spec.start or "."
        try:
            self.root = str(await self.sftp.realpath(start))
            await self._folder(self.spec.start, is_start=True)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory):
            raise NoSuchDirectory(
                f"there is no folder {start} on the server; check remote_dir_regex, or ask the "
                "vendor whether it moved"
            ) from None
        self.listing.files.sort()
        return self.listing

    async def _folder(self, folder: str, *, is_start: bool = False) -> None:
        try:
            async with self.in_flight:
                entries = [entry async for entry in self.sftp.scandir(folder or ".")]
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure) as error:
            if is_start:
                raise PermissionRefused(f"folder {folder or '.'}: {error.reason}") from None
            self.listing.unreadable.append(folder)
            return
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            if is_start:
                raise
            return  # gone between its parent's listing and its own
        wanted = self.spec.folders.fullmatch(folder) is not None
        below = [await self._entry(folder, entry, wanted) for entry in entries]
        await asyncio.gather(*(self._folder(path) for path in below if path is not None))

    async def _entry(self, folder: str, entry: asyncssh.SFTPName, wanted: bool) -> str | None:
        """Takes note of a file; returns a folder's path if the walk goes on there."""
        name = str(entry.filename)
        if name in (".", ".."):
            return None
        if "/" in name or not name.isprintable():
            self.listing.hostile += 1
            return None
        path = f"/{name}" if folder == "/" else f"{folder}/{name}" if folder else name
        attrs = await self._target(path, entry.attrs)
        if attrs is None:
            return None
        if stat.S_ISDIR(attrs.permissions or 0):
            return self._step_into(path, name)
        if not stat.S_ISREG(attrs.permissions or stat.S_IFREG):
            return None
        if wanted and self.spec.files.fullmatch(name):
            self.listing.files.append(RemoteFile.of(path, attrs))
        elif len(self.listing.others) < _OTHERS_KEPT:
            self.listing.others.append(path)
        return None

    def _step_into(self, path: str, name: str) -> str | None:
        if name in self.spec.exclude_dirs:
            return None
        if self.spec.may_lead_on(path) or self.spec.folders.fullmatch(path):
            return path
        if len(self.listing.others) < _OTHERS_KEPT:
            self.listing.others.append(f"{path}/")
        return None

    async def _target(self, path: str, attrs: asyncssh.SFTPAttrs) -> asyncssh.SFTPAttrs | None:
        """Returns what an entry is, or what a link inside the start folder leads to."""
        if not stat.S_ISLNK(attrs.permissions or 0):
            return attrs
        try:
            real = str(await self.sftp.realpath(path))
            if not f"{real}/".startswith(f"{self.root.rstrip('/')}/") or real in self.visited:
                return None
            target = await self.sftp.stat(path)
        except asyncssh.SFTPError:  # a dangling link, or one that turns in a circle
            return None
        if stat.S_ISDIR(target.permissions or 0):
            self.visited.add(real)
        return target


async def walk(sftp: asyncssh.SFTPClient, spec: WalkSpec, max_listings: int) -> Listing:
    """Lists the files that match, going only into folders that still can.

    Args:
        sftp: An open SFTP client.
        spec: Where to walk and what to take.
        max_listings: How many folders are listed at once.

    Raises:
        NoSuchDirectory: The start folder is not there.
        PermissionRefused: The start folder may not be listed.
    """
    return await Walk(sftp, spec, asyncio.Semaphore(max_listings)).run()
