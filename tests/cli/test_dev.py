"""``teamster dev`` as people run it: its servers, webserver, daemon and code locations.

The vendors that the drop lacks have no settings: one vendor's trouble is not another's.
"""

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from teamster.cli.demo.drop import generate_drop
from tests.cli.dev import SENSOR, Dev, Run

AUTOMATION = "default_automation_condition_sensor"
IREADY = "iready/exports/nj-newark"
THERE_ALREADY = {
    f"{IREADY}/Current_Year/diagnostic_results_ela_CONFIDENTIAL.csv": (
        "diagnostic_results",
        "2026|ela",
    ),
    f"{IREADY}/2025/diagnostic_results_math.csv": ("diagnostic_results", "2025|math"),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, int]]:
    """A whole drop, of which files are taken, and the rows of each."""
    whole = tmp_path_factory.mktemp("whole") / "drop"
    return whole, generate_drop(whole, regions=("newark",), students_per_school=4).rows


@pytest.fixture(scope="module")
def dev(
    everything: tuple[Path, Mapping[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dev]:
    """It runs, the region's sensor is on, and what was there has been ingested."""
    whole, rows = everything
    drop = tmp_path_factory.mktemp("served") / "drop"
    for path in THERE_ALREADY:
        (drop / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(whole / path, drop / path)
    running = Dev(drop, tmp_path_factory.mktemp("home"), rows)
    try:
        running.until("loaded code locations", running.is_loaded)
        running.switch_on(SENSOR)
        for asset, partition in THERE_ALREADY.values():
            running.wait_for_run(asset, partition)
        yield running
    finally:
        left_nothing = running.stop()
    assert left_nothing, running.tail()


@pytest.fixture(autouse=True)
def output(dev: Dev) -> Iterator[None]:
    """Shows with a failure what the daemon said."""
    yield
    print(dev.tail())


def assert_one_run_within_two_ticks(
    dev: Dev, before: list[Run], moment: float, path: str, asset: str, partition: str
) -> None:
    run = dev.wait_for_run(asset, partition)
    requested_by = [run.id in tick["runIds"] for tick in dev.ticks_since(moment)]
    assert True in requested_by[:2], requested_by
    assert dev.rows_of(asset, partition) == dev.rows[path] > 0
    assert set(dev.runs()) - set(before) == {run}


def test_what_was_there_is_ingested_once(dev: Dev) -> None:
    for path, (asset, partition) in THERE_ALREADY.items():
        assert dev.rows_of(asset, partition) == dev.rows[path] > 0
        assert [(run.asset, run.partition) for run in dev.runs()].count((asset, partition)) == 1


def test_a_file_renamed_into_place_makes_the_sensor_run_its_partition_within_two_ticks(
    dev: Dev, everything: tuple[Path, Mapping[str, int]]
) -> None:
    before = dev.runs()
    path = f"{IREADY}/Current_Year/diagnostic_results_math_CONFIDENTIAL.csv"
    unfinished = dev.drop / f"{path}.filepart"
    shutil.copyfile(everything[0] / path, unfinished)
    unfinished.rename(dev.drop / path)
    moment = time.time()
    assert_one_run_within_two_ticks(dev, before, moment, path, "diagnostic_results", "2026|math")


def test_a_file_that_grows_in_place_is_taken_whole_and_once(
    dev: Dev, everything: tuple[Path, Mapping[str, int]]
) -> None:
    before = dev.runs()
    path = f"{IREADY}/Current_Year/iready_instruction_by_lesson_ela_CONFIDENTIAL.csv"
    lines = (everything[0] / path).read_bytes().splitlines(keepends=True)
    begun = time.time()
    with (dev.drop / path).open("wb", buffering=0) as growing:
        while len(lines) > 1 and len(dev.ticks_since(begun)) < 2:
            growing.write(lines.pop(0))
            time.sleep(0.4)
        assert len(lines) > 1, "the file was whole before two ticks saw it grow"
        assert dev.runs() == before
        growing.write(b"".join(lines))
    moment = time.time()
    asset = "personalized_instruction_by_lesson"
    assert_one_run_within_two_ticks(dev, before, moment, path, asset, "2026|ela")


def test_a_renamed_file_shows_up_as_unmatched_within_two_ticks(dev: Dev) -> None:
    before = dev.runs()
    folder = dev.drop / IREADY / "2025"
    (folder / "diagnostic_results_math.csv").rename(folder / "Diagnostic Results Math.csv")
    moment = time.time()

    def reported() -> dict[str, Any] | None:
        for evaluation in dev.evaluations("diagnostic_results", "files_arriving"):
            if evaluation["metadata"].get("unmatched_files"):
                return evaluation
        return None

    evaluation = dev.until("report of an unmatched file", reported)
    assert evaluation["success"] is False
    assert evaluation["severity"] == "WARN"
    unmatched = evaluation["metadata"]["unmatched_files"]
    assert unmatched == "/exports/nj-newark/2025/Diagnostic Results Math.csv"
    begun = [tick["timestamp"] for tick in dev.ticks_since(moment)]
    assert sum(tick <= evaluation["timestamp"] for tick in begun) <= 2
    dev.until("later tick", lambda: len(dev.ticks_since(moment)) > len(begun))
    assert dev.runs() == before


def test_its_tables_follow_once_the_automation_is_switched_on(dev: Dev) -> None:
    dev.switch_on(AUTOMATION)
    (build,) = dev.until("build of tables", dev.builds)
    assert build["status"] == "SUCCESS"
    names = {key["path"][-1] for key in build["assetSelection"]}
    assert names == {f"stg_iready__{run.asset}" for run in dev.runs()}
