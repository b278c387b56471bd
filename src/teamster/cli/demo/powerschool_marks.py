"""Attendance and grades of the demo's PowerSchool servers, made up for the students that they have.

Source of columns and codes: "PowerSchool Data Dictionary Tables".
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.staff import SUBJECTS
from teamster.cli.demo.drop.years import CURRENT, school_day
from teamster.cli.demo.powerschool_api import Row

_SCALE = {"A": (90, "4.0"), "B": (80, "3.0"), "C": (70, "2.0"), "D": (60, "1.0"), "F": (0, "0.0")}
_CODES = (("A", "Absent", "Absent"), ("T", "Tardy", "Present"), ("E", "Excused", "Absent"))
_FIRST_DAY = CURRENT.day(9, 1)
_DAYS_SO_FAR = 50
_MOST_MARKS = 4
_FIRST_GRADE_WITH_RECORD = 10


def scale() -> list[Row]:
    """Returns a grade scale and its grades."""
    grades = [
        {"gradescaleid": "1", "name": name, "cutoffpercentage": str(cut), "grade_points": points}
        for name, (cut, points) in _SCALE.items()
    ]
    return [{"name": "Letters", "id": "1"}, *grades]


def attendance_codes(schools: Iterable[str], year_id: int) -> list[Row]:
    """Returns each school's attendance codes; an empty one, for presence, is never stored."""
    return [
        {
            "schoolid": school,
            "yearid": str(year_id),
            "att_code": code,
            "description": description,
            "presence_status_cd": presence,
        }
        for school in schools
        for code, description, presence in _CODES
    ]


def attendance(students: Iterable[Row], codes: Sequence[Row], seed: int) -> Iterator[Row]:
    """Yields the days on which a student was not simply there."""
    by_school: dict[str | None, list[Row]] = {}
    for code in codes:
        by_school.setdefault(code["schoolid"], []).append(code)
    for student in students:
        dice = Dice(seed, "attendance", student["student_number"])
        for _ in range(dice.below(_MOST_MARKS) if student["enroll_status"] == "0" else 0):
            day = school_day(_FIRST_DAY, dice.below(_DAYS_SO_FAR))
            code = dice.pick(by_school[student["schoolid"]])
            yield {
                "studentid": student["id"],
                "schoolid": student["schoolid"],
                "yearid": code["yearid"],
                "att_date": day.isoformat(),
                "attendance_codeid": code["id"],
                "att_mode_code": "ATT_ModeDaily",
                "transaction_date": day.isoformat(),
            }


def gradebook(cc: Iterable[Row], seed: int) -> Iterator[Row]:
    """Yields the first quarter's grade of each student in a section."""
    for row in cc:
        percent = _percent(Dice(seed, "gradebook", row["studentid"], row["sectionid"]))
        yield {
            "studentid": row["studentid"],
            "sectionid": row["sectionid"],
            "finalgradename": "Q1",
            "percent": str(percent),
            "grade": _letter(percent),
            "startdate": _FIRST_DAY.isoformat(),
            "enddate": CURRENT.day(11, 6).isoformat(),
        }


def permanent_record(students: Iterable[Row], term_id: int, seed: int) -> Iterator[Row]:
    """Yields last year's grades of those who earn credit."""
    for student in students:
        grade = int(student["grade_level"] or 0)
        if student["enroll_status"] != "0" or grade < _FIRST_GRADE_WITH_RECORD:
            continue
        for subject in SUBJECTS:
            percent = _percent(Dice(seed, "record", student["student_number"], subject))
            yield {
                "studentid": student["id"],
                "schoolid": student["schoolid"],
                "grade_level": str(grade - 1),
                "termid": str(term_id - 100),
                "storecode": "Y1",
                "course_number": f"{subject.replace(' ', '')}{grade - 1:02d}",
                "credit_type": subject,
                "percent": str(percent),
                "grade": _letter(percent),
                "gpa_points": _SCALE[_letter(percent)][1],
                "potentialcrhrs": "5",
                "earnedcrhrs": "5" if percent >= _SCALE["D"][0] else "0",
                "datestored": date(CURRENT.start, 6, 18).isoformat(),
                "transaction_date": date(CURRENT.start, 6, 18).isoformat(),
            }


def _percent(dice: Dice) -> int:
    return max(40, min(100, round(dice.bell(82, 9))))


def _letter(percent: int) -> str:
    return next(name for name, (cut, _) in _SCALE.items() if percent >= cut)
