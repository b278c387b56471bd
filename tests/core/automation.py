"""A region and the network in Dagster, evaluated tick by tick. Views are marked with a star::

    feed -> stg -> clean* -> scores                              the region
    feed -> raw* -+-> grades
           clean* |
           roster +
    scores, other -> all_scores* -> tidy* -+-> report -> wide    the network
    clean -> all_clean* -------------------|      tidy* -+
    sheet, codes --------------------------+

Both have their own sensor, so ticks of their own. ``other`` is a second region's table, built by
hand, ``sheet`` a source that Dagster does not make, ``codes`` a seed, and ``wide`` is built at five
in the morning.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    AssetSpec,
    AutomationCondition,
    DagsterInstance,
    Definitions,
    MaterializeResult,
    StaticPartitionsDefinition,
    asset,
    evaluate_automation_conditions,
    multi_asset,
)

from teamster.core.automation_conditions import (
    Upstream,
    on_cron_if_new_data,
    on_new_code,
    on_new_upstream_data,
)

NEW_YORK = "America/New_York"
YEARS = StaticPartitionsDefinition(["2024", "2025"])
FEEDS = ("feed", "roster")
VIEWS = ("clean", "raw", "all_scores", "all_clean", "tidy")
PARENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "region": {
        "stg": ("feed",),
        "clean": ("stg",),
        "raw": ("feed",),
        "scores": ("clean",),
        "grades": ("raw", "clean", "roster"),
    },
    "other": {"other": ()},
    "network": {
        "codes": (),
        "all_scores": ("scores", "other"),
        "all_clean": ("clean",),
        "tidy": ("all_scores",),
        "report": ("tidy", "all_clean", "sheet", "codes"),
        "wide": ("report", "tidy"),
    },
}
SENSORS = ("region", "network")
LOCATION = {name: location for location, models in PARENTS.items() for name in models}
ABOVE = {name: parents for models in PARENTS.values() for name, parents in models.items()}


def upstream_of(name: str) -> Upstream:
    """What dbt's manifest would say, in which another location's view is a source like others."""

    def elsewhere(of: str) -> Iterator[str]:
        for parent in ABOVE[of]:
            if LOCATION.get(parent, LOCATION[name]) != LOCATION[name]:
                yield parent
            elif parent in VIEWS:
                yield from elsewhere(parent)

    own = [parent for parent in ABOVE[name] if LOCATION.get(parent) == LOCATION[name]]
    return Upstream(
        views=[AssetKey(parent) for parent in own if parent in VIEWS],
        elsewhere={AssetKey(parent) for parent in elsewhere(name)},
    )


@cache
def condition_of(name: str) -> AutomationCondition[Any] | None:
    if name == "other":
        return None
    if name == "wide":
        return on_cron_if_new_data("0 5 * * *", NEW_YORK, upstream_of(name))
    if name in (*VIEWS, "codes"):
        return on_new_code(upstream_of(name))
    return on_new_upstream_data(upstream_of(name))


def ancestors(name: str, location: str | None = None) -> set[str]:
    """Returns all that is above; of one code location only, if it is given."""
    parents = {parent for parent in ABOVE.get(name, ()) if location in (None, LOCATION.get(parent))}
    return parents.union(*(ancestors(parent, location) for parent in parents))


def through_views(name: str) -> set[str]:
    """Returns the parents, and of each that is a view what is above it, too."""
    parents = set(ABOVE.get(name, ()))
    return parents.union(*(through_views(parent) for parent in parents if parent in VIEWS))


class World:
    """Runs and evaluates. ``meanwhile`` is called inside each run with what it has yet to make.

    Attributes:
        code: The version of each model's code, as the translator gives it: what is above counts.
        failing: What dbt fails to build; it skips what is below.
        built: What was made, in order: the run's number, the name, and its code's version.
    """

    def __init__(self, instance: DagsterInstance) -> None:
        self.instance = instance
        self.now = datetime(2026, 1, 7, 12, tzinfo=ZoneInfo(NEW_YORK))
        self.code = dict.fromkeys(LOCATION, 1)
        self.failing: set[str] = set()
        self.meanwhile: Callable[[set[str]], object] = lambda names: None
        self.built: list[tuple[int, str, int]] = []
        self._runs = 0
        self._cursors: dict[str, Any] = {}
        self._definitions: Definitions | None = None

    def deploy(self, name: str) -> None:
        """Changes a model's code, and with it the version of all below in its code location."""
        for below in PARENTS[LOCATION[name]]:
            if below == name or name in ancestors(below, LOCATION[name]):
                self.code[below] += 1
        self._definitions = None

    def definitions(self, *locations: str) -> Definitions:
        if locations:
            return Definitions(assets=[self._models(location) for location in locations])
        if self._definitions is None:
            self._definitions = Definitions(
                assets=[*self._feeds(), *(self._models(location) for location in PARENTS)]
            )
        return self._definitions

    def _feeds(self) -> list[AssetsDefinition]:
        @asset(partitions_def=YEARS)
        def feed() -> None:
            self._make({"feed"})

        @asset
        def roster() -> None:
            self._make({"roster"})

        return [feed, roster]

    def _make(self, names: set[str]) -> None:
        self._runs += 1
        number = self._runs
        self.meanwhile(set(names))
        self.built.extend((number, name, 1) for name in names)

    def _models(self, location: str) -> AssetsDefinition:
        specs = [
            AssetSpec(
                name,
                deps=parents,
                automation_condition=condition_of(name),
                code_version=str(self.code[name]),
                is_virtual=name in VIEWS,
                skippable=True,
            )
            for name, parents in PARENTS[location].items()
        ]

        @multi_asset(name=f"{location}_dbt", specs=specs, can_subset=True)
        def models(context: AssetExecutionContext) -> Iterator[MaterializeResult[Any]]:
            asked = {key.to_user_string() for key in context.selected_asset_keys}
            versions, self._runs = dict(self.code), self._runs + 1
            number, left = self._runs, [name for name in PARENTS[location] if name in asked]
            while left:
                self.meanwhile(set(left))
                name = left.pop(0)
                if not self.failing & {name, *ancestors(name, location)}:
                    self.built.append((number, name, versions[name]))
                    yield MaterializeResult(asset_key=name)
            if self.failing & asked:
                raise RuntimeError("dbt failed")

        return models

    def tick(self, location: str, minutes: float = 0.5) -> set[str]:
        """Evaluates a code location's sensor once; returns the names of what is asked for."""
        self.now += timedelta(minutes=minutes)
        names = PARENTS[location]
        result = evaluate_automation_conditions(
            self.definitions(),
            self.instance,
            asset_selection=AssetSelection.assets(*names),
            evaluation_time=self.now,
            cursor=self._cursors.get(location),
        )
        self._cursors[location] = result.cursor
        return {name for name in names if result.get_num_requested(AssetKey(name))}

    def run(self, names: set[str], partition: str | None = None) -> bool:
        """Runs what a sensor or the automation asked for; returns whether it succeeded."""
        job = self.definitions().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=[AssetKey(name) for name in names],
            partition_key=partition,
            raise_on_error=False,
        ).success

    def ingest(self, name: str = "feed", partition: str = "2025") -> None:
        assert self.run({name}, partition if name == "feed" else None)

    def step(self) -> set[str]:
        """Lets each sensor look once, and then runs what they ask for; returns that."""
        asked = [self.tick(location) for location in SENSORS]
        for names in filter(None, asked):
            self.run(names)
        return set().union(*asked)

    def settle(self) -> list[set[str]]:
        """Goes on until nothing is asked for, twice; returns what was, step by step."""
        steps: list[set[str]] = []
        quiet = 0
        while quiet < 2:
            assert len(steps) < 12, steps
            asked = self.step()
            quiet = 0 if asked else quiet + 1
            steps += [asked] if asked else []
        return steps


def completed(world: World) -> World:
    """Brings everything into being, at five o'clock too; it is noon afterwards."""
    world.run({"other"})
    world.ingest("roster")
    world.ingest()
    world.settle()
    world.now = world.now.replace(hour=4, minute=59, second=40) + timedelta(days=1)
    assert world.settle() == [{"wide"}]
    world.now = world.now.replace(hour=12)
    assert world.settle() == []
    world.built.clear()
    return world
