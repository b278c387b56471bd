"""An open SFTP connection whose server must keep answering."""

import asyncio
import errno
import math
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import asyncssh

from teamster.libraries.ssh.transfer import MAX_AHEAD, blocks_ahead, read_ahead

Result = TypeVar("Result")

# Bytes asked for at once. Some servers allow 4 MiB, of which a slow line would be silent for long.
_BLOCK = 1 << 18
# Bytes that the server may send before we take them; asyncssh's 2 MiB hold a distant one up.
_WINDOW = MAX_AHEAD * _BLOCK
_GOODBYE = 5.0  # seconds for the server to agree that the connection ends


@dataclass(frozen=True)
class Download:
    """What is known of a file that was downloaded.

    Attributes:
        before: What the server said of its path before it was opened.
        after: What it said of its path thereafter.
        size: The bytes that came.
    """

    before: asyncssh.SFTPAttrs
    after: asyncssh.SFTPAttrs
    size: int


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
        self.round_trip = math.inf  # seconds, by the quickest answer to a walk
        self._connection = connection
        self._timeout = timeout
        self._sftp: asyncssh.SFTPClient
        self._reads = asyncio.Semaphore(MAX_AHEAD)
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._gave_up = False
        self._cut = False

    @property
    def is_over(self) -> bool:
        """Whether the connection has ended: by :meth:`cut`, or because the server hung up."""
        return self._cut or self._connection.is_closed()

    async def start(self) -> "Remote":
        """Asks for the SFTP subsystem and returns itself."""
        # start_sftp_client takes no window, and opens its session by this method.
        open_session = partial(self._connection.open_session, window=_WINDOW)
        self._connection.open_session = open_session  # type: ignore[method-assign]
        with self._expecting():
            # Names that are not UTF-8 are kept as they are, so that they can be passed over.
            self._sftp = await self._connection.start_sftp_client(path_errors="surrogateescape")
        return self

    async def real_path(self, path: str) -> str:
        """Returns the absolute path, all links resolved by the server."""
        with self._expecting():
            began = time.perf_counter()
            real = str(await self._sftp.realpath(path))
            self.round_trip = min(self.round_trip, time.perf_counter() - began)
            return real

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

    async def get(self, path: str, place: Path, free: asyncio.Semaphore) -> Download:
        """Downloads a file: as many bytes as the server says it has.

        Args:
            path: The file.
            place: Where to write it.
            free: Held from its opening until the server is told to close it. Requests are answered
                in order: what is opened next finds it closed, and nobody waits to hear so.
        """
        with self._expecting():
            async with free:
                began = time.perf_counter()
                before, file = await self._opened(path)
                block = min(self._sftp.limits.max_read_len, _BLOCK)
                ahead = blocks_ahead(block, time.perf_counter() - began)
                try:
                    size = await self._copy(file, before.size or 0, block, ahead, place)
                except BaseException:
                    await file.close()
                    raise
                closing = asyncio.create_task(file.close())
                await asyncio.sleep(0)  # it has been asked for now
            asking = asyncio.ensure_future(self._sftp.stat(path))
            await all_ended([closing, asking])
            return Download(before, asking.result(), size)

    async def _opened(self, path: str) -> tuple[asyncssh.SFTPAttrs, asyncssh.SFTPClientFile]:
        """Asks what a file is and opens it, in one round trip."""
        asking = asyncio.ensure_future(self._sftp.stat(path))  # first: it may be replaced
        opening = asyncio.ensure_future(self._sftp.open(path, "rb", block_size=0))
        await asyncio.wait([asking, opening])
        if asking.exception() and not opening.exception():
            await opening.result().close()
        return asking.result(), opening.result()

    async def _copy(
        self, file: asyncssh.SFTPClientFile, size: int, block: int, ahead: int, place: Path
    ) -> int:
        """Writes the first ``size`` bytes of a file; returns how many came."""

        async def read(wanted: int, offset: int) -> bytes:
            async with self._reads:  # all downloads together ask for no more than one alone may
                data = await file.read(wanted, offset)
                self._heard()
                return data if isinstance(data, bytes) else data.encode()

        with place.open("wb") as local:
            async with aclosing(read_ahead(read, size, block, ahead)) as blocks:
                async for data in blocks:
                    local.write(data)
            return local.tell()

    def cut(self) -> None:
        """Ends the connection at once: every call that waits fails, and every later one."""
        self._cut = True
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
