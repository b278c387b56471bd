"""An endpoint: what an asset takes from an API, checked when it is defined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dagster import AssetKey, PartitionsDefinition

from teamster.core.asset_options import AssetOptions
from teamster.core.config import place_of, validated
from teamster.core.errors import ConfigError
from teamster.core.partitions import (
    SINGLE,
    dimension_definitions,
    resolve_partitions_def,
    split_key,
)
from teamster.core.schema import (
    AvroSchema,
    avro_name,
    column_name,
    field_names,
    resolve_schema,
)
from teamster.core.volume import check_volume_options
from teamster.libraries.rest.options import (
    AllOptions,
    FitOptions,
    Parent,
    RequestOptions,
    RestOptions,
)
from teamster.libraries.rest.origins import check_endpoint
from teamster.libraries.rest.placeholders import PartitionValue, Template, Values, names_in
from teamster.libraries.rest.totals import TotalByRequest

SINCE, UNTIL = "since", "until"
"""The placeholders of the last mark, and of the mark of this run."""


@dataclass(frozen=True)
class Endpoint:
    """What one asset takes from an API; made by :func:`make_endpoint`.

    Attributes:
        asset_key: The asset.
        rest_resource_key: The API.
        path: The endpoint.
        schema: The writer schema of its objects.
        partitions_def: The asset's partitions.
        asset: How it stands in Dagster.
        request: What is asked for.
        fit: How records become rows.
    """

    asset_key: AssetKey
    rest_resource_key: str
    path: Template
    schema: AvroSchema
    partitions_def: PartitionsDefinition[Any] | None
    asset: AssetOptions
    request: RequestOptions
    fit: FitOptions

    @property
    def parents(self) -> Iterator[Parent]:
        """The endpoint's parent, its parent, and so on."""
        parent = self.request.parent
        while parent is not None:
            yield parent
            parent = parent.parent

    @property
    def paths(self) -> Iterator[str]:
        """All paths that requests go to."""
        yield self.path.source
        yield from (parent.endpoint for parent in self.parents)
        for listing in [self.request, *self.parents]:
            if isinstance(listing.total, TotalByRequest):
                yield listing.total.endpoint
        if self.request.since and self.request.since.mark:
            yield self.request.since.mark.endpoint

    @cached_property
    def dimensions(self) -> dict[str, PartitionsDefinition[Any]]:
        """The partition's dimensions; a single one bears the name of its placeholder."""
        carried = self._placeholders() | set(self.request.resource_dimensions)
        parts = dimension_definitions(self.partitions_def)
        if SINGLE in parts:
            if len(carried) != 1:
                raise ConfigError(
                    f"the partition has one dimension, and {len(carried)} placeholders are no "
                    f"parent's field ({', '.join(sorted(carried)) or 'none'}); put one, {{date}} "
                    "say, into endpoint or params, or name resource_dimensions"
                )
            parts = dict.fromkeys(carried, parts[SINGLE])
        if carried - set(parts):
            raise ConfigError(
                f"placeholder {', '.join(sorted(carried - set(parts)))} is neither a partition "
                f"dimension ({', '.join(sorted(parts)) or 'there is none'}) nor a field of a parent"
            )
        if set(parts) - carried:
            raise ConfigError(
                f"no placeholder carries dimension {', '.join(sorted(set(parts) - carried))}: all "
                "partitions would hold the same. Put it into endpoint or params, or name it in "
                "resource_dimensions"
            )
        unknown = set(self.request.partition_aliases) - set(parts)
        if unknown:
            raise ConfigError(
                f"partition_aliases: {', '.join(sorted(unknown))} is no dimension of the partition"
            )
        return parts

    def column_of(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Returns where what stands at a path of the JSON stands in a row.

        Raises:
            ConfigError: The schema has no such column.
        """
        first, *rest = path
        name = column_name(
            first,
            slugify_cols=self.fit.slugify_cols,
            replacements=self.fit.slugify_replacements,
        )
        if name not in field_names(self.schema):
            raise ConfigError(f"since: the schema has no field {name}, which key or deleted names")
        return (name, *map(avro_name, rest))

    @cached_property
    def key_columns(self) -> tuple[tuple[str, ...], ...]:
        """Where the parts of the key stand in a row."""
        return tuple(map(self.column_of, self.request.key))

    @cached_property
    def deleted_column(self) -> tuple[str, ...] | None:
        """Where a row's word that it is deleted stands."""
        since = self.request.since
        return self.column_of(since.deleted) if since and since.deleted else None

    def _placeholders(self) -> set[str]:
        """Returns the placeholders that partitions must fill, having checked those of parents."""
        names = self.path.names | names_in(self.request.templates)
        if self.request.since is not None:
            texts = self.request.since.params.values()
            of_since = names_in(each for each in texts if isinstance(each, str))
            if SINCE not in of_since:
                raise ConfigError("since.params must use {since} somewhere")
            if UNTIL in of_since and self.request.since.mark is None:
                raise ConfigError("since.params: {until} is known where there is a mark only")
            names |= of_since - {SINCE, UNTIL}
        for parent in self.parents:
            unused = set(parent.fields) - names
            if unused:
                raise ConfigError(
                    f"parent.fields: {', '.join(sorted(unused))} fills no placeholder of the "
                    "endpoint, its params or headers"
                )
            names -= set(parent.fields)
            names |= Template(parent.endpoint).names | names_in(parent.templates)
        return names

    def values_of_key(self, partition_key: str | None) -> dict[str, str]:
        """Returns a partition key's values by dimension; nothing without partitions."""
        if self.partitions_def is None or partition_key is None:
            return {}
        values = split_key(self.partitions_def, partition_key)
        if set(values) == {SINGLE}:
            return dict.fromkeys(self.dimensions, values[SINGLE])
        return dict(values)

    def placeholders_of_key(self, partition_key: str | None) -> Values:
        """Returns what fills the placeholders of a partition."""
        aliases = self.request.partition_aliases
        return {
            name: PartitionValue(value, self.dimensions[name], aliases.get(name, {}).get(value))
            for name, value in self.values_of_key(partition_key).items()
        }


def make_endpoint(core: Mapping[str, Any], options: RestOptions) -> Endpoint:
    """Checks the factory's arguments and makes the endpoint.

    Args:
        core: The factory's own parameters.
        options: The keyword options.

    Raises:
        ConfigError: It names the place in the YAML, the asset, the argument and what is wrong.
    """
    asset_key = AssetKey([str(part) for part in core["asset_key"]])
    subject = asset_key.to_user_string()
    checked = validated(AllOptions, options, subject)
    given, schema = core["partitions_def"], core["avro_schema"]
    try:
        definition = None if given is None else resolve_partitions_def(given)
        endpoint = Endpoint(
            asset_key=asset_key,
            rest_resource_key=str(core["rest_resource_key"]),
            path=Template(str(core["endpoint"])),
            schema=resolve_schema(str(schema) if isinstance(schema, str) else schema),
            partitions_def=definition,
            asset=checked.group(AssetOptions),
            request=checked.group(RequestOptions),
            fit=checked.group(FitOptions),
        )
        for path in endpoint.paths:
            check_endpoint(path)
        if endpoint.asset.volume:
            check_volume_options(endpoint.asset.volume, definition)
        endpoint.dimensions  # noqa: B018 - raises if placeholders and dimensions do not agree
        if endpoint.request.since is not None:
            endpoint.key_columns, endpoint.deleted_column  # noqa: B018 - raises if not there
    except ConfigError as error:
        place = place_of(core["asset_key"])
        raise ConfigError(f"{f'{place}: ' if place else ''}{subject}: {error}") from None
    return endpoint
