from typing import Any

import pytest
from dagster import AssetKey, AutomationCondition

from teamster.libraries.dbt.dagster_dbt_translator import CustomDagsterDbtTranslator

TRANSLATOR = CustomDagsterDbtTranslator("kippnewark")


def model(name: str = "stg_iready__lessons", **config: Any) -> dict[str, Any]:
    return {"resource_type": "model", "name": name, "alias": name, "config": config}


def source(**config: Any) -> dict[str, Any]:
    return {
        "resource_type": "source",
        "source_name": "iready",
        "name": "lessons",
        "config": config,
    }


def dagster_meta(**entries: Any) -> dict[str, Any]:
    return {"dagster": entries}


@pytest.mark.parametrize(
    ("properties", "key", "group"),
    [
        (model(schema="iready"), "kippnewark/iready/stg_iready__lessons", "iready"),
        (model(), "kippnewark/stg_iready__lessons", None),
        (model(schema="iready", meta=dagster_meta(asset_key=["a", "b", "c"])), "a/b/c", "b"),
        (
            model(schema="iready", group="finance"),
            "kippnewark/iready/stg_iready__lessons",
            "finance",
        ),
        (source(), "kippnewark/iready/lessons", "iready"),
        (source(meta=dagster_meta(asset_key=["other", "x", "y"])), "other/x/y", "x"),
        (source(meta=dagster_meta(asset_key_prefix=["other", "x"])), "other/x/lessons", "x"),
    ],
)
def test_keys_and_groups(properties, key, group):
    assert TRANSLATOR.get_asset_key(properties) == AssetKey(key.split("/"))
    assert TRANSLATOR.get_group_name(properties) == group


def test_models_are_built_when_the_condition_given_says_so_and_else_never():
    condition = AutomationCondition.on_cron("0 5 * * *")
    given = CustomDagsterDbtTranslator("kippnewark", automation_condition=condition)
    assert given.get_automation_condition(model()) == condition
    assert TRANSLATOR.get_automation_condition(model()) is None


@pytest.mark.filterwarnings("ignore:Function `AutoMaterializePolicy:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Class `AutoMaterializePolicy:DeprecationWarning")
@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_a_models_own_policy_comes_first(kind):
    named = model(meta=dagster_meta(auto_materialize_policy={"type": kind}))
    named["meta"] = named["config"]["meta"]  # where dbt copies it, and dagster-dbt looks for it
    own = TRANSLATOR.get_automation_condition(named)
    assert own is not None
    given = CustomDagsterDbtTranslator(
        "kippnewark", automation_condition=AutomationCondition.on_cron("0 5 * * *")
    )
    assert given.get_automation_condition(named) == own
