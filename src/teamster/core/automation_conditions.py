"""When a table or a view is built by itself: Dagster's declarative automation, below feeds.

Three conditions, of the same parts: what counts as news, whether the asset can be built now, and,
for some, the hour. Views are Dagster's virtual assets (``is_virtual``): a condition looks through
them at the tables above, however many views lie between and whichever code location has them.

``docs/automation.md`` has the whole story. What :meth:`dagster.AutomationCondition.eager` does
differently, and loses data by:

- One missing partition upstream blocks it. A school year that is defined in July and has no file
  until September would stall every table for months; here it changes nothing.
- What came upstream while the asset was being built counts as built. Here only asking for the asset
  settles what came before: at worst a table is built once more than needed.
- What came before its first evaluation is never built.
- An update above a view reaches nothing below it.

Each part of a condition costs Dagster some 0.1 ms at every tick, for every asset above it. So these
are flat.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeAlias

from dagster import AssetKey, AssetSelection, AutomationCondition

Condition: TypeAlias = AutomationCondition[Any]


@dataclass(frozen=True)
class Upstream:
    """What Dagster's graph does not say of the assets above one.

    Attributes:
        views: Keys of the views directly above. Dagster looks through a view; that the view itself
            was built anew is news too.
        elsewhere: Keys of other code locations' assets, directly above or above those views. They
            are waited for even while their code location is not loaded, when Dagster takes them for
            sources that it does not make.
    """

    views: Collection[AssetKey] = ()
    elsewhere: Collection[AssetKey] = ()


def on_new_upstream_data(upstream: Upstream | None = None) -> Condition:
    """Returns the condition for tables: build when there is something new above.

    An asset is asked for when any partition of an asset above it, through views, was materialized
    or will be in the same run; when its own code has changed; and once if it was never built, so
    that files that came before the automation was switched on count too. It waits while the asset
    or one above it is in progress, and until everything above that Dagster makes has some data: a
    table that was never built cannot be read.

    It does not ask again for a run that failed: the next new data or new code does.

    Args:
        upstream: What is known of the assets above, if anything.
    """
    upstream = upstream or Upstream()
    news = _updated(upstream) | _new_code_or_never_built()
    return (_since_request(news) & _can_be_built(upstream)).with_label("on_new_upstream_data")


def on_new_code(upstream: Upstream | None = None) -> Condition:
    """Returns the condition for views, and for what has nothing above it: build for new code.

    A view is asked for when its own code has changed or a view above it was built anew; once if it
    was never built; and if it has upstream assets in other code locations, when one of those was
    built with changed code. Data does not ask for it. It waits as a table does.

    Args:
        upstream: What is known of the assets above, if anything.
    """
    upstream = upstream or Upstream()
    news = _new_code_or_never_built()
    if upstream.views:
        news = news | AutomationCondition.any_deps_updated().allow(_assets(upstream.views))
    if not upstream.elsewhere:
        label = "on_new_code"
    else:
        news = news | _built_with_new_code(upstream.elsewhere)
        label = "on_new_code_or_columns"
    return (_since_request(news) & _can_be_built(upstream)).with_label(label)


def on_cron_if_new_data(
    cron: str, timezone: str = "UTC", upstream: Upstream | None = None
) -> Condition:
    """Returns the condition for wide tables: build at set times, if there is something new.

    What is news is as for :func:`on_new_upstream_data`. If something above is in progress at that
    time, it waits for the end; if there is nothing new, for the next time.

    Args:
        cron: Times in cron's syntax, for example ``0 5 * * *``.
        timezone: The time zone of these times, an IANA name such as ``America/New_York``.
        upstream: What is known of the assets above, if anything.

    Raises:
        CheckError: ``cron`` is no cron expression.
    """
    upstream = upstream or Upstream()
    news = _since_request(_updated(upstream) | _new_code_or_never_built())
    passed: Condition = AutomationCondition.cron_tick_passed(cron, timezone)
    due = (passed & (news | _in_progress(upstream))).since(
        # A time that passes between the request and the next evaluation is the next time.
        AutomationCondition.newly_requested() & ~passed
    )
    return (due.with_label("due") & news & _can_be_built(upstream)).with_label(
        f"on_cron_if_new_data({cron}, {timezone})"
    )


def _since_request(news: Condition) -> Condition:
    """Returns whether there was news since the asset was last asked for.

    Written as "not: asked for since the last news", for news at the evaluation that learns of the
    request is not part of what was asked for. There may be one of these in a condition: Dagster
    keeps the state of two "since" of the same form in one place.
    """
    settled = AutomationCondition.newly_requested() | AutomationCondition.initial_evaluation()
    return (~settled.since(news)).with_label("news_since_request")


def _new_code_or_never_built() -> Condition:
    return AutomationCondition.code_version_changed() | AutomationCondition.missing().newly_true()


def _updated(upstream: Upstream) -> Condition:
    """Returns whether anything above was updated, or will be in the same run."""
    updated = AutomationCondition.any_deps_updated()
    beside = _not_seen_through(upstream)
    through_views = updated.resolve_through_virtual()
    return through_views | updated.allow(beside) if beside else through_views


def _can_be_built(upstream: Upstream) -> Condition:
    """Returns whether nothing above is missing or in progress, nor the asset itself in progress."""
    has_data = ~AutomationCondition.missing() | AutomationCondition.will_be_requested()
    all_have_data = AutomationCondition.all_deps_match(has_data)
    # Leaves out sources that Dagster does not make: it cannot know their state.
    made: AssetSelection = AssetSelection.all()
    if upstream.elsewhere:
        made = made | _assets(upstream.elsewhere)
    empty = ~all_have_data.allow(made).resolve_through_virtual()
    beside = _not_seen_through(upstream)
    any_empty = empty | ~all_have_data.allow(beside) if beside else empty
    return (
        ~any_empty.with_label("any_upstream_without_data")
        & ~_in_progress(upstream)
        & ~AutomationCondition.in_progress()
    )


def _in_progress(upstream: Upstream) -> Condition:
    running = AutomationCondition.any_deps_match(
        AutomationCondition.run_in_progress() | AutomationCondition.backfill_in_progress()
    )
    beside = _not_seen_through(upstream)
    through_views = running.resolve_through_virtual()
    any_running = through_views | running.allow(beside) if beside else through_views
    return any_running.with_label("any_upstream_in_progress")


def _built_with_new_code(elsewhere: Collection[AssetKey]) -> Condition:
    """Returns whether an upstream asset was built since its code changed.

    Dagster does not say with which code an asset was built. So every build counts from the change
    on until one that can only be of the new code: none that was already running, nor one that came
    to light together with the change.
    """
    changed = AutomationCondition.code_version_changed()
    updated = AutomationCondition.newly_updated()
    running = AutomationCondition.run_in_progress()
    # Both resets leave a change alone that comes to light in the same moment.
    of_old_code = (changed & running).since((~updated).newly_true() & ~changed)
    # Becomes true at the evaluation after such a build: the build itself still counts.
    done = (~updated | of_old_code | changed).newly_true() & ~changed
    rebuilt = (
        updated & ~AutomationCondition.executed_with_root_target()
    ) | AutomationCondition.will_be_requested()
    built = AutomationCondition.any_deps_match(changed.since(done) & rebuilt)
    return built.allow(_assets(elsewhere)).with_label("upstream_built_with_new_code")


def _not_seen_through(upstream: Upstream) -> AssetSelection | None:
    """Returns the upstream views themselves, and what may be a view in another code location."""
    keys = {*upstream.views, *upstream.elsewhere}
    return _assets(keys) if keys else None


def _assets(keys: Collection[AssetKey]) -> AssetSelection:
    return AssetSelection.assets(*sorted(keys))
