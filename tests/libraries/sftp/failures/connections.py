"""Connections: down, reset, stalled."""

import socket

from benchmarks.proxy import reset, stall
from teamster.core.errors import ServerUnavailable
from tests.libraries.sftp.failures.cases import CANARY, Case, Scene

HANDSHAKE = 100  # bytes: no server has let anyone in after so few
HALF = 400_000  # bytes, of a file twice as long
LISTING_HALF = 150_000  # bytes, of a listing twice as long
_FILLER = "x" * 1000
FILE = "id,name\n" + "".join(f"{number},{_FILLER}\n" for number in range(800)) + f"800,{CANARY}\n"
ROWS = [*((str(number), _FILLER) for number in range(800)), ("800", CANARY)]
SOON = 0.7  # seconds without an answer


def down(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied().after(0, reset)


def down_at_first(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied().after(HANDSHAKE, reset, times=1)


def silent(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied(timeout=SOON).after(0, stall)


def long_listing(scene: Scene) -> None:
    scene.put(f"id,name\n1,{CANARY}\n")
    name = "other-" + "n" * 190
    for number in range(650):
        (scene.vendor.root / "data" / f"{name}-{number}").touch()


def reset_in_listing(scene: Scene) -> None:
    long_listing(scene)
    scene.proxied().after(LISTING_HALF, reset, times=1)


def always_reset_in_listing(scene: Scene) -> None:
    long_listing(scene)
    scene.proxied().after(LISTING_HALF, reset)


def reset_in_download(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied().after(HALF, reset, times=1)


def always_reset_in_download(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied().after(HALF, reset)


def stalls(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied(timeout=2 * SOON).after(HALF, stall, times=1)


def always_stalls(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied(timeout=SOON).after(HALF, stall)


def nobody_there(scene: Scene) -> None:
    scene.put(FILE)
    closed = scene.open.enter_context(socket.socket())
    closed.bind(("127.0.0.1", 0))
    scene.login(remote_port=closed.getsockname()[1])


CASES = [
    Case("host down", "retried", nobody_there, ServerUnavailable, ["Refused"]),
    Case("connection reset at the handshake", "retried", down, ServerUnavailable),
    Case("connection reset at the first try only", "retried", down_at_first, rows=ROWS),
    Case("a server that never speaks", "retried", silent, ServerUnavailable),
    Case("connection reset in mid-listing", "retried", reset_in_listing, rows=[("1", CANARY)]),
    Case(
        "connection reset in mid-listing, always",
        *("retried", always_reset_in_listing, ServerUnavailable),
    ),
    Case("connection reset in mid-download", "retried", reset_in_download, rows=ROWS),
    Case(
        "connection reset in mid-download, always",
        *("retried", always_reset_in_download, ServerUnavailable),
    ),
    Case("server sends half and stalls", "retried", stalls, rows=ROWS),
    Case(
        "server sends half and stalls, always",
        *("retried", always_stalls, ServerUnavailable, ["no answer"]),
    ),
]
