"""The warehouse made ready for a dbt build: free to write to, its sources up to date."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from teamster.core.errors import ConfigError
from teamster.libraries.dbt.project import get_dbt_project
from teamster.libraries.dbt.sources import needed_sources
from teamster.libraries.dbt.warehouse import warehouse_lock


@contextmanager
def ready_warehouse(
    code_location: str,
    manifest: Mapping[str, Any],
    folders: tuple[Path, Path],
    *,
    target: str | None,
    selected: Iterable[str] = (),
    log: Callable[[str], object],
) -> Iterator[None]:
    """Holds the warehouse for a build, whichever dbt's manifest is for.

    The embedded one takes one writer, and its plugin stages sources while dbt runs. BigQuery takes
    many, and its sources are staged here, since dbt has no way from SQL to Python there.

    Args:
        code_location: Whose storage the sources' objects lie in.
        manifest: dbt's manifest.
        folders: The dbt project's, and that of ``profiles.yml``.
        target: The output of ``profiles.yml``; None for the profile's own choice.
        selected: Unique ids of what is to be built; none means all.
        log: Is told, in sentences, what takes time.

    Raises:
        TeamsterError: The sources cannot be staged.
    """
    if adapter_of(manifest) == "duckdb":
        with warehouse_lock(log):
            yield
        return
    count = stage_bigquery(code_location, manifest, folders, target=target, selected=selected)
    log(f"BigQuery's sources are up to date: {count} objects")
    yield


def stage_bigquery(
    code_location: str,
    manifest: Mapping[str, Any],
    folders: tuple[Path, Path],
    *,
    target: str | None,
    selected: Iterable[str] = (),
) -> int:
    """Stages the sources that a dbt invocation reads in BigQuery.

    Args:
        code_location: Whose storage the sources' objects lie in.
        manifest: dbt's manifest.
        folders: The dbt project's, and that of ``profiles.yml``.
        target: The output of ``profiles.yml``; None for the profile's own choice.
        selected: Unique ids of what is to be built; none means all.

    Returns:
        How many objects they read.

    Raises:
        ConfigError: The manifest is for another warehouse, or Google's library is not installed.
        TeamsterError: The sources cannot be staged.
    """
    adapter = adapter_of(manifest)
    if adapter != "bigquery":
        raise ConfigError(f"Teamster stages sources in duckdb and bigquery, not in {adapter}")
    try:
        from teamster.libraries.dbt.bigquery import connect_bigquery, stage_sources
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(("google", "dbt")):
            raise
        raise ConfigError(
            "BigQuery needs its libraries: pip install 'teamster[bigquery]'"
        ) from None
    sources = needed_sources(manifest["sources"].values(), manifest["parent_map"], selected)
    if not sources:
        return 0
    with closing(connect_bigquery(*folders, target)) as client:
        return stage_sources(client, code_location, sources)


def stage_project(code_location: str) -> int:
    """Stages all sources of a code location's dbt project in BigQuery.

    Returns:
        How many objects they read.

    Raises:
        ConfigError: There is no such project, or it is not built in BigQuery.
        TeamsterError: The sources cannot be staged.
    """
    project = get_dbt_project(code_location)
    manifest = read_manifest(project.manifest_path)
    if adapter_of(manifest) == "duckdb":
        raise ConfigError(
            "DuckDB's sources are staged by dbt itself while it runs; for BigQuery set "
            "DBT_TARGET=bigquery"
        )
    folders = (project.project_dir, project.profiles_dir)
    return stage_bigquery(code_location, manifest, folders, target=project.target)


def adapter_of(manifest: Mapping[str, Any]) -> str:
    """Returns the kind of warehouse that a manifest is for: ``duckdb``, ``bigquery`` or another."""
    return str(manifest["metadata"]["adapter_type"])


def read_manifest(path: Path) -> dict[str, Any]:
    """Reads dbt's ``manifest.json``."""
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    return manifest
