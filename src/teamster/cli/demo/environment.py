"""Where the demo's servers, files and Dagster home are."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from teamster.cli.demo import oneroster_api, powerschool_tables
from teamster.cli.demo.drop import STUDENTS_PER_SCHOOL, generate_drop
from teamster.cli.demo.server import serve_drop
from teamster.core.settings import STATE_FOLDER, project_root

_SENSOR_INTERVAL_SECONDS = "15"
"""Nobody wants to wait five minutes for a demo, and its servers do not mind."""

APIS: Mapping[str, Callable[..., AbstractContextManager[Mapping[str, str]]]] = {
    **oneroster_api.SERVERS,
    **powerschool_tables.SERVERS,
}
"""Resource key of an API -> what serves it, and tells the variables by which it is found."""

DAGSTER_YAML = """\
# Made by the demo. Nothing is sent anywhere.
telemetry:
  enabled: false
nux:
  enabled: false
"""


@dataclass(frozen=True)
class DemoEnvironment:
    """What the demo runs in.

    Attributes:
        drop: The folder that is served.
        is_generated: Whether the drop is made up.
        vendors: The vendors that have a folder in it.
        apis: The resource keys of the APIs that are served.
        log: Where the logs of Dagster and dbt go.
    """

    drop: Path
    is_generated: bool
    vendors: frozenset[str]
    apis: frozenset[str]
    log: Path


@contextmanager
def demo_environment(
    drop: Path | None, students_per_school: int = STUDENTS_PER_SCHOOL
) -> Iterator[DemoEnvironment]:
    """Serves a drop and the APIs on loopback and points the code locations and Dagster at them.

    The APIs' data are made up, so there are none beside a drop that was given.

    Args:
        drop: A folder laid out as vendors' servers; None for a generated one.
        students_per_school: About how many students a school has in what is made up.

    Yields:
        The environment; the process's variables lead there until the block ends.
    """
    state = _state(drop)
    home = Path(os.environ.get("DAGSTER_HOME") or state / "dagster")
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(DAGSTER_YAML)
    folder = drop or state / "demo" / "drop"
    if drop is None:
        generate_drop(folder, students_per_school=students_per_school)
    with ExitStack() as stack:
        server = stack.enter_context(serve_drop(folder))
        apis = APIS if drop is None else {}
        variables = {
            "DAGSTER_HOME": str(home),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            **_unless_set(state),
        }
        for vendor in server.passwords:
            variables |= server.environment(vendor)
        for serving in apis.values():
            variables |= stack.enter_context(serving(students_per_school=students_per_school))
        with _variables(variables):
            yield DemoEnvironment(
                drop=folder,
                is_generated=drop is None,
                vendors=frozenset(server.passwords),
                apis=frozenset(apis),
                log=state / "demo" / "demo.log",
            )


def _state(drop: Path | None) -> Path:
    """Returns the folder of what runs leave behind: a given drop's never mix with made-up ones."""
    state = project_root() / STATE_FOLDER
    return state if drop is None else state / "drops" / drop.resolve().name


def _unless_set(state: Path) -> dict[str, str]:
    """Returns where objects and tables go and how often sensors look, as set or as fits a demo."""
    ours = {
        "TEAMSTER_STORAGE_URL": str(state / "storage"),
        "TEAMSTER_WAREHOUSE": str(state / "warehouse.duckdb"),
        "TEAMSTER_SENSOR_INTERVAL_SECONDS": _SENSOR_INTERVAL_SECONDS,
    }
    return {name: os.environ.get(name) or value for name, value in ours.items()}


@contextmanager
def _variables(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
