"""When a table is built by itself: Dagster's declarative automation, for what feeds lead to."""

from typing import Any, TypeAlias

from dagster import AssetSelection, AutomationCondition

Condition: TypeAlias = AutomationCondition[Any]


def on_new_upstream_data() -> Condition:
    """Returns the condition for assets downstream of feeds: build when there is new data.

    An asset is asked for when any partition of an asset directly upstream was materialized, or will
    be in the same run; and once if it was never built while there is data upstream, so that files
    that came before the automation was switched on count too. It waits while the asset or one
    upstream is in progress, and until everything upstream that Dagster makes has some data: a
    table that was never built cannot be read.

    :meth:`dagster.AutomationCondition.eager` differs in three ways that lose data here:

    - One missing partition upstream blocks it. A school year that is defined in July and has no
      file until September would stall every table for months; here it changes nothing.
    - What came upstream while the asset was being built counts as built. Here only asking for the
      asset settles what came before: at worst a table is built once more than needed.
    - What came before its first evaluation is never built.

    Neither asks again for a run that failed: the next new data does.
    """
    upstream_has_data = AutomationCondition.any_deps_match(~AutomationCondition.missing())
    never_built = (AutomationCondition.missing() & upstream_has_data).newly_true()
    new_data = AutomationCondition.any_deps_updated() | never_built.with_label("never_built")
    # Data that comes between the request and the next evaluation is not part of what was asked for.
    settled = AutomationCondition.newly_requested() & ~new_data
    return (
        new_data.since(settled).with_label("new_upstream_data_since_request")
        & ~_any_upstream_without_data()
        & ~AutomationCondition.any_deps_in_progress()
        & ~AutomationCondition.in_progress()
    ).with_label("on_new_upstream_data")


def _any_upstream_without_data() -> Condition:
    """Returns whether an upstream asset has not one partition, now or after this tick's run."""
    has_data = ~AutomationCondition.missing() | AutomationCondition.will_be_requested()
    # The selection leaves out sources that Dagster does not make: it cannot know their state.
    all_have_data = AutomationCondition.all_deps_match(has_data).allow(AssetSelection.all())
    return (~all_have_data).with_label("any_upstream_without_data")
