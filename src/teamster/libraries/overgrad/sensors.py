"""Universities to ask Overgrad for: those that students follow or apply to."""

from collections.abc import Iterator, Sequence

from dagster import (
    AssetsDefinition,
    DefaultSensorStatus,
    DynamicPartitionsDefinition,
    ResourceParam,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    define_asset_job,
    sensor,
)
from upath import UPath

from teamster.core.asset_schemas import asset_folder
from teamster.core.avro import read_avro
from teamster.core.errors import ConfigError
from teamster.core.io_managers import DATA, AvroIOManager
from teamster.core.storage import stored, version_of


def build_overgrad_university_sensor(
    name: str,
    universities: AssetsDefinition,
    sources: Sequence[AssetsDefinition],
    *,
    most: int = 50,
    minimum_interval_seconds: int = 3600,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
) -> SensorDefinition:
    """Makes a sensor that adds partitions of universities and asks for their runs.

    Args:
        name: The sensor's name.
        universities: The asset, its partitions dynamic.
        sources: Assets whose records have the id of a university, unpartitioned: admissions and
            followings.
        most: Universities to add in a tick; the next one goes on.
        minimum_interval_seconds: Seconds between ticks.
        default_status: Whether the sensor runs from the start.

    Raises:
        ConfigError: The partitions are not dynamic.
    """
    partitions = universities.partitions_def
    if not isinstance(partitions, DynamicPartitionsDefinition) or partitions.name is None:
        raise ConfigError(f"{name}: partitions of universities must be dynamic, and have a name")
    job = define_asset_job(f"{name}_job", selection=[universities])

    @sensor(
        name=name,
        job=job,
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_status,
    )
    def _sensor(
        context: SensorEvaluationContext, io_manager_gcs_avro: ResourceParam[AvroIOManager]
    ) -> SensorResult | SkipReason:
        objects = [asset_folder(io_manager_gcs_avro, source.key) / DATA for source in sources]
        seen = " ".join(version_of(stored(path)) or "-" for path in objects)
        if seen == context.cursor:
            return SkipReason("no list has changed")
        known = set(context.instance.get_dynamic_partitions(str(partitions.name)))
        found = sorted(set().union(*map(_ids, objects)) - known, key=lambda key: (len(key), key))
        now = found[:most]
        return SensorResult(
            run_requests=[RunRequest(run_key=key, partition_key=key) for key in now],
            dynamic_partitions_requests=[partitions.build_add_request(now)] if now else [],
            cursor=seen if now == found else context.cursor,
        )

    return _sensor


def _ids(path: UPath) -> Iterator[str]:
    """Yields the universities that the records of an object name."""
    if stored(path) is None:
        return
    with read_avro(path) as records:
        for record in records:
            found = (record.get("university") or {}).get("id")
            if found is not None:
                yield str(found)
