"""The College Board's score files: PSAT 8/9, PSAT 10, PSAT/NMSQT and SAT, a file a school and test.

The columns are the schema's, spelled as the files spell them. What only the paper tests had, which
is most of the columns, stays empty, as it does in the files of the digital tests.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.norms import clamp, percentile
from teamster.cli.demo.drop.population import Population, Seat, Student
from teamster.cli.demo.drop.schools import School, district_name
from teamster.cli.demo.drop.writing import Row, Table
from teamster.cli.demo.drop.years import YEARS, SchoolYear
from teamster.core.schema import SchemaLike, field_names, resolve_schema
from teamster.libraries.collegeboard.schema import Psat, Sat


@dataclass(frozen=True, slots=True)
class _Test:
    """A test and when a grade takes it.

    Attributes:
        name: How file names spell it.
        grade: The grade that takes it.
        taken: Month and day of the test.
        reported: Month and day of the file.
        lowest: The lowest section score; the highest is 600 more.
        benchmarks: The college readiness benchmarks in reading and writing, and mathematics.
    """

    name: str
    grade: int
    taken: tuple[int, int]
    reported: tuple[int, int]
    lowest: int
    benchmarks: tuple[int, int]

    @property
    def sort(self) -> str:
        """The folder, and the part of the column names that names the test."""
        return "sat" if self.name == "SAT" else "psat"


# Source of the score ranges and benchmarks: the College Board, "SAT Suite of Assessments".
_SPRING_SAT = _Test("SAT", 11, (3, 25), (4, 14), 200, (480, 530))
_TESTS = (
    _Test("PSAT89", 9, (10, 14), (11, 10), 120, (410, 450)),
    _Test("PSATNM", 11, (10, 14), (11, 10), 160, (460, 510)),
    _Test("PSAT10", 10, (3, 18), (4, 21), 160, (430, 480)),
    _Test("SAT", 12, (10, 7), (11, 4), 200, (480, 530)),
    _SPRING_SAT,
)
_IN_TWO_FILES = frozenset(
    {("312345", "PSATNM", 2025), ("331210", "PSAT10", 2024), ("398765", "SAT", 2025)}
)
_SCHEMAS: Mapping[str, SchemaLike] = {"psat": Psat, "sat": Sat}
# What slugging cannot tell: the blanks, dots and signs of some column names.
_SPELLINGS = {
    "COLLEGE_SIZE_10K_15K": "COLLEGE_SIZE_10K-15K",
    "LITERATURE_OTHER_THAN_U_S_OR_BRITISH": "LITERATURE(OTHER THAN U.S. OR BRITISH)",
    "U_S_GOV_T_CIVICS": "U.S. GOV'T/CIVICS",
    "U_S_HISTORY": "U.S. HISTORY",
}
_COURSE_PREFIXES = ("STUDY_DURATION_", "HONORS_")
# Codes of DERIVED_AGGREGATE_RACE_ETH, and the column of the same answer.
_HISPANIC = ("4", "race_eth_hisp_lat")
_RACES = {
    "American Indian or Alaska Native": ("1", "race_eth_indian_alaskan"),
    "Asian": ("2", "race_eth_asian"),
    "Black or African American": ("3", "race_eth_africanamerican"),
    "Native Hawaiian or Other Pacific Islander": ("8", "race_eth_hawaiian_pi"),
    "White": ("9", "race_eth_white"),
    "Two or More Races": ("12", "race_eth_other"),
}
_SKILLS = {
    "reading": ("craft", "expression", "information", "standard"),
    "math": ("advanced", "algebra", "geometry", "problemsolving"),
}


def score_tables(population: Population, seed: int) -> Iterator[Table]:
    """Yields the score files of a region's high schools.

    A file lies in the folder of its test with those of all other schools of the network: which
    region it is of shows only in the school number that leads its name.
    """
    for year in YEARS:
        for test in _TESTS:
            reported = year.day(*test.reported)
            if reported > year.exported.date():
                continue
            for school in population.schools:
                rows = [
                    row
                    for seat in population.seats[year.start]
                    if seat.school is school and seat.grade == test.grade
                    for row in _rows(seat, test, year, seed)
                ]
                if school.ai_code and rows:
                    yield from _files(school, test, year, rows)


def _files(school: School, test: _Test, year: SchoolYear, rows: list[Row]) -> Iterator[Table]:
    reported = year.day(*test.reported)
    modified = datetime(reported.year, reported.month, reported.day, 13, 30, tzinfo=UTC)
    names = field_names(resolve_schema(_SCHEMAS[test.sort]))
    header = [name for name in names if name != "source_file_name"]
    titles = {column: _title(column) for column in header}
    two = (school.ai_code, test.name, year.start) in _IN_TWO_FILES
    cut = len(rows) * 2 // 3 if two else len(rows)
    for number, part in enumerate((rows[:cut], rows[cut:]), start=1):
        if part:
            name = f"{school.ai_code}_{test.name}_{reported:%Y%m%d}_{number}.csv"
            time = modified + timedelta(minutes=number)
            yield Table(f"collegeboard/{test.sort}/{name}", header, part, time, titles)


def _title(column: str) -> str:
    """Spells a column as the files do: in capitals, course names with their blanks and signs."""
    title = _SPELLINGS.get(column.upper(), column.upper())
    for prefix in _COURSE_PREFIXES:
        if title.startswith(prefix):
            course = title.removeprefix(prefix)
            return prefix + _SPELLINGS.get(course, course.replace("_", " "))
    return title


def _rows(seat: Seat, test: _Test, year: SchoolYear, seed: int) -> Iterator[Row]:
    """Yields the row of a student who took the test, or none."""
    scores = _scores(seat.student, test, year.start, seed)
    if scores is None:
        return
    latest = f"latest_{test.sort}"
    cells = _student_cells(seat, year) | {
        "report_date": _date(year.day(*test.reported)),
        f"{latest}_date": _date(year.day(*test.taken)),
        f"{latest}_grade": str(test.grade - 5),  # 4 is grade 9, 7 is grade 12
        **_score_cells(latest, scores),
        **_percentile_cells(test, scores),
        **_skill_cells(latest, test, scores),
    }
    if test.name == "PSATNM":
        index = (2 * scores[0] + scores[1]) // 10
        cells |= {"selection_index": str(index), "national_merit": "Y" if index > 208 else "N"}
    if test.name == "SAT":
        cells["latest_registration_num"] = f"R{seat.student.number}{year.start}"
        if test.grade > _SPRING_SAT.grade and year.start - 1 in seat.student.years:
            before = _scores(seat.student, _SPRING_SAT, year.start - 1, seed)
            taken = date(year.start, *_SPRING_SAT.taken)
            cells |= _earlier_cells(before, taken)
    yield cells


def _scores(student: Student, test: _Test, year: int, seed: int) -> tuple[int, int] | None:
    """Throws a student's scores in reading and writing, and mathematics; None if away.

    The throw depends on student, test and year alone: a later file repeats an earlier one's.
    """
    dice = Dice(seed, "collegeboard", student.number, test.name, test.grade, year)
    if dice.chance(0.08):
        return None
    mean = 455 + 12 * (test.grade - 9)
    reading, math = (
        clamp(
            10 * round((mean + 85 * ability + dice.bell(0.0, 20.0)) / 10),
            test.lowest,
            test.lowest + 600,
        )
        for ability in (student.reading, student.math)
    )
    return reading, math


def _date(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def _student_cells(seat: Seat, year: SchoolYear) -> dict[str, str]:
    student, school = seat.student, seat.school
    graduates = year.start + 1 + 12 - seat.grade
    code, race = _HISPANIC if student.hispanic else _RACES[student.race]
    return {
        "ai_code": school.ai_code,
        "ai_name": school.name.upper(),
        "cohort_year": str(graduates),
        "district_name": district_name(school.region).upper(),
        "name_last": student.last,
        "name_first": student.first,
        "name_mi": student.middle,
        "gender": {"X": "A"}.get(student.gender, student.gender),
        "race_eth_non_hisp_lat": "" if student.hispanic else "Y",
        race: "Y",
        "derived_aggregate_race_eth": code,
        "birth_date": _date(student.born),
        "cb_id": f"9{student.state_number}",
        "secondary_id": student.number,
        "address_city": school.region.title(),
        "address_state": "NJ",
        "address_country": "US",
        "email": student.email,
        "student_search_service": "Y" if int(student.number) % 3 else "N",
        "grad_date": f"{graduates}-06",
        "district_student_id": student.number,
        "state_student_id": student.state_number,
    }


def _score_cells(sitting: str, scores: tuple[int, int]) -> dict[str, str]:
    """Returns the cells of a sitting's scores, e.g. of ``latest_sat`` or ``admin2_sat``."""
    return {
        f"{sitting}_total": str(sum(scores)),
        f"{sitting}_ebrw": str(scores[0]),
        f"{sitting}_math_section": str(scores[1]),
    }


def _earlier_cells(scores: tuple[int, int] | None, taken: date) -> dict[str, str]:
    if scores is None:
        return {}
    grade = str(_SPRING_SAT.grade - 5)
    dated = {"admin2_sat_date": _date(taken), "admin2_sat_grade": grade}
    return dated | _score_cells("admin2_sat", scores)


def _percentile_cells(test: _Test, scores: tuple[int, int]) -> dict[str, str]:
    mean = 500 + 15 * (test.grade - 11)
    ranks = {
        "rw": percentile((scores[0] - mean) / 105),
        "math": percentile((scores[1] - mean) / 110),
        "total": percentile((sum(scores) - 2 * mean) / 205),
    }
    cells = {
        f"percentile_{place}_{part}": str(rank)
        for place in ("country", "state")
        for part, rank in ranks.items()
    }
    for sample in ("natrep", "natuser"):
        stem = f"percentile_{sample}_{test.sort}"
        cells |= {
            f"{stem}_total": str(ranks["total"]),
            f"{stem}_ebrw": str(ranks["rw"]),
            f"{stem}_math_section": str(ranks["math"]),
        }
    met = [
        "Y" if score >= needed else "N"
        for score, needed in zip(scores, test.benchmarks, strict=True)
    ]
    return cells | {"ebrw_ccr_benchmark": met[0], "math_ccr_benchmark": met[1]}


def _skill_cells(latest: str, test: _Test, scores: tuple[int, int]) -> dict[str, str]:
    """Returns the knowledge and skills bands, 1 to 7, that the digital tests report."""
    cells = {}
    for (section, skills), score in zip(_SKILLS.items(), scores, strict=True):
        for place, skill in enumerate(skills):
            band = 1 + (score - test.lowest + 25 * place) // 100
            cells[f"{latest}_ks_{section}_{skill}"] = str(clamp(band, 1, 7))
    return cells
