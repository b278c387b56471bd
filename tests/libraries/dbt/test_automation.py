"""Which condition a dbt resource gets: by what it is, and by what its YAML says."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dagster import AssetKey, AutomationCondition
from dagster_dbt import DagsterDbtTranslatorSettings

from teamster.core.automation_conditions import (
    Upstream,
    on_cron_if_new_data,
    on_new_code,
    on_new_upstream_data,
)
from teamster.core.errors import ConfigError
from teamster.libraries.dbt.dagster_dbt_translator import CustomDagsterDbtTranslator

pytestmark = pytest.mark.filterwarnings("ignore:Virtual assets is currently in preview")

NEW_YORK = ZoneInfo("America/New_York")
Node = dict[str, Any]


def resource(kind: str, name: str, *parents: Node, **config: Any) -> Node:
    return {
        "unique_id": f"{kind}.network.{name}",
        "resource_type": kind,
        "name": name,
        "alias": name,
        "description": "",
        "raw_code": "select 1",
        "tags": [],
        "fqn": ["network", name],
        "package_name": "network",
        "config": config,
        "meta": config.get("meta", {}),
        "depends_on": {"nodes": [parent["unique_id"] for parent in parents], "macros": []},
        "parents": parents,
    }


def model(name: str, *parents: Node, materialized: str = "table", **config: Any) -> Node:
    return resource("model", name, *parents, materialized=materialized, schema="x", **config)


def view(name: str, *parents: Node, **config: Any) -> Node:
    return model(name, *parents, materialized="view", **config)


def source(name: str, **meta: Any) -> Node:
    made = resource("source", name, meta=meta)
    return {**made, "source_name": "vendor", "schema": "vendor", "identifier": name}


def automated(**automation: Any) -> dict[str, Any]:
    return {"meta": {"dagster": {"automation": automation}}}


def manifest_of(top: Node, adapter: str) -> dict[str, Any]:
    found: dict[str, Node] = {}
    waiting = [top]
    while waiting:
        each = waiting.pop()
        found[each["unique_id"]] = each
        waiting.extend(each["parents"])
    return {
        "metadata": {"adapter_type": adapter, "project_name": "network"},
        "nodes": {name: each for name, each in found.items() if each["resource_type"] != "source"},
        "sources": {
            name: each for name, each in found.items() if each["resource_type"] == "source"
        },
        "macros": {},
        "groups": {},
    }


def condition_of(
    node: Node, *, adapter: str = "bigquery", default: Any = "by_kind", timezone: Any = NEW_YORK
) -> AutomationCondition[Any] | None:
    translator = CustomDagsterDbtTranslator(
        "network", automation_condition=default, timezone=timezone
    )
    manifest = manifest_of(node, adapter)
    return translator.get_asset_spec(manifest, node["unique_id"], None).automation_condition


def key(name: str) -> AssetKey:
    return AssetKey(["network", "x", name])


SHEET = source("sheet")
FEED = source("feed", teamster={"avro_schema": "a:B"})
NATIVE = source("native", teamster={"avro_schema": "a:B", "load": "native"})
REGION = source("scores", dagster={"asset_key": ["region", "x", "scores"]})
REGION_KEY = AssetKey(["region", "x", "scores"])
OURS = source("ours", dagster={"asset_key": ["network", "x", "ours"]})
STG = model("stg", FEED)
CLEAN = view("clean", STG)
UNION = view("union", REGION)
EPHEMERAL = model("eph", CLEAN, materialized="ephemeral")

KINDS: dict[str, tuple[Node, AutomationCondition[Any]]] = {
    "table over a feed": (STG, on_new_upstream_data()),
    "table over a view": (
        model("top", CLEAN, SHEET),
        on_new_upstream_data(Upstream(views=[key("clean")])),
    ),
    "table over a view, an ephemeral model between": (
        model("top", EPHEMERAL),
        on_new_upstream_data(Upstream(views=[key("clean")])),
    ),
    "table over a region's table": (
        model("top", REGION, OURS),
        on_new_upstream_data(Upstream(elsewhere=[REGION_KEY])),
    ),
    "table over a union view": (
        model("top", UNION),
        on_new_upstream_data(Upstream(views=[key("union")], elsewhere=[REGION_KEY])),
    ),
    "incremental model": (model("inc", STG, materialized="incremental"), on_new_upstream_data()),
    "materialized view": (
        model("mv", STG, materialized="materialized_view"),
        on_new_upstream_data(),
    ),
    "snapshot": (
        resource("snapshot", "snap", STG, materialized="snapshot"),
        on_new_upstream_data(),
    ),
    "seed": (resource("seed", "codes", materialized="seed"), on_new_code()),
    "view": (CLEAN, on_new_code()),
    "view over a view": (view("tidy", CLEAN), on_new_code(Upstream(views=[key("clean")]))),
    "union view": (UNION, on_new_code(Upstream(elsewhere=[REGION_KEY]))),
    "view over objects that an external table shows": (view("raw", FEED), on_new_code()),
    "view over objects loaded into a native table": (view("raw", NATIVE), on_new_upstream_data()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_resource_is_decides(kind: str) -> None:
    node, expected = KINDS[kind]
    assert condition_of(node) == expected


def test_conditions_differ_by_what_is_above() -> None:
    """So that the comparisons above can fail."""
    assert on_new_code() != on_new_code(Upstream(views=[key("clean")]))
    assert on_new_upstream_data() != on_new_upstream_data(Upstream(elsewhere=[REGION_KEY]))
    one, other = (on_new_upstream_data(Upstream(views=[key(name)])) for name in ("a", "b"))
    assert one != other


def test_a_view_over_objects_in_place_follows_data_on_duckdb_and_where_loading_is_the_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = view("raw", FEED)
    assert condition_of(raw, adapter="duckdb") == on_new_upstream_data()
    assert condition_of(view("tidy", view("raw", FEED)), adapter="duckdb") == on_new_code(
        Upstream(views=[key("raw")])
    )
    monkeypatch.setenv("TEAMSTER_BIGQUERY_LOAD", "native")
    assert condition_of(raw) == on_new_upstream_data()


OVERRIDES: dict[str, tuple[dict[str, Any], AutomationCondition[Any] | None]] = {
    "cron": (
        {"cron": "0 5 * * *"},
        on_cron_if_new_data("0 5 * * *", "America/New_York", Upstream(views=[key("clean")])),
    ),
    "cron elsewhere": (
        {"cron": "0 5 * * *", "timezone": "America/Chicago"},
        on_cron_if_new_data("0 5 * * *", "America/Chicago", Upstream(views=[key("clean")])),
    ),
    "new code": ({"when": "new_code"}, on_new_code(Upstream(views=[key("clean")]))),
    "new data": ({"when": "new_data"}, on_new_upstream_data(Upstream(views=[key("clean")]))),
    "never": ({"when": "never"}, None),
}


@pytest.mark.parametrize("default", ["by_kind", None, AutomationCondition.eager()])
@pytest.mark.parametrize("override", OVERRIDES)
def test_a_models_own_word_comes_first(override: str, default: Any) -> None:
    automation, expected = OVERRIDES[override]
    for make in (model, view):
        assert (
            condition_of(make("top", CLEAN, **automated(**automation)), default=default) == expected
        )


@pytest.mark.parametrize("default", [None, AutomationCondition.eager()])
def test_one_condition_or_none_for_all(default: Any) -> None:
    for node in (STG, CLEAN, model("top", CLEAN, **automated())):
        assert condition_of(node, default=default) == default


ERRORS: dict[str, tuple[Any, str]] = {
    "unknown": ({"crno": "0 5 * * *"}, "did you mean cron"),
    "unknown word": ({"when": "sometimes"}, "new_data"),
    "no cron": ({"cron": "five in the morning"}, "five in the morning"),
    "no time zone": ({"cron": "0 5 * * *", "timezone": "Newark"}, "Newark"),
    "both": ({"cron": "0 5 * * *", "when": "never"}, "when or cron"),
    "time zone alone": ({"timezone": "America/New_York"}, "cron, which is missing"),
    "off": (False, "automation"),
}


@pytest.mark.parametrize("given", ERRORS)
def test_what_cannot_be_understood_is_an_error_that_names_the_model(given: str) -> None:
    automation, message = ERRORS[given]
    node = model("wide", STG, meta={"dagster": {"automation": automation}})
    with pytest.raises(ConfigError, match=f"dbt model wide, meta.dagster: .*{message}"):
        condition_of(node)


def test_a_time_without_a_time_zone_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"dbt model wide, meta.dagster.automation.cron needs"):
        condition_of(model("wide", STG, **automated(cron="0 5 * * *")), timezone=None)


def test_views_are_virtual_whatever_the_settings_say() -> None:
    settings = DagsterDbtTranslatorSettings(enable_asset_checks=False)
    translator = CustomDagsterDbtTranslator("network", settings)
    assert not translator.settings.enable_asset_checks
    manifest = manifest_of(model("top", CLEAN), "duckdb")
    specs = {
        name: translator.get_asset_spec(manifest, f"model.network.{name}", None)
        for name in ("stg", "clean", "top")
    }
    assert {name for name, spec in specs.items() if spec.is_virtual} == {"clean"}
    assert "view" in specs["clean"].kinds
    assert len({spec.code_version for spec in specs.values()}) == 3
    feed = translator.get_asset_spec(manifest, FEED["unique_id"], None)
    assert (feed.code_version, feed.automation_condition) == (None, None)
