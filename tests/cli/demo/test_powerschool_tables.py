"""The demo's PowerSchool: the drop's students, read by the regions' own definitions."""

import importlib
from pathlib import Path

import fastavro
import pytest
from dagster import AssetKey, AssetsDefinition, DagsterInstance, Definitions

from teamster.cli.demo.drop.population import build_population
from teamster.cli.demo.drop.years import CURRENT
from teamster.cli.demo.powerschool_tables import SERVERS, serve_powerschool
from teamster.libraries.rest.assets import endpoint_of

SMALL = 4

pytestmark = pytest.mark.slow


def rows_of(storage: Path, key: AssetKey) -> int:
    (path,) = storage.joinpath(*key.path).rglob("data")
    with path.open("rb") as file:
        return sum(1 for _ in fastavro.reader(file))


def partition_of(asset: AssetsDefinition) -> str | None:
    endpoint = endpoint_of(asset)
    assert endpoint
    assert endpoint.rest_resource_key in SERVERS
    return f"{CURRENT.start}-07-01" if endpoint.partitions_def else None


@pytest.mark.parametrize("region", ["newark", "camden"])
def test_every_table_of_a_region_is_read_from_its_own_server(
    region: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", str(tmp_path))
    name = f"kipp{region}"
    module = importlib.import_module(f"teamster.code_locations.{name}.definitions")
    assets = [
        asset
        for asset in module.REST_ASSETS
        if isinstance(asset, AssetsDefinition) and asset.key.path[1] == "powerschool"
    ]
    resources = importlib.import_module("teamster.core.resources").get_io_managers(name)
    resources[f"rest_powerschool_{region}"] = module.defs.resources[f"rest_powerschool_{region}"]
    definitions = Definitions(assets=assets, resources=resources)
    with serve_powerschool(region, SMALL) as variables:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        partitions = {asset.key: partition_of(asset) for asset in assets}
        job = definitions.resolve_implicit_global_asset_job_def()
        with DagsterInstance.ephemeral() as instance:
            for partition in set(partitions.values()):
                keys = [key for key, each in partitions.items() if each == partition]
                assert job.execute_in_process(
                    asset_selection=keys, partition_key=partition, instance=instance
                ).success
    found = {key.path[-1]: rows_of(tmp_path, key) for key in partitions}
    population = build_population(region, SMALL, seed=2026)
    assert found["students"] == len(population.students)
    assert found["schools"] == len(population.schools)
    assert found["cc"] == 4 * len(population.seats[CURRENT.start])
    assert found["users"] == found["schoolstaff"] > 0
    assert found["pgfinalgrades"] == found["cc"]
    assert all(found.values())
