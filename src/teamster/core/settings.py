"""The environment variables that Teamster's core reads, in one place.

- ``TEAMSTER_STORAGE_URL``: where objects lie, a folder or any fsspec URL, in which
  ``{code_location}`` is replaced; by default ``.teamster/storage`` in the project's folder.
- ``TEAMSTER_SPOOL_DIR``: where private temporary files lie while a step runs; by default the
  system's temporary folder.
- ``TEAMSTER_HOME``: the folder that holds ``.teamster``; by default the project's.
"""

import os
from pathlib import Path

STATE_FOLDER = ".teamster"


def project_root() -> Path:
    """Returns the folder that holds ``.teamster``: ``TEAMSTER_HOME``, the checkout, or here.

    Returns:
        An absolute path. The checkout is the folder with ``pyproject.toml`` above this package,
        when Teamster is installed in place.
    """
    home = os.environ.get("TEAMSTER_HOME")
    if home:
        return Path(home).resolve()
    checkout = Path(__file__).resolve().parents[3]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def storage_url(code_location: str) -> str:
    """Returns where a code location's objects lie.

    Args:
        code_location: Fills ``{code_location}`` of ``TEAMSTER_STORAGE_URL``.

    Returns:
        An fsspec URL, or a local path; a relative one starts at the project's root, whoever asks.
    """
    template = os.environ.get("TEAMSTER_STORAGE_URL") or f"{STATE_FOLDER}/storage"
    url = template.replace("{code_location}", code_location)
    return url if "://" in url or "::" in url else str(project_root() / url)


def spool_dir() -> str | None:
    """Returns the folder for private temporary files, or None for the system's own."""
    return os.environ.get("TEAMSTER_SPOOL_DIR") or None
