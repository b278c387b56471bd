"""The factories of Overgrad's assets.

Source: the vendor's API, version 1: lists answer ``{"data": [...], "total_count": n,
"total_pages": n}`` and take ``page`` (from 1) and ``limit`` (at most 100).
"""

from collections.abc import Sequence
from typing import Unpack

from dagster import AssetsDefinition

from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions

RESOURCE_KEY = "rest_overgrad"


def build_overgrad_asset(
    asset_key: Sequence[str],
    endpoint: str,
    avro_schema: SchemaLike,
    rest_resource_key: str = RESOURCE_KEY,
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of a list, such as ``/students`` or ``/admissions``.

    Args:
        asset_key: ``[code_location, "overgrad", table_name]``.
        endpoint: The path below ``/api/v1``.
        avro_schema: The records' schema.
        rest_resource_key: Key of the resource.
        partitions_def: Partitions; a list has none, unless ``params`` filter it.
        **options: Those of ``build_rest_asset``.

    Raises:
        ConfigError: An argument is wrong.
    """
    defaults: RestOptions = {
        "records": "data",
        "pagination": {"type": "page", "size": 100, "size_param": "limit"},
        "total": {"type": "body", "path": "total_count"},
        "key": "id",
    }
    merged: RestOptions = {**defaults, **options}
    return build_rest_asset(
        asset_key, endpoint, rest_resource_key, avro_schema, partitions_def, **merged
    )


def build_overgrad_university_asset(
    asset_key: Sequence[str],
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike,
    rest_resource_key: str = RESOURCE_KEY,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of universities, each by its id: Overgrad has no list of them.

    Args:
        asset_key: ``[code_location, "overgrad", table_name]``.
        avro_schema: The records' schema.
        partitions_def: One dimension of ids; dynamic, so that
            :func:`~teamster.libraries.overgrad.sensors.build_overgrad_university_sensor` can add
            those that students follow.
        rest_resource_key: Key of the resource.
        **options: Those of ``build_rest_asset``.

    Raises:
        ConfigError: An argument is wrong.
    """
    defaults: RestOptions = {"lone_record": True, "key": "id"}
    merged: RestOptions = {**defaults, **options}
    endpoint = "/universities/{university_id}"
    return build_rest_asset(
        asset_key, endpoint, rest_resource_key, avro_schema, partitions_def, **merged
    )
