"""What the conditions are made of: names, where Dagster keeps their state, what they cost."""

from collections.abc import Iterator
from typing import Any

import pytest
from dagster import (
    AssetSelection,
    AssetSpec,
    AutomationCondition,
    DagsterInstance,
    Definitions,
    evaluate_automation_conditions,
    multi_asset,
)

from teamster.core.automation_conditions import on_new_upstream_data
from tests.core.automation import LOCATION, VIEWS, condition_of


def test_conditions_are_evaluated_by_the_daemon_itself_and_told_apart_by_name() -> None:
    conditions = {name: made for name in LOCATION if (made := condition_of(name)) is not None}
    assert all(condition.is_serializable for condition in conditions.values())
    labels = {name: condition.get_label() for name, condition in conditions.items()}
    assert {name for name in labels if labels[name] == "on_new_upstream_data"} == {
        "stg", "scores", "grades", "report",
    }  # fmt: skip
    assert {labels[name] for name in VIEWS} == {"on_new_code", "on_new_code_or_columns"}
    assert labels["all_scores"] == labels["all_clean"] == "on_new_code_or_columns"
    assert labels["wide"] == "on_cron_if_new_data(0 5 * * *, America/New_York)"


@pytest.mark.parametrize("name", LOCATION)
def test_no_two_parts_of_a_condition_keep_their_state_in_one_place(name: str) -> None:
    """Dagster names parts that look back by their form alone, wherever they stand."""

    def stateful(part: AutomationCondition[Any]) -> Iterator[tuple[str, AutomationCondition[Any]]]:
        if part.name in ("SINCE", "NEWLY_TRUE"):
            yield " ".join([part.name, *(child.name for child in part.children)]), part
        for child in part.children:
            yield from stateful(child)

    condition = condition_of(name)
    by_form: dict[str, set[str]] = {}
    for form, part in stateful(condition) if condition else ():
        by_form.setdefault(form, set()).add(part.get_unique_id())
    assert all(len(parts) == 1 for parts in by_form.values()), by_form


def test_a_condition_costs_no_more_than_eager() -> None:
    """What a tick takes goes by the number of parts that Dagster evaluates."""

    def parts(result: Any) -> int:
        return 1 + sum(map(parts, result.child_results))

    tables = [AssetSpec(f"table_{number}") for number in range(4)]
    count: dict[str, int] = {}
    for condition in (AutomationCondition.eager(), on_new_upstream_data()):
        spec = AssetSpec("report", deps=tables, automation_condition=condition)
        definitions = Definitions(
            assets=[multi_asset(name="dbt", specs=[*tables, spec])(lambda: None)]
        )
        with DagsterInstance.ephemeral() as instance:
            (result,) = evaluate_automation_conditions(
                definitions, instance, asset_selection=AssetSelection.all()
            ).results
        count[str(condition.get_label())] = parts(result)
    assert count["on_new_upstream_data"] <= count["eager"] * 1.05, count
