"""The demo's feeds on Google's services and on the embedded default: the same, value by value."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dagster import AssetCheckKey, AssetKey, DagsterEvent, DagsterEventType
from google.cloud import bigquery as google

from teamster.cli.demo.answers import ANSWERS
from teamster.cli.demo.drop import generate_drop
from teamster.cli.demo.drop.oneroster_records import roster_records
from teamster.cli.demo.drop.population import build_population
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.powerschool_tables import powerschool_of
from tests import googlesql
from tests.cloud.conftest import STUDENTS_PER_SCHOOL, Both, Demo
from tests.demo import DemoRun, rows_laid_out

pytestmark = pytest.mark.slow

SEED = 2026
NATIVE = re.compile(r"__[0-9a-f]{12}$")
DBT_COMMENT = re.compile(r"^/\*.*?\*/", re.DOTALL)
LOADED = re.compile(r"__[0-9a-f]{12}__[0-9a-f]{12}_\d+`")
Rows = list[tuple[Any, ...]]


# What Dagster says


def events(demo: Demo, kind: DagsterEventType) -> Iterator[DagsterEvent]:
    """The events of one kind of all runs, in order."""
    for run in reversed(demo.instance.get_runs()):
        for entry in demo.instance.all_logs(run.run_id, of_type=kind):
            assert entry.dagster_event is not None
            yield entry.dagster_event


def materializations(demo: Demo) -> dict[tuple[AssetKey, str | None], dict[str, Any]]:
    """The last materialization's metadata of each asset and partition."""
    found = {}
    for event in events(demo, DagsterEventType.ASSET_MATERIALIZATION):
        done = event.materialization
        found[done.asset_key, done.partition] = {k: v.value for k, v in done.metadata.items()}
    return found


def row_counts(demo: Demo) -> dict[tuple[AssetKey, str | None], Any]:
    return {key: metadata["dagster/row_count"] for key, metadata in materializations(demo).items()}


def test_every_asset_has_as_many_rows(both):
    counts = row_counts(both.cloud)
    assert counts == row_counts(both.embedded)
    assert len(counts) > 100
    assert sum(counts.values()) > 5000


def test_objects_lie_in_the_bucket(both):
    uris = {metadata.get("dagster/uri") for metadata in materializations(both.cloud).values()}
    assert all(uri is None or uri.startswith("gs://") for uri in uris)
    assert len(uris) > 50


def test_tables_have_the_same_columns_and_their_types(both):
    ours, theirs = materializations(both.embedded), materializations(both.cloud)
    tables = 0
    for key, metadata in ours.items():
        if "dagster/uri" in metadata:
            continue  # an object
        tables += 1
        columns = {c.name: c for c in metadata["dagster/column_schema"].columns}
        same = {c.name: c for c in theirs[key]["dagster/column_schema"].columns}
        assert {name: BIGQUERY_TYPES[c.type] for name, c in columns.items()} == {
            name: c.type for name, c in same.items()
        }, key
        assert {n: c.description for n, c in columns.items()} == {
            n: c.description for n, c in same.items()
        }
    assert tables > 45


BIGQUERY_TYPES = {
    "VARCHAR": "STRING",
    "INTEGER": "INT64",
    "BIGINT": "INT64",
    "HUGEINT": "INT64",
    "DOUBLE": "FLOAT64",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}


def checks(demo: Demo) -> dict[AssetCheckKey, tuple[bool, str]]:
    """The last evaluation of each of dbt's data tests and of our own checks."""
    found = {}
    for event in events(demo, DagsterEventType.ASSET_CHECK_EVALUATION):
        check = event.asset_check_evaluation_data
        found[check.asset_check_key] = (check.passed, check.severity.name)
    return found


def test_every_check_says_the_same(both):
    found = checks(both.cloud)
    assert found == checks(both.embedded)
    assert len(found) > 100
    assert {passed for passed, _ in found.values()} == {True, False}  # there are slips to be found


# What the warehouses hold


def tables(duck: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table and view, sources included."""
    found = duck.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema <> 'main' order by all"
    ).fetchall()
    return [name for (name,) in found]


def plain(value: Any) -> Any:
    """A value without what only the two libraries tell apart: moments are in UTC in both."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def in_duckdb(both: Both, table: str, columns: str) -> Rows:
    rows = both.duck.execute(f"select {columns} from {table}").fetchall()
    return [tuple(map(plain, row)) for row in rows]


def in_bigquery(both: Both, table: str, columns: str) -> Rows:
    rows = both.client.query(f"select {columns} from {table}".replace('"', "`")).result()
    return [tuple(map(plain, row.values())) for row in rows]


def columns_of(both: Both, table: str) -> list[str]:
    return [name for name, *_ in both.duck.execute(f"describe {table}").fetchall()]


def test_every_table_holds_the_same_values(both):
    names = tables(both.duck)
    assert len(names) > 75
    filled = 0
    for table in names:
        columns = ", ".join(f'"{name}"' for name in columns_of(both, table))
        expected = in_duckdb(both, table, columns)
        assert Counter(in_bigquery(both, table, columns)) == Counter(expected), table
        filled += bool(expected)
    assert filled > 65


def test_bigquery_holds_the_same_tables(both):
    found = {
        f"{dataset.dataset_id}.{table.table_id}"
        for dataset in both.client.list_datasets()
        for table in both.client.list_tables(dataset.dataset_id)
    }
    beside = {name for name in found if name.endswith(".teamster_loads") or NATIVE.search(name)}
    assert found - beside == set(tables(both.duck))
    # What was loaded on the way is gone, and each source has one native table.
    sources = {NATIVE.sub("", name) for name in beside if NATIVE.search(name)}
    assert len(sources) > 25
    assert sources < set(tables(both.duck))


def test_every_statement_is_bigquerys_own_sql(both):
    """By Google's own analyzer: bqemulator would let pass what only DuckDB, below it, takes."""
    # A page of ten thousand: bqemulator knows no second one.
    jobs = both.client.list_jobs(page_size=10_000)
    # The regions' differ in nothing else.
    statements = {
        DBT_COMMENT.sub("", job.query).replace("kippcamden_", "kippnewark_")
        for job in jobs
        if job.job_type == "query"
    }
    analyzed, wrong = 0, []
    with googlesql.analyzing(schemas(both.client)) as analyze:
        for part in chain.from_iterable(map(parts_of, statements)):
            kind = googlesql.parse(part)
            if LOADED.search(part) or "INFORMATION_SCHEMA" in part:
                continue  # of tables that are there no more, or of BigQuery's own
            if kind in ("Query", "CreateView") or (kind == "CreateTable" and " as (" in part):
                analyzed += 1
                try:
                    analyze(part)
                except googlesql.Wrong as error:
                    wrong.append(f"{error}:\n{part}")
    assert not wrong, "\n\n".join(wrong)
    assert analyzed > 200


def parts_of(statement: str) -> list[str]:
    """The statements of what may be a script of ours."""
    return statement.rstrip("; \n").split(";\n")


def schemas(client: google.Client) -> googlesql.Tables:
    found = {}
    for dataset in client.list_datasets():
        for listed in client.list_tables(dataset.dataset_id):
            table = client.get_table(listed.reference)
            columns = {field.name: field.field_type for field in table.schema}
            found[table.project, table.dataset_id, table.table_id] = columns
    return found


def test_every_question_has_the_same_answer(both):
    reporting = [name for name in tables(both.duck) if name.startswith("kipptaf_reporting.")]
    with duckdb.connect() as copy:
        copy.execute("create schema kipptaf_reporting")
        for table in reporting:
            described = both.duck.execute(f"describe {table}").fetchall()
            names = ", ".join(f'"{name}"' for name, *_ in described)
            typed = ", ".join(f'"{name}" {kind}' for name, kind, *_ in described)
            copy.execute(f"create table {table} ({typed})")
            marks = ", ".join("?" * len(described))
            copy.executemany(
                f"insert into {table} values ({marks})", in_bigquery(both, table, names)
            )
        for answer in ANSWERS:
            expected = both.duck.execute(answer.sql).fetchall()
            assert copy.execute(answer.sql).fetchall() == expected, answer.question
            assert expected, answer.question
            # And the embedded demo has told it.
            assert answer.question in both.embedded.run.stdout


# What the drop and the APIs hold


FEEDS = {
    ("iready", "diagnostic_results"): r"iready/exports/nj-{}/\w+/diagnostic_results_\w+\.csv",
    ("iready", "personalized_instruction_by_lesson"): (
        r"iready/exports/nj-{}/\w+/(personalized|iready)_instruction_by_lesson_\w+\.csv"
    ),
    ("renlearn", "star"): r"renlearn/{}\.zip/S[MR]\.csv",
    ("renlearn", "star_skill_area"): r"renlearn/{}\.zip/S[MR]_SkillArea_v1\.csv",
    ("collegeboard", "psat"): r"collegeboard/psat/\d+_\w+_\d+_\d+\.csv",
    ("collegeboard", "sat"): r"collegeboard/sat/\d+_SAT_\d+_\d+\.csv",
    ("oneroster", "users"): r"oneroster/{}/oneroster\.zip/users\.csv",
    ("oneroster", "enrollments"): r"oneroster/{}/oneroster\.zip/enrollments\.csv",
}


def test_the_demo_takes_every_row_of_files_and_apis(both: Both, tmp_path: Path) -> None:
    run = both.embedded.run
    assert not run.stderr
    assert "Traceback" not in run.stdout
    assert str(run.home) not in run.stdout
    assert "norming_window" in run.stdout  # drift, by the column's name
    summary = generate_drop(tmp_path / "drop", students_per_school=STUDENTS_PER_SCHOOL)
    for region in ("newark", "camden"):
        for key, pattern in FEEDS.items():
            laid_out = rows_laid_out(summary.rows, pattern.format(region))
            assert laid_out, pattern
            assert run.rows_in(f"kipp{region}", *key) == laid_out, key
        assert_apis_were_read(run, region)
    enrolled = both.duck.execute(
        "select sum(students) from kipptaf_reporting.rpt_enrollment_by_school_and_grade"
    ).fetchone()
    assert enrolled == (sum(summary.enrolment.values()),)


def assert_apis_were_read(run: DemoRun, region: str) -> None:
    """Asserts that each table and endpoint has the records that its server holds."""
    population = build_population(region, STUDENTS_PER_SCHOOL, seed=SEED)
    powerschool = powerschool_of(population, SEED)
    oneroster = roster_records(population, Staff(SEED))
    for name in ("students", "schools", "sections", "cc"):
        assert run.rows_in(f"kipp{region}", "powerschool", name) == len(powerschool.tables[name])
    for name in ("users", "classes", "enrollments"):
        assert run.rows_in(f"kipp{region}", "oneroster_api", name) == len(oneroster[name])
