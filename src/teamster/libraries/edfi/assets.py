"""The factory of Ed-Fi's assets.

Source: "Ed-Fi ODS/API Platform" at docs.ed-fi.org: lists are bare arrays and take ``offset`` and
``limit``, at most 500; with ``totalCount=true`` the header ``Total-Count`` states how many there
are. "Using the Changed Record Queries": ``minChangeVersion``, ``availableChangeVersions``,
``/deletes``, ``/keyChanges`` and the header ``Use-Snapshot``.
"""

from collections.abc import Sequence
from typing import Unpack

from dagster import AssetsDefinition

from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions

PAGE = 500
"""The most that an ODS/API gives at once unless its host has set another limit."""

LATE = 10_000
"""Change versions to ask for again: a transaction takes its number before it can be seen, and one
that was under way when the mark was asked for may have a lower one."""

_OF_CHANGES = ("deletes", "keyChanges")


def build_edfi_asset(
    asset_key: Sequence[str],
    endpoint: str,
    avro_schema: SchemaLike,
    rest_resource_key: str = "rest_edfi",
    partitions_def: PartitionsLike | None = None,
    *,
    instance: str | None = None,
    only_changes: bool = False,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of a resource, or of what was deleted of it.

    Args:
        asset_key: ``[code_location, "edfi", table_name]``.
        endpoint: The path below ``/data/v3``: ``/ed-fi/students``, ``/ed-fi/students/deletes``,
            ``/ed-fi/students/keyChanges``, or a state's own ``/<namespace>/<resource>``.
        avro_schema: The records' schema.
        rest_resource_key: Key of the resource.
        partitions_def: Partitions; a resource has none, unless ``params`` filter it.
        instance: What stands behind ``/data/v3`` where a host has several databases: a school year,
            ``2026``, or ``<instance>/2026``.
        only_changes: Ask for what has a change version since the last run, less :data:`LATE`, and
            lay it over the last object by ``id``. What was deleted goes with the next full read.
        **options: Those of ``build_rest_asset``; ``params`` are added to ``totalCount``.

    Raises:
        ConfigError: An argument is wrong.
    """
    path = f"/{instance.strip('/')}" if instance else ""
    is_change = endpoint.rstrip("/").rpartition("/")[2] in _OF_CHANGES
    defaults: RestOptions = {
        "pagination": {"type": "offset", "size": PAGE},
        "total": {"type": "header", "name": "Total-Count"},
        "key": ["id", "changeVersion"] if is_change else "id",
    }
    if only_changes:
        defaults["since"] = {
            "params": {"minChangeVersion": "{since}"},
            "mark": {
                "endpoint": f"/changeQueries/v1{path}/availableChangeVersions",
                "path": "newestChangeVersion",
                "overlap": LATE,
            },
        }
    params = {"totalCount": True, **options.get("params", {})}
    merged: RestOptions = {**defaults, **options, "params": params}
    full = f"/data/v3{path}/{endpoint.strip('/')}"
    return build_rest_asset(
        asset_key, full, rest_resource_key, avro_schema, partitions_def, **merged
    )
