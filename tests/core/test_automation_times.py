"""A table that is built at its own hour: at that hour, once, and if there is something new."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from dagster import (
    AssetMaterialization,
    AssetSelection,
    DagsterInstance,
    asset,
    evaluate_automation_conditions,
)

from teamster.core.automation_conditions import on_cron_if_new_data
from tests.core.automation import NEW_YORK, World, completed

pytestmark = pytest.mark.filterwarnings("ignore:Virtual assets is currently in preview")

FED = [{"stg", "scores", "grades"}, {"report"}]


@pytest.fixture
def world() -> Iterator[World]:
    with DagsterInstance.ephemeral() as opened:
        yield completed(World(opened))


def at(world: World, day: int, hour: int, minute: int = 0) -> None:
    world.now = datetime(2026, 1, day, hour, minute, 40, tzinfo=ZoneInfo(NEW_YORK))


def test_a_wide_table_is_built_at_its_time_once_if_there_is_news(world: World) -> None:
    for year in ("2024", "2025", "2025"):
        world.ingest("feed", year)
        assert world.settle() == FED
    at(world, 9, 4, 59)
    assert world.settle() == [{"wide"}]
    at(world, 10, 4, 59)
    assert world.settle() == []  # no news
    at(world, 10, 9)
    world.ingest()  # late: for the next day
    assert world.settle() == FED
    at(world, 11, 4, 59)
    assert world.settle() == [{"wide"}]


def test_its_time_is_its_time_zones_and_winter_and_summer_are_told_apart() -> None:
    condition = on_cron_if_new_data("0 5 * * *", NEW_YORK)

    @asset
    def feed() -> None: ...

    @asset(deps=[feed], automation_condition=condition)
    def wide() -> None: ...

    with DagsterInstance.ephemeral() as instance:
        cursor = None
        looks = [  # UTC
            (datetime(2026, 3, 7, 9, 59), 0),  # winter: five is ten o'clock
            (datetime(2026, 3, 7, 10, 1), 1),
            (datetime(2026, 3, 8, 8, 59), 0),  # summer: nine
            (datetime(2026, 3, 8, 9, 1), 1),
        ]
        for time, expected in looks:
            instance.report_runless_asset_event(AssetMaterialization("feed"))
            result = evaluate_automation_conditions(
                [feed, wide],
                instance,
                asset_selection=AssetSelection.all(),
                evaluation_time=time.replace(tzinfo=ZoneInfo("UTC")),
                cursor=cursor,
            )
            cursor = result.cursor
            assert result.get_num_requested(wide.key) == expected, time


def test_a_wide_table_waits_at_its_time_for_what_is_running(world: World) -> None:
    looks = []

    def five_o_clock(names: set[str]) -> None:
        world.meanwhile = lambda names: None
        at(world, 9, 5, 1)
        looks.append(world.tick("network"))

    at(world, 9, 4, 58)
    assert world.tick("network") == set()
    world.meanwhile = five_o_clock
    world.run({"report"})
    assert looks == [set()]
    assert world.tick("network") == {"wide"}


def test_a_time_that_passes_right_after_a_request_is_the_next_time(world: World) -> None:
    world.run({"report"})
    at(world, 9, 4, 58)
    assert world.tick("network", minutes=2) == {"wide"}
    world.run({"wide"})
    world.run({"report"})
    assert world.tick("network", minutes=24 * 60) == {"wide"}


def test_a_new_wide_table_is_built_at_its_first_time() -> None:
    with DagsterInstance.ephemeral() as instance:
        new = World(instance)
        new.run({"other"})
        new.ingest()
        assert "wide" not in set().union(*new.settle())
        at(new, 9, 4, 59)
        assert new.settle() == [{"wide"}]
