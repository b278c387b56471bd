"""What is built after what, over a region and the network with views between the tables."""

from collections.abc import Callable, Iterator

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    DagsterInstance,
    evaluate_automation_conditions,
)

from tests.core.automation import (
    LOCATION,
    PARENTS,
    SENSORS,
    World,
    completed,
)

pytestmark = pytest.mark.filterwarnings("ignore:Virtual assets is currently in preview")

REGION = set(PARENTS["region"])
NETWORK_BUT_WIDE = {name for name in PARENTS["network"] if name != "wide"}
Do = Callable[[World], object]


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def new(instance: DagsterInstance) -> World:
    """Nothing has come yet; what needs nothing was built."""
    world = World(instance)
    world.run({"other"})
    assert world.settle() == [{"codes"}]
    return world


@pytest.fixture
def world(instance: DagsterInstance) -> World:
    return completed(World(instance))


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    """A complete world for tests that leave it so."""
    with DagsterInstance.ephemeral() as opened:
        yield completed(World(opened))


FED = [{"stg", "scores", "grades"}, {"report"}]
EVENTS: dict[str, tuple[Do, list[set[str]]]] = {
    # Data
    "a feed: the tables, through views, in one run a code location": (
        lambda world: world.ingest("feed"),
        FED,
    ),
    "a feed that one table reads directly": (
        lambda world: world.ingest("roster"),
        [{"grades"}],
    ),
    "a region's table built by hand": (
        lambda world: world.run({"stg"}),
        [{"scores", "grades", "report"}, {"report"}],
    ),
    "another region's table": (
        lambda world: world.run({"other"}),
        [{"report"}],
    ),
    "all of a code location built by hand": (
        lambda world: world.run(REGION),
        [{"report"}],
    ),
    "a source that Dagster does not make, said to be new": (
        lambda world: world.instance.report_runless_asset_event(AssetMaterialization("sheet")),
        [{"report"}],
    ),
    # Code
    "code of a view: what is below, in this code location": (
        lambda world: world.deploy("raw"),
        [{"raw", "grades"}],
    ),
    "code of a view that the network reads": (
        lambda world: world.deploy("clean"),
        [{"clean", "scores", "grades"}, {"all_scores", "all_clean", "tidy", "report"}],
    ),
    "code of a region's table: the network's union views of it, and what is below": (
        lambda world: world.deploy("scores"),
        [{"scores"}, {"all_scores", "tidy", "report"}],
    ),
    "code of a region's table that the network does not read": (
        lambda world: world.deploy("grades"),
        [{"grades"}],
    ),
    "code of a union view": (
        lambda world: world.deploy("all_scores"),
        [{"all_scores", "tidy", "report"}],
    ),
    "code of a seed, its file": (
        lambda world: world.deploy("codes"),
        [{"codes", "report"}],
    ),
    "code of a table at set times: not before": (
        lambda world: world.deploy("wide"),
        [],
    ),
    "a view built by hand: the tables that read it": (
        lambda world: world.run({"clean"}),
        [{"scores", "grades"}, {"report"}],
    ),
}


@pytest.mark.parametrize("event", EVENTS)
def test_what_an_event_leads_to(shared: World, event: str) -> None:
    do, expected = EVENTS[event]
    do(shared)
    assert shared.settle() == expected


def test_a_first_file_builds_all_that_can_be_built(new: World) -> None:
    new.ingest()
    assert new.settle() == [REGION - {"grades"}, NETWORK_BUT_WIDE - {"codes"}]
    new.ingest("roster")
    assert new.settle() == [{"grades"}]


def test_a_run_builds_tables_after_the_views_that_they_read(new: World) -> None:
    new.ingest("roster")
    new.ingest()
    new.built.clear()
    new.settle()
    assert [name for _, name, _ in new.built if name in REGION] == list(PARENTS["region"])


# Missing or running parents


def test_a_table_waits_for_a_view_that_was_never_built(instance: DagsterInstance) -> None:
    world = World(instance)
    world.ingest()
    world.run({"stg"})
    world.failing = {"clean"}
    assert world.tick("region") == {"raw", "clean", "scores"}
    world.run({"raw", "clean", "scores"})
    assert [world.tick("region") for _ in range(3)] == [set()] * 3
    world.failing.clear()
    assert world.run({"clean"})
    assert world.tick("region") == {"scores"}


def test_the_network_waits_for_the_last_region(new: World) -> None:
    new.instance.wipe_assets([AssetKey("other")])
    new.ingest()
    assert new.settle()[1:] == [{"all_clean"}]
    assert new.run({"other"})
    assert new.settle() == [{"all_scores", "tidy", "report"}]


@pytest.mark.parametrize("made", ["feed", "stg", "clean", "scores"])
def test_nothing_is_asked_for_while_a_parent_runs_views_between_or_not(
    shared: World, made: str
) -> None:
    seen: set[str] = set()

    def look(names: set[str]) -> None:
        shared.meanwhile = lambda names: None
        seen.update(*(shared.tick(location) for location in SENSORS))

    shared.ingest()  # so that there is news
    shared.meanwhile = look
    shared.run({made}, "2025" if made == "feed" else None)
    others = {"feed": set(), "stg": set(), "clean": {"stg"}, "scores": {"stg", "grades"}}
    assert seen == others[made]
    if seen:
        shared.run(seen)
    shared.settle()


def test_the_networks_tables_wait_for_regions_that_are_not_loaded(
    instance: DagsterInstance,
) -> None:
    """Dagster then takes a region's tables for sources that it does not make."""
    world = World(instance)
    world.run({"codes"})
    alone = world.definitions("network")

    def asked() -> set[str]:
        result = evaluate_automation_conditions(
            alone, instance, asset_selection=AssetSelection.all()
        )
        return {name for name in PARENTS["network"] if result.get_num_requested(AssetKey(name))}

    assert asked() == set()
    world.ingest()
    for names in ({"stg"}, {"clean"}, {"scores"}):
        world.run(names)
    assert asked() == {"all_clean"}
    world.run({"other"})
    assert asked() == {"all_clean", "all_scores", "tidy", "report"}


def test_the_networks_tables_follow_regions_in_code_locations_of_their_own(world: World) -> None:
    """What was materialized elsewhere is known by the instance, not by the code location."""
    alone, cursor = world.definitions("network"), None
    for event, expected in ((None, set()), ("scores", {"report"}), (None, set())):
        if event:
            world.run({event})
        result = evaluate_automation_conditions(
            alone, world.instance, asset_selection=AssetSelection.all(), cursor=cursor
        )
        cursor = result.cursor
        requested = {name for name in LOCATION if result.get_num_requested(AssetKey(name))}
        assert requested == expected


# A region's new columns


def test_a_union_view_is_built_after_the_regions_table_not_after_its_deploy(world: World) -> None:
    world.deploy("scores")
    assert world.tick("network") == set()
    assert world.tick("region") == {"scores"}
    assert world.tick("network") == set()
    world.run({"scores"})
    assert world.tick("network") == {"all_scores", "tidy", "report"}
    world.run({"all_scores", "tidy", "report"})
    world.settle()
    world.ingest()
    assert world.settle() == FED


def test_a_run_of_the_old_code_that_ends_after_the_deploy_does_not_stand_for_the_new(
    world: World,
) -> None:
    def deploy(names: set[str]) -> None:
        world.meanwhile = lambda names: None
        world.deploy("scores")
        assert world.tick("network") == set()
        assert world.tick("region") == set()

    world.meanwhile = deploy
    world.run({"scores"})
    union = {"all_scores", "tidy", "report"}
    assert world.settle() == [{"scores"} | union, union]
    assert [version for _, name, version in world.built if name == "scores"] == [1, 2]
    assert world.built[-1][1] == "report"


def test_a_deploy_and_a_build_that_come_to_light_together_cost_one_view_more(world: World) -> None:
    world.deploy("scores")
    world.run({"scores"})
    union = {"all_scores", "tidy", "report"}
    assert world.settle() == [{"scores"} | union, union]
    world.ingest()
    assert world.settle() == FED


def is_of_present_columns(world: World) -> bool:
    """Returns whether the union view was built after the region's table with its present code."""
    order = [(name, version) for _, name, version in world.built]
    table = order.index(("scores", world.code["scores"]))
    return "all_scores" in {name for name, _ in order[table:]}


def test_a_deploy_right_after_the_build_of_the_last_is_not_lost(world: World) -> None:
    world.deploy("scores")
    world.tick("network")
    world.run({"scores"})
    union = world.tick("network")
    world.deploy("scores")
    assert world.tick("network") == set()
    world.run(union)
    world.settle()
    assert is_of_present_columns(world)


def test_a_run_of_the_old_code_right_after_another_is_told_from_the_new(world: World) -> None:
    def deploy(names: set[str]) -> None:
        world.meanwhile = lambda names: None
        world.deploy("scores")
        world.tick("network")

    world.run({"scores"})
    world.tick("network")
    world.meanwhile = deploy
    world.run({"scores"})
    world.settle()
    assert is_of_present_columns(world)


# Failures


def test_a_failed_build_is_asked_for_again_by_new_data_or_new_code_only(world: World) -> None:
    world.failing = {"scores"}
    world.ingest()
    assert world.settle() == FED
    assert {name for _, name, _ in world.built} == {"feed", "stg", "grades", "report"}
    world.failing.clear()
    world.deploy("scores")
    assert world.settle()[0] == {"scores"}
