"""The demo, once on the embedded default and once on Google's services."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb
import pytest
from dagster import DagsterInstance
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google

from teamster.libraries.dbt.warehouse import load_avro_extension
from tests.demo import DemoRun, running_demo
from tests.emulators import BigQueryEmulator, GcsEmulator, bigquery_emulator

STUDENTS_PER_SCHOOL = 12


@dataclass
class Demo:
    """One run of the demo, and its Dagster."""

    run: DemoRun
    instance: DagsterInstance


@dataclass
class Both:
    """The demo on the embedded default and on Google's services."""

    embedded: Demo
    cloud: Demo
    duck: duckdb.DuckDBPyConnection
    client: google.Client


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
    variables = {
        "embedded": {},
        "cloud": {
            **gcs.variables,
            **own_bigquery.variables,
            "TEAMSTER_STORAGE_URL": f"gs://{gcs.bucket}/{{code_location}}",
            "TEAMSTER_BIGQUERY_LOAD": "native",
        },
    }
    with ExitStack() as stack:
        runs = {
            name: stack.enter_context(
                running_demo(folder / name, "--students", str(STUDENTS_PER_SCHOOL), variables=given)
            )
            for name, given in variables.items()
        }
        for name, run in runs.items():
            assert run.ends_with() == 0, f"{name}:\n{run.stdout}{run.stderr}"
    with ExitStack() as stack:
        demos = {
            name: Demo(
                run,
                stack.enter_context(
                    DagsterInstance.from_config(str(run.home / ".teamster" / "dagster"))
                ),
            )
            for name, run in runs.items()
        }
        warehouse = folder / "embedded/.teamster/warehouse.duckdb"
        duck = stack.enter_context(duckdb.connect(str(warehouse), read_only=True))
        load_avro_extension(duck)
        client = google.Client(
            own_bigquery.project,
            AnonymousCredentials(),
            client_options={"api_endpoint": own_bigquery.endpoint},
        )
        stack.callback(client.close)
        yield Both(demos["embedded"], demos["cloud"], duck, client)
