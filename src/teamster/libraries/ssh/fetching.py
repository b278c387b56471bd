"""Files on their way into the spool while those before them are read."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeAlias

from teamster.libraries.ssh.files import LocalFile, RemoteFile
from teamster.libraries.ssh.limits import SessionLimits
from teamster.libraries.ssh.remote import Remote, all_ended
from teamster.libraries.ssh.room import Room

FetchOne: TypeAlias = Callable[[Remote, str, Path, asyncio.Semaphore], Awaitable[LocalFile]]
"""Downloads a path to a place, holding the semaphore while it has the file open."""

Operation: TypeAlias = Callable[[Remote], Awaitable[None]]

_NEAR = 0.01
"""A round trip of fewer seconds leaves little to wait for: fetching is our own work then. To read
meanwhile would gain nothing, and cost what two threads lose by taking turns at Python's lock."""


class Fetching:
    """Files of one server, fetched ahead of who reads them and handed over in order.

    It lives in the event loop's thread. Who reads, in a thread of their own, waits for one result
    after the other. Of a distant server each file is handed over when it is here, and others are
    fetched meanwhile. A near one and the reader take turns: the room is filled, and then read.

    Args:
        fetch_one: Downloads a file.
        files: What to fetch, in the order in which it is handed over.
        spool: A private folder; names in it are our own.
        limits: How many are open at once, and how many may wait.
        keep: Whether files stay when they were taken. There is no limit to what waits then.
    """

    def __init__(
        self,
        fetch_one: FetchOne,
        files: Sequence[RemoteFile],
        spool: Path,
        limits: SessionLimits,
        *,
        keep: bool = False,
    ) -> None:
        self._fetch_one = fetch_one
        self._files = files
        self._spool = spool
        self._keep = keep
        self._sizes = [file.size for file in files]  # as listed, until they are known better
        self._results: list[Future[LocalFile]] = [Future() for _ in files]
        most = (math.inf, math.inf) if keep else (limits.max_ahead, limits.max_ahead_bytes)
        self._room = Room(*most)
        self._free = asyncio.Semaphore(limits.max_downloads)
        self._here: dict[int, LocalFile] = {}
        self._begun = 0
        self._removed = 0
        self._again: list[int] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._stopped = False
        self._remote: Remote | None = None

    async def start(self, tried: Callable[[Operation], Awaitable[None]]) -> None:
        """Begins to fetch.

        Args:
            tried: Runs an operation over the open connection, and again after a transient failure.
        """
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._all(tried))

    async def stop(self) -> None:
        """Ends what is under way. Does nothing where all files are there."""
        self._stopped = True
        if self._under_way and self._remote:
            # Not cancelled: a cancelled call would wait for the server to close its handle.
            self._remote.cut()
            await asyncio.gather(*self._under_way, return_exceptions=True)
        self._task.cancel()
        await asyncio.wait([self._task])
        for result in self._results:
            result.cancel()

    def in_order(self) -> Iterator[LocalFile]:
        """Hands the files over, waiting for each; one is removed when the next is asked for.

        Raises:
            TeamsterError: In place of the first file that could not be fetched.
        """
        for number, result in enumerate(self._results):
            local = result.result()
            if self._room.leave(self._sizes[number]):
                self._loop.call_soon_threadsafe(self._changed.set)
            yield local
            if not self._keep:
                local.path.unlink(missing_ok=True)
                self._removed = number + 1

    def remove(self) -> None:
        """Removes the files that are left; to be called when nothing is under way any more."""
        if not self._keep:
            for number in range(self._removed, self._begun):
                self._place(number).unlink(missing_ok=True)

    async def _all(self, tried: Callable[[Operation], Awaitable[None]]) -> None:
        try:
            while self._begun < len(self._files) and not self._stopped:
                while self._room.is_full:
                    await self._change()
                # While nothing is under way the server may have hung up: that is no failure, the
                # next files are fetched over a new connection.
                await tried(self._fill_the_room)
        except Exception as error:
            for result in self._results:
                if not result.done():
                    result.set_exception(error)
                    break

    async def _fill_the_room(self, remote: Remote) -> None:
        """Fetches until all files are there, the room is full, or one has failed."""
        self._remote = remote
        again, self._again = sorted(self._again), []
        tasks = [self._begin(remote, number) for number in again]
        while self._begun < len(self._files) and not (self._again or self._stopped):
            if self._room.enter(self._sizes[self._begun]):
                tasks.append(self._begin(remote, self._begun))
                self._begun += 1
            elif self._under_way:
                await self._change()
            else:
                break
        try:
            await all_ended(tasks)
        finally:
            if remote.round_trip < _NEAR:
                self._room.refill_at = 0
            self._hand_over()

    def _begin(self, remote: Remote, number: int) -> asyncio.Task[None]:
        task = asyncio.create_task(self._one(remote, number))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._changed.set()

    async def _one(self, remote: Remote, number: int) -> None:
        path, place = self._files[number].path, self._place(number)
        try:
            local = await self._fetch_one(remote, path, place, self._free)
        except BaseException:
            self._again.append(number)
            raise
        self._room.correct(local.remote.size - self._sizes[number])
        self._sizes[number] = local.remote.size
        self._here[number] = local
        if remote.round_trip >= _NEAR:
            self._hand_over()

    def _hand_over(self) -> None:
        for number, local in self._here.items():
            self._results[number].set_result(local)
        self._here.clear()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _place(self, number: int) -> Path:
        return self._spool / f"download-{number}"
