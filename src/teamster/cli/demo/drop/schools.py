"""The schools of the demo's two regions. The schools are made up, and so are their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

KINDERGARTEN, LAST_GRADE = 0, 12


@dataclass(frozen=True, slots=True)
class School:
    """A school.

    Attributes:
        region: The region's name as vendors' folders spell it.
        number: The network's own number of the school.
        name: Its name.
        grades: The grades it teaches; kindergarten is 0.
        growth: What its students gain in a year, as a share of typical growth.
        ai_code: The College Board's six-digit number of a high school, otherwise empty.
    """

    region: str
    number: int
    name: str
    grades: range
    growth: float
    ai_code: str = ""

    @property
    def sourced_id(self) -> str:
        """Its OneRoster id, which vendors who are rostered by OneRoster repeat."""
        return f"school-{self.number}"


_ELEMENTARY, _MIDDLE, _HIGH = range(0, 5), range(5, 9), range(9, 13)

SCHOOLS = {
    "newark": (
        School("newark", 71011, "Juniper Hill Elementary School", _ELEMENTARY, 1.12),
        School("newark", 71012, "Piñon Street Elementary School", _ELEMENTARY, 0.88),
        School("newark", 71021, "Silver Birch Middle School", _MIDDLE, 0.97),
        School("newark", 71022, "Lanternfield Middle School", _MIDDLE, 1.21),
        School("newark", 71031, "Harborlight High School", _HIGH, 1.0, "312345"),
        School("newark", 71032, "Tall Oaks High School", _HIGH, 1.0, "398765"),
    ),
    "camden": (
        School("camden", 72011, "Willow Bend Elementary School", _ELEMENTARY, 1.03),
        School("camden", 72021, "Quarry Brook Middle School", _MIDDLE, 0.79),
        School("camden", 72031, "Northgate Hall High School", _HIGH, 1.0, "331210"),
    ),
}
"""Each region's schools. A region has as many of each kind: the first elementary school's students
go to the first middle school and then to the first high school."""

NETWORK = "Fernbrook Schools"


def district_id(region: str) -> str:
    """Returns the OneRoster id of a region."""
    return f"district-{region}"


def district_name(region: str) -> str:
    """Returns a region's full name: with a comma, as such names have."""
    return f"{NETWORK}, {region.title()}"


def schools_of(region: str) -> tuple[School, ...]:
    """Returns a region's schools.

    Raises:
        ValueError: The demo has no such region.
    """
    try:
        return SCHOOLS[region]
    except KeyError:
        known = ", ".join(sorted(SCHOOLS))
        raise ValueError(f"the demo has no region {region!r}, only: {known}") from None


def school_chains(schools: Sequence[School]) -> list[tuple[School, ...]]:
    """Groups a region's schools into chains that take a child from kindergarten to grade 12."""
    kinds = [[s for s in schools if s.grades == kind] for kind in (_ELEMENTARY, _MIDDLE, _HIGH)]
    return list(zip(*kinds, strict=True))


def grade_text(grade: int) -> str:
    """Spells a grade as most vendors do: ``K``, ``1`` … ``12``."""
    return str(grade) if grade > KINDERGARTEN else "K"
