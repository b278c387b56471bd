"""What all of i-Ready's exports share: where they lie, the student's columns, a file a year.

Source of the column names: the headers of the vendor's sample exports.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.iready_scores import HIGHEST_GRADE, SUBJECTS, Subject
from teamster.cli.demo.drop.population import Population, Seat
from teamster.cli.demo.drop.schools import grade_text
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.drop.writing import Row, Table, columns
from teamster.cli.demo.drop.years import CURRENT, YEARS, SchoolYear

STUDENT_COLUMNS = columns(
    "Last Name,First Name,Student ID,Student Grade,Academic Year,School,Subject,Enrolled,User Name,"
    "Sex,Hispanic or Latino,Race,English Language Learner,Special Education,"
    "Economically Disadvantaged,Migrant,Class(es),Class Teacher(s),Report Group(s)"
)
_REPORT_GROUPS = ("", "", "", "Tier 2", "Tier 3\nSaturday Academy", "Tutoring, Tuesday")
YES_NO = {True: "Y", False: "N"}


def yearly_tables(
    dice: Dice,
    population: Population,
    *,
    stem: Callable[[SchoolYear], str],
    header: Callable[[Subject], Sequence[str]],
    rows: Callable[[Dice, Seat, SchoolYear, Subject], Iterable[Row]],
) -> Iterator[Table]:
    """Yields an export's tables, one a school year and subject.

    Args:
        dice: What the rows' values are thrown with.
        population: Whose rows: all who sit in a grade that i-Ready tests.
        stem: Gives the export's name in a year, e.g. ``diagnostic_results``.
        header: Gives a subject's columns.
        rows: Gives a student's rows in a year and subject.
    """
    for year in YEARS:
        # The vendor marks only its newer files as confidential.
        mark = "_CONFIDENTIAL" if year is CURRENT else ""
        folder = f"iready/exports/nj-{population.region}/{year.folder}"
        for subject in SUBJECTS:
            yield Table(
                f"{folder}/{stem(year)}_{subject.file}{mark}.csv",
                header(subject),
                [
                    row
                    for seat in population.seats[year.start]
                    if seat.grade <= HIGHEST_GRADE
                    for row in rows(dice, seat, year, subject)
                ],
                year.exported,
            )


def student_cells(seat: Seat, staff: Staff, year: SchoolYear, subject: Subject) -> dict[str, str]:
    """Returns the cells about the student, which lead in all of the vendor's exports."""
    student = seat.student
    room = staff.classroom(seat, "Math" if subject.file == "math" else "ELA")
    values = (
        student.last,
        student.first,
        student.number,
        grade_text(seat.grade),
        year.label,
        seat.school.name,
        subject.name,
        "Enrolled",
        student.user_name,
        {"F": "Female", "M": "Male"}.get(student.gender, ""),
        YES_NO[student.hispanic],
        student.race,
        YES_NO[student.english_learner],
        YES_NO[student.special_education],
        YES_NO[student.disadvantaged],
        "N",
        room.title,
        f"{room.teacher.last}, {room.teacher.first}",
        _REPORT_GROUPS[int(student.number) % len(_REPORT_GROUPS)],
    )
    return dict(zip(STUDENT_COLUMNS, values, strict=True))
