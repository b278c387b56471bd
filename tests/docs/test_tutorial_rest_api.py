"""The REST tutorial works if typed in: this types it in, in a copy of the tree."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.typing_in import ROOT, copied_tree, records_at, run, type_in

TUTORIAL = ROOT / "docs" / "tutorials" / "rest-api.md"
KEY = "kipptaf/bookbug/loans"
PARTITION = ("_dagster_partition_date=2026-11-02", "_dagster_partition_school=north")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = copied_tree(tmp_path_factory.mktemp("tutorial"))
    type_in(TUTORIAL, tree)
    pieces = re.findall(r"^```(?:python|text)\n(?!#)(.*?)^```", TUTORIAL.read_text(), re.M | re.S)
    imports, asset, resource = pieces
    definitions = tree / "src/teamster/code_locations/kipptaf/definitions.py"
    text = definitions.read_text()
    for place, added in (
        ("from dagster import", imports),
        ("    assets=[\n", asset),
        ("    resources={\n", resource),
    ):
        assert text.count(place) == 1
        text = text.replace(place, added + place if added is imports else place + added)
    definitions.write_text(text)
    return tree


@pytest.fixture(scope="module")
def bookbug(tree: Path) -> Iterator[str]:
    command = [sys.executable, str(tree / "tmp/bookbug/server.py"), "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout
        yield server.stdout.readline().strip()
        server.terminate()


RUN = """
from dagster import materialize
from teamster.code_locations.kipptaf.bookbug.assets import assets
from teamster.core.resources import get_io_managers
from teamster.libraries.rest.resources import RestResource

bookbug = RestResource.from_env("BOOKBUG", "bearer")
resources = {**get_io_managers("kipptaf"), "rest_bookbug": bookbug}
materialize(assets, resources=resources, partition_key="2026-11-02|north")
"""


def variables(url: str, token: str = "secret-of-bookbug") -> dict[str, str]:
    return {"BOOKBUG_API_URL": url, "BOOKBUG_API_TOKEN": token}


def failing(tree: Path, url: str, token: str = "secret-of-bookbug") -> str:
    """Runs the asset alone, which is quicker than dg; returns what is shown."""
    command = (sys.executable, "-c", RUN)
    return " ".join(run(tree, *command, variables=variables(url, token), succeeds=False).split())


def test_the_four_steps_bring_every_loan_of_the_partition(tree: Path, bookbug: str) -> None:
    command = ("dg", "launch", "--assets", KEY, "--partition", "2026-11-02|north")
    assert shlex.join(command) in TUTORIAL.read_text()
    run(tree, *command, variables=variables(bookbug))
    assert records_at(tree, *KEY.split("/"), *PARTITION) == [
        {"id": n, "school": "north", "day": "2026-11-02", "reader": reader}
        for n, reader in enumerate(
            [
                {"number": "0417", "grade": 3},
                {"number": "0422", "grade": 3},
                {"number": "0390", "grade": 4},
            ],
            start=1,
        )
    ]


def test_a_wrong_token_is_told_as_the_page_says(tree: Path, bookbug: str) -> None:
    told = re.search(r"says `(GET [^`]*)`", TUTORIAL.read_text())
    assert told
    shown = failing(tree, bookbug, "other-s3cret")
    assert told[1] in shown
    assert "other-s3cret" not in shown


def test_a_total_that_is_not_reached_is_told_as_the_page_says(tree: Path, bookbug: str) -> None:
    told = re.search(r"fails with `([^`]*)`", TUTORIAL.read_text())
    assert told
    server = tree / "tmp/bookbug/liar.py"
    source = (tree / "tmp/bookbug/server.py").read_text()
    server.write_text(source.replace('"total": len(loans)', '"total": len(loans) + 1'))
    before = records_at(tree, *KEY.split("/"), *PARTITION)
    command = [sys.executable, str(server), "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as liar:
        assert liar.stdout
        url = liar.stdout.readline().strip()
        shown = failing(tree, url)
        liar.terminate()
    assert told[1] in shown
    assert records_at(tree, *KEY.split("/"), *PARTITION) == before
