"""Runs the benchmarks named, or all: ``python -m benchmarks [--quick] [name …]``.

``--quick`` makes them small, to see that they run: its figures say little.
"""

import sys
from importlib import import_module

from benchmarks.report import machine

BENCHMARKS = ["listing", "download", "definitions", "encoding", "materialization", "rest"]


def main(arguments: list[str]) -> int:
    names = [name for name in arguments if name != "--quick"]
    quick = {"quick": True} if len(names) < len(arguments) else {}
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
        return 2
    print(machine())
    for name in names or BENCHMARKS:
        module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}\n", flush=True)
        module.run(**quick)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
