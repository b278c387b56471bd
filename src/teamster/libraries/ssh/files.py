"""What a listing says of a remote file, and what a download leaves of it here."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # slow to import, and files are read without a server too
    import asyncssh


@dataclass(frozen=True, order=True)
class RemoteFile:
    """A file on the server: its identity is path, size and modification time.

    Attributes:
        path: The path as the server's user sees it.
        size: Bytes.
        mtime: Modification time, UTC, to the second.
    """

    path: str
    size: int
    mtime: datetime

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @classmethod
    def of(cls, path: str, attrs: "asyncssh.SFTPAttrs") -> "RemoteFile":
        """Makes one of a path and what the server says of it."""
        return cls(path, attrs.size or 0, datetime.fromtimestamp(attrs.mtime or 0, UTC))


@dataclass(frozen=True)
class Content:
    """A remote file's bytes as they were fetched.

    Attributes:
        path: Where they lie here.
    """

    path: Path

    @cached_property
    def sha256(self) -> str:
        """Their hash, in hex; computed when someone asks, and once."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class LocalFile:
    """A remote file, or a member of a remote archive, in the private spool.

    Attributes:
        path: Where it lies here: a name of our own choosing.
        remote: The remote file it came from, as it was when it was fetched.
        content: The remote file's own bytes, also where this is a member.
        member: The archive member's name, if it is one.
    """

    path: Path
    remote: RemoteFile
    content: Content
    member: str | None = None

    @property
    def sha256(self) -> str:
        """The hash of the remote file's bytes, in hex."""
        return self.content.sha256

    @property
    def name(self) -> str:
        """What people call it: the file's name, with the member's behind it."""
        return self.remote.name if self.member is None else f"{self.remote.name}/{self.member}"


@dataclass
class Listing:
    """What a walk over a server's folders found.

    Attributes:
        files: The files that match, ordered by path.
        others: Paths seen that do not match, a few hundred at most.
        not_entered: Folders that do not match and lead nowhere, some thousands at most.
        beside: Files in the folders that match whose own names do not. Of those whose names no
            other walk wants either, some thousands at most.
        beside_not_kept: How many more of the latter there are.
        unreadable: Folders that the server refused to list.
        hostile: How many entries were passed over for their name (``..``, control characters).
    """

    files: list[RemoteFile] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    not_entered: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    beside_not_kept: int = 0
    unreadable: list[str] = field(default_factory=list)
    hostile: int = 0
