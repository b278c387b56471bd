"""The cells of Renaissance's Star extracts: the student, the class and the scores of a test."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.norms import clamp
from teamster.cli.demo.drop.population import Seat
from teamster.cli.demo.drop.schools import district_id, district_name
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.drop.years import CURRENT

_CLIENT = "demo-0042"
_LOCAL_OFFSET = timedelta(hours=-4)  # New Jersey until 1 November
FIRST_DAY, LAST_DAY = CURRENT.day(9, 8), CURRENT.day(10, 9)
"""The fall screening's window."""


class StarTest(NamedTuple):
    """A Star test that a student finished."""

    seat: Seat
    number: int
    launched: datetime
    seconds: int
    deviations: float


def _guid(*key: object) -> str:
    return str(uuid5(NAMESPACE_DNS, "/".join(map(str, key))))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def shared_cells(test: StarTest, subject: str) -> dict[str, str]:
    """Returns the cells that lead in all three files: the student and the test."""
    student = test.seat.student
    finished = test.launched + timedelta(seconds=test.seconds)
    return {
        "RenaissanceClientID": _CLIENT,
        "SchoolYear": CURRENT.label,
        "StudentRenaissanceID": _guid("student", student.number),
        "StudentSourcedID": student.sourced_id,
        "StudentIdentifier": student.number,
        "StudentUserID": student.user_name,
        "StudentStateID": student.state_number,
        "AssessmentID": _guid("test", student.number, subject, test.number),
        "LaunchDate": _time(test.launched),
        "CompletedDate": _time(finished),
        "CompletedDateLocal": _time(finished + _LOCAL_OFFSET),
    }


def window_cells() -> dict[str, str]:
    """Returns the cells about the screening in which all tests were taken."""
    return {
        "ScreeningPeriodWindowName": "Fall",
        "ScreeningWindowStartDate": f"{FIRST_DAY}T00:00:00Z",
        "ScreeningWindowEndDate": f"{LAST_DAY}T00:00:00Z",
        "TakenAt": "school",
    }


def student_cells(seat: Seat) -> dict[str, str]:
    """Returns the cells about the student."""
    student = seat.student
    races = {
        "MultiRace": "Two or More Races",
        "AmericanIndianOrAlaskaNative": "American Indian or Alaska Native",
        "Asian": "Asian",
        "BlackOrAfricanAmerican": "Black or African American",
        "NativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
        "White": "White",
    }
    return {
        "SchoolYearStartDate": f"{CURRENT.start}-07-01T00:00:00Z",
        "SchoolYearEndDate": f"{CURRENT.start + 1}-06-30T00:00:00Z",
        "StudentEmail": student.email,
        "StudentFirstName": student.first,
        "StudentMiddleName": student.middle,
        "StudentLastName": student.last,
        "Gender": student.gender,
        "BirthDate": f"{student.born.isoformat()}T00:00:00Z",
        "HispanicOrLatino": "Yes" if student.hispanic else "No",
        **{column: "Yes" if student.race == race else "No" for column, race in races.items()},
        "CurrentGrade": str(seat.grade),
        "EnrollmentStatus": "Enrolled",
        "StudentDisplayID": student.number,
    }


def class_cells(seat: Seat, staff: Staff, subject: str) -> dict[str, str]:
    """Returns the cells about where and by whom the student is taught the subject."""
    school = seat.school
    room = staff.classroom(seat, "ELA" if subject == "SR" else "Math")
    course = f"course-{school.region}-{room.course_code}"
    teacher = room.teacher
    return {
        "DistrictRenaissanceID": _guid("district", school.region),
        "DistrictSourcedID": district_id(school.region),
        "DistrictIdentifier": school.region,
        "DistrictName": district_name(school.region),
        "SchoolRenaissanceID": _guid("school", school.number),
        "SchoolSourcedID": school.sourced_id,
        "SchoolIdentifier": str(school.number),
        "SchoolName": school.name,
        "CourseRenaissanceID": _guid("course", course),
        "CourseSourcedID": course,
        "CourseCode": room.course_code,
        "CourseName": f"{room.subject} {seat.grade}",
        "ClassRenaissanceID": _guid("class", room.number),
        "ClassSourcedID": room.sourced_id,
        "ClassCode": room.number,
        "GroupID": _guid("group", room.number),
        "GroupOrClassName": room.title,
        "TeacherRenaissanceID": _guid("teacher", teacher.number),
        "TeacherSourcedID": teacher.sourced_id,
        "TeacherIdentifier": teacher.number,
        "TeacherUserID": teacher.user_name,
        "TeacherEmail": teacher.email,
        "TeacherFirstName": teacher.first,
        "TeacherLastName": teacher.last,
        "TeacherDisplayID": teacher.number,
    }


def score_cells(dice: Dice, test: StarTest, subject: str, rank: int) -> dict[str, str]:
    """Throws a test's scores.

    Args:
        dice: What to throw.
        test: The test.
        subject: ``SR`` or ``SM``.
        rank: The test's percentile.
    """
    grade = test.seat.grade
    score = clamp(round(880 + 29 * (grade - 2) + 68 * test.deviations), 600, 1400)
    equivalent = max(grade + 0.1 + 1.4 * test.deviations, 0.0)
    lexile = round((score - 800) * 4.1)
    cells = {
        "AssessmentNumber": str(test.number),
        "AssessmentType": "Enterprise",
        "AssessmentStatus": "Active",
        "GradePlacement": f"{grade}.05",
        "Grade": str(grade),
        "ExtraTime": "Yes" if test.seat.student.special_education else "No",
        "ScaledScore": str(score),
        "UnifiedScore": str(score),
        "StandardErrorOfMeasurement": str(dice.between(14, 23)),
        "RaschScore": f"{test.deviations * 1.3:.2f}",
        "GradeEquivalent": f"{equivalent:.1f}",
        "PercentileRank": str(rank),
        "NormalCurveEquivalent": str(clamp(round(50 + 21 * test.deviations), 1, 99)),
        "TotalTimeInSeconds": str(test.seconds),
        "TotalCorrect": str(clamp(round(22 + 4 * test.deviations), 4, 34)),
        "TotalPossible": "34",
    }
    if subject == "SM":
        return cells | {"Audio": "No", "Quantile": f"{max(lexile, 5)}Q"}
    return cells | {
        "InstructionalReadingLevel": f"{max(equivalent - 0.3, 0.0):.1f}",
        "LowerZoneOfProximalDevelopment": f"{max(equivalent * 0.8, 0.1):.1f}",
        "UpperZoneOfProximalDevelopment": f"{max(equivalent * 1.2, 0.4):.1f}",
        "Lexile": f"{lexile}L" if lexile > 0 else f"BR{-lexile}L",
    }
