"""A running ``teamster dev``, asked over the webserver's GraphQL what the UI asks it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import fastavro
import pytest

ROOT = Path(__file__).resolve().parents[2]
TEAMSTER = str(Path(sys.executable).with_name("teamster"))
REGION = "kippnewark"
SENSOR = f"{REGION}__sftp"
PATIENCE = 120
"""Seconds after which something is taken for broken, on a machine that does much else."""

Found = TypeVar("Found")

TICKS = """
query ($sensor: SensorSelector!) {
  sensorOrError(sensorSelector: $sensor) {
    ... on Sensor {
      sensorState { ticks(limit: 100) { timestamp endTimestamp status skipReason runIds } }
    }
  }
}
"""
RUNS = """
query ($filter: RunsFilter) {
  runsOrError(filter: $filter) {
    ... on Runs { results { runId status tags { key value } assetSelection { path } } }
  }
}
"""
START = """
mutation ($sensor: SensorSelector!) {
  startSensor(sensorSelector: $sensor) { ... on Sensor { sensorState { status } } }
}
"""
LOCATIONS = """
query { workspaceOrError { ... on Workspace { locationEntries {
  name loadStatus locationOrLoadError { __typename }
} } } }
"""
CHECK = """
query ($key: AssetKeyInput!, $check: String!) {
  assetCheckExecutions(assetKey: $key, checkName: $check, limit: 20) {
    evaluation {
      timestamp success severity
      metadataEntries { label ... on TextMetadataEntry { text } }
    }
  }
}
"""


@dataclass(frozen=True)
class Run:
    """A run that the region's sensor asked for."""

    id: str
    asset: str
    partition: str
    status: str


class Dev:
    """A running ``teamster dev``."""

    def __init__(self, drop: Path, home: Path, rows: Mapping[str, int]) -> None:
        self.drop = drop
        self.rows = rows
        self._home = home
        self._log = home / "output.txt"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("TEAMSTER_")
        }
        kept.pop("DAGSTER_HOME", None)
        with self._log.open("w") as output:
            self._process = subprocess.Popen(
                [TEAMSTER, "dev", "--drop", str(drop), "--port", str(self._port)],
                env={
                    **kept,
                    "TEAMSTER_HOME": str(home),
                    "TEAMSTER_DBT_DIR": str(ROOT / "src" / "dbt"),
                    "TEAMSTER_SENSOR_INTERVAL_SECONDS": "4",
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def tail(self) -> str:
        return self._log.read_text()[-6000:]

    def until(self, what: str, look: Callable[[], Found]) -> Found:
        """Waits until a look finds something; returns it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                pytest.fail(f"teamster dev ended by itself\n{self.tail()}")
            try:
                found = look()
            except OSError:  # the webserver does not answer yet
                found = None
            if found:
                return found
            time.sleep(0.25)
        pytest.fail(f"in {PATIENCE} s: no {what}\n{self.tail()}")

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Asks the webserver what the UI asks it."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def is_loaded(self) -> bool:
        entries = self.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
        kinds = {
            entry["locationOrLoadError"] and entry["locationOrLoadError"]["__typename"]
            for entry in entries
        }
        assert "PythonError" not in kinds, self.tail()
        return len(entries) == 3 and kinds == {"RepositoryLocation"}

    def switch_on(self, sensor: str) -> None:
        started = self.ask(START, sensor=_selector(sensor))["startSensor"]
        assert started == {"sensorState": {"status": "RUNNING"}}

    def ticks_since(self, moment: float) -> list[dict[str, Any]]:
        """Returns the sensor's ticks that began after a moment and are over, in order."""
        found = self.ask(TICKS, sensor=_selector(SENSOR))["sensorOrError"]["sensorState"]["ticks"]
        ended = [tick for tick in found if tick["endTimestamp"] and tick["timestamp"] >= moment]
        return sorted(ended, key=lambda tick: float(tick["timestamp"]))

    def runs(self) -> list[Run]:
        """Returns the runs that the sensor asked for."""
        return [_run(result) for result in self._runs_with_tag("dagster/sensor_name", SENSOR)]

    def builds(self) -> list[dict[str, Any]]:
        """Returns the runs that automation conditions asked for and that are over."""
        found = self._runs_with_tag("dagster/from_automation_condition", "true")
        return [run for run in found if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]

    def _runs_with_tag(self, key: str, value: str) -> list[dict[str, Any]]:
        tagged = {"tags": [{"key": key, "value": value}]}
        results: list[dict[str, Any]] = self.ask(RUNS, filter=tagged)["runsOrError"]["results"]
        return results

    def evaluations(self, asset: str, check: str) -> list[dict[str, Any]]:
        """Returns what a check of an asset said, the newest first, its metadata by name."""
        key = {"path": [REGION, "iready", asset]}
        found = self.ask(CHECK, key=key, check=check)["assetCheckExecutions"]
        return [
            {
                **execution["evaluation"],
                "metadata": {
                    entry["label"]: entry.get("text")
                    for entry in execution["evaluation"]["metadataEntries"]
                },
            }
            for execution in found
        ]

    def succeeded(self, asset: str, partition: str) -> Run | None:
        """Returns the run of a partition, once it succeeded."""
        for run in self.runs():
            assert run.status not in ("FAILURE", "CANCELED"), self.tail()
            if (run.asset, run.partition, run.status) == (asset, partition, "SUCCESS"):
                return run
        return None

    def wait_for_run(self, asset: str, partition: str) -> Run:
        return self.until(f"run of {asset} {partition}", lambda: self.succeeded(asset, partition))

    def rows_of(self, asset: str, partition: str) -> int:
        """Counts the rows of a partition's object."""
        (storage,) = self._home.glob(".teamster/drops/*/storage")
        year, subject = partition.split("|")
        folder = storage / REGION / "iready" / asset
        folder /= f"_dagster_partition_academic_year={year}"
        with (folder / f"_dagster_partition_subject={subject}" / "data").open("rb") as file:
            return sum(1 for _ in fastavro.reader(file))

    def stop(self) -> bool:
        """Asks it to stop, as a service manager does; returns whether that left nothing behind."""
        try:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            deadline = time.monotonic() + 10
            while self._has_members() and time.monotonic() < deadline:
                time.sleep(0.1)
            return not self._has_members()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _has_members(self) -> bool:
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True


def _selector(sensor: str) -> dict[str, str]:
    return {
        "repositoryLocationName": REGION,
        "repositoryName": "__repository__",
        "sensorName": sensor,
    }


def _run(result: Mapping[str, Any]) -> Run:
    tags = {tag["key"]: tag["value"] for tag in result["tags"]}
    (key,) = result["assetSelection"]
    return Run(
        id=result["runId"],
        asset=key["path"][-1],
        partition=tags["dagster/partition"],
        status=result["status"],
    )
