"""An open SFTP connection whose server must keep answering."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import asyncssh

Result = TypeVar("Result")

# Bytes asked for at once. Some servers allow 4 MiB, of which a slow line would be silent for long.
_BLOCK = 1 << 18
_GOODBYE = 5.0  # seconds for the server to agree that the connection ends


class Remote:
    """The SFTP calls that walks and downloads are made of.

    While at least one call waits, something must arrive every ``timeout`` seconds: a folder's
    entry, a block of a file, an answer to any of the calls. If nothing does, the connection is cut,
    and every call that waits raises ``TimeoutError``. Cutting is what ends them: asyncssh answers a
    cancelled call by asking the server to close its handle, which a stalled server never does.
    """

    def __init__(
        self, connection: asyncssh.SSHClientConnection, timeout: float, server: str
    ) -> None:
        """Takes over a connection; :meth:`start` must be awaited next.

        Args:
            connection: The connection, closed by :meth:`close`.
            timeout: Seconds without an answer.
            server: Host and port, to name in errors.
        """
        self.server = server
        self._connection = connection
        self._timeout = timeout
        self._sftp: asyncssh.SFTPClient
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._gave_up = False
        self.is_cut = False

    async def start(self) -> "Remote":
        """Asks for the SFTP subsystem and returns itself."""
        with self._expecting():
            # Names that are not UTF-8 are kept as they are, so that they can be passed over.
            self._sftp = await self._connection.start_sftp_client(path_errors="surrogateescape")
        return self

    async def real_path(self, path: str) -> str:
        """Returns the absolute path, all links resolved by the server."""
        with self._expecting():
            return str(await self._sftp.realpath(path))

    async def stat(self, path: str) -> asyncssh.SFTPAttrs:
        """Returns what the server says of a path, a link followed."""
        with self._expecting():
            return await self._sftp.stat(path)

    async def entries(self, folder: str) -> AsyncIterator[asyncssh.SFTPName]:
        """Lists a folder, entry by entry."""
        with self._expecting():
            async for entry in self._sftp.scandir(folder):
                self._heard()
                yield entry

    async def read(self, path: str, size: int, offset: int) -> bytes:
        """Reads up to ``size`` bytes from ``offset`` of a file."""
        with self._expecting():
            async with self._sftp.open(path, "rb") as file:
                data = await file.read(size, offset)
                return data if isinstance(data, bytes) else data.encode()

    async def get(self, path: str, size: int, place: Path) -> None:
        """Downloads the first ``size`` bytes of a file, or as many as there are."""
        block_size = min(self._sftp.limits.max_read_len, _BLOCK)
        # Not SFTPClient.get: it leaves the local file open when the connection is lost.
        with self._expecting(), place.open("wb") as local:
            async with self._sftp.open(path, "rb", block_size=block_size) as file:
                async for offset, data in await file.read_parallel(size):
                    self._heard()
                    local.seek(offset)
                    local.write(data)

    def cut(self) -> None:
        """Ends the connection at once: every call that waits fails, and every later one."""
        self.is_cut = True
        self._connection.abort()

    async def close(self) -> None:
        """Closes the connection: in good order, or after a few seconds all the same."""
        with suppress(asyncssh.Error, OSError):
            async with asyncio.timeout(min(self._timeout, _GOODBYE)), AsyncExitStack() as closing:
                await closing.enter_async_context(self._connection)
                if hasattr(self, "_sftp"):
                    await closing.enter_async_context(self._sftp)
        self._connection.abort()

    @contextmanager
    def _expecting(self) -> Iterator[None]:
        self._waiting += 1
        self._heard()
        try:
            yield
        except (asyncssh.Error, OSError):
            if not self._gave_up:
                raise
            message = f"no answer for {self._timeout:g} seconds"
            raise TimeoutError(errno.ETIMEDOUT, message) from None
        finally:
            self._waiting -= 1
            self._heard()

    def _heard(self) -> None:
        """Starts the time anew, as long as a call waits."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._timeout, self._give_up) if self._waiting else None

    def _give_up(self) -> None:
        self._gave_up = True
        self._connection.abort()


async def all_ended(calls: Iterable[Awaitable[Result]]) -> list[Result]:
    """Waits until all calls ended, and only then raises what the first of them raised.

    ``asyncio.gather`` alone would let the others go on while the caller already tries again.
    """
    tasks = [asyncio.ensure_future(call) for call in calls]
    await asyncio.gather(*tasks, return_exceptions=True)
    return [task.result() for task in tasks]
