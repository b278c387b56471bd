"""How i-Ready's diagnostic scores hang together: norms, placements, growth measures.

Source: the vendor's sample exports of 2021-22. The "mid on grade level" scores are the column of
that name; the scores from which a placement holds, the means and the growth measures are read off
the rows, roughly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from teamster.cli.demo.drop import norms
from teamster.cli.demo.drop.schools import KINDERGARTEN, grade_text

HIGHEST_GRADE = 8
_RELATIVE = (
    "Mid or Above Grade Level",
    "Early On Grade Level",
    "1 Grade Level Below",
    "2 Grade Levels Below",
    "3 or More Grade Levels Below",
)
# Students of a higher grade are placed in a level from a score that much lower.
_EASIER_BELOW = 15


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject's scale.

    Attributes:
        name: How the files name it.
        file: How the file names spell it.
        fall: The mean score at the year's beginning, by grade from kindergarten to 8.
        spread: The standard deviation within a grade.
        early: The score from which a student is on grade level, by grade.
        mid: The score in the middle of the grade level, by grade.
        typical: The typical growth in a year of a student who starts on grade level, by grade.
        stretch: What the stretch growth measure asks for on top, by grade.
        domains: Name -> the last grade that is tested in it.
        measure: ``Lexile`` or ``Quantile``.
        unit: The measure's letter, and what leads where it is below zero.
        measure_line: Scale score at which the measure is zero, and its rise a point.
    """

    name: str
    file: str
    fall: tuple[int, ...]
    spread: int
    early: tuple[int, ...]
    mid: tuple[int, ...]
    typical: tuple[int, ...]
    stretch: tuple[int, ...]
    domains: Mapping[str, int]
    measure: str
    unit: tuple[str, str]
    measure_line: tuple[int, float]


READING = Subject(
    name="Reading",
    file="ela",
    fall=(356, 398, 447, 484, 512, 534, 551, 564, 576),
    spread=46,
    early=(362, 435, 490, 512, 557, 581, 598, 609, 620),
    mid=(396, 458, 513, 545, 579, 609, 616, 632, 642),
    typical=(44, 47, 39, 29, 22, 18, 15, 12, 10),
    stretch=(12, 18, 14, 15, 16, 20, 21, 22, 24),
    domains={
        "Phonological Awareness": 1,
        "Phonics": 3,
        "High-Frequency Words": 2,
        "Vocabulary": HIGHEST_GRADE,
        "Comprehension: Overall": HIGHEST_GRADE,
        "Comprehension: Literature": HIGHEST_GRADE,
        "Comprehension: Informational Text": HIGHEST_GRADE,
    },
    measure="Lexile",
    unit=("L", "BR"),
    measure_line=(376, 4.52),
)

MATH = Subject(
    name="Math",
    file="math",
    fall=(344, 373, 401, 425, 448, 464, 478, 488, 497),
    spread=30,
    early=(362, 402, 428, 449, 465, 480, 495, 508, 518),
    mid=(373, 413, 441, 464, 482, 498, 514, 531, 541),
    typical=(24, 27, 25, 26, 23, 18, 14, 12, 11),
    stretch=(11, 10, 10, 13, 12, 12, 12, 12, 12),
    domains={
        "Number and Operations": HIGHEST_GRADE,
        "Algebra and Algebraic Thinking": HIGHEST_GRADE,
        "Measurement and Data": HIGHEST_GRADE,
        "Geometry": HIGHEST_GRADE,
    },
    measure="Quantile",
    unit=("Q", "EM"),
    measure_line=(359, 6.15),
)

SUBJECTS = (READING, MATH)


def placement(subject: Subject, grade: int, score: float) -> tuple[str, int]:
    """Places a score.

    Args:
        subject: The subject.
        grade: The student's grade.
        score: A scale score.

    Returns:
        The placement as the file spells it, and how low it lies: 0 (mid or above grade level),
        1 (early on grade level) to 4 (three or more levels below).
    """
    if score >= subject.early[grade]:
        over = score - subject.mid[grade]
        part = "Early" if over < 0 else "Mid" if over < subject.spread / 3 else "Late"
        return f"{part} {grade_text(grade)}", int(over < 0)
    for level in range(grade - 1, KINDERGARTEN - 1, -1):
        if score >= subject.early[level] - _EASIER_BELOW:
            return f"Grade {grade_text(level)}", min(1 + grade - level, 4)
    return "Emerging K", min(2 + grade, 4)


def relative_placement(low: int) -> str:
    """Spells how low a placement lies, as ``placement`` returns it."""
    return _RELATIVE[low]


def growth_measures(subject: Subject, grade: int, low: int) -> tuple[int, int]:
    """Returns the typical and the stretch growth in a year, in scale score points.

    Both are larger the lower a student starts.
    """
    typical = round(subject.typical[grade] * (0.85 + 0.1 * low))
    return typical, typical + round(subject.stretch[grade] * (0.6 + 0.3 * low))


def percentile(subject: Subject, grade: int, progress: float, score: float) -> int:
    """Returns the national percentile (1 to 99) of a score at a point of the year (0 to 1)."""
    mean = subject.fall[grade] + subject.typical[grade] * progress
    return norms.percentile((score - mean) / subject.spread)


def measure(subject: Subject, score: float) -> tuple[str, str]:
    """Returns the Lexile or Quantile measure of a score, and its range, e.g. ``540L``."""
    zero, rise = subject.measure_line
    middle = 5 * round((score - zero) * rise / 5)
    low, middle_text, high = (_measure_text(subject, middle + d) for d in (-100, 0, 50))
    return middle_text, f"{low}-{high}"


def _measure_text(subject: Subject, value: int) -> str:
    letter, below_zero = subject.unit
    return f"{value}{letter}" if value > 0 else f"{below_zero}{-value}{letter}"
