"""The proxy that the failures and the benchmarks rely on: late but not slow, exact to the byte."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks.proxy import Proxy, proxy, reset, stall

SENT = bytes(range(256)) * 400


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        while data := connection.recv(1 << 16):
                            connection.sendall(data)
                    except OSError:
                        pass

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def received(running: Proxy, size: int = len(SENT)) -> bytes:
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        sending = threading.Thread(target=connection.sendall, args=(SENT,))
        sending.start()
        got = b""
        while len(got) < size and (data := connection.recv(1 << 16)):
            got += data
        sending.join()
    return got


def test_what_passes_is_whole_and_late_by_the_round_trip(echo: tuple[str, int]) -> None:
    with proxy(*echo, round_trip=0.2) as running:
        began = time.monotonic()
        assert received(running) == SENT
        assert time.monotonic() - began >= 0.2


def test_what_is_sent_meanwhile_does_not_wait(echo: tuple[str, int]) -> None:
    with (
        proxy(*echo, round_trip=0.2) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection,
    ):
        began = time.monotonic()
        for number in range(20):
            connection.sendall(bytes([number]))
            time.sleep(0.005)
        got = b""
        while len(got) < 20:
            got += connection.recv(20)
        assert got == bytes(range(20))
        assert time.monotonic() - began < 20 * 0.2 / 2  # one after the other they took 4 s


def test_a_reset_comes_after_exactly_so_many_bytes_and_as_often_as_it_should(
    echo: tuple[str, int],
) -> None:
    with proxy(*echo) as running:
        running.after(1000, reset, times=1)
        with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
            connection.sendall(SENT[:2000])
            got: list[bytes] = []
            with pytest.raises(ConnectionResetError):
                got.extend(iter(lambda: connection.recv(100), b""))
            assert SENT[:1000].startswith(b"".join(got))  # a reset overtakes what is not read yet
        assert received(running) == SENT
        assert (running.connections, running.fired) == (2, 1)


def test_a_stall_holds_the_rest_back_and_the_connection_open(echo: tuple[str, int]) -> None:
    with proxy(*echo) as running:
        running.after(1000, stall)
        with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
            connection.sendall(SENT[:2000])
            got = b""
            while len(got) < 1000:
                got += connection.recv(100)
            connection.settimeout(0.1)
            with pytest.raises(TimeoutError):
                connection.recv(100)
        assert got == SENT[:1000]


def test_an_action_happens_in_between_and_things_go_on(echo: tuple[str, int]) -> None:
    seen: list[int] = []
    with proxy(*echo) as running:
        running.after(2000, lambda: seen.append(2))
        running.after(1000, lambda: seen.append(1))
        assert received(running) == SENT
    assert seen == [1, 2]


def test_a_server_that_is_down_is_down_behind_the_proxy_too() -> None:
    with socket.socket() as closed:  # bound, so that the proxy cannot get its port
        closed.bind(("127.0.0.1", 0))
        # The reset may come before the connection counts as made, or after.
        with (
            proxy(*closed.getsockname()) as running,
            pytest.raises(ConnectionResetError),
            socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection,
        ):
            connection.recv(1)
