"""Every code location loads, and what it holds hangs together from file to table."""

import importlib
import re
from pathlib import Path

import pytest
from dagster import AssetCheckKey, AssetKey, Definitions

from teamster.code_locations.definitions import defs as together
from teamster.code_locations.definitions import merge_code_locations
from teamster.core.errors import ConfigError
from teamster.libraries.rest.resources import RestResource
from teamster.libraries.sftp.assets import feed_of

ROOT = Path(__file__).resolve().parents[2]
LOCATIONS = ("kippnewark", "kippcamden", "kipptaf")

pytestmark = pytest.mark.slow


def definitions_of(name: str) -> Definitions:
    module = importlib.import_module(f"teamster.code_locations.{name}.definitions")
    found: Definitions = module.defs
    return found


def keys_of(definitions: Definitions) -> set[AssetKey]:
    return set(definitions.resolve_asset_graph().materializable_asset_keys)


@pytest.mark.parametrize("name", LOCATIONS)
def test_a_code_location_loads_with_its_own_keys_and_resources(name: str) -> None:
    definitions = definitions_of(name)
    Definitions.validate_loadable(definitions)
    keys = keys_of(definitions)
    assert keys
    assert {key.path[0] for key in keys} == {name}
    assert all(len(key.path) == 3 for key in keys)


def test_a_resource_key_means_one_server_in_all_locations() -> None:
    newark, camden, newark_again = (
        Definitions(resources={"rest_sis": RestResource.from_env(prefix)})
        for prefix in ("SIS_NEWARK", "SIS_CAMDEN", "SIS_NEWARK")
    )
    merge_code_locations([newark, newark_again])
    with pytest.raises(ConfigError, match="rest_sis"):
        merge_code_locations([newark, camden])


def test_the_joined_definitions_hold_all_of_them() -> None:
    Definitions.validate_loadable(together)
    assert keys_of(together) == set().union(*(keys_of(definitions_of(name)) for name in LOCATIONS))


@pytest.mark.parametrize("region", ["kippnewark", "kippcamden"])
def test_lineage_runs_from_every_file_to_the_networks_tables(region: str) -> None:
    graph = together.resolve_asset_graph()
    feeds = [asset.key for asset in definitions_of(region).assets or () if feed_of(asset)]
    assert feeds
    for key in feeds:
        staging = {child for child in graph.get(key).child_keys if child.path[0] == region}
        assert staging, key
        network = {child for model in staging for child in graph.get(model).child_keys}
        assert any(child.path[0] == "kipptaf" for child in network), key


def test_every_sftp_asset_has_the_schema_check_and_is_watched() -> None:
    for region in ("kippnewark", "kippcamden"):
        definitions = definitions_of(region)
        feeds = [asset for asset in definitions.assets or () if feed_of(asset)]
        arriving = {spec.key for checks in definitions.asset_checks for spec in checks.check_specs}
        (sensor,) = definitions.sensors or ()
        watched = {key for job in sensor.jobs for key in job.selection.resolve(feeds)}
        for asset in feeds:
            assert "avro_schema_valid" in {spec.name for spec in asset.check_specs}
            assert AssetCheckKey(asset.key, "files_arriving") in arriving
            assert asset.key in watched


def test_the_workspace_lists_every_code_location() -> None:
    listed = re.findall(r"location_name: (\w+)", (ROOT / "workspace.yaml").read_text())
    assert listed == list(LOCATIONS)


def test_no_code_imports_dagsters_private_modules() -> None:
    private = re.compile(r"^\s*(?:from|import) dagster\._", re.M)
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    assert len(sources) > 50
    assert [path.name for path in sources if private.search(path.read_text())] == []
