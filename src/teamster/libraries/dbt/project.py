"""A code location's dbt project, and its manifest made on demand.

Dagster knows dbt's models from ``target/manifest.json``, which a fresh clone lacks. It is made when
a code location loads, and made again when a file of the project or of a package in this repository
has changed; several processes may ask at once.
"""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import yaml
from dagster_dbt import DbtCliResource, DbtProject
from filelock import FileLock
from packaging.version import Version

from teamster.core.errors import ConfigError
from teamster.libraries.dbt.settings import (
    PROFILES,
    dbt_dir,
    dbt_executable,
    dbt_target,
    warehouse_path,
)

PARTIAL_PARSE = "partial_parse.msgpack"
"""What dbt keeps of parsing a project, in its target folder."""

_MANIFEST = "manifest.json"
_STAMP = "manifest.sha256"
_READ_BY_DBT = frozenset({".sql", ".yml", ".yaml", ".csv", ".md", ".py"})
_WRITTEN_BY_DBT = frozenset({"target", "dbt_packages", "logs"})
# dbt's own state of mind, not only its files, goes into a manifest.
_DISTRIBUTIONS = ("dbt-core", "dbt-duckdb", "dbt-bigquery", "dagster-dbt")
_VARIABLES = (
    "DBT_TARGET",
    "DBT_PROFILE",
    # A Google project is the database's name in every relation.
    "TEAMSTER_BIGQUERY_PROJECT",
    "TEAMSTER_TEST_BIGQUERY_PROJECT",
    "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT",
)


class DbtCli(DbtCliResource):
    """dagster-dbt's resource, without its look at the network.

    Before each command dagster-dbt runs ``dbt --version``, which asks PyPI for newer versions; the
    installed package knows its version.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(importlib.metadata.version("dbt-core"))


def dbt_resource_key(code_location: str) -> str:
    """Returns the key of a code location's dbt resource: several locations may share a process."""
    return f"dbt_{code_location}"


def get_dbt_cli_resource(code_location: str) -> DbtCliResource:
    """Returns the resource that runs dbt in a code location's project.

    Args:
        code_location: Its project is the folder of this name in :func:`dbt_dir`.

    Raises:
        ConfigError: There is no such project.
    """
    dbt_project = _project(code_location)
    return DbtCli(
        project_dir=str(dbt_project.project_dir),
        profiles_dir=str(dbt_project.profiles_dir),
        dbt_executable=dbt_executable(),
        # dbt itself reads DBT_TARGET, but what dagster-dbt opens beside it does not.
        target=dbt_target(),
    )


def get_dbt_project(code_location: str) -> DbtProject:
    """Returns a code location's dbt project, its packages installed and its manifest up to date.

    Args:
        code_location: The project is the folder of this name in :func:`dbt_dir`.

    Raises:
        ConfigError: There is no such project, or dbt cannot parse it.
    """
    project = _project(code_location)
    if not _is_fresh(project):
        _target(project).mkdir(parents=True, exist_ok=True)
        with FileLock(_target(project) / ".prepare.lock"):
            if not _is_fresh(project):
                _prepare(project)
    return project


def check_dbt_project(code_location: str) -> None:
    """Parses a code location's dbt project from scratch and takes each of dbt's warnings seriously.

    Args:
        code_location: The project is the folder of this name in :func:`dbt_dir`.

    Raises:
        ConfigError: There is no such project, or dbt has something to say about it.
    """
    project = get_dbt_project(code_location)
    with tempfile.TemporaryDirectory(prefix=".check-", dir=_target(project)) as folder:
        _dbt(project, Path(folder), "parse", flags=("--warn-error", "--no-partial-parse"))


def _project(code_location: str) -> DbtProject:
    folder = dbt_dir() / code_location
    if not (folder / "dbt_project.yml").is_file():
        raise ConfigError(
            f"no dbt project {code_location!r}: {folder.name}/dbt_project.yml is missing"
        )
    target = dbt_target()
    # Each warehouse has a manifest of its own: what runs with one does not disturb the other.
    target_path = Path("target", target) if target else Path("target")
    return DbtProject(folder, profiles_dir=dbt_dir(), target_path=target_path, target=target)


def _target(project: DbtProject) -> Path:
    return project.manifest_path.parent


def _is_fresh(project: DbtProject) -> bool:
    stamp = _target(project) / _STAMP
    return (
        project.manifest_path.is_file()
        and _local_packages(project).keys() <= _installed_packages(project).keys()
        and stamp.is_file()
        and stamp.read_text() == _fingerprint(project)
    )


def _prepare(project: DbtProject) -> None:
    """Runs ``dbt deps`` and ``dbt parse``, then puts the manifest in place as a whole."""
    target = _target(project)
    with tempfile.TemporaryDirectory(prefix=".prepare-", dir=target) as folder:
        scratch = Path(folder)
        if (target / PARTIAL_PARSE).is_file():
            shutil.copyfile(target / PARTIAL_PARSE, scratch / PARTIAL_PARSE)
        if _local_packages(project) != _installed_packages(project):
            _dbt(project, scratch, "deps")
        # Now, since deps may write package-lock.yml; not later, lest a change meanwhile is missed.
        fingerprint = _fingerprint(project)
        _dbt(project, scratch, "parse")
        for name in (PARTIAL_PARSE, _MANIFEST):
            if (scratch / name).is_file():
                (scratch / name).replace(target / name)
        stamp = scratch / _STAMP
        stamp.write_text(fingerprint)
        stamp.replace(target / _STAMP)


def _dbt(
    project: DbtProject, scratch: Path, command: str, flags: Sequence[str] = ("--quiet",)
) -> None:
    options = [f"--project-dir={project.project_dir}", f"--profiles-dir={project.profiles_dir}"]
    environment = {
        **os.environ,
        "DBT_USE_COLORS": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_TARGET_PATH": str(scratch),
        "DBT_LOG_PATH": str(scratch),
    }
    done = subprocess.run(  # noqa: S603
        [dbt_executable(), *flags, command, *options],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ConfigError(f"dbt {command} fails in project {project.name}:\n{done.stdout.strip()}")


def _fingerprint(project: DbtProject) -> str:
    """Returns a digest of everything that a project's manifest is made of."""
    digest = hashlib.sha256()
    for name in _DISTRIBUTIONS:
        digest.update(f"{name}={_version(name)}\n".encode())
    for name in _VARIABLES:
        digest.update(f"{name}={os.environ.get(name, '')}\n".encode())
    # The file's stem is the database's name in every relation.
    digest.update(f"database={warehouse_path().stem}\n".encode())
    for path in _files(project):
        digest.update(f"{path.relative_to(dbt_dir())}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:  # an extra that is not installed
        return ""


def _files(project: DbtProject) -> Iterator[Path]:
    """Yields the files that dbt reads, in order: the profiles, the project and its packages."""
    yield dbt_dir() / PROFILES
    for folder in (project.project_dir, *_packages(project.project_dir)):
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name not in _WRITTEN_BY_DBT)
            yield from (
                Path(parent, name) for name in sorted(names) if Path(name).suffix in _READ_BY_DBT
            )


def _packages(folder: Path) -> list[Path]:
    """Returns the folders of the local packages of a project, packages of packages included."""
    found: dict[Path, None] = {}
    waiting = [folder]
    while waiting:
        listed = waiting.pop() / "packages.yml"
        if not listed.is_file():
            continue
        for entry in (yaml.safe_load(listed.read_text()) or {}).get("packages") or ():
            if "local" not in entry:
                continue
            # dbt takes every local path from the root project, a package's own too.
            package = (folder / entry["local"]).resolve()
            if package not in found:
                found[package] = None
                waiting.append(package)
    return list(found)


def _local_packages(project: DbtProject) -> dict[str, Path]:
    """Returns the packages in this repository by their dbt names."""
    folders = _packages(project.project_dir)
    return {
        str(yaml.safe_load((folder / "dbt_project.yml").read_text())["name"]): folder
        for folder in folders
    }


def _installed_packages(project: DbtProject) -> dict[str, Path]:
    """Returns what ``dbt deps`` has installed; a package in this repository is a link to it."""
    folder = project.project_dir / "dbt_packages"
    return {path.name: path.resolve() for path in folder.glob("*") if path.is_dir()}
