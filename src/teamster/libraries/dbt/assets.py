"""A dbt project's models as Dagster assets, built by ``dbt build``."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
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
from dagster_dbt.utils import ASSET_RESOURCE_TYPES
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from teamster.libraries.dbt.automation import Default
from teamster.libraries.dbt.dagster_dbt_translator import CustomDagsterDbtTranslator
from teamster.libraries.dbt.project import PARTIAL_PARSE, get_dbt_project
from teamster.libraries.dbt.staging import read_manifest, ready_warehouse

_COLUMN_SCHEMA = "dagster/column_schema"


def build_dbt_assets(
    code_location: str,
    *,
    project: DbtProject | None = None,
    select: str = "fqn:*",
    exclude: str | None = None,
    name: str | None = None,
    dbt_resource_key: str = "dbt",
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    automation_condition: Default = "by_kind",
    timezone: ZoneInfo | None = None,
    op_tags: Mapping[str, Any] | None = None,
) -> AssetsDefinition:
    """Makes one asset a dbt model and one check a dbt test.

    A materialization carries the model's row count and column schema. Runs that write to the
    embedded warehouse wait for each other, also across processes. On BigQuery the sources that a
    run reads are staged before it.

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
            automation sensor is on: ``by_kind`` for what fits a table or a view
            (:mod:`teamster.libraries.dbt.automation`), a condition for all, or None for never. A
            model's ``meta.dagster.automation`` comes first; a translator of your own decides
            itself.
        timezone: The time zone of models' ``meta.dagster.automation.cron``.
        op_tags: Tags of the op.

    Raises:
        ConfigError: There is no such project, or dbt cannot parse it.
    """
    project = project or get_dbt_project(code_location)
    translator = dagster_dbt_translator or CustomDagsterDbtTranslator(
        code_location, automation_condition=automation_condition, timezone=timezone
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
        manifest = read_manifest(project.manifest_path)
        with ready_warehouse(
            code_location,
            manifest,
            (project.project_dir, project.profiles_dir),
            target=project.target,
            selected=_selected(context, manifest, translator),
            log=context.log.info,
        ):
            yield from _build(context, getattr(context.resources, dbt_resource_key), project)

    return _assets


def _selected(
    context: AssetExecutionContext, manifest: Mapping[str, Any], translator: DagsterDbtTranslator
) -> list[str]:
    """Returns the unique ids of the models that a run builds or checks."""
    keys = set(context.selected_asset_keys)
    keys |= {check.asset_key for check in context.selected_asset_check_keys}
    return [
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ASSET_RESOURCE_TYPES and translator.get_asset_key(node) in keys
    ]


def _build(
    context: AssetExecutionContext, dbt: DbtCliResource, project: DbtProject
) -> Iterator[Any]:
    folder = _run_folder(context, project)
    invocation = dbt.cli(["build"], context=context.op_execution_context, target_path=folder)
    try:
        yield from _with_metadata(invocation)
    finally:
        _close_adapter(invocation)
    # Artifacts of a run, 1 MB and more: kept where the run failed.
    shutil.rmtree(invocation.target_path, ignore_errors=True)


def _run_folder(context: AssetExecutionContext, project: DbtProject) -> Path:
    """Makes the folder of a run's artifacts, with what dbt knows of the project already."""
    target = project.manifest_path.parent
    name = f"{context.op_execution_context.op.name}-{context.run.run_id[:7]}-{uuid4().hex[:7]}"
    folder = target / name
    folder.mkdir()
    if (target / PARTIAL_PARSE).is_file():
        shutil.copyfile(target / PARTIAL_PARSE, folder / PARTIAL_PARSE)
    return folder


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
