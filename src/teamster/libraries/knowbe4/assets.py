"""The factory of KnowBe4's assets.

Source: "Reporting API" at developer.knowbe4.com: lists are bare arrays and take ``page`` (from 1)
and ``per_page`` (at most 500). No total is stated and no order can be asked for: an empty page is
the last, and everything is read twice.
"""

from collections.abc import Sequence
from typing import Unpack

from dagster import AssetsDefinition

from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions


def build_knowbe4_asset(
    asset_key: Sequence[str],
    endpoint: str,
    avro_schema: SchemaLike,
    rest_resource_key: str = "rest_knowbe4",
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of a list, such as ``/training/enrollments``.

    Args:
        asset_key: ``[code_location, "knowbe4", table_name]``.
        endpoint: The path below ``/v1``.
        avro_schema: The records' schema.
        rest_resource_key: Key of the resource.
        partitions_def: Partitions; a list has none, unless ``params`` filter it.
        **options: Those of ``build_rest_asset``. Give ``key``: without a total the list is read
            twice, and a record whose values change meanwhile then still counts as the same.

    Raises:
        ConfigError: An argument is wrong.
    """
    defaults: RestOptions = {
        "pagination": {"type": "page", "size": 500, "size_param": "per_page"},
    }
    merged: RestOptions = {**defaults, **options}
    return build_rest_asset(
        asset_key, endpoint, rest_resource_key, avro_schema, partitions_def, **merged
    )
