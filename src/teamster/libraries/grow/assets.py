"""The factory of Level Data Grow's assets.

Source: the vendor's "api-documentation" (github.com/WhetstoneEducation): lists answer
``{"count": n, "limit": n, "skip": n, "data": [...]}`` and take ``limit`` and ``skip``;
``archived`` gives what is archived, or what is not; dates take Mongo's operators,
``lastModified[$gte]``.
"""

from collections.abc import Sequence
from typing import Any, Unpack

from dagster import AssetsDefinition, PartitionsDefinition, TimeWindowPartitionsDefinition

from teamster.core.errors import ConfigError
from teamster.core.partitions import PartitionsLike, dimension_definitions, resolve_partitions_def
from teamster.core.schema import SchemaLike
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions

ARCHIVED, LAST_MODIFIED = "archived", "last_modified"

_SPELLINGS = {ARCHIVED: {"t": "true", "f": "false"}}

_WINDOW = {
    "lastModified[$gte]": "{last_modified.start:%Y-%m-%dT%H:%M:%S.000Z}",
    "lastModified[$lte]": "{last_modified.last:%Y-%m-%dT%H:%M:%S.999Z}",
}


def build_grow_asset(
    asset_key: Sequence[str],
    endpoint: str,
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike,
    rest_resource_key: str = "rest_grow",
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of a list, such as ``/schools`` or ``/generic-tags/courses``.

    Args:
        asset_key: ``[code_location, "grow", table_name]``.
        endpoint: The path below ``/external``.
        avro_schema: The records' schema.
        partitions_def: ``t`` and ``f``, what is archived and what is not; or these as the dimension
            ``archived``, and windows of time, in UTC, as the dimension ``last_modified``.
        rest_resource_key: Key of the resource.
        **options: Those of ``build_rest_asset``; ``params`` are added to those of the partitions.

    Raises:
        ConfigError: An argument is wrong.
    """
    params: dict[str, Any] = {ARCHIVED: "{archived}"}
    definition = resolve_partitions_def(partitions_def)
    window = dimension_definitions(definition).get(LAST_MODIFIED)
    if window is not None:
        _check_window(asset_key, window)
        params |= _WINDOW
    defaults: RestOptions = {
        "records": "data",
        "pagination": {"type": "offset", "param": "skip", "size": 100},
        "total": {"type": "body", "path": "count"},
        "key": "_id",
        "partition_aliases": _SPELLINGS,
    }
    merged: RestOptions = {**defaults, **options, "params": {**params, **options.get("params", {})}}
    return build_rest_asset(
        asset_key, endpoint, rest_resource_key, avro_schema, definition, **merged
    )


def _check_window(asset_key: Sequence[str], window: PartitionsDefinition[Any]) -> None:
    """Sees that windows of time are spelled in UTC, as they are asked for."""
    if not isinstance(window, TimeWindowPartitionsDefinition) or window.timezone != "UTC":
        raise ConfigError(
            f"{'/'.join(asset_key)}: the dimension {LAST_MODIFIED} must be windows of time in UTC"
        )
