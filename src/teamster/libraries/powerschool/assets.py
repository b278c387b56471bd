"""The asset factory for tables of a PowerSchool server."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from dagster import AssetsDefinition
from pydantic import BaseModel, ConfigDict, Field

from teamster.core.config import validated
from teamster.core.errors import ConfigError
from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike, field_names, resolve_schema
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions

_AND = ";"  # of FIQL


class TableOptions(BaseModel):
    """What is asked of a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str | None = Field(
        default=None,
        pattern=r"^\w+$",
        description="Its name; by default the asset key's last part.",
    )
    q: str | None = Field(
        default=None, description="Rows to take, in FIQL, e.g. schoolid=={school};yearid=ge=30."
    )
    window: str | None = Field(
        default=None,
        pattern=r"^\w+$",
        description="Column of dates by which the partition dimension date takes rows.",
    )
    projection: str | list[str] | None = Field(
        default=None, description="Columns to take, or *; by default the schema's."
    )
    page_size: int | None = Field(
        default=None, gt=0, description="Rows of a page; by default as many as the server allows."
    )
    sort: str | None = Field(
        default="dcid",
        pattern=r"^\w+$",
        description="Column to sort and to page by, unique in the table; null: page numbers.",
    )


class PowerSchoolOptions(RestOptions, total=False):
    """The keyword options of the factory: a table's, and those of any endpoint."""

    table: str
    q: str
    window: str
    projection: str | Sequence[str]
    page_size: int
    sort: str | None


def build_powerschool_asset(
    asset_key: Sequence[str],
    avro_schema: SchemaLike,
    rest_resource_key: str,
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[PowerSchoolOptions],
) -> AssetsDefinition:
    """Makes an asset of a table.

    Rows come sorted by ``sort``, and each page is what comes after the last row that was read, so
    that none is lost because others come or go meanwhile; none may come twice. They must be as
    many as the server's counts, before and after, allow. Without ``sort`` there are page numbers,
    and everything is read twice.

    Args:
        asset_key: ``[code_location, "powerschool", table]``.
        avro_schema: The rows' schema, of :mod:`teamster.libraries.powerschool.schema` or a
            district's own; its fields are the columns that are asked for.
        rest_resource_key: Key of the
            :class:`~teamster.libraries.powerschool.resources.PowerSchoolResource`.
        partitions_def: Partitions, as a definition or as plain data.
        **options: See :class:`TableOptions` and
            :class:`~teamster.libraries.rest.options.RestOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.

    Source: PowerSchool API, "Table resources": ``GET /ws/schema/table/{table}`` with ``q``,
    ``projection``, ``page``, ``pagesize`` and ``sort``, and its ``/count``; "Searching": ``=gt=``,
    and ``;`` between conditions that all must hold.
    """
    given: Mapping[str, Any] = options
    own = {name: value for name, value in given.items() if name in TableOptions.model_fields}
    rest = {name: value for name, value in given.items() if name not in own}
    checked = validated(TableOptions, own, "/".join(map(str, asset_key)))
    table = checked.table or str(asset_key[-1])
    path = f"/ws/schema/table/{table}"
    query = {"q": _query(checked)}
    params = {
        "projection": _projection(checked, avro_schema),
        "sort": checked.sort,
        **query,
        **rest.pop("params", {}),
    }
    facts: RestOptions = {
        "records": "record",
        "record": f"tables.{table.lower()}",
        "lone_record": True,  # JSON that was made of XML has no array of one
        "absent_is_empty": True,  # and none of nothing; the count says whether that is so
        "key": "dcid",
        "pagination": _pagination(checked),
        "total": {"type": "endpoint", "endpoint": f"{path}/count", "params": query},
    }
    return build_rest_asset(
        asset_key,
        path,
        rest_resource_key,
        avro_schema,
        partitions_def,
        params=params,
        **{**facts, **rest},
    )


def _projection(options: TableOptions, avro_schema: SchemaLike) -> str:
    if isinstance(options.projection, str):
        return options.projection
    try:
        return ",".join(options.projection or field_names(resolve_schema(avro_schema)))
    except ConfigError:  # build_rest_asset says so, and where
        return "*"


def _query(options: TableOptions) -> str | None:
    """Returns the query of the rows."""
    parts = [options.q] if options.q else []
    if options.window:
        parts.append(f"{options.window}=ge={{date.start:%Y-%m-%d}}")
        parts.append(f"{options.window}=lt={{date.end:%Y-%m-%d}}")
    return _AND.join(parts) or None


def _pagination(options: TableOptions) -> dict[str, Any]:
    size = options.page_size
    sized = {} if size is None else {"size": size, "size_param": "pagesize"}
    if options.sort is None:
        return {"type": "page", **sized}
    column = options.sort.lower()  # as records have it
    return {
        "type": "keyset",
        "param": "q",
        "value": f"{column}=gt={{key}}",
        "join": _AND,
        "path": column,
        **sized,
    }
