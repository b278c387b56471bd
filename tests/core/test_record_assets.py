"""Assets of records as Dagster sees them."""

import inspect
from collections.abc import Iterator
from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition

from teamster.core.asset_options import AssetOptions
from teamster.core.asset_schemas import declared_schema
from teamster.core.record_assets import record_asset

KEY = AssetKey(["location", "vendor", "table"])
SCHEMA = {"type": "record", "name": "row", "fields": [{"name": "n", "type": "int"}]}


def an_asset() -> AssetsDefinition:
    def body(context: AssetExecutionContext) -> Iterator[Any]:
        yield from ()

    return record_asset(
        asset_key=KEY,
        schema=SCHEMA,
        partitions_def=None,
        options=AssetOptions(),
        resource_keys=set(),
        metadata={},
        kinds={"file"},
        body=body,
    )


def test_the_signature_that_is_told_is_the_function_s_own() -> None:
    function: Any = an_asset().op.compute_fn.decorated_fn  # type: ignore[union-attr]
    told = inspect.signature(function)
    del function.__signature__
    assert inspect.signature(function) == told


def test_a_resolved_schema_is_not_resolved_again() -> None:
    assert declared_schema(an_asset(), KEY) is SCHEMA
