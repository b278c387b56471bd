"""``teamster demo`` over drops of one's own; over its own, tests/cloud/test_demo.py runs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from teamster.cli.demo.drop import generate_drop
from tests.demo import ROOT, DemoRun, running_demo

MAKE_DROP = ROOT.parent / "shared" / "make_drop.py"

pytestmark = pytest.mark.slow


def run_demo(home: Path, *arguments: str) -> DemoRun:
    with running_demo(home, *arguments) as run:
        run.ends_with()
    return run


def test_a_file_that_cannot_be_read_makes_the_demo_fail_by_name_and_spares_the_rest(
    tmp_path: Path,
) -> None:
    drop = tmp_path / "broken"
    generate_drop(tmp_path / "small", students_per_school=12)
    shutil.copytree(tmp_path / "small" / "oneroster", drop / "oneroster")
    archive = drop / "oneroster" / "newark" / "oneroster.zip"
    archive.write_bytes(archive.read_bytes()[:-4000] + b"no zip archive any more")
    (drop / "collegeboard" / "sat").mkdir(parents=True)
    (drop / "collegeboard" / "psat").mkdir()
    bad = drop / "collegeboard" / "sat" / "312345_SAT_20251104_1.csv"
    bad.write_bytes(b"AI_CODE,NAME_LAST\n312345,Zebedee\xf1\n")
    done = run_demo(tmp_path / "home", "--drop", str(drop))
    assert done.process.returncode == 1
    assert "FAILED kippnewark/collegeboard/sat" in done.stdout
    words = " ".join(done.stdout.split())
    assert f"offset {bad.read_bytes().index(0xF1)}" in words
    assert "FAILED kippnewark/oneroster/users" in words
    (log,) = (tmp_path / "home").glob(".teamster/drops/*/demo/demo.log")
    assert "Zebedee" not in done.stdout + done.stderr + log.read_text()
    assert done.rows_in("kippcamden", "oneroster", "users") > 0


@pytest.mark.skipif(not MAKE_DROP.exists(), reason="no real files beside this clone")
def test_the_demo_takes_every_row_of_the_real_files(tmp_path: Path) -> None:
    drop = tmp_path / "real"
    subprocess.run(
        [sys.executable, str(MAKE_DROP), str(drop)], check=True, stdout=subprocess.DEVNULL
    )
    done = run_demo(tmp_path / "home", "--drop", str(drop))
    assert done.process.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
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
            assert done.rows_in(region, *key) == rows, (region, *key)
    for column in ("norming_window", "diagnostic_used_to_establish_growth_measures_y_n"):
        assert column in done.stdout
