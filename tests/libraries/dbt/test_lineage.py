"""When a resource's code counts as changed: its own and what is above it, and nothing else."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from teamster.libraries.dbt.lineage import Lineage

Manifest = dict[str, Any]


def node(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    kind, _, short = name.partition(".")
    return {
        "unique_id": name,
        "name": short,
        "resource_type": kind,
        "raw_code": f"select {short}",
        "checksum": {"name": "sha256", "checksum": f"sum of {short}"},
        "config": {"materialized": "table"},
        "unrendered_config": {},
        "depends_on": {"nodes": list(parents), "macros": []},
        **more,
    }


def macro(sql: str, *calls: str, package: str = "ours") -> dict[str, Any]:
    return {"macro_sql": sql, "package_name": package, "depends_on": {"macros": list(calls)}}


@pytest.fixture
def manifest() -> Manifest:
    nodes = [
        node("model.stg", "source.feed"),
        node("model.eph", "model.stg", config={"materialized": "ephemeral"}),
        node("model.view", "model.eph", config={"materialized": "view"}),
        node("model.top", "model.view", "seed.codes", "source.sheet"),
        node("seed.codes", raw_code="", depends_on={"macros": []}),
        node("model.apart", "source.feed"),
    ]
    nodes[0]["depends_on"]["macros"] = ["macro.outer", "macro.dbt.cast"]
    nodes[5]["raw_code"] = "select {{ var('year') }}"
    sources = [
        {"unique_id": f"source.{name}", "resource_type": "source", "name": name, "schema": "s",
         "identifier": name, "config": {}}
        for name in ("feed", "sheet")
    ]  # fmt: skip
    return {
        "metadata": {"adapter_type": "duckdb"},
        "nodes": {each["unique_id"]: each for each in nodes},
        "sources": {each["unique_id"]: each for each in sources},
        "macros": {
            "macro.outer": macro("{{ inner() }}", "macro.inner", "macro.outer"),
            "macro.inner": macro("1"),
            "macro.idle": macro("2"),
            "macro.dbt.cast": macro("cast", package="dbt"),
            "macro.dbt_duckdb.read": macro("read", package="dbt_duckdb"),
        },
    }


def versions(manifest: Manifest, variables: Any = None) -> dict[str, str]:
    lineage = Lineage(manifest, variables)
    return {name: lineage.version(each) for name, each in manifest["nodes"].items()}


BELOW_STG = {"model.stg", "model.eph", "model.view", "model.top"}
CHANGES: dict[str, tuple[Callable[[Manifest], object], set[str]]] = {
    "its SQL": (
        lambda m: m["nodes"]["model.view"].update(raw_code="x"),
        {"model.view", "model.top"},
    ),
    "SQL far above": (lambda m: m["nodes"]["model.stg"].update(raw_code="x"), BELOW_STG),
    "a seed's file": (
        lambda m: m["nodes"]["seed.codes"].update(checksum={"checksum": "other"}),
        {"seed.codes", "model.top"},
    ),
    "a macro that a macro calls": (
        lambda m: m["macros"]["macro.inner"].update(macro_sql="3"),
        BELOW_STG,
    ),
    "what it is": (
        lambda m: m["nodes"]["model.top"].update(
            config={"materialized": "view"}, unrendered_config={"materialized": "view"}
        ),
        {"model.top"},
    ),
    "one parent more": (
        lambda m: m["nodes"]["model.apart"]["depends_on"]["nodes"].append("source.sheet"),
        {"model.apart"},
    ),
    "where a source lies": (
        lambda m: m["sources"]["source.sheet"].update(identifier="sheet_2"),
        {"model.top"},
    ),
    "a macro that nothing calls": (
        lambda m: m["macros"]["macro.idle"].update(macro_sql="4"),
        set(),
    ),
    "dbt's own macros": (lambda m: m["macros"]["macro.dbt.cast"].update(macro_sql="5"), set()),
    "what says nothing of the table": (
        lambda m: m["nodes"]["model.stg"].update(
            description="x",
            config={"materialized": "table", "tags": ["x"], "meta": {"a": 1}},
            unrendered_config={"tags": ["x"], "meta": {"a": 1}},
        ),
        set(),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_a_version(manifest: Manifest, change: str) -> None:
    do, expected = CHANGES[change]
    before, changed = versions(manifest), copy.deepcopy(manifest)
    do(changed)
    after = versions(changed)
    assert {name for name in after if after[name] != before[name]} == expected


def test_a_variable_changes_what_uses_variables(manifest: Manifest) -> None:
    before, after = versions(manifest, {"year": 1}), versions(manifest, {"year": 2})
    assert {name for name in after if after[name] != before[name]} == {"model.apart"}


def test_versions_are_the_same_in_every_process_and_order(manifest: Manifest) -> None:
    """Another value here has every table of every network built anew."""
    manifest["nodes"] = dict(reversed(manifest["nodes"].items()))
    assert versions(manifest)["model.top"] == "8e76db39b8c6ccb915f411613b404dec35ed2bdc"


def test_ephemeral_models_are_no_parents_but_lead_to_them(manifest: Manifest) -> None:
    lineage = Lineage(manifest)
    parents = {name: [each["name"] for each in lineage.parents(manifest["nodes"][name])]
               for name in manifest["nodes"]}  # fmt: skip
    assert parents["model.view"] == ["stg"]
    assert parents["model.top"] == ["view", "codes", "sheet"]
    top = manifest["nodes"]["model.top"]
    assert [each["name"] for each in lineage.above(top)] == ["view", "stg", "codes", "sheet"]
