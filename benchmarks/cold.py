"""A contender in a fresh process of its own: nothing is imported, cached or left over before it.

``python -m benchmarks.cold <module> [argument …]`` imports the module, calls its ``main`` with the
arguments, and prints what both took.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import median

from benchmarks.report import MB

STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Cost:
    """What a contender took.

    Attributes:
        imports: Seconds of its imports.
        seconds: Seconds of its work; what it imports late, when it knows what it needs, included.
        cpu: Seconds of processor time of its work, of all threads together: what other processes
            of a busy machine do to it least.
        imported: Megabytes in memory when the work began.
        peak: The most megabytes that its process had in memory.
    """

    imports: float
    seconds: float
    cpu: float
    imported: float
    peak: float


def in_turns(contenders: Mapping[str, Sequence[str]], repeats: int) -> dict[str, Cost]:
    """Runs each contender several times, in turns: a slow moment of the machine is everybody's.

    Args:
        contenders: Name -> module and its arguments.
        repeats: How many times each.

    Returns:
        Name -> the medians.
    """
    costs = [{name: cold(*command) for name, command in contenders.items()} for _ in range(repeats)]
    return {name: _median([of_one[name] for of_one in costs]) for name in contenders}


def cold(module: str, *arguments: str) -> Cost:
    """Runs a module's ``main`` in a fresh process; what it logs is shown if it fails."""
    command = [sys.executable, "-m", "benchmarks.cold", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _median(costs: Sequence[Cost]) -> Cost:
    fields = zip(*(asdict(cost).values() for cost in costs), strict=True)
    return Cost(*map(median, fields))


def _megabytes(line: str) -> float:
    """Returns a figure of /proc, or what POSIX knows of the peak.

    POSIX's own figure would be a parent's, if that had more in memory when it forked.
    """
    if not STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB  # macOS: bytes
    status = dict(each.split(":", 1) for each in STATUS.read_text().splitlines())
    return int(status[line].split()[0]) * 1024 / MB


def main(name: str, *arguments: str) -> None:
    """Runs a contender in this process, and prints its cost."""
    began = time.perf_counter()
    module = import_module(name)
    ready, used = time.perf_counter(), time.process_time()
    imported = _megabytes("VmRSS")
    module.main(*arguments)
    done, used_then = time.perf_counter(), time.process_time()
    cost = Cost(ready - began, done - ready, used_then - used, imported, _megabytes("VmHWM"))
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main(*sys.argv[1:])
