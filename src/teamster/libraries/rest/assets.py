"""The asset factory for endpoints of HTTP APIs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Unpack

from dagster import AssetExecutionContext, AssetsDefinition

from teamster.core.partitions import PartitionsLike
from teamster.core.record_assets import MadeBy, record_asset
from teamster.core.schema import SchemaLike
from teamster.libraries.rest.endpoints import Endpoint, make_endpoint
from teamster.libraries.rest.materializing import materialize_endpoint
from teamster.libraries.rest.options import RestOptions

_ENDPOINTS: MadeBy[Endpoint] = MadeBy("the REST factory")


def build_rest_asset(
    asset_key: Sequence[str],
    endpoint: str,
    rest_resource_key: str,
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of an endpoint's records.

    Args:
        asset_key: ``[code_location, integration, table_name]``.
        endpoint: The path below the resource's ``base_url``, e.g.
            ``/schools/{school}/students``. Placeholders are partition dimensions, or fields of
            a parent's record.
        rest_resource_key: Key of the :class:`~teamster.libraries.rest.resources.RestResource`.
        avro_schema: The records' schema: plain data, a Pydantic model, or "package.module:Name".
        partitions_def: Partitions, as a definition or as plain data.
        **options: See :class:`~teamster.libraries.rest.options.RestOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``, written by ``io_manager_gcs_avro``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    core = {
        "asset_key": asset_key,
        "endpoint": endpoint,
        "rest_resource_key": rest_resource_key,
        "avro_schema": avro_schema,
        "partitions_def": partitions_def,
    }
    made = make_endpoint(core, options)

    def body(context: AssetExecutionContext) -> Iterator[Any]:
        return materialize_endpoint(made, context)

    asset = record_asset(
        asset_key=made.asset_key,
        schema=made.schema,
        partitions_def=made.partitions_def,
        options=made.asset,
        resource_keys={made.rest_resource_key, *_for_changes(made)},
        metadata={"rest_resource_key": made.rest_resource_key, "endpoint": made.path.source},
        kinds={"api", "avro"},
        body=body,
    )
    _ENDPOINTS.note(asset, made)
    return asset


def _for_changes(endpoint: Endpoint) -> set[str]:
    """Returns who is asked for the last object, where what changed is laid over it."""
    return {endpoint.asset.io_manager_key} if endpoint.request.since else set()


def endpoint_of(definition: AssetsDefinition) -> Endpoint | None:
    """Returns the endpoint behind an asset that this factory made, else None."""
    return _ENDPOINTS.of(definition)


def endpoints_of(assets: Iterable[AssetsDefinition]) -> Iterator[Endpoint]:
    """Yields the endpoints behind assets.

    Raises:
        ConfigError: One of them was not made by this factory.
    """
    return _ENDPOINTS.of_all(assets)
