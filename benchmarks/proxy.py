"""A TCP proxy on loopback that delays what passes, and interferes after so many bytes.

Benchmarks put a server at a distance with it; tests reset, stall or act in mid-transfer.
By hand: ``python -m benchmarks.proxy <host> <port> <round trip in ms>`` prints the port on which
it listens, until its input ends.
"""

import asyncio
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from anyio.from_thread import start_blocking_portal

HOST = "127.0.0.1"
_CHUNK = 1 << 16
_NO_LINGER = struct.pack("ii", 1, 0)  # closing then sends RST, and drops what is not sent yet


class Reset(Exception):
    """The connection is to be reset towards both ends."""


class Stall(Exception):
    """Nothing that the server sends is to be passed on any more."""


def reset() -> None:
    """An action: resets the connection."""
    raise Reset


def stall() -> None:
    """An action: nothing comes from the server any more, and the connection stays open."""
    raise Stall


@dataclass
class _Hook:
    """What to do once the server has sent so many bytes on a connection."""

    n_bytes: int
    action: Callable[[], object]
    times: int | None


@dataclass
class Proxy:
    """A running proxy; see :func:`proxy`.

    Attributes:
        target: Host and port of the server behind it.
        one_way: Seconds that each byte is under way, in each direction.
        port: Where it listens, on loopback.
        connections: How many connections were made through it.
        fired: How often a hook was.
    """

    target: tuple[str, int]
    one_way: float = 0
    port: int = 0
    connections: int = 0
    fired: int = 0
    _hooks: list[_Hook] = field(default_factory=list)

    def after(
        self, n_bytes: int, action: Callable[[], object], *, times: int | None = None
    ) -> None:
        """Acts once on a connection, when the server has sent ``n_bytes`` on it.

        Exactly so many bytes are passed on before. What the server's machine and this one hold in
        their buffers is not counted: only what the client can have got.

        Args:
            n_bytes: Bytes from the server, the SSH handshake (a few kB) included.
            action: :func:`reset`, :func:`stall`, or a quick call, after which things go on.
            times: On how many connections at the most; None for all.
        """
        self._hooks.append(_Hook(n_bytes, action, times))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes one connection on until both ends have closed it."""
        self.connections += 1
        writers = [writer]
        ways: list[asyncio.Task[None]] = []
        try:
            from_server, to_server = await asyncio.open_connection(*self.target)
            writers.append(to_server)
            there = self._pass_on(reader, to_server, [])
            back = self._pass_on(from_server, writer, list(self._hooks))
            ways += [asyncio.create_task(there), asyncio.create_task(back)]
            await asyncio.gather(*ways)
        except Stall:
            await asyncio.Event().wait()  # until the proxy ends
        except (Reset, OSError):  # where the server is down the client is sent away too
            _will_reset(writers)
        finally:
            for way in ways:
                way.cancel()
            for each in writers:
                each.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hooks: list[_Hook]
    ) -> None:
        """Passes on one direction: everything late by the same time, nothing waiting in a queue."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        receiving = asyncio.create_task(self._receive(reader, under_way))
        hooks.sort(key=lambda hook: hook.n_bytes)
        passed = 0
        try:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                if not data:
                    break
                while hooks and passed + len(data) >= hooks[0].n_bytes:
                    hook = hooks.pop(0)
                    before = hook.n_bytes - passed
                    writer.write(data[:before])
                    await writer.drain()
                    passed, data = hook.n_bytes, data[before:]
                    self._act(hook)
                writer.write(data)
                passed += len(data)
                await writer.drain()
            with suppress(OSError):
                writer.write_eof()
        finally:
            receiving.cancel()

    async def _receive(
        self, reader: asyncio.StreamReader, under_way: "asyncio.Queue[tuple[float, bytes]]"
    ) -> None:
        data = b"-"
        while data:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                data = b""
            under_way.put_nowait((asyncio.get_running_loop().time() + self.one_way, data))

    def _act(self, hook: _Hook) -> None:
        if hook.times is not None:
            if hook.times == 0:
                return
            hook.times -= 1
        self.fired += 1
        hook.action()


def _will_reset(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        with suppress(OSError):
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


@contextmanager
def proxy(host: str, port: int, *, round_trip: float = 0) -> Iterator[Proxy]:
    """Runs a proxy on a free loopback port, in a thread of its own.

    Args:
        host: The server's host.
        port: The server's port.
        round_trip: Seconds by which an answer comes later than without the proxy.

    Yields:
        The proxy; all its connections end with the block.
    """
    running = Proxy((host, port), round_trip / 2)
    serving: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        serving.add(task)
        task.add_done_callback(serving.discard)
        # Cancelled at the end: asyncio would call that an unhandled exception.
        with suppress(asyncio.CancelledError):
            await running.serve(reader, writer)

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(accept, HOST, 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()

    with start_blocking_portal() as portal:
        server = portal.call(listen)
        running.port = server.sockets[0].getsockname()[1]
        try:
            yield running
        finally:
            portal.call(stop, server)


@contextmanager
def distant(port: int, round_trip: float) -> Iterator[int]:
    """Runs a proxy to a loopback port in a process of its own, which costs the client no time.

    Yields:
        The port on which the proxy listens.
    """
    arguments = [HOST, str(port), str(round_trip * 1000)]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.proxy", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


if __name__ == "__main__":
    host, port, milliseconds = sys.argv[1:]
    with proxy(host, int(port), round_trip=float(milliseconds) / 1000) as by_hand:
        print(by_hand.port, flush=True)
        sys.stdin.read()
