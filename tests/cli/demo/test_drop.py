import csv
import datetime as dt
import hashlib
import io
import os
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pytest

from teamster.cli.demo.drop import DropSummary, generate_drop, mess
from teamster.core.schema import column_names, field_names, resolve_schema
from teamster.libraries.collegeboard.schema import Psat, Sat
from teamster.libraries.iready.schema import DiagnosticResults, PersonalizedInstructionByLesson
from teamster.libraries.oneroster import schema as oneroster
from teamster.libraries.renlearn.schema import Star, StarDashboardStandards, StarSkillArea

REAL_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "realdata"
IREADY_YEAR = r"iready/exports/nj-(newark|camden)/(2024|2025|Current_Year)/"
slugged = partial(column_names, replacements=[["%", "percent"]])
as_they_are = partial(column_names, slugify_cols=False)

# The files that the feeds take, by the folder and the file name that their YAML gives.
FEEDS = {
    IREADY_YEAR + r"diagnostic_results_(ela|math)(_CONFIDENTIAL)?\.csv": (
        DiagnosticResults,
        slugged,
    ),
    IREADY_YEAR + r"(personalized|iready)_instruction_by_lesson_(ela|math)(_CONFIDENTIAL)?\.csv": (
        PersonalizedInstructionByLesson,
        slugged,
    ),
    r"renlearn/(newark|camden)\.zip/(SM|SR)\.csv": (Star, as_they_are),
    r"renlearn/(newark|camden)\.zip/(SM|SR)_Dashboard_Standards_v2\.csv": (
        StarDashboardStandards,
        as_they_are,
    ),
    r"renlearn/(newark|camden)\.zip/(SM|SR)_SkillArea_v1\.csv": (StarSkillArea, as_they_are),
    r"collegeboard/psat/\d+_(PSAT10|PSAT89|PSATNM)_\d+_\d+\.csv": (Psat, slugged),
    r"collegeboard/sat/\d+_SAT_\d+_\d+\.csv": (Sat, slugged),
} | {
    rf"oneroster/(newark|camden)/oneroster\.zip/{name}\.csv": (model, as_they_are)
    for name, model in {
        "academicSessions": oneroster.AcademicSessions,
        "classes": oneroster.Classes,
        "courses": oneroster.Courses,
        "demographics": oneroster.Demographics,
        "enrollments": oneroster.Enrollments,
        "orgs": oneroster.Orgs,
        "roles": oneroster.Roles,
        "users": oneroster.Users,
    }.items()
}
IN_NO_FEED = r".*/(manifest\.csv|Extract_Log\.txt)"


class Drop:
    """A drop's tables as a reader of its own sees them: path -> header and rows."""

    def __init__(self, root: Path, summary: DropSummary) -> None:
        self.root, self.summary = root, summary
        self.tables = {
            path: list(
                csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
            )
            for path, content in contents(root).items()
            if path.endswith(".csv") and path not in summary.untaken
        }

    def rows(self, pattern: str) -> Iterator[dict[str, str]]:
        for path, (header, *rows) in self.tables.items():
            if re.fullmatch(pattern, path):
                yield from (dict(zip(header, row, strict=True)) for row in rows if row)


def files(root: Path) -> dict[str, Path]:
    return {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if p.is_file()}


def contents(root: Path) -> dict[str, bytes]:
    """Returns all files' bytes, and those of archives' members below the archive's path."""
    found = {}
    for path, file in files(root).items():
        found[path] = file.read_bytes()
        if path.endswith(".zip"):
            with zipfile.ZipFile(file) as archive:
                found |= {f"{path}/{name}": archive.read(name) for name in archive.namelist()}
    return found


def fingerprint(root: Path) -> dict[str, tuple[int, str]]:
    return {
        path.relative_to(root).as_posix(): (
            path.stat().st_mtime_ns,
            "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in root.rglob("*")
    }


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    root = tmp_path_factory.mktemp("drop")
    return Drop(root, generate_drop(root, students_per_school=60))


def test_same_seed_gives_the_same_tree_again_and_in_place(drop: Drop, tmp_path: Path) -> None:
    for path in ("first", "first"):
        assert generate_drop(tmp_path / path, students_per_school=60) == drop.summary
        assert fingerprint(tmp_path / path) == fingerprint(drop.root)


def test_bytes_are_the_same_on_every_machine_and_python(tmp_path: Path) -> None:
    generate_drop(tmp_path, regions=["camden"], students_per_school=13)

    # OneRoster and i-Ready take their columns from nowhere else: a change here is one of the drop.
    names = ("oneroster/camden/oneroster.zip", *(f for f in files(tmp_path) if "iready/" in f))
    digest = hashlib.sha256(b"".join((tmp_path / name).read_bytes() for name in sorted(names)))
    assert digest.hexdigest() == "52ba887edb27c95d92d48bbcc29ecebc54de627d4fb3de113f512528aeccb1fc"


def test_another_seed_gives_other_students(drop: Drop, tmp_path: Path) -> None:
    generate_drop(tmp_path, students_per_school=60, seed=1)
    users = "oneroster/newark/oneroster.zip/users.csv"
    assert contents(tmp_path)[users] != contents(drop.root)[users]


def test_a_region_does_not_depend_on_the_other(drop: Drop, tmp_path: Path) -> None:
    summary = generate_drop(tmp_path, regions=["camden"], students_per_school=60)

    alone, both = contents(tmp_path), contents(drop.root)
    assert alone == {path: both[path] for path in alone}
    assert set(alone) == {p for p in both if re.search(r"camden|331210|board/README", p)}
    assert set(summary.schools) == {"camden"}


def test_unknown_region_and_empty_schools_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'\.\./x', only: camden, newark"):
        generate_drop(tmp_path, regions=["../x"])
    with pytest.raises(ValueError, match="at least 1"):
        generate_drop(tmp_path, students_per_school=0)
    assert files(tmp_path) == {}


def test_a_school_may_be_as_small_as_one_student(tmp_path: Path) -> None:
    summary = generate_drop(tmp_path, students_per_school=1)
    assert all(count >= 1 for count in summary.enrolment.values())


def test_every_file_is_a_feeds_or_untaken(drop: Drop) -> None:
    found = {p for p in contents(drop.root) if not p.endswith(".zip")}
    taken = {path for path in found if any(re.fullmatch(feed, path) for feed in FEEDS)}

    assert taken.isdisjoint(drop.summary.untaken)
    rest = found - taken - set(drop.summary.untaken)
    assert {path for path in rest if not re.fullmatch(IN_NO_FEED, path)} == set()
    assert all(any(re.fullmatch(feed, path) for path in taken) for feed in FEEDS)


def test_layout_names_each_partition_once(drop: Drop) -> None:
    found = files(drop.root)
    for region in ("newark", "camden"):
        exports = f"iready/exports/nj-{region}"
        for year, mark in (("2024", ""), ("2025", ""), ("Current_Year", "_CONFIDENTIAL")):
            kind = "personalized" if year != "Current_Year" else "iready"
            for subject in ("ela", "math"):
                assert f"{exports}/{year}/diagnostic_results_{subject}{mark}.csv" in found
                lessons = f"{kind}_instruction_by_lesson_{subject}{mark}.csv"
                assert f"{exports}/{year}/{lessons}" in found
        assert f"renlearn/{region}.zip" in found
        assert f"oneroster/{region}/oneroster.zip" in found
    parts = [path for path in found if re.fullmatch(r".*/312345_PSATNM_20251110_\d\.csv", path)]
    assert len(parts) == 2
    schools = {Path(p).name[:6] for p in found if re.fullmatch(r"collegeboard/\w+/\d.*\.csv", p)}
    assert schools == {"312345", "398765", "331210"}


def test_drift_is_in_one_year_of_one_feed(drop: Drop) -> None:
    drifted = {path for path, rows in drop.tables.items() if "Norming Window" in rows[0]}
    assert drifted == {
        f"iready/exports/nj-{region}/Current_Year/diagnostic_results_{subject}_CONFIDENTIAL.csv"
        for region in ("newark", "camden")
        for subject in ("ela", "math")
    }


def test_rows_are_as_many_as_a_reader_counts(drop: Drop) -> None:
    counted = {path: sum(map(bool, rows)) - 1 for path, rows in drop.tables.items()}
    assert counted == drop.summary.rows
    assert drop.summary.size == sum(file.stat().st_size for file in files(drop.root).values())


def test_rows_have_as_many_cells_as_the_header(drop: Drop) -> None:
    for path, (header, *rows) in drop.tables.items():
        assert {len(row) for row in rows} <= {len(header), 0}, path


@pytest.mark.parametrize("feed", FEEDS)
def test_schema_knows_every_column_but_drift_and_secrets(drop: Drop, feed: str) -> None:
    model, names = FEEDS[feed]
    known = {*field_names(resolve_schema(model))}
    for path, (header, *_) in drop.tables.items():
        if re.fullmatch(feed, path):
            unknown = [
                name
                for pattern, listed in (mess.DRIFT | mess.SECRETS).items()
                if fnmatchcase(path, pattern)
                for name in listed
            ]
            assert {*names(header)} - known == {*names(unknown)}, path


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real files are not here")
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (r".*/2025/diagnostic_results_ela\.csv", "vendor_iready/sample_anonymized_file_ela.csv"),
        (r".*/2025/diagnostic_results_math\.csv", "vendor_iready/sample_anonymized_file_math.csv"),
        (r".*/SR\.csv", "vendor_renlearn_star/SR_sample_anonymized_file.csv"),
        (r".*_SAT_.*", "vendor_collegeboard/sample_anonymized_file_sat.csv"),
        (r".*_PSATNM_.*", "vendor_collegeboard/sample_anonymized_file_psat_nmsqt.csv"),
    ],
)
def test_headers_are_spelled_as_in_real_files(drop: Drop, ours: str, theirs: str) -> None:
    with (REAL_DATA / theirs).open(encoding="utf-8-sig", newline="") as file:
        real = set(next(csv.reader(file)))
    # What the real files are too old for, or too new.
    newer = r"Subject|Diagnostic Language|.*(_KS_|RECORD_LOCATOR|REPORTABLE|REG_NUM|GPO).*"
    newer += r"|PERCENTILE_(COUNTRY|STATE)_\w+|FILLER"
    older = r"FILLER_\d+|\w+ State ID|Norming Window|(Projection|Proficiency) if .*"
    mine = {
        name for path, rows in drop.tables.items() if re.fullmatch(ours, path) for name in rows[0]
    }
    assert {name for name in mine - real if not re.fullmatch(newer, name)} == set()
    assert {name for name in real - mine if not re.fullmatch(older, name)} == set()


def test_students_are_the_same_with_every_vendor(drop: Drop) -> None:
    roster = {
        row["identifier"]: row for row in drop.rows(r"oneroster/.*/users\.csv") if row["grades"]
    }
    star = {row["StudentIdentifier"]: row for row in drop.rows(r"renlearn/.*/S[MR]\.csv")}
    iready = {row["Student ID"]: row for row in drop.rows(r".*/Current_Year/diagnostic_results_.*")}
    board = {row["SECONDARY_ID"]: row for row in drop.rows(r"collegeboard/psat/\d+_PSAT89_2026.*")}
    assert star.keys() <= roster.keys()
    assert iready.keys() <= roster.keys()
    assert board.keys() <= roster.keys()
    assert len(star.keys() & iready.keys()) > 100
    assert len(star.keys() & board.keys()) > 20
    for number, row in star.items():
        user = roster[number]
        assert (row["StudentFirstName"], row["StudentLastName"]) == (
            user["givenName"],
            user["familyName"],
        )
        assert f"{int(row['Grade']):02d}" == user["grades"]
        assert row["SchoolSourcedID"] == user["primaryOrgSourcedId"]
        if number in iready:
            assert row["SchoolName"] == iready[number]["School"]
            assert row["StudentLastName"] == iready[number]["Last Name"]
        if number in board:
            assert row["SchoolName"].upper() == board[number]["AI_NAME"]
            assert row["StudentStateID"] == board[number]["STATE_STUDENT_ID"]
    assert any(number.startswith("0") for number in roster)


def test_students_go_up_a_grade_a_year_and_kindergartners_enter(drop: Drop) -> None:
    grades: dict[str, dict[int, int]] = defaultdict(dict)
    for row in drop.rows(r"iready/.*/diagnostic_results_.*"):
        grade = 0 if row["Student Grade"] == "K" else int(row["Student Grade"])
        grades[row["Student ID"]].setdefault(int(row["Academic Year"][:4]), grade)
    for years in grades.values():
        assert len({year - grade for year, grade in years.items()}) == 1
    new = [years for years in grades.values() if years == {2026: 0}]
    assert len(new) > 10
    assert sum(len(years) == 3 for years in grades.values()) > 100
    former = {number for number, years in grades.items() if 2026 not in years}
    later = {row["SECONDARY_ID"] for row in drop.rows(r"collegeboard/psat/.*PSAT89_2026.*")}
    assert former & later  # the eighth graders of 2025 are in high school


def test_enrolment_agrees_with_the_roster(drop: Drop) -> None:
    schools = {row["sourcedId"]: row for row in drop.rows(r"oneroster/.*/orgs\.csv")}
    users = {row["sourcedId"]: row for row in drop.rows(r"oneroster/.*/users\.csv")}
    counted: Counter[tuple[str, str, str]] = Counter()
    for role in drop.rows(r"oneroster/.*/roles\.csv"):
        if role["role"] == "student":
            school = schools[role["orgSourcedId"]]
            grade = users[role["userSourcedId"]]["grades"]
            spelled = "K" if grade == "KG" else str(int(grade))
            region = schools[school["parentSourcedId"]]["identifier"]
            counted[(region, school["name"], spelled)] += 1
    assert counted == drop.summary.enrolment
    assert {school for _, school, _ in counted} == {
        name for names in drop.summary.schools.values() for name in names
    }


def test_roster_refers_only_to_what_it_has(drop: Drop) -> None:
    ids: dict[str, set[str]] = {}
    for name in ("orgs", "users", "classes", "courses", "academicSessions", "enrollments", "roles"):
        listed = [row["sourcedId"] for row in drop.rows(rf"oneroster/.*/{name}\.csv")]
        ids[name] = set(listed)
        assert len(listed) == len(ids[name]) or name == "academicSessions"
    for row in drop.rows(r"oneroster/.*/enrollments\.csv"):
        assert row["classSourcedId"] in ids["classes"]
        assert row["userSourcedId"] in ids["users"]
        assert row["schoolSourcedId"] in ids["orgs"]
    for row in drop.rows(r"oneroster/.*/classes\.csv"):
        assert row["courseSourcedId"] in ids["courses"]
        assert {*row["termSourcedIds"].split(",")} <= ids["academicSessions"]
    listed_files = {
        row["propertyName"].removeprefix("file.")
        for row in drop.rows(r"oneroster/newark/.*/manifest\.csv")
        if row["value"] == "bulk"
    }
    assert listed_files == {
        Path(path).stem for path in drop.tables if path.startswith("oneroster/newark/")
    } - {"manifest"}


def test_each_student_has_one_baseline_and_one_latest_test(drop: Drop) -> None:
    tests = defaultdict(list)
    for row in drop.rows(r"iready/.*/diagnostic_results_.*"):
        tests[row["Student ID"], row["Academic Year"], row["Subject"]].append(row)
    assert {year for _, year, _ in tests} == {"2024-2025", "2025-2026", "2026-2027"}
    for rows in tests.values():
        rows.sort(key=lambda row: dt.datetime.strptime(row["Completion Date"], "%m/%d/%Y"))
        first, last = rows[0], rows[-1]
        assert [row["Baseline Diagnostic (Y/N)"] for row in rows] == ["Y", *"N" * (len(rows) - 1)]
        assert [row["Most Recent Diagnostic YTD (Y/N)"] for row in rows[::-1]] == [
            "Y",
            *"N" * (len(rows) - 1),
        ]
        gain = int(last["Overall Scale Score"]) - int(first["Overall Scale Score"])
        assert int(last["Diagnostic Gain"]) == gain
        typical = int(last["Annual Typical Growth Measure"])
        assert 0 < typical <= int(last["Annual Stretch Growth Measure"])


def test_growth_is_plausible_and_differs_by_school(drop: Drop) -> None:
    shares = defaultdict(list)
    for row in drop.rows(r"iready/.*/(2024|2025)/diagnostic_results_.*"):
        if row["Most Recent Diagnostic YTD (Y/N)"] == "Y":
            gain, typical = (
                int(row[name]) for name in ("Diagnostic Gain", "Annual Typical Growth Measure")
            )
            shares[row["School"]].append(gain / typical)
    means = {school: sum(values) / len(values) for school, values in shares.items()}
    assert all(0.6 < mean < 1.4 for mean in means.values())
    assert means["Lanternfield Middle School"] > means["Quarry Brook Middle School"] + 0.2


def test_no_test_or_lesson_is_later_than_its_file(drop: Drop) -> None:
    for path in files(drop.root):
        if re.fullmatch(IREADY_YEAR + r".*_(ela|math)(_CONFIDENTIAL)?\.csv", path):
            written = dt.datetime.fromtimestamp((drop.root / path).stat().st_mtime, dt.UTC).date()
            days = {
                dt.datetime.strptime(row["Completion Date"], "%m/%d/%Y").date()
                for row in drop.rows(re.escape(path))
            }
            assert all(day < written for day in days), path


def test_scores_of_the_college_board_add_up(drop: Drop) -> None:
    for test, low in (("PSAT89", 120), ("PSAT10", 160), ("PSATNM", 160), ("SAT", 200)):
        name = "SAT" if test == "SAT" else "PSAT"
        rows = list(drop.rows(rf"collegeboard/.*/\d+_{test}_.*"))
        assert rows
        for row in rows:
            parts = [int(row[f"LATEST_{name}_{part}"]) for part in ("EBRW", "MATH_SECTION")]
            assert sum(parts) == int(row[f"LATEST_{name}_TOTAL"])
            assert all(low <= part <= low + 600 and part % 10 == 0 for part in parts)
    spring = {
        row["SECONDARY_ID"]: row["LATEST_SAT_TOTAL"]
        for row in drop.rows(r"collegeboard/sat/\d+_SAT_20260414.*")
    }
    autumn = [
        row for row in drop.rows(r"collegeboard/sat/\d+_SAT_20261104.*") if row["ADMIN2_SAT_TOTAL"]
    ]
    assert autumn
    assert all(row["ADMIN2_SAT_TOTAL"] == spring[row["SECONDARY_ID"]] for row in autumn)


def test_times_are_those_of_the_vendors(drop: Drop) -> None:
    def written(path: str) -> dt.datetime:
        return dt.datetime.fromtimestamp((drop.root / path).stat().st_mtime, dt.UTC)

    assert written("renlearn/newark.zip").date() == dt.date(2026, 10, 16)
    assert written("collegeboard/sat/312345_SAT_20251104_1.csv").date() == dt.date(2025, 11, 4)
    exports = "iready/exports/nj-newark"
    assert written(f"{exports}/2024/diagnostic_results_ela.csv").date() == dt.date(2025, 6, 20)
    assert written(f"{exports}/2024") == written(f"{exports}/2024/diagnostic_results_ela.csv")
    with zipfile.ZipFile(drop.root / "renlearn/newark.zip") as archive:
        assert {info.date_time[:3] for info in archive.infolist()} == {(2026, 10, 16)}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_mess_is_there(drop: Drop) -> None:
    raw = contents(drop.root)
    camden, newark = ("iready/exports/nj-camden", "iready/exports/nj-newark")

    spoiled = raw[f"{camden}/2025/diagnostic_results_ela.csv"]
    assert spoiled.startswith(b"\xef\xbb\xbf")
    assert spoiled.endswith(b"\r\n" * 4)
    assert not raw[f"{newark}/2024/diagnostic_results_math.csv"].startswith(b"\xef\xbb\xbf")
    assert raw["renlearn/newark.zip/SM.csv"].startswith(b'"RenaissanceClientID","')

    ours, theirs = (
        drop.tables[f"{folder}/2024/diagnostic_results_math.csv"][0] for folder in (camden, newark)
    )
    assert ours != theirs
    assert sorted(ours) == sorted(theirs)
    assert (
        "Reading Comprehension: Overall Placement"
        in (drop.tables[f"{newark}/2024/diagnostic_results_ela.csv"][0])
    )
    assert drop.summary.rows[f"{camden}/2024/personalized_instruction_by_lesson_math.csv"] == 0
    assert drop.summary.rows[f"{newark}/2024/personalized_instruction_by_lesson_math.csv"] > 0

    cells = {cell for row in drop.rows(r"iready/.*lesson.*|.*Dashboard.*") for cell in row.values()}
    for sign in (",", "\n", '"', "ñ", "½"):
        assert any(sign in cell for cell in cells), sign
    roster_cells = (cell for row in drop.rows(r"oneroster/.*") for cell in row.values())
    assert not any("\n" in cell for cell in roster_cells)  # OneRoster forbids it


@pytest.mark.parametrize("ending", [r"\.filepart", r"\.bak", r"\.tmp", r"/README\.txt"])
def test_there_are_files_never_to_be_taken(drop: Drop, ending: str) -> None:
    assert any(re.search(ending + "$", path) for path in drop.summary.untaken)
    assert set(drop.summary.untaken) <= files(drop.root).keys()
    assert any(Path(path).name.startswith(".") for path in drop.summary.untaken)


def test_files_of_others_are_left_alone_and_no_drafts_stay(drop: Drop, tmp_path: Path) -> None:
    own = tmp_path / "collegeboard" / "notes.txt"
    own.parent.mkdir()
    own.write_text("mine")
    old = tmp_path / "renlearn" / "newark.zip"
    old.parent.mkdir()
    old.write_bytes(b"an old drop")
    os.utime(old, (0, 0))

    generate_drop(tmp_path, students_per_school=60)

    assert own.read_text() == "mine"
    assert files(tmp_path).keys() - files(drop.root).keys() == {"collegeboard/notes.txt"}
    assert old.read_bytes() == (drop.root / "renlearn" / "newark.zip").read_bytes()
