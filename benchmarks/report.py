"""Figures as Markdown, to be pasted into docs/performance.md, and the machine they are of."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

MB = 1_000_000  # bytes


def machine() -> str:
    """Describes this machine by what makes it quick or slow, and by no name."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _lines(Path("/proc/cpuinfo"))
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    python = f"Python {platform.python_version()}, asyncssh {version('asyncssh')}"
    return f"{os.cpu_count()} cores of {model}, {platform.system()}, {python}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def seconds(call: Callable[[], object], repeats: int = 1) -> float:
    """Returns the median time of a call."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return median(times)


def print_row(cells: Iterable[object]) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def print_header(names: Sequence[str]) -> None:
    print_row(names)
    print(f"|{'---|' * len(names)}", flush=True)
