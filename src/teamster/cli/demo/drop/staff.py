"""Classes and those who teach them."""

from dataclasses import dataclass

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.names import FAMILY, GIVEN
from teamster.cli.demo.drop.population import Seat
from teamster.cli.demo.drop.schools import School, grade_text

SUBJECTS = ("ELA", "Math", "Science", "Social Studies")
_LAST_GRADE_WITH_ONE_TEACHER = 4


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher, made up.

    Attributes:
        number: The network's staff number.
    """

    number: str
    first: str
    last: str

    @property
    def sourced_id(self) -> str:
        """The OneRoster id, which vendors who are rostered by OneRoster repeat."""
        return f"teacher-{self.number}"

    @property
    def user_name(self) -> str:
        """The login."""
        return f"t{self.number}"

    @property
    def email(self) -> str:
        """An address that cannot exist (RFC 2606, section 3)."""
        return f"{self.user_name}@staff.example.org"


@dataclass(frozen=True, slots=True)
class Classroom:
    """A class: the students of one section who are taught one subject together."""

    number: str
    school: School
    grade: int
    section: int
    subject: str
    teacher: Teacher

    @property
    def sourced_id(self) -> str:
        """The OneRoster id, which vendors who are rostered by OneRoster repeat."""
        return f"class-{self.number}"

    @property
    def course_code(self) -> str:
        """The code of the course, e.g. ``Math03``."""
        return f"{self.subject.replace(' ', '')}{self.grade:02d}"

    @property
    def title(self) -> str:
        """Its name, e.g. ``Grade 3 Math, Section B``: with a comma, as class names have."""
        letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[self.section % 26]
        return f"Grade {grade_text(self.grade)} {self.subject}, Section {letter}"


class Staff:
    """All classes, made up as they are asked for: who asks first makes no difference.

    Args:
        seed: Another seed, other names.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._teachers: dict[str, Teacher] = {}
        self._classes: dict[tuple[int, int, int, str], Classroom] = {}

    def classroom(self, seat: Seat, subject: str) -> Classroom:
        """Returns the class in which a student is taught one of ``SUBJECTS``."""
        key = (seat.school.number, seat.grade, seat.section, subject)
        found = self._classes.get(key)
        if found is None:
            place = SUBJECTS.index(subject) + 1
            stem = f"{seat.school.number}{seat.grade:02d}"
            one_teacher = seat.grade <= _LAST_GRADE_WITH_ONE_TEACHER
            found = self._classes[key] = Classroom(
                number=f"{stem}{seat.section:02d}{place}",
                school=seat.school,
                grade=seat.grade,
                section=seat.section,
                subject=subject,
                teacher=self._teacher(
                    f"{stem}{seat.section:02d}0" if one_teacher else stem + str(place)
                ),
            )
        return found

    def _teacher(self, number: str) -> Teacher:
        if number not in self._teachers:
            dice = Dice(self._seed, "teacher", number)
            first = dice.pick(GIVEN[dice.pick("FM")])
            self._teachers[number] = Teacher(number, first, dice.pick(FAMILY))
        return self._teachers[number]
