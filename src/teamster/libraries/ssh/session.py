"""An SFTP session for plain, synchronous code: one connection, opened again when it breaks."""

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
from anyio.from_thread import BlockingPortal
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from teamster.core.errors import FileChanged, ServerUnavailable, Transient
from teamster.libraries.ssh.failures import sorted_failures
from teamster.libraries.ssh.files import Listing, LocalFile, RemoteFile
from teamster.libraries.ssh.walk import WalkSpec, walk

Result = TypeVar("Result")


@dataclass(frozen=True)
class SessionLimits:
    """How patient and how greedy a session is.

    Attributes:
        timeout: Seconds without an answer until a call counts as failed.
        attempts: How often a call is tried when the failure is transient.
        longest_wait: Seconds to wait between tries at the most.
        max_listings: Folders listed at once.
        max_downloads: Files fetched at once.
    """

    timeout: float = 60
    attempts: int = 3
    longest_wait: float = 30
    max_listings: int = 64
    max_downloads: int = 32


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
    _client: asyncssh.SFTPClient | None = None
    _resources: AsyncExitStack = field(default_factory=AsyncExitStack)

    def walk(self, spec: WalkSpec) -> Listing:
        """Lists the files that match.

        Raises:
            NoSuchDirectory: The start folder is not there.
            ServerUnavailable: The server did not answer, tried as often as the limits say.
        """
        return self._call(lambda sftp: walk(sftp, spec, self.limits.max_listings))

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
        places = [spool / f"download-{number}" for number in range(len(files))]

        async def fetch_all(sftp: asyncssh.SFTPClient) -> list[LocalFile]:
            free = asyncio.Semaphore(self.limits.max_downloads)

            async def fetch_one(file: RemoteFile, place: Path) -> LocalFile:
                async with free:
                    return await self._fetch(sftp, file, place)

            pairs = zip(files, places, strict=True)
            return list(await asyncio.gather(*(fetch_one(*pair) for pair in pairs)))

        return self._call(fetch_all)

    def open(self, file: RemoteFile) -> io.BufferedReader:
        """Opens a remote file for reading here and there, such as an archive's directory."""
        return io.BufferedReader(_RemoteReader(self, file), buffer_size=1 << 16)

    def read_at(self, path: str, size: int, offset: int) -> bytes:
        """Reads up to ``size`` bytes from ``offset`` of a remote file."""

        async def read(sftp: asyncssh.SFTPClient) -> bytes:
            async with sftp.open(path, "rb") as remote:
                data = await remote.read(size, offset)
                return data if isinstance(data, bytes) else data.encode()

        return self._call(read)

    def close(self) -> None:
        """Closes the connection."""
        self.portal.call(self._drop)

    async def _fetch(self, sftp: asyncssh.SFTPClient, file: RemoteFile, place: Path) -> LocalFile:
        before = RemoteFile.of(file.path, await sftp.stat(file.path))
        await sftp.get(file.path, place)
        after = RemoteFile.of(file.path, await sftp.stat(file.path))
        if before != after or place.stat().st_size != after.size:
            raise FileChanged(f"{self.server}: {file.path} changed while it was fetched")
        with place.open("rb") as local:
            digest = await asyncio.to_thread(hashlib.file_digest, local, "sha256")
        return LocalFile(
            place, replace(file, size=after.size, mtime=after.mtime), digest.hexdigest()
        )

    def _call(self, operation: Callable[[asyncssh.SFTPClient], Awaitable[Result]]) -> Result:
        """Runs an operation; a transient failure is tried again, over a new connection."""
        retrying = Retrying(
            retry=retry_if_exception_type(Transient),
            stop=stop_after_attempt(self.limits.attempts),
            wait=wait_exponential_jitter(multiplier=0.5, max=self.limits.longest_wait),
            reraise=True,
        )
        return retrying(self.portal.call, self._run, operation)

    async def _run(self, operation: Callable[[asyncssh.SFTPClient], Awaitable[Result]]) -> Result:
        with sorted_failures(self.server):
            try:
                if self._client is None:
                    self._client = await self._open()
                return await operation(self._client)
            except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection) as error:
                await self._drop()
                raise ServerUnavailable(f"{self.server}: connection lost") from error
            except (asyncssh.DisconnectError, OSError):
                await self._drop()
                raise

    async def _open(self) -> asyncssh.SFTPClient:
        connection = await self._resources.enter_async_context(await self.connect())
        return await self._resources.enter_async_context(
            connection.start_sftp_client(path_errors="surrogateescape")
        )

    async def _drop(self) -> None:
        self._client = None
        resources, self._resources = self._resources, AsyncExitStack()
        with suppress(asyncssh.Error, OSError, TimeoutError):  # it may be gone already
            await asyncio.wait_for(resources.aclose(), self.limits.timeout)


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
