"""The environment variables that Teamster's core reads, in one place.

- ``TEAMSTER_STORAGE_URL``: where objects lie, a folder or any fsspec URL, in which
  ``{code_location}`` is replaced; by default ``.teamster/storage`` in the project's folder.
- ``TEAMSTER_TEST_STORAGE_URL``: the same for branch deployments, which Dagster+ marks by
  ``DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT=1``: what a pull request writes stays out of production.
- ``TEAMSTER_SPOOL_DIR``: where private temporary files lie while a step runs; by default the
  system's temporary folder.
- ``TEAMSTER_ENCODING_THREADS``: threads that turn one file into Avro; by default 2.
- ``TEAMSTER_HOME``: the folder that holds ``.teamster``; by default the project's.
- ``TEAMSTER_SENSOR_INTERVAL_SECONDS``: seconds between a sensor's looks at its servers; by default
  300.
"""

import os
from pathlib import Path

from teamster.core.errors import ConfigError

ENCODING_THREADS = 2
STATE_FOLDER = ".teamster"
SENSOR_INTERVAL_SECONDS = 300


def project_root() -> Path:
    """Returns the folder that holds ``.teamster``: ``TEAMSTER_HOME``, the checkout, or here.

    Returns:
        An absolute path.
    """
    home = os.environ.get("TEAMSTER_HOME")
    return Path(home).resolve() if home else checkout() or Path.cwd()


def checkout() -> Path | None:
    """Returns the folder with ``pyproject.toml`` and ``workspace.yaml``, if installed in place."""
    folder = Path(__file__).resolve().parents[3]
    return folder if (folder / "pyproject.toml").is_file() else None


def is_branch_deployment() -> bool:
    """Tells whether this is a branch deployment of Dagster+, which is made for a pull request.

    Source: Dagster+ documentation, "Built-in environment variables": it is "1" there, "0" in full
    deployments.
    """
    return os.environ.get("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT") == "1"


def storage_url(code_location: str) -> str:
    """Returns where a code location's objects lie.

    Args:
        code_location: Fills ``{code_location}`` of ``TEAMSTER_STORAGE_URL``, or in a branch
            deployment of ``TEAMSTER_TEST_STORAGE_URL``.

    Returns:
        An fsspec URL, or a local path; a relative one starts at the project's root, whoever asks.

    Raises:
        ConfigError: A branch deployment has no storage of its own.
    """
    template = os.environ.get("TEAMSTER_STORAGE_URL") or f"{STATE_FOLDER}/storage"
    if is_branch_deployment():
        template = _test_storage(template)
    url = template.replace("{code_location}", code_location)
    return url if "://" in url or "::" in url else str(project_root() / url)


def _test_storage(production: str) -> str:
    template = os.environ.get("TEAMSTER_TEST_STORAGE_URL")
    if not template:
        raise ConfigError(
            "this is a branch deployment: TEAMSTER_TEST_STORAGE_URL must name a storage for what "
            "it writes, such as gs://teamster-test-{code_location}"
        )
    if template.rstrip("/") == production.rstrip("/"):
        raise ConfigError(
            "this is a branch deployment: TEAMSTER_TEST_STORAGE_URL must be another storage than "
            "TEAMSTER_STORAGE_URL, or it would write over production's objects"
        )
    return template


def spool_dir() -> str | None:
    """Returns the folder for private temporary files, or None for the system's own."""
    return os.environ.get("TEAMSTER_SPOOL_DIR") or None


def sensor_interval_seconds() -> int:
    """Returns how many seconds lie between a sensor's looks at its servers.

    Raises:
        ConfigError: ``TEAMSTER_SENSOR_INTERVAL_SECONDS`` is no whole number from 1.
    """
    return _whole_number("TEAMSTER_SENSOR_INTERVAL_SECONDS", SENSOR_INTERVAL_SECONDS)


def encoding_threads() -> int:
    """Returns how many threads turn one file into Avro.

    Raises:
        ConfigError: ``TEAMSTER_ENCODING_THREADS`` is no whole number from 1.
    """
    return _whole_number("TEAMSTER_ENCODING_THREADS", ENCODING_THREADS)


def _whole_number(variable: str, default: int) -> int:
    given = os.environ.get(variable) or str(default)
    if not (given.isascii() and given.isdigit() and int(given)):
        raise ConfigError(f"{variable} must be a whole number from 1")
    return int(given)
