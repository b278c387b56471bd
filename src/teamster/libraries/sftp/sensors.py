"""One sensor for many feeds: lists their servers, and asks for a run where files are new."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import (
    AddDynamicPartitionsRequest,
    AssetCheckKey,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    DagsterInstance,
    DefaultSensorStatus,
    DynamicPartitionsDefinition,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    define_asset_job,
    sensor,
)

from teamster.core.errors import ConfigError, Permanent
from teamster.core.settings import sensor_interval_seconds
from teamster.libraries.sftp.assets import feeds_of
from teamster.libraries.sftp.feed import Feed
from teamster.libraries.sftp.ledger import Ledger, Patience, Request
from teamster.libraries.sftp.survey import Directories
from teamster.libraries.sftp.ticks import SOURCE_VERSION, Tick

_NOTHING_NEW = "no new or changed file has settled"


def build_sftp_sensor(
    name: str,
    assets: Sequence[AssetsDefinition],
    *,
    patience: Patience | None = None,
    minimum_interval_seconds: int | None = None,
    time_budget_seconds: float = 40,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
) -> SensorDefinition:
    """Makes a sensor that watches the servers of SFTP assets and asks for runs.

    Which folders to list, and which file belongs to which asset and partition, follow from the
    assets' own patterns. A file is asked for once it is settled, and again only when it changes; a
    failed run is asked for again a bounded number of times. The check ``files_arriving`` of each
    asset is reported when it says something new.

    Args:
        name: The sensor's name.
        assets: Assets made by the SFTP factories; others are an error.
        patience: When a file counts as whole, and how often a failed run is asked for again.
        minimum_interval_seconds: Seconds between ticks; ``TEAMSTER_SENSOR_INTERVAL_SECONDS`` or
            300 if not given.
        time_budget_seconds: A tick stops here and the next one goes on; Dagster's own limit is 60.
        default_status: Whether the sensor runs from the start.

    Returns:
        A sensor, with a job for each partitions definition among the assets. Servers it cannot
        reach skip the tick with a reason. What someone must change first fails it; but a tick that
        has learned something, too, is kept, and the next one fails.

    Raises:
        ConfigError: An asset was not made by an SFTP factory, or there is none.
    """
    if not assets:
        raise ConfigError("a sensor needs at least one SFTP asset")
    feeds = {feed.asset_key.to_user_string(): feed for feed in feeds_of(assets)}
    servers = dict.fromkeys(feed.ssh_resource_key for feed in feeds.values())
    jobs = _Jobs(name, assets)
    directories: dict[str, Directories] = {}

    # No required_resource_keys: Dagster would make all resources before the tick, and a setting
    # that one server lacks would keep the others from theirs.
    @sensor(
        name=name,
        jobs=jobs.definitions,
        minimum_interval_seconds=minimum_interval_seconds or sensor_interval_seconds(),
        default_status=default_status,
        description=f"Asks for a run where a file is new on {', '.join(servers)}.",
    )
    def _sensor(context: SensorEvaluationContext) -> SensorResult | SkipReason:
        ledger = Ledger.load(context.cursor)
        tick = Tick(context, feeds, ledger, patience or Patience(), directories)
        before = ledger.learned()
        tick.run(time_budget_seconds)
        return _result(tick, jobs, has_news=ledger.learned() != before)

    return _sensor


class _Jobs:
    """One job a partitions definition: a job's assets share their partitions."""

    def __init__(self, sensor_name: str, assets: Sequence[AssetsDefinition]) -> None:
        self._checks = {asset.key: [spec.key for spec in asset.check_specs] for asset in assets}
        self._names: dict[AssetKey, str] = {}
        self._jobs: set[str] = set()
        self._numbers: Counter[str] = Counter()
        self.definitions: list[Any] = []
        for members in _by_partitions(assets):
            name = self._name(sensor_name, members[0])
            # The checks that list the server are left out: the sensor has just done that.
            selection = AssetSelection.assets(*(asset.key for asset in members)).without_checks()
            own = [key for asset in members for key in self._checks[asset.key]]
            selection |= AssetSelection.checks(*own)
            tables = ", ".join(sorted(asset.key.to_user_string() for asset in members))
            self.definitions.append(
                define_asset_job(name, selection=selection, description=f"Ingests {tables}.")
            )
            self._names.update({asset.key: name for asset in members})

    def _name(self, sensor_name: str, asset: AssetsDefinition) -> str:
        (feed,) = feeds_of([asset])
        name = f"{sensor_name}__by_{'_and_'.join(sorted(feed.dimensions)) or 'no_partition'}"
        own = name
        while own in self._jobs:
            self._numbers[name] += 1
            own = f"{name}_{self._numbers[name] + 1}"
        self._jobs.add(own)
        return own

    def of(self, feed: Feed) -> str:
        """Returns the name of the job that materializes a feed."""
        return self._names[feed.asset_key]

    def checks_of(self, feed: Feed) -> list[AssetCheckKey]:
        """Returns the checks that a feed's own run makes."""
        return self._checks[feed.asset_key]


def _by_partitions(assets: Sequence[AssetsDefinition]) -> list[list[AssetsDefinition]]:
    groups: dict[Any, list[AssetsDefinition]] = {}
    for asset in assets:
        groups.setdefault(asset.partitions_def, []).append(asset)
    return list(groups.values())


def _result(tick: Tick, jobs: _Jobs, *, has_news: bool) -> SensorResult | SkipReason:
    """Returns the runs to ask for.

    Raises:
        Permanent: Something must be changed first, and there is nothing else to report.
    """
    for error in tick.permanent:
        tick.context.log.error(str(error))
    for trouble in tick.troubles:
        tick.context.log.warning("tried again at the next tick: %s", trouble)
    if tick.permanent and not tick.requests and not has_news:
        raise _joined(tick.permanent)
    skip = None
    if not tick.requests:
        said = [*map(str, tick.permanent), *tick.troubles]
        skip = SkipReason("; ".join(said) or _NOTHING_NEW)
    return SensorResult(
        run_requests=[_run_request(request, tick.feeds, jobs) for request in tick.requests],
        skip_reason=skip,
        cursor=tick.ledger.dump(),
        dynamic_partitions_requests=list(
            _new_partitions(tick.requests, tick.feeds, tick.context.instance)
        ),
    )


def _joined(errors: Sequence[Permanent]) -> Permanent:
    """Returns one error that says all of it; of their kind, where they are of one."""
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else Permanent
    return kind("; ".join(dict.fromkeys(map(str, errors))))


def _run_request(request: Request, feeds: Mapping[str, Feed], jobs: _Jobs) -> RunRequest:
    feed = feeds[request.asset]
    return RunRequest(
        run_key=request.run_key,
        job_name=jobs.of(feed),
        asset_selection=[feed.asset_key],
        asset_check_keys=jobs.checks_of(feed),
        partition_key=request.partition or None,
        tags={SOURCE_VERSION: request.source_version},
    )


def _new_partitions(
    requests: Sequence[Request], feeds: Mapping[str, Feed], instance: DagsterInstance
) -> Iterator[AddDynamicPartitionsRequest]:
    """Yields the dynamic partitions that are asked for and not known yet."""
    wanted: dict[str, set[str]] = {}
    for request in requests:
        feed = feeds[request.asset]
        values = feed.values_of_key(request.partition or None)
        for dimension, definition in feed.dimensions.items():
            if isinstance(definition, DynamicPartitionsDefinition) and definition.name:
                wanted.setdefault(definition.name, set()).add(values[dimension])
    for name, keys in wanted.items():
        new = sorted(keys - set(instance.get_dynamic_partitions(name)))
        if new:
            yield DynamicPartitionsDefinition(name=name).build_add_request(new)
