"""What the automation asks for, tick by tick, over a feed by year and subject and its tables."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetSelection,
    AssetSpec,
    AutomationCondition,
    DagsterInstance,
    Definitions,
    MaterializeResult,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
    evaluate_automation_conditions,
    multi_asset,
)

from teamster.core.automation_conditions import on_new_upstream_data

FEED, STAGING, REPORT = "feed", "staging", "report"
TABLES = {STAGING, REPORT}


class Network:
    """A feed, a staging table of it, and a report of that and of a second feed's table.

    Both tables are built by one step, as dbt builds them. ``meanwhile`` is called inside each run,
    with the names that it makes.
    """

    def __init__(self, condition: AutomationCondition[Any], instance: DagsterInstance) -> None:
        self.condition = condition
        self.instance = instance
        self.years = ["2024", "2025"]
        self.meanwhile: Callable[[set[str]], object] = lambda names: None
        self._cursor: Any = None

    def definitions(self) -> Definitions:
        years = StaticPartitionsDefinition(self.years)
        subjects = StaticPartitionsDefinition(["ela", "math"])

        @asset(
            name=FEED,
            partitions_def=MultiPartitionsDefinition({"academic_year": years, "subject": subjects}),
        )
        def feed() -> None:
            self.meanwhile({FEED})

        @multi_asset(
            specs=[
                AssetSpec(STAGING, deps=[FEED], automation_condition=self.condition),
                AssetSpec(REPORT, deps=[STAGING, "roster"], automation_condition=self.condition),
            ],
            can_subset=True,
        )
        def tables(context: AssetExecutionContext) -> Iterator[MaterializeResult[Any]]:
            self.meanwhile({key.to_user_string() for key in context.selected_asset_keys})
            for name in (STAGING, REPORT):
                if AssetKey(name) in context.selected_asset_keys:
                    yield MaterializeResult(asset_key=name)

        @asset
        def roster() -> None: ...

        return Definitions(assets=[feed, tables, roster])

    def tick(self) -> set[str]:
        """Evaluates the conditions once; returns the names of what is asked for."""
        definitions = self.definitions()
        result = evaluate_automation_conditions(
            definitions,
            self.instance,
            # By its own default the function warns of a parameter that it uses itself.
            asset_selection=AssetSelection.all(),
            cursor=self._cursor,
        )
        self._cursor = result.cursor
        return {name for name in TABLES if result.get_num_requested(AssetKey(name))}

    def ticks(self, count: int = 3) -> list[set[str]]:
        return [self.tick() for _ in range(count)]

    def run(self, names: Sequence[str], partition: str | None = None) -> bool:
        """Runs what a sensor or the automation asked for; returns whether it succeeded."""
        job = self.definitions().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=[AssetKey(name) for name in names],
            partition_key=partition,
            raise_on_error=False,
        ).success

    def ingest(self, partition: str) -> None:
        assert self.run([FEED], partition)

    def build(self) -> None:
        assert self.run([STAGING, REPORT])


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def network(instance: DagsterInstance) -> Network:
    """A network whose second feed has come."""
    made = Network(on_new_upstream_data(), instance)
    assert made.run(["roster"])
    return made


NOTHING: set[str] = set()
QUIET = [NOTHING] * 3


def test_nothing_is_asked_for_before_a_first_file_came(network: Network) -> None:
    assert network.ticks() == QUIET


def test_a_file_asks_for_its_tables_once_though_other_partitions_have_none(
    network: Network,
) -> None:
    assert network.ticks() == QUIET
    network.ingest("2024|ela")
    assert network.tick() == TABLES
    assert network.tick() == NOTHING  # asked for, not yet begun
    network.build()
    assert network.ticks() == QUIET
    network.ingest("2025|math")
    assert network.tick() == TABLES
    network.build()
    assert network.ticks() == QUIET


def test_files_that_came_before_the_automation_was_switched_on_count(network: Network) -> None:
    network.ingest("2024|ela")
    assert network.tick() == TABLES
    network.build()
    assert network.ticks() == QUIET


def test_tables_that_were_built_before_the_automation_was_switched_on_are_left_alone(
    network: Network,
) -> None:
    network.ingest("2024|ela")
    network.build()
    assert network.ticks() == QUIET


def test_a_new_school_year_without_files_stalls_nothing_and_asks_for_nothing(
    network: Network,
) -> None:
    network.ingest("2024|ela")
    network.build()
    assert network.ticks() == QUIET
    network.years = ["2024", "2025", "2026"]
    assert network.ticks() == QUIET
    network.ingest("2025|ela")  # vendors lag: last year's file comes once more
    assert network.tick() == TABLES
    network.build()
    assert network.ticks() == QUIET
    network.ingest("2026|ela")
    assert network.tick() == TABLES


def test_eager_stalls_as_soon_as_a_partition_has_no_file(instance: DagsterInstance) -> None:
    network = Network(AutomationCondition.eager(), instance)
    assert network.run(["roster"])
    network.years = ["2024"]
    for partition in ("2024|ela", "2024|math"):
        network.ingest(partition)
    network.build()
    assert network.ticks() == QUIET
    network.ingest("2024|ela")
    assert network.tick() == TABLES
    network.build()
    network.years = ["2024", "2025"]
    assert network.ticks() == QUIET
    network.ingest("2024|ela")
    assert STAGING not in set().union(*network.ticks())


def test_a_failed_file_asks_for_nothing(network: Network) -> None:
    network.ingest("2024|ela")
    network.build()
    assert network.ticks() == QUIET

    def fail(names: set[str]) -> None:
        raise RuntimeError("the vendor's file is broken")

    network.meanwhile = fail
    assert not network.run([FEED], "2025|ela")
    assert network.ticks() == QUIET


def test_a_failed_build_is_asked_for_again_by_the_next_file_only(network: Network) -> None:
    def fail(names: set[str]) -> None:
        if names & TABLES:
            raise RuntimeError("dbt failed")

    network.meanwhile = fail
    network.ingest("2024|ela")
    assert network.tick() == TABLES
    assert not network.run([STAGING, REPORT])
    assert network.ticks() == QUIET
    network.ingest("2024|math")
    assert network.tick() == TABLES


def test_nothing_is_asked_for_while_a_file_is_ingested_or_a_table_built(network: Network) -> None:
    network.ingest("2024|ela")
    assert network.tick() == TABLES
    seen: list[set[str]] = []
    network.meanwhile = lambda names: seen.append(network.tick())
    network.build()
    network.ingest("2024|math")
    network.ingest("2025|math")
    assert seen == QUIET
    assert network.tick() == TABLES


def a_file_comes_while_tables_are_built(network: Network) -> None:
    def deliver(names: set[str]) -> None:
        if names & TABLES:
            network.ingest("2024|math")
            assert network.tick() == NOTHING

    network.ingest("2024|ela")
    network.tick()
    network.meanwhile = deliver
    network.build()
    network.meanwhile = lambda names: None


def test_a_file_that_came_while_tables_were_built_is_built_after_that(network: Network) -> None:
    a_file_comes_while_tables_are_built(network)
    assert network.tick() == TABLES
    network.build()
    assert network.ticks() == QUIET


def test_eager_loses_a_file_that_came_while_tables_were_built(instance: DagsterInstance) -> None:
    network = Network(AutomationCondition.eager(), instance)
    network.years = ["2024"]
    assert network.run(["roster"])
    network.ingest("2024|math")
    network.build()
    network.tick()
    a_file_comes_while_tables_are_built(network)
    assert network.ticks() == QUIET


def test_a_file_that_came_between_a_request_and_the_next_tick_is_not_lost(
    network: Network,
) -> None:
    network.ingest("2024|ela")
    assert network.tick() == TABLES
    network.ingest("2024|math")
    in_progress: list[set[str]] = []
    network.meanwhile = lambda names: in_progress.append(network.tick())
    network.build()
    assert in_progress == [NOTHING]
    assert network.tick() == TABLES


def test_a_table_waits_for_a_table_that_was_never_built(instance: DagsterInstance) -> None:
    network = Network(on_new_upstream_data(), instance)  # no roster yet
    network.ingest("2024|ela")
    assert network.tick() == {STAGING}
    assert network.run([STAGING])
    assert network.ticks() == QUIET
    assert network.run(["roster"])
    assert network.tick() == {REPORT}


def test_a_source_that_dagster_does_not_make_is_not_waited_for(instance: DagsterInstance) -> None:
    @asset
    def feed() -> None: ...

    @asset(deps=[feed, AssetSpec("spreadsheet")], automation_condition=on_new_upstream_data())
    def staging() -> None: ...

    definitions = Definitions(assets=[feed, staging])
    job = definitions.resolve_implicit_global_asset_job_def()
    job.execute_in_process(instance=instance, asset_selection=[feed.key])
    result = evaluate_automation_conditions(
        definitions, instance, asset_selection=AssetSelection.all()
    )
    assert result.get_num_requested(staging.key) == 1


def test_it_is_evaluated_by_the_daemon_itself() -> None:
    condition = on_new_upstream_data()
    assert condition.is_serializable
    assert condition.get_label() == "on_new_upstream_data"
