import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from teamster.core.errors import ConfigError
from teamster.libraries.dbt import project as subject
from teamster.libraries.dbt.project import (
    check_dbt_project,
    get_dbt_cli_resource,
    get_dbt_project,
)

pytestmark = pytest.mark.slow

PROFILES = """
home:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "{{ env_var('TEAMSTER_WAREHOUSE', 'warehouse.duckdb') }}"}
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A fresh clone: a project with a package that has a package of its own."""
    folder = tmp_path_factory.mktemp("clone")
    flags = "flags: {send_anonymous_usage_stats: false}\n"
    write(
        folder,
        {
            "profiles.yml": PROFILES,
            "home/dbt_project.yml": f"name: home\nversion: 1.0.0\nprofile: home\n{flags}",
            "home/packages.yml": "packages:\n  - local: ../vendor\n",
            "vendor/dbt_project.yml": "name: vendor\nversion: 1.0.0\n",
            "vendor/packages.yml": "packages:\n  - local: ../shared\n",
            "vendor/models/orders.sql": "select {{ shared.one() }} as n",
            "shared/dbt_project.yml": "name: shared\nversion: 1.0.0\n",
            "shared/macros/one.sql": "{% macro one() %}1{% endmacro %}",
        },
    )
    return folder


@pytest.fixture(autouse=True)
def use(clone, monkeypatch):
    monkeypatch.setenv("TEAMSTER_DBT_DIR", str(clone))
    monkeypatch.delenv("TEAMSTER_WAREHOUSE", raising=False)


PREPARE = """
from teamster.libraries.dbt import project
prepare = project._prepare
project._prepare = lambda given: (print("prepares"), prepare(given))
print(project.get_dbt_project("home").manifest_path.is_file())
"""


def test_several_processes_prepare_a_fresh_clone_once(clone):
    shutil.rmtree(clone / "home/target", ignore_errors=True)
    shutil.rmtree(clone / "home/dbt_packages", ignore_errors=True)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PREPARE],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    printed = [process.communicate(timeout=120) for process in running]
    assert sorted(output for output, _ in printed) == ["True\n", "True\n", "prepares\nTrue\n"], (
        printed
    )
    assert not list((clone / "home/target").glob(".prepare-*"))


@pytest.fixture
def prepared(monkeypatch) -> list[str]:
    """The names of the projects that are prepared in a test."""
    names: list[str] = []
    prepare = subject._prepare

    def noting(project):
        names.append(project.name)
        prepare(project)

    monkeypatch.setattr(subject, "_prepare", noting)
    get_dbt_project("home")
    names.clear()
    return names


def test_nothing_is_done_while_nothing_changes(prepared):
    assert "model.vendor.orders" in get_dbt_project("home").manifest_path.read_text()
    assert prepared == []


def test_a_change_in_a_packages_package_makes_the_manifest_anew(clone, prepared):
    (clone / "shared/macros/two.sql").write_text("{% macro two() %}2{% endmacro %}")
    assert "macro.shared.two" in get_dbt_project("home").manifest_path.read_text()
    assert prepared == ["home"]


def test_another_database_name_makes_the_manifest_anew(prepared, monkeypatch):
    monkeypatch.setenv("TEAMSTER_WAREHOUSE", "other.duckdb")
    assert '"database": "other"' in get_dbt_project("home").manifest_path.read_text()
    assert prepared == ["home"]


def test_a_project_that_dbt_cannot_parse_says_why_and_keeps_the_last_manifest(clone):
    manifest = get_dbt_project("home").manifest_path.read_text()
    model = clone / "vendor/models/broken.sql"
    model.write_text("select * from {{ ref('nothing') }}")
    try:
        with pytest.raises(ConfigError, match=r"(?s)dbt parse fails in project home.*nothing"):
            get_dbt_project("home")
    finally:
        model.unlink()
    assert get_dbt_project("home").manifest_path.read_text() == manifest


def test_a_check_takes_warnings_for_errors(clone):
    schema = clone / "vendor/models/schema.yml"
    schema.write_text("models:\n  - name: no_such_model\n")
    try:
        get_dbt_project("home")
        with pytest.raises(ConfigError, match="no_such_model"):
            check_dbt_project("home")
    finally:
        schema.unlink()


def test_an_unknown_project_is_named():
    with pytest.raises(ConfigError, match="'nowhere'"):
        get_dbt_project("nowhere")
    with pytest.raises(ConfigError, match="'nowhere'"):
        get_dbt_cli_resource("nowhere")
