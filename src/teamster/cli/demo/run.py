"""Runs the demo: every partition that has a file, every endpoint, then dbt, then the answers."""

import contextlib
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    DagsterInstance,
    Definitions,
    ExecuteInProcessResult,
    PartitionsDefinition,
    build_resources,
)
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from teamster.cli.demo.environment import DemoEnvironment
from teamster.cli.demo.report import Outcome, print_report
from teamster.core.errors import NoSuchDirectory, Permanent
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.sftp.assets import feed_of
from teamster.libraries.sftp.feed import Feed
from teamster.libraries.sftp.survey import Found, survey

REGIONS = ("kippnewark", "kippcamden")
NETWORK = "kipptaf"
_WIDTH_OF_A_FILE = 200
_RUN_FAILED = "the run failed"
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


@dataclass(frozen=True)
class Task:
    """An asset, its server, and the partition of it that has files or records."""

    location: str
    server: str
    asset_key: AssetKey
    partitions_def: PartitionsDefinition[Any] | None
    partition_key: str | None


def run_demo(environment: DemoEnvironment) -> bool:
    """Runs the demo and prints its report.

    Args:
        environment: Where the servers and the files are.

    Returns:
        Whether every part succeeded.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_A_FILE)
    environment.log.parent.mkdir(parents=True, exist_ok=True)
    drop = "a generated drop" if environment.is_generated else "the given drop"
    console.print(f"Serving {drop} over SFTP on loopback: {', '.join(sorted(environment.vendors))}")
    if environment.apis:
        names = sorted(key.removeprefix("rest_") for key in environment.apis)
        console.print(f"Serving APIs over HTTP on loopback: {', '.join(names)}")
    with _logged_aside(environment), _progress(console) as progress:
        outcomes = _run_all(environment, progress)
    return print_report(console, outcomes, environment)


def _run_all(environment: DemoEnvironment, progress: Progress) -> list[Outcome]:
    loading = progress.add_task("Loading code locations", total=None)
    locations = {name: _definitions(name) for name in (*REGIONS, NETWORK)}
    tasks: list[Task] = []
    outcomes: list[Outcome] = []
    for name, definitions in locations.items():
        progress.update(loading, description=f"Listing vendors' servers for {name}")
        for found in chain(
            _present(name, definitions, environment),
            _asked_for(name, definitions, environment),
        ):
            if isinstance(found, Task):
                tasks.append(found)
            else:
                outcomes.append(found)
    progress.remove_task(loading)
    progress.console.print(
        f"Ingesting {len(tasks)} files, members and endpoints, then building tables ..."
    )
    with DagsterInstance.get() as instance:
        running = progress.add_task("Ingesting", total=len(tasks))
        came: dict[Task, Outcome] = {}
        for run in _runs(tasks):
            progress.update(running, description=f"Ingesting {run[0].asset_key.to_user_string()}")
            came |= _ingest(run, locations[run[0].location], instance)
            progress.advance(running, len(run))
        outcomes += (came[task] for task in tasks if task in came)
        building = progress.add_task("Building tables", total=len(locations))
        for name, definitions in locations.items():
            progress.update(building, description=f"Building {name}'s tables with dbt")
            outcomes += _build_tables(name, definitions, instance)
            progress.advance(building)
    return outcomes


def _definitions(name: str) -> Definitions:
    module = importlib.import_module(f"teamster.code_locations.{name}.definitions")
    definitions: Definitions = module.defs
    # Without the checks that list a server: the demo has just listed it.
    return Definitions(assets=definitions.assets, resources=definitions.resources)


def _feeds(definitions: Definitions) -> Iterator[Feed]:
    for asset in definitions.assets or ():
        feed = feed_of(asset) if isinstance(asset, AssetsDefinition) else None
        if feed is not None:
            yield feed


def _present(
    name: str, definitions: Definitions, environment: DemoEnvironment
) -> Iterator[Task | Outcome]:
    """Yields a task a partition that has a file; for any other feed, why there is none."""
    servers: dict[str, list[Feed]] = {}
    for feed in _feeds(definitions):
        servers.setdefault(feed.ssh_resource_key, []).append(feed)
    for server, feeds in servers.items():
        vendor = server.removeprefix("ssh_")
        if vendor not in environment.vendors:
            for feed in feeds:
                yield Outcome(feed.asset_key, note=f"the drop has no folder {vendor}")
            continue
        resource = {server: (definitions.resources or {})[server]}
        with build_resources(resource) as built, getattr(built, server).session() as session:
            results = survey(feeds, session)
        for feed, found in zip(feeds, results, strict=True):
            yield from _tasks(name, feed, found)


def _asked_for(
    name: str, definitions: Definitions, environment: DemoEnvironment
) -> Iterator[Task | Outcome]:
    """Yields a task for each endpoint, of its newest partition; or why there is none."""
    for asset in definitions.assets or ():
        endpoint = endpoint_of(asset) if isinstance(asset, AssetsDefinition) else None
        if endpoint is None:
            continue
        if endpoint.rest_resource_key not in environment.apis:
            yield Outcome(endpoint.asset_key, note="the demo does not serve this API")
            continue
        partitions = endpoint.partitions_def
        key = partitions.get_last_partition_key() if partitions is not None else None
        yield Task(name, endpoint.rest_resource_key, endpoint.asset_key, partitions, key)


def _tasks(name: str, feed: Feed, found: Found | Permanent | None) -> Iterator[Task | Outcome]:
    if isinstance(found, Permanent) and not isinstance(found, NoSuchDirectory):
        yield Outcome(feed.asset_key, error=str(found))
    elif not isinstance(found, Found) or not found.partitions:
        yield Outcome(feed.asset_key, note="no file on the server")
    else:
        for key in found.partitions:
            yield Task(name, feed.ssh_resource_key, feed.asset_key, feed.partitions_def, key)


def _runs(tasks: Sequence[Task]) -> list[list[Task]]:
    """Puts a server's assets of one partition into one run: a run costs more than most files."""
    runs: dict[Any, list[Task]] = {}
    for task in tasks:
        same = (task.location, task.server, task.partitions_def, task.partition_key)
        runs.setdefault(same, []).append(task)
    return list(runs.values())


def _ingest(
    tasks: Sequence[Task], definitions: Definitions, instance: DagsterInstance
) -> dict[Task, Outcome]:
    """Runs tasks of one partition; one that fails leaves the others be."""
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        asset_selection=[task.asset_key for task in tasks],
        partition_key=tasks[0].partition_key,
        instance=instance,
        run_config=_QUIET,
        raise_on_error=False,
    )
    errors = _errors(result)
    materializations = {done.asset_key: done for done in _materializations(result)}
    outcomes = {}
    for task in tasks:
        key = task.asset_key
        error = errors.get(key.to_python_identifier())
        if error or not (result.success or key in materializations):
            outcomes[task] = Outcome(key, task.partition_key, error=error or _RUN_FAILED)
        elif key in materializations:  # there may be nothing new
            outcomes[task] = Outcome.of(materializations[key], _check_of(result, key))
    return outcomes


def _build_tables(name: str, definitions: Definitions, instance: DagsterInstance) -> list[Outcome]:
    keys = [
        key
        for asset in definitions.assets or ()
        if isinstance(asset, AssetsDefinition)
        and feed_of(asset) is None
        and endpoint_of(asset) is None
        for key in asset.keys
    ]
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=keys, instance=instance, run_config=_QUIET, raise_on_error=False
    )
    if not result.success:
        error = next(iter(_errors(result).values()), _RUN_FAILED)
        return [Outcome(AssetKey([name, "dbt"]), error=error, is_table=True)]
    return [
        Outcome.of(materialization, None, is_table=True)
        for materialization in _materializations(result)
    ]


def _materializations(result: ExecuteInProcessResult) -> list[AssetMaterialization]:
    return [
        event.materialization
        for event in result.all_events
        if event.is_step_materialization and event.materialization is not None
    ]


def _check_of(result: ExecuteInProcessResult, key: AssetKey) -> AssetCheckEvaluation | None:
    found = [check for check in result.get_asset_check_evaluations() if check.asset_key == key]
    return found[0] if found else None


def _errors(result: ExecuteInProcessResult) -> dict[str, str]:
    """Returns what each failed step says, by its name, in the order of their failures."""
    errors = {}
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error:
            error = event.step_failure_data.error
            errors[str(event.step_key)] = (error.cause or error).message.strip()
    return errors


@contextlib.contextmanager
def _logged_aside(environment: DemoEnvironment) -> Iterator[None]:
    """Sends what Dagster and dbt print to the demo's log."""
    with (
        environment.log.open("w", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        yield


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
