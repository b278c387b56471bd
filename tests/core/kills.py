"""Kills a process that writes, at any moment; as a process it is the writer's parent.

It waits for lines: the number of a write and seconds. It forks a process that does that write,
kills it after that time (0: never), and says how long it ran and whether it came to its end.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from teamster.core.avro import write_avro
from teamster.core.schema import resolve_schema, text_model
from teamster.core.storage import private_spool, put_in_place, stored, version_of

SCHEMA = resolve_schema(text_model("Row", "write row filling"))
FILLING = 2_500
"""Random bytes in a row, in hex: large objects have some 10 MiB, an upload of several parts."""


def rows_of(write: int) -> int:
    """How many rows a write's object has: another number for each, large and small in turn."""
    return (2_000 if write % 2 else 20) + write


def write_object(target: UPath, write: int) -> None:
    """Puts an object in place that tells which write it is of, as the IO manager does."""
    seen = version_of(stored(target))
    with private_spool() as spool:
        rows = (
            {"write": str(write), "row": str(row), "filling": os.urandom(FILLING).hex()}
            for row in range(rows_of(write))
        )
        write_avro(spool / "data", rows, SCHEMA)
        put_in_place(spool / "data", target, replacing=seen, metadata={"write": str(write)})


@contextmanager
def writer(target: UPath) -> Iterator[Callable[[int, float], tuple[float, bool]]]:
    """Runs the parent of writers.

    Yields:
        (write, seconds until it is killed) -> (seconds that it ran, whether it came to its end).
    """
    with subprocess.Popen(
        [sys.executable, "-m", __name__, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    ) as parent:
        assert parent.stdin
        assert parent.stdout

        def write(number: int, seconds: float) -> tuple[float, bool]:
            print(number, seconds, file=parent.stdin, flush=True)
            ran, ended = parent.stdout.readline().split()
            return float(ran), ended == "True"

        try:
            yield write
        finally:
            parent.stdin.close()
            parent.wait(30)


def _fork_and_kill(target: UPath, write: int, seconds: float) -> None:
    begun = time.monotonic()
    child = os.fork()
    if not child:
        write_object(target, write)
        os._exit(0)
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)  # if it has ended, its number is still its own
    _, status = os.waitpid(child, 0)
    print(time.monotonic() - begun, status == 0, flush=True)


if __name__ == "__main__":
    stored(UPath(sys.argv[1]))  # so that all is loaded once, and not in each writer
    for line in sys.stdin:
        number, delay = line.split()
        _fork_and_kill(UPath(sys.argv[1]), int(number), float(delay))
