"""The factory of SmartRecruiters' assets: reports, as CSV.

Source: "Reporting API" (``/reporting-api/v201804``) at developers.smartrecruiters.com.
"""

from collections.abc import Sequence
from typing import Unpack

from dagster import AssetsDefinition

from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions
from teamster.libraries.smartrecruiters.resources import DATA, REPORTS


def build_smartrecruiters_asset(
    asset_key: Sequence[str],
    report_id: str,
    avro_schema: SchemaLike,
    rest_resource_key: str = "rest_smartrecruiters",
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of a report that somebody has built in the vendor's report builder.

    Args:
        asset_key: ``[code_location, "smartrecruiters", table_name]``.
        report_id: The report's id, from its URL.
        avro_schema: The records' schema.
        rest_resource_key: Key of the
            :class:`~teamster.libraries.smartrecruiters.resources.SmartRecruitersResource`.
        partitions_def: Partitions; a report has none.
        **options: Those of ``build_rest_asset``.

    Raises:
        ConfigError: An argument is wrong.
    """
    defaults: RestOptions = {"format": "csv", "slugify_cols": True}
    merged: RestOptions = {**defaults, **options}
    endpoint = f"{REPORTS}/{report_id}{DATA}"
    return build_rest_asset(
        asset_key, endpoint, rest_resource_key, avro_schema, partitions_def, **merged
    )
