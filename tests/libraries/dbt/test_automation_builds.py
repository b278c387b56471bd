"""The automation over real dbt projects: a region's, and the network's of its tables."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from dagster import (
    AssetKey,
    AssetSelection,
    DagsterInstance,
    Definitions,
    evaluate_automation_conditions,
)
from dagster_dbt.dbt_manifest import read_manifest_path

from teamster.core.automation_conditions import Upstream, on_new_upstream_data
from teamster.libraries.dbt.assets import build_dbt_assets
from teamster.libraries.dbt.project import dbt_resource_key, get_dbt_cli_resource

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Virtual assets is currently in preview"),
]

LOCATIONS = ("region", "network")
NEW_YORK = ZoneInfo("America/New_York")
FILES = {
    "profiles.yml": """
region: &profile
  target: duckdb
  outputs:
    duckdb: &duckdb
      type: duckdb
      path: "{{ env_var('TEAMSTER_WAREHOUSE') }}"
      schema: region
      config_options: {autoinstall_known_extensions: false}
network:
  target: duckdb
  outputs:
    duckdb:
      <<: *duckdb
      schema: network
""",
    "region/dbt_project.yml": """
name: region
version: 1.0.0
profile: region
flags: {send_anonymous_usage_stats: false}
""",
    "region/models/scores.sql": """
{{ config(materialized="table") }}
select * from {{ ref("clean") }}
""",
    "region/models/clean.sql": "select * from {{ ref('base') }}",
    "region/models/base.sql": """
{{ config(materialized="table") }}
select range as student from range(3)
""",
    "region/models/schema.yml": """
models:
  - name: scores
    columns: [{name: student, data_tests: [not_null, unique]}]
""",
    "network/dbt_project.yml": """
name: network
version: 1.0.0
profile: network
flags: {send_anonymous_usage_stats: false}
""",
    "network/models/sources.yml": """
sources:
  - name: region
    config: {meta: {dagster: {asset_key_prefix: [region]}}}
    tables: [{name: scores}]
""",
    "network/models/union.sql": """
select 'region' as region, * from {{ source("region", "scores") }}
""",
    "network/models/wide.sql": """
{{ config(materialized="table", meta={"dagster": {"automation": {"cron": "0 5 29 2 *"}}}) }}
select * from {{ ref("report") }}
""",
    "network/models/report.sql": """
{{ config(materialized="table") }}
select * from {{ ref("union") }}
""",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Deployment:
    """Two code locations with their sensors, as they are after a deploy of the dbt projects."""

    def __init__(self, folder: Path, instance: DagsterInstance) -> None:
        self.folder = folder
        self.instance = instance
        self._cursors: dict[str, Any] = {}
        self.deploy(FILES)

    def deploy(self, files: Mapping[str, str]) -> None:
        write(self.folder, files)
        read_manifest_path.cache_clear()  # a deploy is new processes
        keys = {name: dbt_resource_key(name) for name in LOCATIONS}
        self.definitions = Definitions(
            assets=[
                build_dbt_assets(name, dbt_resource_key=keys[name], timezone=NEW_YORK)
                for name in LOCATIONS
            ],
            resources={keys[name]: get_dbt_cli_resource(name) for name in LOCATIONS},
        )

    def look(self, location: str) -> set[AssetKey]:
        selected = AssetSelection.key_prefixes([location])
        result = evaluate_automation_conditions(
            self.definitions,
            self.instance,
            asset_selection=selected,
            cursor=self._cursors.get(location),
        )
        self._cursors[location] = result.cursor
        keys = selected.resolve(self.definitions.resolve_asset_graph())
        return {key for key in keys if result.get_num_requested(key)}

    def settle(self) -> list[set[str]]:
        """Lets the sensors look and runs what they ask for; returns what, until it is nothing."""
        steps = []
        while any(asked := [self.look(location) for location in LOCATIONS]):
            for keys in filter(None, asked):
                done = self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
                    instance=self.instance, asset_selection=list(keys)
                )
                checks = [each.check_name for each in done.get_asset_check_evaluations()]
                assert bool(checks) == (AssetKey(["region", "scores"]) in keys)
            steps.append({key.path[-1] for key in set().union(*asked)})
        return steps


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.setenv("TEAMSTER_DBT_DIR", str(tmp_path))
    monkeypatch.setenv("TEAMSTER_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    write(tmp_path, FILES)
    with DagsterInstance.ephemeral() as instance:
        yield Deployment(tmp_path, instance)


def rows(deployment: Deployment) -> list[tuple[Any, ...]]:
    with duckdb.connect(deployment.folder / "warehouse.duckdb", read_only=True) as warehouse:
        return warehouse.sql("select * from network.report order by student").fetchall()


def test_data_and_code_reach_the_networks_tables_through_the_views_between(
    deployment: Deployment,
) -> None:
    assert deployment.settle() == [{"base", "clean", "scores"}, {"union", "report"}]
    assert rows(deployment) == [("region", 0), ("region", 1), ("region", 2)]
    wide = deployment.definitions.resolve_asset_graph().get(AssetKey(["network", "wide"]))
    assert wide.automation_condition is not None
    assert wide.automation_condition.get_label() == (
        "on_cron_if_new_data(0 5 29 2 *, America/New_York)"
    )

    base = AssetKey(["region", "base"])
    job = deployment.definitions.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=deployment.instance, asset_selection=[base]).success
    assert deployment.settle() == [{"scores"}, {"report"}]

    # A column more: DuckDB refuses a view whose columns are no longer those it was made with.
    more = FILES["region/models/base.sql"].replace("as student", "as student, 'ela' as subject")
    deployment.deploy({"region/models/base.sql": more})
    assert deployment.settle() == [{"base", "clean", "scores"}, {"union", "report"}]
    assert rows(deployment)[0] == ("region", 0, "ela")


@pytest.mark.parametrize("name", ["kippnewark", "kippcamden", "kipptaf"])
def test_every_model_of_the_real_projects_has_the_condition_of_its_kind(name: str) -> None:
    specs = list(build_dbt_assets(name).specs)
    assert specs
    for spec in specs:
        condition = spec.automation_condition
        assert condition is not None
        kind = "on_new_code" if spec.is_virtual else "on_new_upstream_data"
        assert str(condition.get_label()).startswith(kind), spec.key
        elsewhere = [dep.asset_key for dep in spec.deps if dep.asset_key.path[0] != name]
        if elsewhere and not spec.is_virtual:
            assert condition == on_new_upstream_data(Upstream(elsewhere=elsewhere))
