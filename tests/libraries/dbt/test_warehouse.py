import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from upath import UPath

from teamster.core.errors import ConfigError
from teamster.libraries.dbt import settings
from teamster.libraries.dbt.settings import dbt_dir, warehouse_path
from teamster.libraries.dbt.sources import AvroSource, stage
from teamster.libraries.dbt.warehouse import connect_warehouse, warehouse_lock


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TEAMSTER_HOME", str(tmp_path))
    monkeypatch.delenv("TEAMSTER_WAREHOUSE", raising=False)
    return tmp_path


def test_the_warehouse_lies_in_the_project_wherever_one_asks(home, monkeypatch):
    assert warehouse_path() == home / ".teamster/warehouse.duckdb"
    monkeypatch.setenv("TEAMSTER_WAREHOUSE", "elsewhere/w.duckdb")
    (home / "other").mkdir()
    monkeypatch.chdir(home / "other")
    assert warehouse_path() == home / "elsewhere/w.duckdb"
    monkeypatch.setenv("TEAMSTER_WAREHOUSE", str(home / "absolute.duckdb"))
    assert warehouse_path() == home / "absolute.duckdb"


def test_the_dbt_projects_come_with_the_checkout(monkeypatch, tmp_path):
    assert (dbt_dir() / "kippnewark/dbt_project.yml").is_file()
    (tmp_path / "profiles.yml").touch()
    monkeypatch.setenv("TEAMSTER_DBT_DIR", str(tmp_path))
    assert dbt_dir() == tmp_path
    (tmp_path / "profiles.yml").unlink()
    with pytest.raises(ConfigError, match="TEAMSTER_DBT_DIR"):
        dbt_dir()


def test_the_dbt_of_this_python_is_taken_even_where_path_has_another(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert settings.dbt_executable() == str(Path(sys.executable).with_name("dbt"))


HOLD = """
import sys, time
from teamster.libraries.dbt.warehouse import warehouse_lock
with warehouse_lock() as path:
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_one_run_at_a_time_across_processes():
    messages: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        def log(message: str) -> None:
            messages.append(message)  # we wait: let the other one go
            assert other.poll() is None
            other.stdin.write("\n")
            other.stdin.flush()

        with warehouse_lock(log) as path:
            assert other.wait(timeout=10) == 0
    assert path == warehouse_path()
    assert messages == ["Waiting for the warehouse warehouse.duckdb: another run is writing to it"]


def test_a_killed_run_frees_the_warehouse():
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        other.kill()
    with warehouse_lock(lambda message: pytest.fail(message)):
        pass


def test_sources_and_tables_of_the_warehouse_can_be_queried(home, put_object):
    schema = {"type": "record", "name": "r", "fields": [{"name": "n", "type": "int"}]}
    put_object(home / "storage", "home/v/numbers", schema, [{"n": 1}, {"n": 2}])
    source = AvroSource("home_v", "numbers", ("home", "v", "numbers"), schema, ())
    with warehouse_lock(), connect_warehouse(read_only=False) as writing:
        stage(writing.execute, source, UPath(home / "storage"))
        writing.execute("create table home_v.stg_numbers as select * from home_v.numbers")
    with connect_warehouse() as reading:
        assert reading.sql("select sum(n) from home_v.numbers").fetchall() == [(3,)]
    # Tables need no extension.
    with duckdb.connect(warehouse_path(), read_only=True) as plain:
        assert plain.sql("select sum(n) from home_v.stg_numbers").fetchall() == [(3,)]
