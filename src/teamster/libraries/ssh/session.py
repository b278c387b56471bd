"""An SFTP session for plain, synchronous code: one connection, opened again when it breaks."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
from anyio.from_thread import BlockingPortal
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from teamster.core.errors import FileChanged, Permanent, ServerUnavailable, Transient
from teamster.libraries.ssh.failures import sorted_failures
from teamster.libraries.ssh.fetching import Fetching
from teamster.libraries.ssh.files import Content, Listing, LocalFile, RemoteFile
from teamster.libraries.ssh.limits import SessionLimits
from teamster.libraries.ssh.remote import Remote
from teamster.libraries.ssh.walk import WalkSpec, walk_all

Result = TypeVar("Result")


@dataclass
class SFTPSession:
    """Lists and fetches over one connection.

    Attributes:
        server: Host and port, to name in errors.
        connect: Opens the connection.
        portal: Runs asynchronous code from this thread.
        limits: How patient and how greedy the session is.
    """

    server: str
    connect: Callable[[], Awaitable[asyncssh.SSHClientConnection]]
    portal: BlockingPortal
    limits: SessionLimits = field(default_factory=SessionLimits)
    _remote: Remote | None = None
    _connecting: asyncio.Lock = field(default_factory=asyncio.Lock)

    def walk(self, spec: WalkSpec) -> Listing:
        """Lists the files that match.

        Raises:
            NoSuchDirectory: The start folder is not there.
            PermissionRefused: The start folder may not be listed.
            ServerUnavailable: The server did not answer, tried as often as the limits say.
        """
        (found,) = self.walk_all([spec])
        if isinstance(found, Permanent):
            raise found
        assert found is not None  # without a limit of time every walk ends
        return found

    def walk_all(
        self, specs: Sequence[WalkSpec], seconds: float | None = None
    ) -> list[Listing | Permanent | None]:
        """Lists the files that match each spec; a folder that several want is listed once.

        Args:
            specs: Where to walk and what to take.
            seconds: Walks that have not ended by then are given up.

        Returns:
            For each spec, in their order, its listing, or the error that :meth:`walk` would raise
            for it, ``NoSuchDirectory`` or ``PermissionRefused``, or None if time ran out.

        Raises:
            ServerUnavailable: The server did not answer, tried as often as the limits say.
        """
        limit = self.limits.max_listings
        return self._call(lambda remote: walk_all(remote, specs, limit, seconds))

    def fetch(self, files: Sequence[RemoteFile], spool: Path) -> list[LocalFile]:
        """Downloads files into the spool, several at once.

        Args:
            files: What to fetch.
            spool: A private folder; names in it are our own.

        Returns:
            The local files, in the order given.

        Raises:
            FileChanged: A file kept changing while it was fetched.
            NoMatchingFile: A file vanished.
            ServerUnavailable: The server did not answer, tried as often as the limits say.
        """
        with self._fetching(files, spool, keep=True) as arriving:
            return list(arriving)

    @contextmanager
    def fetching(self, files: Sequence[RemoteFile], spool: Path) -> Iterator[Iterator[LocalFile]]:
        """Downloads files into the spool while those before them are read.

        ``max_ahead`` files and ``max_ahead_bytes`` bytes wait there at the most, besides the file
        that is being read. No time-out counts while they wait and nothing is asked for.

        Args:
            files: What to fetch.
            spool: A private folder; names in it are our own.

        Yields:
            The local files, in the order given. Each is gone when the next one is asked for, and
            all are when the block ends, however it ends. In place of the first file that could not
            be fetched comes what :meth:`fetch` would raise.
        """
        with self._fetching(files, spool) as arriving:
            yield arriving

    def open(self, file: RemoteFile) -> io.BufferedReader:
        """Opens a remote file for reading here and there, such as an archive's directory."""
        return io.BufferedReader(_RemoteReader(self, file), buffer_size=1 << 16)

    def read_at(self, path: str, size: int, offset: int) -> bytes:
        """Reads up to ``size`` bytes from ``offset`` of a remote file."""

        async def read(remote: Remote) -> bytes:
            with sorted_failures(f"{self.server}: {path}"):
                return await remote.read(path, size, offset)

        return self._call(read)

    def close(self) -> None:
        """Closes the connection."""
        self.portal.call(self._drop)

    @contextmanager
    def _fetching(
        self, files: Sequence[RemoteFile], spool: Path, *, keep: bool = False
    ) -> Iterator[Iterator[LocalFile]]:
        ahead = Fetching(self._fetch, files, spool, self.limits, keep=keep)
        self.portal.call(ahead.start, self._tried)
        try:
            yield ahead.in_order()
        finally:
            self.portal.call(ahead.stop)
            ahead.remove()

    async def _fetch(
        self, remote: Remote, path: str, place: Path, free: asyncio.Semaphore
    ) -> LocalFile:
        with sorted_failures(f"{self.server}: {path}"):
            got = await remote.get(path, place, free)
        before, after = RemoteFile.of(path, got.before), RemoteFile.of(path, got.after)
        if before != after or got.size != after.size:
            raise FileChanged(f"{self.server}: {path} changed while it was fetched")
        return LocalFile(place, after, Content(place))

    def _call(self, operation: Callable[[Remote], Awaitable[Result]]) -> Result:
        return self.portal.call(self._tried, operation)

    async def _tried(self, operation: Callable[[Remote], Awaitable[Result]]) -> Result:
        """Runs an operation; a transient failure is tried again."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Transient),
            stop=stop_after_attempt(self.limits.attempts),
            wait=wait_exponential(multiplier=0.5, max=self.limits.longest_wait)
            + wait_random(0, min(1, self.limits.longest_wait)),
            reraise=True,
        )
        return await retrying(self._run, operation)

    async def _run(self, operation: Callable[[Remote], Awaitable[Result]]) -> Result:
        try:
            with sorted_failures(self.server):
                return await operation(await self._connected())
        except ServerUnavailable:
            await self._drop()  # the next try begins with a new connection
            raise

    async def _connected(self) -> Remote:
        async with self._connecting:  # calls of several threads share one connection
            if self._remote is not None and self._remote.is_over:
                await self._drop()
            if self._remote is None:
                self._remote = Remote(await self.connect(), self.limits.timeout, self.server)
                await self._remote.start()
            return self._remote

    async def _drop(self) -> None:
        remote, self._remote = self._remote, None
        if remote is not None:
            await remote.close()


class _RemoteReader(io.RawIOBase):
    """A remote file as a seekable stream."""

    def __init__(self, session: SFTPSession, file: RemoteFile) -> None:
        self._session = session
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), max(0, self._file.size - self._position))
        data = self._session.read_at(self._file.path, wanted, self._position) if wanted else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
