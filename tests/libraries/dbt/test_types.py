"""Vendors' text, typed: the same on DuckDB as by Google's own SQL, which is BigQuery's."""

import math
import os
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from teamster.libraries.dbt.settings import dbt_dir, dbt_executable
from tests import googlesql

pytestmark = pytest.mark.slow

PROFILES = """
types:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "types.duckdb"}
    bigquery:
      type: bigquery
      method: oauth-secrets
      token: made-up
      project: somewhere
      schema: types
"""
KINDS = ("integer", "number", "boolean", "date")
MODEL = (
    "select n, "
    + ", ".join(f"{{{{ teamster.to_{kind}('x') }}}} as as_{kind}" for kind in KINDS)
    + ", {{ teamster.to_timestamp('x') }} as as_timestamp"
    + ", {{ dbt.split_part('x', \"'-'\", 2) }} as second_part"
    + ", {{ dbt.split_part('x', \"'-'\", -1) }} as last_part"
    + ", left(x, 4) as first_four from texts as texts"
)

TEXTS = [
    *("12", "12.0", "12.5", "2.5", "-0.5", "-12.5", " 12 ", "\t12", "1e3", "1E-3", ".5", "5."),
    *("+5", "0012", "007", "-0", "3000000000", "9223372036854775807", "9223372036854775808"),
    *("99999999999999999999", "123456789012.123456789012", "1,000", "12abc", "--5", "1 2", "-"),
    *("abc", "", " ", "１２", "n/a", "NULL", "ü", "o'k", "a\\b"),
    *("Y", "n", "Yes", "NO", "true", "False", "T", "f", "1", "0", "2", "yes "),
    *("2026-08-27", "2026-8-7", " 2026-08-27", "2026-08-27 ", "2026-02-30", "2026-13-01"),
    *("2026-08-27 12:30", "2026-08-27T12:30", "2026-08-27 12:30:15", "2026-08-27T12:30:15.25"),
    *("2026-08-27T12:30:00Z", "2026-08-27T12:30:00.123456Z", "2026-08-27 12:30:00 UTC"),
    *("2026-08-27T23:30:00-05:00", "2026-08-27 00:30:00+05", "2026-08-27T12:30:00+05:30"),
    *("2026-08-27T25:00:00", "2026-08-27 someday", "someday", "epoch", "infinity", "20260827"),
    *("8/27/2026", "08/27/2026", "13/1/2026", "2/30/2026", "8/27/2026 12:30", "2026/08/27", "/"),
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The model's SQL by target."""
    folder = tmp_path_factory.mktemp("types")
    (folder / "profiles.yml").write_text(PROFILES)
    (folder / "dbt_project.yml").write_text("name: types\nversion: 1.0.0\nprofile: types\n")
    (folder / "packages.yml").write_text(f"packages:\n  - local: {dbt_dir() / 'teamster'}\n")
    (folder / "models").mkdir()
    (folder / "models/typed.sql").write_text(MODEL)
    run_dbt(folder, "deps")
    found = {}
    for target in ("duckdb", "bigquery"):
        run_dbt(folder, "compile", "--target", target, "--no-introspect", "--no-populate-cache")
        [sql] = (folder / "target/compiled").rglob("typed.sql")
        found[target] = sql.read_text()
    return found


def run_dbt(folder: Path, *command: str) -> None:
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run(
        [dbt_executable(), *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def duck(compiled: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'America/New_York'")  # nothing depends on it
        connection.execute("create table texts (n integer, x varchar)")
        connection.executemany("insert into texts values (?, ?)", list(enumerate(TEXTS)))
        yield connection


def comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple("NaN" if isinstance(v, float) and math.isnan(v) else v for v in row)


def test_every_text_becomes_the_same_on_both_warehouses(compiled, duck):
    names = (
        "n, as_integer, as_number, as_boolean, as_date, {} as moment, "
        "second_part, last_part, first_four"
    )
    ours = duck.execute(
        f"select {names.format('epoch_us(as_timestamp)')} from ({compiled['duckdb']}) order by n"
    ).fetchall()
    query = compiled["bigquery"].replace("from texts", f"from {googlesql.texts(TEXTS)}")
    theirs = googlesql.evaluate(
        f"select {names.format('unix_micros(as_timestamp)')} from ({query}) order by n"
    )
    for text, our, their in zip(TEXTS, ours, theirs, strict=True):
        assert comparable(our) == comparable(their), text


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12.5", "integer", 13),
        ("3000000000", "integer", 3_000_000_000),
        ("n/a", "integer", None),
        ("1E-3", "number", 0.001),
        ("Yes", "boolean", True),
        ("2", "boolean", None),
        ("8/27/2026", "date", date(2026, 8, 27)),
        ("2026-08-27T23:30:00-05:00", "date", date(2026, 8, 27)),
        ("2026-08-27T23:30:00-05:00", "timestamp", datetime(2026, 8, 28, 4, 30)),
        ("2026-08-27 12:30", "timestamp", datetime(2026, 8, 27, 12, 30)),
        ("2026-08-27 someday", "date", None),
    ],
)
def test_what_a_text_becomes(compiled, duck, text, kind, value):
    typed = f"select as_{kind} from ({compiled['duckdb']}) where n = {TEXTS.index(text)}"
    assert duck.execute(typed).fetchall() == [(value,)]
