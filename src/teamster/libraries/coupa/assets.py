"""The factory of Coupa's assets.

Source: "Coupa Core API", "Arguments", "API Operators" and "Querying Options", at compass.coupa.com:
lists are bare arrays and take ``limit``, at most 50, ``order_by`` and ``dir``, and conditions such
as ``id[gt]``. No total is stated: an empty page is the last.
"""

from collections.abc import Sequence
from typing import Unpack

from dagster import AssetsDefinition

from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions

ORDER = {"order_by": "id", "dir": "asc"}
"""Sorted by what never changes, and is asked for page by page."""

AFTER = "id[gt]"
"""Asks for what comes after an id, whatever came or went before it."""


def build_coupa_asset(
    asset_key: Sequence[str],
    endpoint: str,
    avro_schema: SchemaLike,
    rest_resource_key: str = "rest_coupa",
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of a list, such as ``/users``.

    Args:
        asset_key: ``[code_location, "coupa", table_name]``.
        endpoint: The path below ``/api``.
        avro_schema: The records' schema.
        rest_resource_key: Key of the resource.
        partitions_def: Partitions; a list has none, unless ``params`` filter it.
        **options: Those of ``build_rest_asset``; ``params`` are added to :data:`ORDER`.

    Raises:
        ConfigError: An argument is wrong.
    """
    defaults: RestOptions = {
        "pagination": {
            "type": "keyset",
            "param": AFTER,
            "path": "id",
            "size": 50,
            "size_param": "limit",
        },
        "key": "id",
    }
    merged: RestOptions = {**defaults, **options, "params": {**ORDER, **options.get("params", {})}}
    return build_rest_asset(
        asset_key, endpoint, rest_resource_key, avro_schema, partitions_def, **merged
    )
