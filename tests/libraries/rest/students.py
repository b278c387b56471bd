"""An endpoint of any number of students, made as they are asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.libraries.rest.server import Answered, Asked

ROOT = Path(__file__).resolve().parents[3]


def students(count: int) -> Any:
    """Returns an app of so many students; one of them takes 140 bytes."""

    def app(asked: Asked) -> Answered:
        start, size = asked.number("offset", 0), asked.number("limit", 100)
        rows = ",".join(_student(number) for number in range(start, min(start + size, count)))
        return Answered(f'{{"data":[{rows}],"total":{count}}}'.encode())

    return app


def _student(number: int) -> str:
    return (
        f'{{"id":{number},"name":"Student {number}","grade":{number % 13},"gpa":{number % 4}.50,'
        f'"active":{"true" if number % 7 else "false"},"updated":"2026-11-25T12:00:00Z",'
        f'"school":{{"id":{number % 40},"name":"School {number % 40}"}}}}'
    )


def read_in_a_process(
    url: str, folder: Path, size: int = 1000, schema: str = "typed"
) -> dict[str, float]:
    """Materializes the students in a process of its own.

    Returns:
        Its ``rows``, ``seconds`` and ``peak`` in MiB.
    """
    environment = {
        **os.environ,
        "TEAMSTER_STORAGE_URL": str(folder / "storage"),
        "TEAMSTER_SPOOL_DIR": str(folder),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    command = [sys.executable, "-m", "tests.libraries.rest.child", url, str(size), schema]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
