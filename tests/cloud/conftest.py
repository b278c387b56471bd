"""The demo, once on the embedded default and once on Google's services."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterInstance
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google

from teamster.cli.demo.drop import generate_drop
from teamster.libraries.dbt.warehouse import load_avro_extension
from tests.emulators import BigQueryEmulator, GcsEmulator, bigquery_emulator

STUDENTS_PER_SCHOOL = 12


@dataclass
class Demo:
    """One run of the demo: its Dagster, and its warehouse."""

    instance: DagsterInstance
    output: str


@dataclass
class Both:
    """The demo on the embedded default and on Google's services."""

    embedded: Demo
    cloud: Demo
    duck: duckdb.DuckDBPyConnection
    client: google.Client


@contextmanager
def running_demo(
    home: Path, drop: Path, variables: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Runs `teamster demo`, as a newcomer does, in a process of its own; yields its output too."""
    (home / "dagster").mkdir(parents=True)
    command = [str(Path(sys.executable).with_name("teamster")), "demo", "--drop", str(drop)]
    ours = {"TEAMSTER_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TEAMSTER_", "DBT_TARGET"))}
    output = home / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            command, env={**kept, **ours, **variables}, stdout=file, stderr=file, text=True
        )
    try:
        yield process, output
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="package")
def own_bigquery(
    tmp_path_factory: pytest.TempPathFactory, gcs: GcsEmulator
) -> Iterator[BigQueryEmulator]:
    """BigQuery with nothing but the demo's in it: other tests leave theirs in `bigquery`."""
    with bigquery_emulator(tmp_path_factory.mktemp("warehouse"), gcs.folder) as running:
        yield running


@pytest.fixture(scope="package")
def both(
    tmp_path_factory: pytest.TempPathFactory, gcs: GcsEmulator, own_bigquery: BigQueryEmulator
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("demo")
    drop = folder / "drop"
    generate_drop(drop, students_per_school=STUDENTS_PER_SCHOOL)
    variables = {
        "embedded": {},
        "cloud": {
            **gcs.variables,
            **own_bigquery.variables,
            "TEAMSTER_STORAGE_URL": f"gs://{gcs.bucket}/{{code_location}}",
            "TEAMSTER_BIGQUERY_LOAD": "native",
        },
    }
    output = {}
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(running_demo(folder / name, drop, given))
            for name, given in variables.items()
        }
        for name, (process, file) in running.items():
            process.wait(900)
            output[name] = file.read_text()
            assert process.returncode == 0, f"{name}:\n{output[name]}"
    with ExitStack() as stack:
        demos = {
            name: Demo(
                stack.enter_context(DagsterInstance.from_config(str(folder / name / "dagster"))),
                output[name],
            )
            for name in running
        }
        warehouse = folder / "embedded/.teamster/drops/drop/warehouse.duckdb"
        duck = stack.enter_context(duckdb.connect(str(warehouse), read_only=True))
        load_avro_extension(duck)
        client = google.Client(
            own_bigquery.project,
            AnonymousCredentials(),
            client_options={"api_endpoint": own_bigquery.endpoint},
        )
        stack.callback(client.close)
        yield Both(demos["embedded"], demos["cloud"], duck, client)
