"""The ``teamster`` command, run as people run it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import fastavro
import pytest

from teamster.cli.demo.drop import DropSummary, generate_drop
from teamster.cli.demo.drop.oneroster_records import roster_records
from teamster.cli.demo.drop.population import build_population
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.powerschool_tables import powerschool_of
from teamster.libraries.dbt.warehouse import connect_warehouse

ROOT = Path(__file__).resolve().parents[2]
MAKE_DROP = ROOT.parent / "shared" / "make_drop.py"
TEAMSTER = str(Path(sys.executable).with_name("teamster"))

STUDENTS, SEED = 12, 2026

pytestmark = pytest.mark.slow


def run_demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the demo, everything that it leaves behind in a folder of its own."""
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEAMSTER_")}
    kept.pop("DAGSTER_HOME", None)
    return subprocess.run(
        [TEAMSTER, "demo", *arguments],
        env={**kept, "TEAMSTER_HOME": str(home), "TEAMSTER_DBT_DIR": str(ROOT / "src" / "dbt")},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


def rows_in(home: Path, *asset_key: str) -> int:
    """Counts the rows of an asset's objects, all partitions."""
    (storage,) = [*home.glob(".teamster/storage"), *home.glob(".teamster/drops/*/storage")]
    total = 0
    for path in storage.joinpath(*asset_key).rglob("data"):
        with path.open("rb") as file:
            total += sum(1 for _ in fastavro.reader(file))
    return total


def rows_laid_out(rows: Mapping[str, int], pattern: str) -> int:
    return sum(count for path, count in rows.items() if re.fullmatch(pattern, path))


@pytest.fixture(scope="module")
def small_drop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DropSummary]:
    drop = tmp_path_factory.mktemp("small") / "drop"
    return drop, generate_drop(drop, students_per_school=STUDENTS)


FEEDS = {
    ("iready", "diagnostic_results"): r"iready/exports/nj-{}/\w+/diagnostic_results_\w+\.csv",
    ("iready", "personalized_instruction_by_lesson"): (
        r"iready/exports/nj-{}/\w+/(personalized|iready)_instruction_by_lesson_\w+\.csv"
    ),
    ("renlearn", "star"): r"renlearn/{}\.zip/S[MR]\.csv",
    ("renlearn", "star_skill_area"): r"renlearn/{}\.zip/S[MR]_SkillArea_v1\.csv",
    ("collegeboard", "psat"): r"collegeboard/psat/\d+_\w+_\d+_\d+\.csv",
    ("collegeboard", "sat"): r"collegeboard/sat/\d+_SAT_\d+_\d+\.csv",
    ("oneroster", "users"): r"oneroster/{}/oneroster\.zip/users\.csv",
    ("oneroster", "enrollments"): r"oneroster/{}/oneroster\.zip/enrollments\.csv",
}


def test_the_demo_takes_every_row_of_files_and_apis_and_answers(
    small_drop: tuple[Path, DropSummary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_demo(tmp_path, "--students", str(STUDENTS))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert not done.stderr
    assert "Traceback" not in done.stdout
    assert str(tmp_path) not in done.stdout
    assert "norming_window" in done.stdout  # drift, by the column's name
    _, summary = small_drop
    for region in ("newark", "camden"):
        for key, pattern in FEEDS.items():
            laid_out = rows_laid_out(summary.rows, pattern.format(region))
            assert laid_out, pattern
            assert rows_in(tmp_path, f"kipp{region}", *key) == laid_out, key
        assert_apis_were_read(tmp_path, region)
    monkeypatch.setenv("TEAMSTER_WAREHOUSE", str(tmp_path / ".teamster" / "warehouse.duckdb"))
    with connect_warehouse() as warehouse:
        enrolled = warehouse.sql(
            "select sum(students) from kipptaf_reporting.rpt_enrollment_by_school_and_grade"
        ).fetchone()
    assert enrolled == (sum(summary.enrolment.values()),)


def assert_apis_were_read(home: Path, region: str) -> None:
    """Asserts that each table and endpoint has the records that its server holds."""
    population = build_population(region, STUDENTS, seed=SEED)
    powerschool = powerschool_of(population, SEED)
    oneroster = roster_records(population, Staff(SEED))
    for name in ("students", "schools", "sections", "cc"):
        assert rows_in(home, f"kipp{region}", "powerschool", name) == len(powerschool.tables[name])
    for name in ("users", "classes", "enrollments"):
        assert rows_in(home, f"kipp{region}", "oneroster_api", name) == len(oneroster[name])


def test_a_file_that_cannot_be_read_makes_the_demo_fail_by_name_and_spares_the_rest(
    small_drop: tuple[Path, DropSummary], tmp_path: Path
) -> None:
    drop = tmp_path / "broken"
    shutil.copytree(small_drop[0] / "oneroster", drop / "oneroster")
    archive = drop / "oneroster" / "newark" / "oneroster.zip"
    archive.write_bytes(archive.read_bytes()[:-4000] + b"no zip archive any more")
    (drop / "collegeboard" / "sat").mkdir(parents=True)
    (drop / "collegeboard" / "psat").mkdir()
    bad = drop / "collegeboard" / "sat" / "312345_SAT_20251104_1.csv"
    bad.write_bytes(b"AI_CODE,NAME_LAST\n312345,Zebedee\xf1\n")
    done = run_demo(tmp_path / "home", "--drop", str(drop))
    assert done.returncode == 1
    assert "FAILED kippnewark/collegeboard/sat" in done.stdout
    words = " ".join(done.stdout.split())
    assert f"offset {bad.read_bytes().index(0xF1)}" in words
    assert "FAILED kippnewark/oneroster/users" in words
    (log,) = (tmp_path / "home").glob(".teamster/drops/*/demo/demo.log")
    assert "Zebedee" not in done.stdout + done.stderr + log.read_text()
    assert rows_in(tmp_path / "home", "kippcamden", "oneroster", "users") > 0


@pytest.mark.skipif(not MAKE_DROP.exists(), reason="no real files beside this clone")
def test_the_demo_takes_every_row_of_the_real_files(tmp_path: Path) -> None:
    drop = tmp_path / "real"
    subprocess.run(
        [sys.executable, str(MAKE_DROP), str(drop)], check=True, stdout=subprocess.DEVNULL
    )
    done = run_demo(tmp_path / "home", "--drop", str(drop))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lessons = "personalized_instruction_by_lesson"
    expected = {
        ("iready", lessons): 2 * (11_770 + 7_767),
        ("iready", "diagnostic_results"): 2 * (1_022 + 1_002) + 5 + 5,
        ("renlearn", "star"): 5,
        ("renlearn", "star_dashboard_standards"): 5,
        ("renlearn", "star_skill_area"): 5,
        ("collegeboard", "psat"): 10,
        ("collegeboard", "sat"): 5,
        ("oneroster", "users"): 8,
        ("oneroster", "roles"): 7,
        ("oneroster", "relationships"): 3,
    }
    for region in ("kippnewark", "kippcamden"):
        for key, rows in expected.items():
            assert rows_in(tmp_path / "home", region, *key) == rows, (region, *key)
    for column in ("norming_window", "diagnostic_used_to_establish_growth_measures_y_n"):
        assert column in done.stdout
