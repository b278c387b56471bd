"""Assets of records, whatever transport they came by: how they stand in Dagster, their checks."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import timedelta
from inspect import Parameter, Signature
from typing import Any, Generic, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetOut,
    AssetsDefinition,
    Field,
    FreshnessPolicy,
    OpDefinition,
    PartitionsDefinition,
    multi_asset,
)

from teamster.core import volume
from teamster.core.asset_checks import (
    CHECK_NAME,
    build_check_spec_avro_schema_valid,
    check_avro_schema_valid,
)
from teamster.core.asset_options import AssetOptions
from teamster.core.asset_schemas import note_schema
from teamster.core.durations import overdue_after
from teamster.core.errors import ConfigError
from teamster.core.io_managers import column_schema
from teamster.core.records import Records
from teamster.core.schema import AvroSchema
from teamster.core.volume import APPROVAL, VolumeGuard, build_check_spec_volume, earlier_rows

OUTPUT = "result"
"""The name of the asset's output in its op."""

_APPROVAL = {
    APPROVAL: Field(
        bool,
        default_value=False,
        is_required=False,
        description="Let a drop through that the check volume holds back.",
    )
}

Events: TypeAlias = Iterator[Any]
"""An asset's output, named :data:`OUTPUT`, and the results of its checks, or nothing."""

Body: TypeAlias = Callable[[AssetExecutionContext], Events]
"""What makes them."""

_SIGNATURE = Signature(
    [Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=AssetExecutionContext)],
    return_annotation=Events,
)
"""Of every :data:`Body`."""

Behind = TypeVar("Behind")


class MadeBy(Generic[Behind]):
    """What stands behind each asset that a factory made.

    Args:
        factory: The factory, as people know it.
    """

    def __init__(self, factory: str) -> None:
        self._factory = factory
        # Dagster keeps the op when it derives an asset from an asset.
        self._by_op: WeakKeyDictionary[OpDefinition, Behind] = WeakKeyDictionary()

    def note(self, asset: AssetsDefinition, behind: Behind) -> None:
        """Remembers what stands behind an asset."""
        self._by_op[asset.op] = behind

    def of(self, asset: AssetsDefinition) -> Behind | None:
        """Returns what stands behind an asset; None if the factory did not make it."""
        return self._by_op.get(asset.op) if asset.is_executable else None

    def of_all(self, assets: Iterable[AssetsDefinition]) -> Iterator[Behind]:
        """Yields what stands behind assets.

        Raises:
            ConfigError: One of them was not made by the factory.
        """
        for asset in assets:
            behind = self.of(asset)
            if behind is None:
                keys = ", ".join(sorted(key.to_user_string() for key in asset.keys))
                raise ConfigError(f"{keys}: no asset of {self._factory}")
            yield behind


def record_asset(
    *,
    asset_key: AssetKey,
    schema: AvroSchema,
    partitions_def: PartitionsDefinition[Any] | None,
    options: AssetOptions,
    resource_keys: Set[str],
    metadata: Mapping[str, Any],
    kinds: Set[str],
    body: Body,
) -> AssetsDefinition:
    """Makes an asset of records.

    Args:
        asset_key: The asset.
        schema: The writer schema of its objects.
        partitions_def: Its partitions.
        options: How it stands in Dagster.
        resource_keys: The resources that its body uses.
        metadata: What people want to see of it in the UI.
        kinds: What it is, in Dagster's words.
        body: Yields the output and the results of checks.

    Returns:
        The asset, with the check ``avro_schema_valid`` and, if asked for, ``volume``.
    """
    path = asset_key.path
    checks = [build_check_spec_avro_schema_valid(asset_key)]
    if options.volume:
        checks.append(build_check_spec_volume(asset_key, options.volume))
    out = AssetOut(
        key=asset_key,
        group_name=options.group_name or (path[1] if len(path) > 1 else path[0]),
        description=options.description,
        tags=options.tags,
        owners=options.owners,
        automation_condition=options.automation_condition,
        io_manager_key=options.io_manager_key,
        kinds=set(kinds),
        is_required=False,
        freshness_policy=freshness_policy(options.expected_every),
        metadata={"dagster/column_schema": column_schema(schema), **metadata},
    )

    # With can_subset the output of the check is optional too: without records there is none.
    @multi_asset(
        name="__".join(path),
        outs={OUTPUT: out},
        op_tags=options.op_tags,
        pool=options.pool,
        partitions_def=partitions_def,
        required_resource_keys=set(resource_keys),
        check_specs=checks,
        config_schema=_APPROVAL if options.volume else None,
        can_subset=True,
    )
    @_with_signature
    def _asset(context: AssetExecutionContext) -> Events:  # Dagster resolves annotations
        if asset_key not in context.selected_asset_keys:
            raise ConfigError(f"{CHECK_NAME} looks at records as they pass: materialize the asset")
        yield from body(context)

    note_schema(_asset, asset_key, schema)
    return _asset


def _with_signature(function: Body) -> Body:
    """Tells a function's signature: Dagster wants it a dozen times, and would work it out anew."""
    function.__dict__["__signature__"] = _SIGNATURE
    return function


@functools.cache
def freshness_policy(expected_every: timedelta | None) -> FreshnessPolicy | None:
    """Returns Dagster's policy: overdue is a warning, twice the time a failure."""
    if expected_every is None:
        return None
    return FreshnessPolicy.time_window(
        fail_window=2 * expected_every, warn_window=overdue_after(expected_every)
    )


def guard_of(
    context: AssetExecutionContext,
    options: AssetOptions,
    asset_key: AssetKey,
    partitions_def: PartitionsDefinition[Any] | None,
) -> VolumeGuard | None:
    """Returns what compares the run's row count with an earlier one, where that is asked for."""
    if options.volume is None:
        return None
    partition_key = context.partition_key if context.has_partition_key else None
    rows = earlier_rows(context.instance, asset_key, partitions_def, partition_key, options.volume)
    approved = bool((context.op_execution_context.op_config or {}).get(APPROVAL))
    return VolumeGuard(asset_key, partition_key, options.volume, rows, approved)


def results_of_checks(
    context: AssetExecutionContext,
    asset_key: AssetKey,
    schema: AvroSchema,
    records: Records,
    guard: VolumeGuard | None,
) -> Iterator[AssetCheckResult]:
    """Yields the results of the checks that are asked for, and logs what the records warn of."""
    for warning in records.summary.warnings:
        context.log.warning(warning)
    asked_for = {key.name for key in context.selected_asset_check_keys}
    if CHECK_NAME in asked_for:
        yield check_avro_schema_valid(asset_key, records, schema)
    if guard is not None and volume.CHECK_NAME in asked_for:
        yield guard.result(records.summary.rows)
