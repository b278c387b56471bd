"""The tutorial works if typed in: this types it in, in a copy of the tree."""

import re
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from teamster.cli.demo.server import serve_drop
from tests.docs.typing_in import ROOT, copied_tree, records_at, run, type_in, typed_files

TUTORIAL = ROOT / "docs" / "adding-an-integration.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert len(typed_files(TUTORIAL)) >= 8
    tree = copied_tree(tmp_path_factory.mktemp("tutorial"))
    type_in(TUTORIAL, tree)
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


def test_the_four_steps_give_a_loading_code_location_and_a_materialized_asset(
    tree: Path, vendor_api: str
) -> None:
    assert "loaded successfully" in run(tree, "dg", "check", "defs")
    key = "kipptaf/myintegration/my_report"
    assert key in run(tree, "dg", "list", "defs", "--json")
    run(tree, "dg", "launch", "--assets", key, variables={"MYINTEGRATION_URL": vendor_api})
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
        run(tree, sys.executable, "-c", SFTP_RUN, variables=server.environment("myvendor"))
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
