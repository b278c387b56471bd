"""i-Ready's personalized instruction: the lessons that students finished.

Source of the column names: the headers of the vendor's sample exports. The lessons are made up.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.iready_exports import STUDENT_COLUMNS, student_cells, yearly_tables
from teamster.cli.demo.drop.iready_scores import Subject
from teamster.cli.demo.drop.mess import date_text
from teamster.cli.demo.drop.population import Population, Seat
from teamster.cli.demo.drop.schools import grade_text
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.drop.writing import Row, Table, columns
from teamster.cli.demo.drop.years import CURRENT, SchoolYear

_LESSON_COLUMNS = columns(
    "Domain,Lesson Grade,Lesson Level,Lesson ID,Lesson Name,Lesson Objective,Lesson Language,"
    "Completion Date,Total Time on Lesson (min),Score,Passed or Not Passed,Teacher-Assigned Lesson"
)
# Domain, its code, a lesson's name, its objective: with commas, quotes and line breaks inside.
_LESSONS = {
    "ela": (
        ("Phonological Awareness", "PA", "Rhyme Time", "Hear which words rhyme."),
        ("Phonics", "PH", "Letters: Bb, Ll", "Tell /b/ from /l/, and name both letters."),
        ("Phonics", "PH", "Silent e", "Read words such as “cape”,\n“note” and “mule”."),
        ("High-Frequency Words", "HFW", "Words at Sight 12", "Read: about, because, could."),
        ("Vocabulary", "VOC", "Prefixes: un-, re-", "Work out a word from its parts."),
        ("Comprehension", "COM", 'Main Idea: "Tides"', "Find the main idea,\nand two details."),
        ("Comprehension", "COM", "Point of View", "Say who tells the story, and how we know."),
    ),
    "math": (
        ("Number and Operations", "NO", "Make Ten", "Add within 20 by making ten."),
        ("Number and Operations", "NO", "Fractions: ½, ⅓, ¼", "Compare unit fractions."),
        ("Algebra and Algebraic Thinking", "AL", "Find x", "Solve x + a = b, for whole a, b."),
        ("Measurement and Data", "MD", "Bar Graphs", "Read a bar graph,\nthen draw one."),
        ("Geometry", "GE", "Angles < 90°", "Name acute, right and obtuse angles."),
    ),
}
# The vendor renamed the export when it renamed the product.
_PRODUCT = {False: "personalized", True: "iready"}
_LEVELS = ("Early", "Mid", "Late")
_SCORES = {100: 45, 83: 15, 75: 12, 67: 10, 50: 10, 33: 8}
_PASSING_SCORE = 67
_MOST_LESSONS = 6


def lesson_tables(population: Population, staff: Staff, seed: int) -> Iterator[Table]:
    """Yields the region's finished lessons, a table a school year and subject."""
    return yearly_tables(
        Dice(seed, population.region, "lessons"),
        population,
        stem=lambda year: f"{_PRODUCT[year is CURRENT]}_instruction_by_lesson",
        header=lambda _subject: [*STUDENT_COLUMNS, *_LESSON_COLUMNS],
        rows=partial(_lessons, staff),
    )


def _lessons(
    staff: Staff, dice: Dice, seat: Seat, year: SchoolYear, subject: Subject
) -> Iterator[Row]:
    student = student_cells(seat, staff, year, subject)
    first = year.day(9, 14)
    days = (year.exported.date() - first).days
    for _ in range(dice.below(_MOST_LESSONS + 1)):
        domain, code, name, objective = dice.pick(_LESSONS[subject.file])
        grade = max(seat.grade - dice.below(3), 0)
        score = dice.weighted(_SCORES)
        values = (
            domain,
            grade_text(grade),
            dice.pick(_LEVELS),
            f"DI.{subject.file.upper()}.{code}.{grade_text(grade)}.{1000 + len(name) * 10}",
            name,
            objective,
            "English",
            date_text(year, first + timedelta(days=dice.below(days))),
            str(dice.between(8, 47)),
            str(score),
            "Passed" if score >= _PASSING_SCORE else "Not Passed",
            "Y" if dice.chance(0.06) else "N",
        )
        yield student | dict(zip(_LESSON_COLUMNS, values, strict=True))
