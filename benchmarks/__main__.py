"""Runs the benchmarks named, or all: ``python -m benchmarks [name …]``."""

import sys
from importlib import import_module

from benchmarks.report import machine

BENCHMARKS = ["listing"]


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
        return 2
    print(machine())
    for name in names or BENCHMARKS:
        module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}\n", flush=True)
        module.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
