"""A dbt project's models as Dagster assets, built by ``dbt build``."""

import shutil
from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AutomationCondition,
    TableColumn,
    TableSchema,
    TableSchemaMetadataValue,
)
from dagster_dbt import (
    DagsterDbtTranslator,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from dagster_dbt.core.dbt_event_iterator import DbtEventIterator
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from teamster.core.automation_conditions import on_new_upstream_data
from teamster.libraries.dbt.dagster_dbt_translator import CustomDagsterDbtTranslator
from teamster.libraries.dbt.project import get_dbt_project
from teamster.libraries.dbt.warehouse import warehouse_lock

_COLUMN_SCHEMA = "dagster/column_schema"
_ON_NEW_DATA = on_new_upstream_data()


def build_dbt_assets(
    code_location: str,
    *,
    project: DbtProject | None = None,
    select: str = "fqn:*",
    exclude: str | None = None,
    name: str | None = None,
    dbt_resource_key: str = "dbt",
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    automation_condition: AutomationCondition[Any] | None = _ON_NEW_DATA,
    op_tags: Mapping[str, Any] | None = None,
) -> AssetsDefinition:
    """Makes one asset a dbt model and one check a dbt test.

    A materialization carries the model's row count and column schema. Runs that write to the
    embedded warehouse wait for each other, also across processes.

    Args:
        code_location: The first part of every asset key.
        project: The dbt project; by default the code location's own, prepared on demand.
        select: Which models, in dbt's selection syntax.
        exclude: Which of them not.
        name: The op's name.
        dbt_resource_key: The key of a ``DbtCliResource``.
        dagster_dbt_translator: Keys, groups and automation conditions, by default
            :class:`CustomDagsterDbtTranslator`.
        automation_condition: When models are built by themselves, once the code location's
            automation sensor is on; None for never. A translator of your own decides itself.
        op_tags: Tags of the op.

    Raises:
        ConfigError: There is no such project, or dbt cannot parse it.
    """
    project = project or get_dbt_project(code_location)
    translator = dagster_dbt_translator or CustomDagsterDbtTranslator(
        code_location, automation_condition=automation_condition
    )

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        select=select,
        exclude=exclude,
        name=name or f"{code_location}__dbt_assets",
        dagster_dbt_translator=translator,
        required_resource_keys={dbt_resource_key},
        op_tags=op_tags,
    )
    def _assets(context: AssetExecutionContext) -> Iterator[Any]:
        yield from _build(context, getattr(context.resources, dbt_resource_key))

    return _assets


def _build(context: AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    with warehouse_lock(context.log.info):
        invocation = dbt.cli(["build"], context=context.op_execution_context)
        try:
            yield from _with_metadata(invocation)
        finally:
            _close_adapter(invocation)
    # Artifacts of a run, 1 MB and more: kept where the run failed.
    shutil.rmtree(invocation.target_path, ignore_errors=True)


def _with_metadata(invocation: DbtCliInvocation) -> Iterator[Any]:
    """Yields dbt's events with row counts and column schemas, once dbt has let go of the file.

    dagster-dbt waits for that too, but in a loop that takes a whole core from dbt.
    """
    events: list[Any] = []
    failure: Exception | None = None
    try:
        events.extend(invocation.stream())
    except Exception as error:  # raised again, after the events of what did succeed
        failure = error
    finished: DbtEventIterator[Any] = DbtEventIterator(iter(events), invocation)
    finished = finished.fetch_row_counts().fetch_column_metadata(with_column_lineage=False)
    for event in finished:
        yield _with_descriptions(event, invocation.manifest)
    if failure is not None:
        raise failure


def _with_descriptions(event: Any, manifest: Mapping[str, Any]) -> Any:
    """Gives a materialization's columns the project's descriptions, and DuckDB's name for text."""
    schema = event.metadata.get(_COLUMN_SCHEMA)
    if not isinstance(schema, TableSchemaMetadataValue):
        return event
    described = manifest["nodes"][event.metadata["unique_id"].value]["columns"]
    columns = [
        TableColumn(
            name=column.name,
            # dbt's word for a text without a limit has one.
            type="VARCHAR" if column.type == "character varying(256)" else column.type,
            description=described.get(column.name, {}).get("description") or None,
        )
        for column in schema.schema.columns
    ]
    return event.with_metadata({**event.metadata, _COLUMN_SCHEMA: TableSchema(columns)})


def _close_adapter(invocation: DbtCliInvocation) -> None:
    """Closes the connection through which dagster-dbt read row counts and columns.

    An open reader keeps every other process from writing to the DuckDB file.
    """
    adapter = invocation.adapter
    if adapter is not None:
        adapter.cleanup_connections()
        if isinstance(adapter.connections, DuckDBConnectionManager):
            adapter.connections.close_all_connections()  # type: ignore[no-untyped-call]
