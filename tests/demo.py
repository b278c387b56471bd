"""Runs of ``teamster demo``, as people run it, and what they leave behind."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fastavro

ROOT = Path(__file__).resolve().parents[1]
TEAMSTER = str(Path(sys.executable).with_name("teamster"))
_SECONDS = 900


@dataclass(frozen=True)
class DemoRun:
    """A run of the demo, in a process and a folder of its own."""

    home: Path
    process: subprocess.Popen[bytes]

    @property
    def stdout(self) -> str:
        return (self.home / "stdout.txt").read_text()

    @property
    def stderr(self) -> str:
        return (self.home / "stderr.txt").read_text()

    def ends_with(self) -> int:
        """Waits for its exit code."""
        return self.process.wait(_SECONDS)

    def rows_in(self, *asset_key: str) -> int:
        """Counts the rows of an asset's objects, all partitions."""
        places = self.home / ".teamster"
        (storage,) = [*places.glob("storage"), *places.glob("drops/*/storage")]
        total = 0
        for path in storage.joinpath(*asset_key).rglob("data"):
            with path.open("rb") as file:
                total += sum(1 for _ in fastavro.reader(file))
        return total


@contextmanager
def running_demo(
    home: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> Iterator[DemoRun]:
    """Runs the demo, everything that it leaves behind in a folder of its own."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TEAMSTER_", "DBT_TARGET"))}
    kept.pop("DAGSTER_HOME", None)
    ours = {"TEAMSTER_HOME": str(home), "TEAMSTER_DBT_DIR": str(ROOT / "src" / "dbt")}
    with (home / "stdout.txt").open("wb") as out, (home / "stderr.txt").open("wb") as err:
        process = subprocess.Popen(
            [TEAMSTER, "demo", *arguments],
            env={**kept, **ours, **(variables or {})},
            stdout=out,
            stderr=err,
        )
    try:
        yield DemoRun(home, process)
    finally:
        process.kill()
        process.wait()


def rows_laid_out(rows: Mapping[str, int], pattern: str) -> int:
    """Counts the rows of a generated drop's files whose paths fit."""
    return sum(count for path, count in rows.items() if re.fullmatch(pattern, path))
