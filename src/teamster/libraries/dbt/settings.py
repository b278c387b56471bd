"""Where the dbt projects lie, and which warehouse they build in.

| variable | default | what it does |
|---|---|---|
| ``TEAMSTER_DBT_DIR`` | ``<checkout>/src/dbt`` | dbt projects, ``profiles.yml`` |
| ``TEAMSTER_WAREHOUSE`` | ``<project>/.teamster/warehouse.duckdb`` | the DuckDB file |
| ``DBT_TARGET`` | ``duckdb`` | dbt's own: the warehouse, ``duckdb`` or ``bigquery`` |
| ``TEAMSTER_BIGQUERY_LOAD`` | ``external`` | how sources get there if they do not say: \
``external`` or ``native`` |

What BigQuery's profile reads besides is in ``profiles.yml`` (``TEAMSTER_BIGQUERY_PROJECT`` …).
"""

import os
import shutil
import sys
from pathlib import Path

from teamster.core.errors import ConfigError
from teamster.core.settings import STATE_FOLDER, project_root

PROFILES = "profiles.yml"


def dbt_dir() -> Path:
    """Returns the folder that holds one dbt project a folder.

    Raises:
        ConfigError: There is none, or it has no ``profiles.yml``.
    """
    given = os.environ.get("TEAMSTER_DBT_DIR")
    checkout = Path(__file__).resolve().parents[3] / "dbt"
    folders = [Path(given).resolve()] if given else [checkout, project_root() / "src" / "dbt"]
    for folder in folders:
        if (folder / PROFILES).is_file():
            return folder
    raise ConfigError(
        f"no folder of dbt projects with a {PROFILES}: set TEAMSTER_DBT_DIR, or install Teamster "
        "in place (pip install -e)"
    )


def dbt_target() -> str | None:
    """Returns the target (an output of ``profiles.yml``) that the environment names, if any."""
    return os.environ.get("DBT_TARGET") or None


def bigquery_load() -> str:
    """Returns how BigQuery gets the objects of sources that do not say.

    Raises:
        ConfigError: ``TEAMSTER_BIGQUERY_LOAD`` is neither ``external`` nor ``native``.
    """
    load = os.environ.get("TEAMSTER_BIGQUERY_LOAD") or "external"
    if load not in ("external", "native"):
        raise ConfigError("TEAMSTER_BIGQUERY_LOAD must be external or native")
    return load


def from_project_root(path: str | Path) -> Path:
    """Returns an absolute path; a relative one starts at the project's root, whoever asks."""
    return project_root() / path


def warehouse_path() -> Path:
    """Returns the absolute path of the embedded warehouse's DuckDB file."""
    default = Path(STATE_FOLDER) / "warehouse.duckdb"
    return from_project_root(os.environ.get("TEAMSTER_WAREHOUSE") or default)


def dbt_executable() -> str:
    """Returns the ``dbt`` of this Python's environment, activated or not.

    Raises:
        ConfigError: There is none.
    """
    beside = Path(sys.executable).parent / "dbt"
    found = str(beside) if beside.is_file() else shutil.which("dbt")
    if found is None:
        raise ConfigError("no dbt beside this Python nor on PATH: install dbt-core")
    return found
