"""The tutorial works if typed in: this types it in, in a copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fastavro
import pytest

from teamster.cli.demo.server import serve_drop

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "adding-an-integration.md"
KEPT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".teamster", "tests", "__pycache__", "target", "logs", ".*_cache")
)

pytestmark = pytest.mark.slow


def typed_files() -> dict[str, str]:
    """Path -> text of every file that the tutorial has one type in."""
    blocks = re.findall(r"^```\w+\n# (src/\S+)\n(.*?)^```", TUTORIAL.read_text(), re.M | re.S)
    assert len(blocks) >= 8
    return dict(blocks)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tutorial") / "teamster"
    shutil.copytree(ROOT, tree, ignore=KEPT_OUT, symlinks=True)
    for name, text in typed_files().items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


@pytest.fixture
def vendor_api(tmp_path: Path) -> Iterator[str]:
    command = re.search(r"^echo '(\[.*?\])'", TUTORIAL.read_text(), re.M)
    assert command
    report = tmp_path / "api" / "reports" / "my_report"
    report.parent.mkdir(parents=True)
    report.write_text(command.group(1))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(tree: Path, *command: str, **variables: str) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TEAMSTER_")},
        "PYTHONPATH": str(tree / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DAGSTER_HOME": str(tree / "home"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        **variables,
    }
    (tree / "home").mkdir(exist_ok=True)
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def records_at(tree: Path, *parts: str) -> list[object]:
    with tree.joinpath(".teamster", "storage", *parts, "data").open("rb") as file:
        return list(fastavro.reader(file))


def test_the_four_steps_give_a_loading_code_location_and_a_materialized_asset(
    tree: Path, vendor_api: str
) -> None:
    assert "loaded successfully" in run(tree, "dg", "check", "defs")
    key = "kipptaf/myintegration/my_report"
    assert key in run(tree, "dg", "list", "defs", "--json")
    run(tree, "dg", "launch", "--assets", key, MYINTEGRATION_URL=vendor_api)
    assert records_at(tree, "kipptaf", "myintegration", "my_report") == [
        {"id": 1, "title": "Attendance", "owner": {"name": "A. Analyst"}},
        {"id": 2, "title": "Grades", "owner": None},
    ]


SFTP_RUN = """
from dagster import materialize
from teamster.code_locations.kipptaf.myvendor.assets import assets
from teamster.core.resources import get_io_managers
from teamster.libraries.ssh.resources import SSHResource

resources = {**get_io_managers("kipptaf"), "ssh_myvendor": SSHResource.from_env("MYVENDOR")}
assert materialize(assets, resources=resources, partition_key="2025-07-01").success
"""


def test_the_sftp_feed_needs_a_schema_and_yaml_alone(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "myvendor" / "reports"
    for year, code in {"2025": "A", "2026": "P"}.items():
        (folder / year).mkdir(parents=True)
        (folder / year / f"attendance_{year}.csv").write_text(
            f"Student ID,Date,Code\n7,{year}-01-15,{code}\n"
        )
    with serve_drop(tmp_path) as server:
        run(tree, sys.executable, "-c", SFTP_RUN, **server.environment("myvendor"))
    partition = [
        "_dagster_partition_fiscal_year=2026",
        "_dagster_partition_date=2025-07-01",
        "_dagster_partition_hour=00",
        "_dagster_partition_minute=00",
    ]
    assert records_at(tree, "kipptaf", "myvendor", "attendance", *partition) == [
        {
            "student_id": "7",
            "date": "2026-01-15",
            "code": "P",
            "source_file_name": "attendance_2026.csv",
        }
    ]
