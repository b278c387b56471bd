"""Who goes to the demo's schools: made-up students over three school years, and their seats.

Every vendor's files are drawn from this one population, so that a student has the same numbers,
name, grade and school in all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.names import FAMILY, GIVEN, SUFFIXES
from teamster.cli.demo.drop.schools import (
    KINDERGARTEN,
    LAST_GRADE,
    School,
    school_chains,
    schools_of,
)
from teamster.cli.demo.drop.years import CURRENT, YEARS

_RACES = {
    "Black or African American": 52,
    "White": 27,
    "Asian": 7,
    "Two or More Races": 8,
    "American Indian or Alaska Native": 3,
    "Native Hawaiian or Other Pacific Islander": 3,
}
_SECTION_SIZE = 26
# Camden's student numbers begin with a zero: whoever reads them as integers loses it.
_FIRST_NUMBER = {"newark": "300101", "camden": "041007"}
_FIRST_STATE_NUMBER = 4_100_000_000


@dataclass(frozen=True, slots=True)
class Student:
    """A student, made up.

    Attributes:
        number: The district's student number: text, since it may begin with a zero.
        state_number: The state's, ten digits.
        grade_now: The grade in the current year; above 12 for those who have graduated since.
        years: The first calendar years of the school years in which the student is enrolled.
        reading: Ability in reading: standard deviations from the mean of the grade.
        math: The same in mathematics.
    """

    number: str
    state_number: str
    first: str
    middle: str
    last: str
    gender: str
    born: date
    hispanic: bool
    race: str
    english_learner: bool
    special_education: bool
    disadvantaged: bool
    grade_now: int
    years: tuple[int, ...]
    reading: float
    math: float

    def grade(self, year: int) -> int:
        """Returns the grade in the school year that starts in ``year``."""
        return self.grade_now - (CURRENT.start - year)

    @property
    def sourced_id(self) -> str:
        """The OneRoster id, which vendors who are rostered by OneRoster repeat."""
        return f"student-{self.number}"

    @property
    def user_name(self) -> str:
        """The login, made of the number alone so that it is plain ASCII."""
        return f"s{self.number}"

    @property
    def email(self) -> str:
        """An address that cannot exist (RFC 2606, section 3)."""
        return f"{self.user_name}@students.example.org"


class Seat(NamedTuple):
    """A student's place in a school for one school year."""

    student: Student
    school: School
    grade: int
    section: int


@dataclass(frozen=True)
class Population:
    """A region's schools and students.

    Attributes:
        region: The region.
        schools: Its schools.
        students: All who are enrolled in any of the years, by number.
        seats: For each year's start the seats, by school, grade and student number.
    """

    region: str
    schools: tuple[School, ...]
    students: tuple[Student, ...]
    seats: Mapping[int, tuple[Seat, ...]]


def build_population(region: str, students_per_school: int, *, seed: int) -> Population:
    """Makes up a region's students.

    Args:
        region: The region; its population depends on no other region's.
        students_per_school: About how many students a school has in a year, at least 1.
        seed: Another seed, another population.

    Raises:
        ValueError: The demo has no such region, or a school would have no students.
    """
    if students_per_school < 1:
        raise ValueError(f"students_per_school must be at least 1, not {students_per_school}")
    schools = schools_of(region)
    dice = Dice(seed, region, "population")
    first = _FIRST_NUMBER[region]
    number = int(first)
    homes: list[tuple[Student, tuple[School, ...]]] = []
    oldest = LAST_GRADE + CURRENT.start - YEARS[0].start
    for grade_now in range(oldest, KINDERGARTEN - 1, -1):
        for chain in school_chains(schools):
            mean = students_per_school * len(chain) / (LAST_GRADE + 1)
            for _ in range(max(1, round(dice.bell(mean, mean * 0.06)))):
                for years in _turns(dice, grade_now):
                    number += dice.between(1, 3)
                    text = str(number).zfill(len(first))
                    homes.append((_student(dice, text, region, grade_now, years), chain))
    seats = {year.start: _seats(year.start, homes) for year in YEARS}
    return Population(region, schools, tuple(student for student, _ in homes), seats)


def _turns(dice: Dice, grade_now: int) -> list[tuple[int, ...]]:
    """Returns the years of each student who holds one seat of a class as it moves up.

    Mostly one student holds it throughout; now and then one moves away and another takes it.
    """
    years = [
        year.start
        for year in YEARS
        if KINDERGARTEN <= grade_now - (CURRENT.start - year.start) <= LAST_GRADE
    ]
    cut = dice.between(1, len(years) - 1) if len(years) > 1 and dice.chance(0.1) else len(years)
    return [tuple(turn) for turn in (years[:cut], years[cut:]) if turn]


def _student(
    dice: Dice, number: str, region: str, grade_now: int, years: tuple[int, ...]
) -> Student:
    gender = dice.weighted({"F": 49, "M": 50, "X": 1})
    turned_five = date(CURRENT.start - grade_now - 5, 9, 30)
    reading, learns_english = dice.bell(), dice.chance(0.16)
    hispanic = dice.chance(0.44)
    offset = int(number) * 7 + (5_000_000 if region == "camden" else 0)
    return Student(
        number=number,
        state_number=str(_FIRST_STATE_NUMBER + offset),
        first=dice.pick(GIVEN[gender]),
        middle=dice.pick(GIVEN[gender])[0] if dice.chance(0.6) else "",
        last=_family_name(dice),
        gender=gender,
        born=turned_five - timedelta(days=dice.below(365)),
        hispanic=hispanic,
        race=dice.weighted(_RACES),
        english_learner=learns_english,
        special_education=dice.chance(0.17),
        disadvantaged=dice.chance(0.79),
        grade_now=grade_now,
        years=years,
        reading=reading - (0.7 if learns_english else 0.0),
        math=0.6 * reading + dice.bell(0.0, 0.8),
    )


def _family_name(dice: Dice) -> str:
    name = dice.pick(FAMILY)
    if dice.chance(0.08):
        name = f"{name} {dice.pick(FAMILY)}"
    return name + dice.pick(SUFFIXES) if dice.chance(0.02) else name


def _seats(year: int, homes: list[tuple[Student, tuple[School, ...]]]) -> tuple[Seat, ...]:
    by_class: dict[tuple[School, int], list[Student]] = {}
    for student, chain in homes:
        if year in student.years:
            grade = student.grade(year)
            school = next(school for school in chain if grade in school.grades)
            by_class.setdefault((school, grade), []).append(student)
    return tuple(
        Seat(student, school, grade, place * _sections(len(students)) // len(students))
        for (school, grade), students in sorted(
            by_class.items(), key=lambda item: (item[0][0].number, item[0][1])
        )
        for place, student in enumerate(students)
    )


def _sections(students: int) -> int:
    return max(1, -(-students // _SECTION_SIZE))
