"""The check that tells when an asset's partitions were written with different schemas."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetsDefinition,
    AutomationCondition,
    MetadataValue,
    PartitionsDefinition,
    TableColumn,
    TableRecord,
    TableSchema,
    multi_asset_check,
)

from teamster.core.asset_schemas import asset_folder, declared_schema
from teamster.core.differences import differences
from teamster.core.errors import ConfigError
from teamster.core.partition_folders import shown_partition
from teamster.core.schema import AvroSchema
from teamster.core.schema_history import SchemaGroup, SchemaHistory, parts_below, schema_history
from teamster.core.storage import StoredObject

CHECK_NAME = "avro_schemas_agree"
DAILY = "0 6 * * *"
"""After the nightly files, before anyone needs the tables."""

SHORT = 8
"""Digits of a fingerprint that people are shown."""

_ASSETS_AT_ONCE = 4
_PARTITIONS_SHOWN = 20
_DIFFERENCES_SHOWN = 200
_GROUPS = {"schema": "string", "partitions": "int", "which": "string"}
_DIFFERENCES = dict.fromkeys(("schema", "field", "change", "written", "present"), "string")


def build_schema_checks(
    assets: Sequence[AssetsDefinition],
    *,
    cron_schedule: str | None = DAILY,
    timezone: str = "UTC",
) -> list[AssetChecksDefinition]:
    """Makes the check ``avro_schemas_agree`` of assets, one definition for all of a code location.

    It warns when objects of an asset were written with another schema than the one that the asset
    has now, and says which partitions and which fields. It lists the asset's folder once; where the
    storage keeps no metadata it reads the objects' headers, never more.

    Args:
        assets: Assets with a declared schema, written by an Avro IO manager.
        cron_schedule: When the code location's automation condition sensor, once switched on, asks
            for it; None leaves that to people. A schema changes with a deployment or a new
            partition, so once a day tells early enough; after each of a backfill's partitions it
            would list the same folder again and again.
        timezone: The schedule's time zone, such as ``America/New_York``.

    Raises:
        ConfigError: An asset declares no schema.
    """
    by_manager: dict[tuple[str, str], dict[AssetKey, AssetsDefinition]] = {}
    for definition in assets:
        for key in definition.keys:
            if declared_schema(definition, key) is None:
                raise ConfigError(f"{key.to_user_string()}: the asset declares no Avro schema")
            manager = definition.get_io_manager_key_for_asset_key(key)
            by_manager.setdefault((key.path[0], manager), {})[key] = definition
    condition = None
    if cron_schedule is not None:
        tick: AutomationCondition[Any] = AutomationCondition.cron_tick_passed(
            cron_schedule, timezone
        )
        condition = tick & ~AutomationCondition.in_progress()
    return [_check_of_location(*place, checked, condition) for place, checked in by_manager.items()]


def _check_of_location(
    location: str,
    io_manager_key: str,
    assets: dict[AssetKey, AssetsDefinition],
    condition: Any,
) -> AssetChecksDefinition:
    specs = [
        AssetCheckSpec(
            CHECK_NAME,
            asset=key,
            description="All partitions were written with the asset's present Avro schema.",
            automation_condition=condition,
        )
        for key in assets
    ]

    @multi_asset_check(
        name=f"{location}__{io_manager_key}__{CHECK_NAME}",
        specs=specs,
        can_subset=True,
        required_resource_keys={io_manager_key},
    )
    def _check(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        manager = getattr(context.resources, io_manager_key)
        asked_for = {key.asset_key for key in context.selected_asset_check_keys}

        def result(key: AssetKey) -> AssetCheckResult:
            return check_avro_schemas_agree(assets[key], key, manager)

        with ThreadPoolExecutor(_ASSETS_AT_ONCE) as workers:
            yield from workers.map(result, [key for key in assets if key in asked_for])

    return _check


def check_avro_schemas_agree(
    definition: AssetsDefinition, asset_key: AssetKey, io_manager: object
) -> AssetCheckResult:
    """Compares the schemas of an asset's objects with its present one.

    Args:
        definition: The asset.
        asset_key: Its key.
        io_manager: What writes its objects.

    Returns:
        The result of the check ``avro_schemas_agree``, severity WARN. Metadata ``schemas`` holds a
        row a schema, the present one first, and ``differences`` a row a field that differs.

    Raises:
        ConfigError: The asset declares no schema, or its IO manager writes no Avro objects.
        TeamsterError: The storage refused or did not answer.
    """
    present = declared_schema(definition, asset_key)
    if present is None:
        raise ConfigError(f"{asset_key.to_user_string()}: the asset declares no Avro schema")
    history = schema_history(asset_folder(io_manager, asset_key), present)
    passed = not history.old and not history.unreadable
    return AssetCheckResult(
        check_name=CHECK_NAME,
        asset_key=asset_key,
        passed=passed,
        severity=AssetCheckSeverity.WARN,
        metadata=_metadata(history, present, definition.partitions_def),
        description=_description(history, asset_key),
    )


def _description(history: SchemaHistory, asset_key: AssetKey) -> str:
    if not history.count:
        return "there are no objects yet"
    old = sum(len(group.objects) for group in history.old)
    problems = []
    if old:
        problems.append(
            f"{old} of {history.count} objects were written with another schema than the present "
            f"one; `teamster reencode {asset_key.to_user_string()}` shows what can be done"
        )
    if history.unreadable:
        problems.append(f"objects that are no Avro files: {len(history.unreadable)}")
    return "; ".join(problems) or "all objects were written with the present schema"


def _metadata(
    history: SchemaHistory, present: AvroSchema, partitions: PartitionsDefinition[Any] | None
) -> dict[str, Any]:
    def shown(objects: Sequence[StoredObject]) -> str:
        names = [
            shown_partition(partitions, parts_below(history.folder, found))
            for found in objects[:_PARTITIONS_SHOWN]
        ]
        more = len(objects) - len(names)
        return ", ".join(names) + (f" and {more} more" if more else "")

    groups = [
        TableRecord(
            {
                "schema": _named(group, history),
                "partitions": len(group.objects),
                "which": shown(group.objects),
            }
        )
        for group in history.groups
    ]
    found = [
        TableRecord(
            {
                "schema": group.fingerprint[:SHORT],
                "field": each.field,
                "change": each.change,
                "written": each.written,
                "present": each.present,
            }
        )
        for group in history.old
        for each in differences(group.schema, present)
    ]
    metadata: dict[str, Any] = {
        "present_schema": history.present[:SHORT],
        "schemas": MetadataValue.table(groups, _columns(_GROUPS)),
    }
    if found:
        metadata["differing_fields"] = len(found)
        metadata["differences"] = MetadataValue.table(
            found[:_DIFFERENCES_SHOWN], _columns(_DIFFERENCES)
        )
    if history.unreadable:
        metadata["unreadable"] = shown(history.unreadable)
    return metadata


def _named(group: SchemaGroup, history: SchemaHistory) -> str:
    present = " (present)" if group.fingerprint == history.present else ""
    return group.fingerprint[:SHORT] + present


def _columns(kinds: dict[str, str]) -> TableSchema:
    return TableSchema([TableColumn(name, kind) for name, kind in kinds.items()])
