"""Sources staged in BigQuery's emulator, from objects in Cloud Storage's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from dbt.adapters.bigquery.credentials import _create_bigquery_defaults
from google.api_core.exceptions import BadRequest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google
from upath import UPath

from teamster.cli.main import main
from teamster.core.avro import write_avro
from teamster.core.errors import (
    AuthenticationFailed,
    ConfigError,
    ObjectChanged,
    Permanent,
    ServerUnavailable,
    UnreadableFile,
)
from teamster.core.schema import resolve_schema, text_model
from teamster.core.storage import put_in_place, remove
from teamster.libraries.dbt import bigquery_loads
from teamster.libraries.dbt.bigquery import connect_bigquery, stage, stage_sources
from teamster.libraries.dbt.bigquery_errors import explained
from teamster.libraries.dbt.settings import dbt_dir
from teamster.libraries.dbt.sources import AvroSource
from tests.emulators import BigQueryEmulator, GcsEmulator

SCORES = resolve_schema(text_model("scores", "id score"))
Rows = Sequence[Mapping[str, Any]]


@pytest.fixture(autouse=True)
def _variables(
    gcs: GcsEmulator, bigquery: BigQueryEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (gcs.variables | bigquery.variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TEAMSTER_BIGQUERY_LOAD", "native")


class Warehouse:
    """A dataset, and a root in the bucket, that no other test has."""

    def __init__(self, client: google.Client, root: UPath, spool: Path) -> None:
        self.client, self.root, self.spool = client, root, spool
        self.dataset = f"vendor_{uuid4().hex}"
        client.create_dataset(self.dataset)

    def source(self, schema: Any = SCORES, *partitions: str, load: str = "") -> AvroSource:
        key = ("home", "vendor", "scores")
        return AvroSource(
            self.dataset, "scores", key, schema, partitions, load, self.client.project
        )

    def put(self, rows: Rows, schema: Any = SCORES, *folders: str) -> UPath:
        path = self.root.joinpath("home", "vendor", "scores", *folders, "data")
        spooled = self.spool / "spooled"
        write_avro(spooled, rows, schema)
        put_in_place(spooled, path)
        return path

    def staged(self, of: AvroSource) -> set[tuple[Any, ...]]:
        stage(self.client, of, self.root)
        return self.rows("scores")

    def rows(self, table: str) -> set[tuple[Any, ...]]:
        found = self.client.query(f"select * from `{self.dataset}`.`{table}`").result()
        listed = [tuple(row.values()) for row in found]
        assert len(listed) == len(set(listed))
        return set(listed)

    def tables(self) -> set[str]:
        return {table.table_id for table in self.client.list_tables(self.dataset)}


@pytest.fixture
def warehouse(gcs: GcsEmulator, bigquery: BigQueryEmulator, tmp_path: Path) -> Iterator[Warehouse]:
    client = google.Client(
        bigquery.project,
        AnonymousCredentials(),
        client_options={"api_endpoint": bigquery.endpoint},
    )
    yield Warehouse(client, UPath(f"gs://{gcs.bucket}/{uuid4().hex}"), tmp_path)
    client.close()


def year(value: str) -> str:
    return f"_dagster_partition_year={value}"


# Partition by partition


def test_a_source_is_there_before_its_first_object(warehouse):
    of = warehouse.source(SCORES, "year")
    assert warehouse.staged(of) == set()
    assert warehouse.tables() == {"scores"}
    columns = [field.name for field in warehouse.client.get_table(f"{of.schema}.scores").schema]
    assert columns == ["id", "score", "_dagster_partition_year"]
    warehouse.put([{"id": "1"}], SCORES, year("2026"))
    assert warehouse.staged(of) == {("1", None, "2026")}


@pytest.mark.parametrize(("quoted", "value"), [("a%2Fb", "a/b"), ("o%27k%5C", "o'k\\"), ("0", "0")])
def test_partition_values_stay_as_they_were(warehouse, quoted, value):
    warehouse.put([{"id": "1"}], SCORES, year(quoted))
    assert warehouse.staged(warehouse.source(SCORES, "year")) == {("1", None, value)}


def test_only_what_has_changed_is_loaded(warehouse, monkeypatch):
    of = warehouse.source(SCORES, "year")
    loads: list[str] = []
    load = warehouse.client.load_table_from_uri

    def noting(uri: str, *arguments: Any, **options: Any) -> Any:
        loads.append(uri.split("/")[-2])
        return load(uri, *arguments, **options)

    monkeypatch.setattr(warehouse.client, "load_table_from_uri", noting)
    warehouse.put([{"id": "1"}], SCORES, year("2025"))
    warehouse.put([{"id": "2"}], SCORES, year("2026"))
    warehouse.staged(of)
    assert sorted(loads) == [year("2025"), year("2026")]
    loads.clear()
    warehouse.staged(of)
    assert loads == []
    warehouse.put([{"id": "3"}], SCORES, year("2026"))
    assert warehouse.staged(of) == {("1", None, "2025"), ("3", None, "2026")}
    assert loads == [year("2026")]


def test_a_partition_that_is_gone_or_empty_now_has_no_rows(warehouse):
    of = warehouse.source(SCORES, "year")
    first = warehouse.put([{"id": "1"}], SCORES, year("2025"))
    warehouse.put([{"id": "2"}], SCORES, year("2026"))
    warehouse.staged(of)
    warehouse.put([], SCORES, year("2026"))
    assert warehouse.staged(of) == {("1", None, "2025")}
    remove(first)
    assert warehouse.staged(of) == set()


def test_many_partitions_are_taken_in_batch_by_batch(warehouse, monkeypatch):
    monkeypatch.setattr(bigquery_loads, "_IN_ONE_TRANSACTION", 3)
    for number in range(8):
        warehouse.put([{"id": str(number)}], SCORES, year(str(number)))
    of = warehouse.source(SCORES, "year")
    assert warehouse.staged(of) == {(str(n), None, str(n)) for n in range(8)}


def test_what_is_loaded_on_the_way_is_gone(warehouse):
    warehouse.put([{"id": "1"}])
    warehouse.staged(warehouse.source())
    [native] = warehouse.tables() - {"scores", "teamster_loads"}
    assert native.startswith("scores__")
    assert len(native) == len("scores__") + 12


def test_old_layouts_and_types_meet_in_the_declared_schema(warehouse):
    now = resolve_schema(
        {
            "type": "record",
            "name": "scores",
            "fields": [
                {"name": "id", "type": ["null", "string"], "aliases": ["sid"]},
                {"name": "score", "type": ["null", "long"]},
                {"name": "amount", "type": ["null", decimal()]},
            ],
        }
    )
    warehouse.put([{"id": "1", "score": 5, "amount": Decimal("1.25")}], now, year("2026"))
    before = resolve_schema(text_model("scores", "dropped score sid"))
    rows = [{"sid": "2", "score": "7", "dropped": "x"}, {"sid": "3", "score": "absent"}]
    warehouse.put(rows, before, year("2025"))
    assert warehouse.staged(warehouse.source(now, "year")) == {
        ("1", 5, Decimal("1.25"), "2026"),
        ("2", 7, None, "2025"),
        ("3", None, None, "2025"),
    }


def decimal() -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}


def test_a_changed_schema_loads_all_anew_and_leaves_one_table(warehouse):
    warehouse.put([{"id": "1"}], SCORES, year("2026"))
    warehouse.staged(warehouse.source(SCORES, "year"))
    before = warehouse.tables()
    wider = resolve_schema(text_model("scores", "id score more"))
    assert warehouse.staged(warehouse.source(wider, "year")) == {("1", None, None, "2026")}
    assert len(warehouse.tables()) == len(before)
    assert warehouse.tables() != before
    # And back again, as when a deployment is undone.
    assert warehouse.staged(warehouse.source(SCORES, "year")) == {("1", None, "2026")}
    assert warehouse.tables() == before


def test_a_table_that_somebody_dropped_is_filled_again(warehouse):
    of = warehouse.source()
    warehouse.put([{"id": "1"}])
    warehouse.staged(of)
    [native] = warehouse.tables() - {"scores", "teamster_loads"}
    warehouse.client.delete_table(f"{warehouse.dataset}.{native}")
    assert warehouse.staged(of) == {("1", None)}


def test_a_run_that_fails_in_the_middle_leaves_the_old_rows(warehouse, monkeypatch):
    of = warehouse.source(SCORES, "year")
    warehouse.put([{"id": "1"}], SCORES, year("2026"))
    warehouse.staged(of)
    warehouse.put([{"id": "2"}], SCORES, year("2026"))
    with monkeypatch.context() as patch:
        broken = "insert into `nowhere`.`nothing` values (1)"
        patch.setattr(bigquery_loads, "_notes_sql", lambda *_: broken)
        with pytest.raises(Permanent, match=r"source vendor_\w+\.scores"):
            stage(warehouse.client, of, warehouse.root)
    assert warehouse.rows("scores") == {("1", None, "2026")}
    assert not {name for name in warehouse.tables() if name.count("__") > 1}
    assert warehouse.staged(of) == {("2", None, "2026")}


def test_two_runs_at_once_leave_each_partition_once(warehouse):
    of = warehouse.source(SCORES, "year")
    for number in range(4):
        warehouse.put([{"id": str(number)}], SCORES, year(str(number)))
    with ThreadPoolExecutor(2) as runs:
        done = [runs.submit(stage, warehouse.client, of, warehouse.root) for _ in range(2)]
    failures = [run.exception() for run in done if run.exception()]
    assert all(isinstance(failure, (ObjectChanged, Permanent)) for failure in failures)
    assert warehouse.staged(of) == {(str(n), None, str(n)) for n in range(4)}


# What is not ours, and what is wrong


def test_somebody_elses_table_is_not_replaced(warehouse):
    warehouse.client.query(f"create table {warehouse.dataset}.scores as select 1 as kept").result()
    warehouse.put([{"id": "1"}])
    with pytest.raises(ConfigError, match=r"no view but a table"):
        stage(warehouse.client, warehouse.source(), warehouse.root)
    assert warehouse.rows("scores") == {(1,)}


def test_objects_of_another_layout_are_refused(warehouse):
    warehouse.put([{"id": "1"}], SCORES, year("2026"), "_dagster_partition_subject=ela")
    with pytest.raises(ConfigError, match="are partitioned by"):
        stage(warehouse.client, warehouse.source(SCORES, "subject", "year"), warehouse.root)
    assert len(warehouse.staged(warehouse.source(SCORES, "year", "subject"))) == 1


def test_an_object_that_is_no_avro_is_named(warehouse):
    path = warehouse.put([{"id": "1"}], SCORES, year("2026"))
    (warehouse.spool / "text").write_text("id,score\n")
    put_in_place(warehouse.spool / "text", path)
    with pytest.raises(
        UnreadableFile, match=r"scores/_dagster_partition_year=2026/data is no Avro"
    ):
        stage(warehouse.client, warehouse.source(SCORES, "year"), warehouse.root)


def properties(**given: Any) -> dict[str, Any]:
    meta = {"avro_schema": "teamster.libraries.iready.schema:DiagnosticResults"}
    return {
        "unique_id": "source.p.iready.results",
        "resource_type": "source",
        "source_name": "iready",
        "name": "results",
        "database": "teamster-test",
        "schema": f"home_{uuid4().hex}",
        "identifier": "results",
        "config": {"meta": {"teamster": {**meta, **given}}},
    }


def test_objects_in_a_folder_are_not_for_bigquery(warehouse, monkeypatch, tmp_path):
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", str(tmp_path))
    with pytest.raises(ConfigError, match="TEAMSTER_STORAGE_URL=gs://"):
        stage_sources(warehouse.client, "home", [properties()])


def test_datasets_are_made(warehouse, monkeypatch, gcs):
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", f"gs://{gcs.bucket}/{{code_location}}")
    source = properties(load="native")
    assert stage_sources(warehouse.client, "nobody", [source]) == 0
    assert warehouse.client.get_table(f"{source['schema']}.results").table_type == "VIEW"


def test_how_a_source_is_loaded_is_one_of_two(warehouse, monkeypatch):
    with pytest.raises(ConfigError, match=r"dbt source iready\.results: .*external or native"):
        AvroSource.from_dbt("home", properties(load="copied"))
    monkeypatch.setenv("TEAMSTER_BIGQUERY_LOAD", "copied")
    warehouse.put([{"id": "1"}])
    with pytest.raises(ConfigError, match="TEAMSTER_BIGQUERY_LOAD"):
        stage(warehouse.client, warehouse.source(), warehouse.root)


# External tables, which the emulator does not know: what is said to it


class Told(Exception):
    """The statement that would have been run."""


@pytest.mark.parametrize("by", ["source", "default"])
def test_an_external_source_is_a_view_over_an_external_table(warehouse, monkeypatch, by):
    monkeypatch.setenv("TEAMSTER_BIGQUERY_LOAD", "native" if by == "source" else "")
    warehouse.put([{"id": "1"}], SCORES, year("2026"))

    def tell(statement: str) -> None:
        raise Told(statement)

    monkeypatch.setattr(warehouse.client, "query", tell)
    of = warehouse.source(SCORES, "year", load="external" if by == "source" else "")
    with pytest.raises(Told, match="create or replace external table") as told:
        stage(warehouse.client, of, warehouse.root)
    folder = f"{warehouse.root}/home/vendor/scores"
    assert f"uris = ['{folder}/_dagster_partition_year=*/data']" in str(told.value)
    assert f"hive_partition_uri_prefix = '{folder}'" in str(told.value)


# Credentials and errors


def test_the_client_is_the_profiles(bigquery):
    client = connect_bigquery(dbt_dir() / "kippnewark", dbt_dir(), "bigquery")
    assert (client.project, client.location) == (bigquery.project, "US")
    assert [tuple(row) for row in client.query("select 1").result()] == [(1,)]
    client.close()


def test_a_branch_deployment_has_a_project_of_its_own(monkeypatch):
    monkeypatch.setenv("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT", "1")
    with pytest.raises(ConfigError, match="TEAMSTER_TEST_BIGQUERY_PROJECT"):
        connect_bigquery(dbt_dir() / "kippnewark", dbt_dir(), "bigquery")
    monkeypatch.setenv("TEAMSTER_TEST_BIGQUERY_PROJECT", "tests")
    client = connect_bigquery(dbt_dir() / "kippnewark", dbt_dir(), "bigquery")
    assert client.project == "tests"
    client.close()


def test_without_credentials_one_is_told_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    _create_bigquery_defaults.cache_clear()
    with pytest.raises(AuthenticationFailed, match="gcloud auth") as caught:
        connect_bigquery(dbt_dir() / "kippnewark", dbt_dir(), "bigquery")
    assert str(tmp_path) not in str(caught.value)


def test_another_target_is_told(monkeypatch):
    with pytest.raises(ConfigError, match="leads to duckdb"):
        connect_bigquery(dbt_dir() / "kippnewark", dbt_dir(), "duckdb")


def test_a_jobs_own_words_stay_in_bigquery():
    error = BadRequest("Bad value: Ada Lovelace", errors=[{"reason": "invalid", "message": "Ada"}])
    with pytest.raises(Permanent) as caught, explained("source home.scores"):
        raise error
    assert "Ada" not in str(caught.value)
    assert str(caught.value) == (
        "source home.scores: BigQuery answers 400 invalid: look at the job in BigQuery"
    )


def raising(error: Exception) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (
            BadRequest("Transaction is aborted due to concurrent update against table"),
            ObjectChanged,
        ),
        (ConnectionResetError("reset"), ServerUnavailable),
        (TimeoutError("late"), ServerUnavailable),
    ],
)
def test_errors_by_recovery(error, ours):
    with pytest.raises(ours, match="source home"), explained("source home"):
        raising(error)()


def test_staging_by_hand(monkeypatch, gcs):
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", f"gs://{gcs.bucket}/by_hand/{{code_location}}")
    done = CliRunner().invoke(main, ["dbt-stage", "kippcamden"])
    assert done.output == "The sources of kippcamden are up to date: 0 objects\n"
    monkeypatch.delenv("DBT_TARGET")
    done = CliRunner().invoke(main, ["dbt-stage", "kippcamden"])
    assert (done.exit_code, "DBT_TARGET=bigquery" in done.output) == (1, True)
