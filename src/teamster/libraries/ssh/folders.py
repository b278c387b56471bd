"""The folders of one server, listed once however many walks want them."""

import asyncio
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncssh

from teamster.libraries.ssh.remote import Remote

NAMES_KEPT = 10_000
"""How many names of files that nobody wants are kept of a folder or a walk, to tell of them."""


def join_path(folder: str, name: str) -> str:
    """Returns the path of a name in a folder."""
    return f"{folder.rstrip('/')}/{name}"


@dataclass(frozen=True)
class Place:
    """A folder that a walk has come to.

    Attributes:
        path: The way to it, as the patterns see it.
        real: Its path without links: what tells it apart from every other folder.
        passed: The real paths of the folders on the way to it.
    """

    path: str
    real: str
    passed: frozenset[str] = frozenset()

    def below(self, name: str, real: str) -> "Place":
        """Returns a folder in this one."""
        return Place(self.join(name), real, self.passed | {self.real})

    def join(self, name: str) -> str:
        """Returns the path of a name in this folder."""
        return join_path(self.path, name) if self.path else name


@dataclass(frozen=True)
class Entry:
    """A file or folder: of a link, what it leads to."""

    name: str
    real: str
    attrs: asyncssh.SFTPAttrs
    is_link: bool

    @property
    def mode(self) -> int:
        """The permission bits that tell a folder from a file; a file where the server is silent."""
        return self.attrs.permissions or stat.S_IFREG


@dataclass
class Contents:
    """What a folder holds.

    Attributes:
        entries: Folders, and files that some walk may want.
        unwanted: Names of files that no walk wants, :data:`NAMES_KEPT` at most.
        unwanted_count: How many there are.
        hostile: How many names were passed over for what is in them.
    """

    entries: list[Entry] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    unwanted_count: int = 0
    hostile: int = 0


class Folders:
    """The folders of one server. Walks that share it list each of them once between them.

    Memory is taken by what some walk may want only: a folder of a million other files costs no
    more than an empty one.

    Args:
        remote: An open connection.
        max_listings: How many folders are listed at once.
        is_wanted: Tells of a file's name whether any walk may want it.
    """

    def __init__(self, remote: Remote, max_listings: int, is_wanted: Callable[[str], bool]) -> None:
        self.remote = remote
        self._is_wanted = is_wanted
        self._in_flight = asyncio.Semaphore(max_listings)
        self._listed: dict[str, asyncio.Task[Contents]] = {}

    async def contents(self, place: Place) -> Contents:
        """Returns what a folder holds, asking the server once."""
        if place.real not in self._listed:
            self._listed[place.real] = asyncio.create_task(self._list(place))
        return await self._listed[place.real]

    async def _list(self, place: Place) -> Contents:
        contents = Contents()
        links: list[asyncssh.SFTPName] = []
        async with self._in_flight:
            async for entry in self.remote.entries(place.path or "."):
                name = str(entry.filename)
                if name in (".", ".."):
                    continue
                if not name or "/" in name or not name.isprintable():
                    contents.hostile += 1
                elif stat.S_ISLNK(entry.attrs.permissions or 0):
                    links.append(entry)
                else:
                    real = join_path(place.real, name)
                    self._take(contents, Entry(name, real, entry.attrs, is_link=False))
            for link in links:
                followed = await self._followed(place, str(link.filename))
                if followed is not None:
                    self._take(contents, followed)
        return contents

    def _take(self, contents: Contents, entry: Entry) -> None:
        if not stat.S_ISREG(entry.mode) or self._is_wanted(entry.name):
            contents.entries.append(entry)
            return
        contents.unwanted_count += 1
        if len(contents.unwanted) < NAMES_KEPT and not entry.is_link:
            contents.unwanted.append(entry.name)

    async def _followed(self, place: Place, name: str) -> Entry | None:
        path = place.join(name)
        try:
            real = await self.remote.real_path(path)
            return Entry(name, real, await self.remote.stat(path), is_link=True)
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection):
            raise
        except asyncssh.SFTPError:  # a dangling link, or one that leads to itself
            return None
