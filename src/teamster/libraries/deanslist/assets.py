"""The asset factory for DeansList's endpoints."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from dagster import AssetsDefinition, PartitionsDefinition, TimeWindowPartitionsDefinition
from pydantic import BaseModel, ConfigDict, Field

from teamster.core.config import place_of, validated
from teamster.core.errors import ConfigError
from teamster.core.partitions import (
    SINGLE,
    PartitionsLike,
    dimension_definitions,
    resolve_partitions_def,
)
from teamster.core.schema import SchemaLike
from teamster.libraries.deanslist.endpoints import DATES, ApiVersion, path_of
from teamster.libraries.deanslist.resources import SCHOOL
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions

DATE = "date"
"""The partition dimension of what is asked for by date."""


class EndpointOptions(BaseModel):
    """What is asked of an endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_version: ApiVersion = Field(default="v1", description="v1, or an export of beta.")
    dates: tuple[str, str] | None = Field(
        default=None, description="Parameters of the first and the last day, where they are others."
    )


class DeansListOptions(RestOptions, total=False):
    """The keyword options of the factory: an endpoint's, and those of any API."""

    api_version: ApiVersion
    dates: Sequence[str]


def build_deanslist_asset(
    asset_key: Sequence[str],
    endpoint: str,
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike,
    rest_resource_key: str = "rest_deanslist",
    **options: Unpack[DeansListOptions],
) -> AssetsDefinition:
    """Makes an asset of an endpoint.

    One request brings a school's records, all of them or those of a window of dates; they must be
    as many as the answer's own counts say.

    Args:
        asset_key: ``[code_location, "deanslist", table]``.
        endpoint: Its name, e.g. ``behavior``.
        avro_schema: The records' schema, of :mod:`teamster.libraries.deanslist.schema`.
        partitions_def: Static partitions of schools, by DeansList's numbers; or multi-partitions,
            ``school`` and ``date``, whose windows become the first and the last day asked for.
        rest_resource_key: Key of the
            :class:`~teamster.libraries.deanslist.resources.DeansListResource`.
        **options: See :class:`EndpointOptions` and
            :class:`~teamster.libraries.rest.options.RestOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    given: Mapping[str, Any] = options
    own = {name: value for name, value in given.items() if name in EndpointOptions.model_fields}
    rest = {name: value for name, value in given.items() if name not in own}
    subject = "/".join(map(str, asset_key))
    checked = validated(EndpointOptions, own, subject)
    facts: RestOptions = {
        "records": "data",
        "total": {"type": "body", "path": "rowcount"},
        "resource_dimensions": [SCHOOL],
    }
    dimensions = _dimensions(partitions_def)
    if isinstance(dimensions.get(SINGLE), TimeWindowPartitionsDefinition):
        place = place_of(asset_key)
        raise ConfigError(
            f"{f'{place}: ' if place else ''}{subject}: DeansList has a key for each school: "
            f"partition by {SCHOOL}, or by {SCHOOL} and {DATE}"
        )
    params = {**_dates(endpoint, checked, dimensions), **rest.pop("params", {})}
    return build_rest_asset(
        asset_key,
        path_of(endpoint, checked.api_version),
        rest_resource_key,
        avro_schema,
        partitions_def,
        params=params,
        **{**facts, **rest},
    )


def _dimensions(partitions: PartitionsLike) -> Mapping[str, PartitionsDefinition[Any]]:
    try:
        return dimension_definitions(resolve_partitions_def(partitions))
    except ConfigError:  # build_rest_asset says so, and where
        return {}


def _dates(
    endpoint: str, options: EndpointOptions, dimensions: Mapping[str, PartitionsDefinition[Any]]
) -> dict[str, str]:
    """Returns the parameters of the dates that a partition stands for."""
    if DATE not in dimensions:
        return {}
    known = DATES.get(endpoint)
    names = options.dates or ((known.first, known.last) if known else ())
    spans = ("{date.start:%Y-%m-%d}", "{date.last:%Y-%m-%d}")
    return dict(zip(names, spans, strict=False))
