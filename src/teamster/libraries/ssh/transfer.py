"""A remote file's bytes: asked for ahead, so that distance costs little, and taken in order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias

MAX_AHEAD = 64
"""Blocks that are asked for and not there yet, at the most: as many as OpenSSH's own client."""

_MIN_AHEAD = 16
_QUICK_LINE = 1 << 28  # bytes a second

Read: TypeAlias = Callable[[int, int], Awaitable[bytes]]
"""Reads up to so many bytes from an offset on; nothing at the end of the file."""


def blocks_ahead(block: int, round_trip: float) -> int:
    """Returns how many blocks to ask for ahead.

    Args:
        block: Bytes of a block.
        round_trip: Seconds until an answer. What a quick line carries meanwhile is asked for. Near
            by that is little: a server that has more to answer holds it in memory, and slows down.
    """
    return max(_MIN_AHEAD, min(MAX_AHEAD, int(round_trip * _QUICK_LINE / block)))


async def read_ahead(read: Read, size: int, block: int, ahead: int) -> AsyncGenerator[bytes, None]:
    """Reads the first ``size`` bytes of a file, or as many as there are, in order.

    Args:
        read: Asks the server, in one request.
        size: Bytes.
        block: Bytes asked for at once.
        ahead: Blocks asked for before the first of them is there.
    """
    pending: deque[asyncio.Task[bytes]] = deque()
    offset = 0
    try:
        while offset < size or pending:
            if len(pending) <= ahead // 2:  # several requests at once are one write to the network
                end = min(size, offset + (ahead - len(pending)) * block)
                for start in range(offset, end, block):
                    wanted = min(block, end - start)
                    pending.append(asyncio.create_task(_whole(read, wanted, start)))
                offset = end
            yield await pending.popleft()
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _whole(read: Read, size: int, offset: int) -> bytes:
    data = await read(size, offset)
    while 0 < len(data) < size:  # a server may give less than it is asked for
        more = await read(size - len(data), offset + len(data))
        if not more:
            break
        data += more
    return data
