"""One sensor for many feeds: lists their servers, and asks for a run where files are new."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster import (
    AddDynamicPartitionsRequest,
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    DynamicPartitionsDefinition,
    PartitionsDefinition,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    define_asset_job,
    sensor,
)

from teamster.core.errors import ConfigError, Permanent, Transient
from teamster.libraries.sftp.assets import feed_of
from teamster.libraries.sftp.feed import Feed
from teamster.libraries.sftp.ledger import Ledger, Patience, Request, RunState
from teamster.libraries.sftp.matching import Present, survey

SOURCE_VERSION = "teamster/source_version"
"""Run tag that names the version of the files a run was asked for."""

_FINISHED = {
    DagsterRunStatus.SUCCESS: RunState.SUCCEEDED,
    DagsterRunStatus.FAILURE: RunState.FAILED,
    DagsterRunStatus.CANCELED: RunState.FAILED,
}


def build_sftp_sensor(
    name: str,
    assets: Sequence[AssetsDefinition],
    *,
    patience: Patience | None = None,
    minimum_interval_seconds: int = 300,
    time_budget_seconds: float = 40,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
) -> SensorDefinition:
    """Makes a sensor that watches the servers of SFTP assets and asks for runs.

    Which folders to list, and which file belongs to which asset and partition, follow from the
    assets' own patterns. A file is asked for once it is settled, and again only when it changes; a
    failed run is asked for again a bounded number of times.

    Args:
        name: The sensor's name.
        assets: Assets made by the SFTP factories; others are an error.
        patience: When a file counts as whole, and how often a failed run is asked for again.
        minimum_interval_seconds: Seconds between ticks.
        time_budget_seconds: A tick stops here and the next one goes on; Dagster's own limit is 60.
        default_status: Whether the sensor runs from the start.

    Returns:
        A sensor, with a job for each partitions definition among the assets.

    Raises:
        ConfigError: An asset was not made by an SFTP factory, or there is none.
    """
    feeds = {feed.asset_key.to_user_string(): feed for feed in _feeds(assets)}
    jobs = _Jobs(name, list(feeds.values()))

    @sensor(
        name=name,
        jobs=jobs.definitions,
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_status,
        required_resource_keys={feed.ssh_resource_key for feed in feeds.values()},
    )
    def _sensor(context: SensorEvaluationContext) -> SensorResult | SkipReason:
        deadline = time.monotonic() + time_budget_seconds
        tick = _Tick(context, feeds, Ledger.load(context.cursor), patience or Patience())
        tick.run(deadline)
        return tick.result(jobs)

    return _sensor


def _feeds(assets: Sequence[AssetsDefinition]) -> Iterator[Feed]:
    if not assets:
        raise ConfigError("a sensor needs at least one SFTP asset")
    for definition in assets:
        feed = feed_of(definition)
        if feed is None:
            raise ConfigError(f"{definition.keys}: no asset of an SFTP factory")
        yield feed


class _Jobs:
    """One job a partitions definition: a job's assets share their partitions."""

    def __init__(self, sensor_name: str, feeds: Sequence[Feed]) -> None:
        groups: list[tuple[PartitionsDefinition[Any] | None, list[Feed]]] = []
        for feed in feeds:
            for definition, members in groups:
                if definition == feed.partitions_def:
                    members.append(feed)
                    break
            else:
                groups.append((feed.partitions_def, [feed]))
        self._names: dict[AssetKey, str] = {}
        self.definitions = []
        for number, (_, members) in enumerate(groups, start=1):
            job_name = f"{sensor_name}__job_{number}"
            keys = [feed.asset_key for feed in members]
            self.definitions.append(define_asset_job(job_name, selection=keys))
            self._names.update(dict.fromkeys(keys, job_name))

    def of(self, feed: Feed) -> str:
        """Returns the name of the job that materializes a feed."""
        return self._names[feed.asset_key]


@dataclass
class _Tick:
    """One evaluation: server by server, until time runs out."""

    context: SensorEvaluationContext
    feeds: Mapping[str, Feed]
    ledger: Ledger
    patience: Patience
    requests: list[Request] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    permanent: list[Permanent] = field(default_factory=list)

    def run(self, deadline: float) -> None:
        """Lists server by server, beginning where the last tick ran out of time."""
        self.ledger.forget_all_but(self.feeds)
        servers = _rotated(
            list(dict.fromkeys(feed.ssh_resource_key for feed in self.feeds.values())),
            self.ledger.resume_at,
        )
        self.ledger.resume_at = ""
        for server in servers:
            if time.monotonic() > deadline:
                self.ledger.resume_at = server
                return
            self._server(server)

    def _server(self, server: str) -> None:
        """Lists one server for all its feeds, over one connection."""
        feeds = {key: feed for key, feed in self.feeds.items() if feed.ssh_resource_key == server}
        try:
            with getattr(self.context.resources, server).session() as session:
                results = survey(list(feeds.values()), session)
        except Transient as error:
            self.troubles.append(str(error))
            return
        except Permanent as error:
            self.permanent.append(error)
            return
        for key, present in zip(feeds, results, strict=True):
            if isinstance(present, Permanent):
                self.permanent.append(present)
            else:
                self._compare(key, present)

    def _compare(self, key: str, present: Present) -> None:
        self.requests += self.ledger.update(
            key,
            {partition or "": files for partition, files in present.items()},
            time.time(),
            self.patience,
            lambda source_version: _runs_of(self.context.instance, source_version),
        )

    def result(self, jobs: _Jobs) -> SensorResult | SkipReason:
        """Returns the runs to ask for.

        Raises:
            Permanent: Something must be changed first, and there is nothing else to report.
        """
        for error in self.permanent:
            self.context.log.error(str(error))
        for trouble in self.troubles:
            self.context.log.warning("tried again at the next tick: %s", trouble)
        if self.permanent and not self.requests:
            raise self.permanent[0]
        skip = None
        if not self.requests:
            skip = SkipReason("; ".join(self.troubles) or "no new or changed file has settled")
        return SensorResult(
            run_requests=[self._run_request(request, jobs) for request in self.requests],
            skip_reason=skip,
            cursor=self.ledger.dump(),
            dynamic_partitions_requests=list(self._new_partitions()),
        )

    def _run_request(self, request: Request, jobs: _Jobs) -> RunRequest:
        feed = self.feeds[request.asset]
        return RunRequest(
            run_key=request.run_key,
            job_name=jobs.of(feed),
            asset_selection=[feed.asset_key],
            partition_key=request.partition or None,
            tags={SOURCE_VERSION: request.source_version},
        )

    def _new_partitions(self) -> Iterator[AddDynamicPartitionsRequest]:
        """Yields the dynamic partitions that are asked for and not known yet."""
        wanted: dict[str, set[str]] = {}
        for request in self.requests:
            feed = self.feeds[request.asset]
            values = feed.values_of_key(request.partition or None)
            for dimension, definition in feed.dimensions.items():
                if isinstance(definition, DynamicPartitionsDefinition) and definition.name:
                    wanted.setdefault(definition.name, set()).add(values[dimension])
        for name, keys in wanted.items():
            new = sorted(keys - set(self.context.instance.get_dynamic_partitions(name)))
            if new:
                yield DynamicPartitionsDefinition(name=name).build_add_request(new)


def _rotated(keys: list[str], first: str) -> list[str]:
    start = keys.index(first) if first in keys else 0
    return keys[start:] + keys[:start]


def _runs_of(instance: DagsterInstance, source_version: str) -> list[RunState]:
    runs: Iterable[Any] = instance.get_runs(RunsFilter(tags={SOURCE_VERSION: source_version}))
    return [_FINISHED.get(run.status, RunState.RUNNING) for run in runs]
