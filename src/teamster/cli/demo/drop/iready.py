"""i-Ready's diagnostic results: two or three tests a student, subject and school year.

Source of the column names: the headers of the vendor's sample exports.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.iready_exports import (
    STUDENT_COLUMNS,
    YES_NO,
    student_cells,
    yearly_tables,
)
from teamster.cli.demo.drop.iready_scores import (
    Subject,
    growth_measures,
    measure,
    percentile,
    placement,
    relative_placement,
)
from teamster.cli.demo.drop.mess import NORMING_WINDOW, date_text
from teamster.cli.demo.drop.norms import clamp
from teamster.cli.demo.drop.population import Population, Seat
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.drop.writing import Row, Table, columns
from teamster.cli.demo.drop.years import SchoolYear, Window, school_day

_RESULTS = ("Scale Score", "Placement", "Relative Placement")
_TEST_COLUMNS = columns(
    "Start Date,Completion Date,Baseline Diagnostic (Y/N),Most Recent Diagnostic YTD (Y/N),"
    "Duration (min),Rush Flag,Read Aloud,Overall Scale Score,Overall Placement,"
    "Overall Relative Placement,Percentile,Grouping"
)
_GROWTH_COLUMNS = columns(
    "Diagnostic Language,Diagnostic Gain,Annual Typical Growth Measure,"
    "Annual Stretch Growth Measure,Percent Progress to Annual Typical Growth (%),"
    "Percent Progress to Annual Stretch Growth (%),Mid On Grade Level Scale Score"
)


class _Test(NamedTuple):
    """A diagnostic test that a student took: when, how far into the year, and the score."""

    window: Window
    day: date
    score: int


def diagnostic_tables(population: Population, staff: Staff, seed: int) -> Iterator[Table]:
    """Yields the region's diagnostic results, a table a school year and subject."""
    return yearly_tables(
        Dice(seed, population.region, "diagnostic"),
        population,
        stem=lambda _year: "diagnostic_results",
        header=_header,
        rows=partial(_results, staff),
    )


def _header(subject: Subject) -> list[str]:
    domains = [f"{domain} {result}" for domain in subject.domains for result in _RESULTS]
    measures = [f"{subject.measure} Measure", f"{subject.measure} Range"]
    reading_only = ["Reading Difficulty Indicator (Y/N)"] if subject.file == "ela" else []
    return [*STUDENT_COLUMNS, *_TEST_COLUMNS, *measures, *domains, *_GROWTH_COLUMNS, *reading_only]


def _tests(
    dice: Dice, seat: Seat, year: SchoolYear, subject: Subject
) -> tuple[list[_Test], tuple[int, int]]:
    """Throws the tests that a student took in a year, and the growth that was expected."""
    ability = seat.student.math if subject.file == "math" else seat.student.reading
    start = subject.fall[seat.grade] + subject.spread * ability + dice.bell(0.0, 7.0)
    typical, stretch = growth_measures(
        subject, seat.grade, placement(subject, seat.grade, start)[1]
    )
    gain = typical * dice.bell(seat.school.growth, 0.45)
    windows = list(year.windows)
    if dice.chance(0.06):  # came late, or was away after the first test
        windows = windows[1:] if dice.chance(0.5) else windows[:1]
    tests = []
    for window in windows:
        day = school_day(year.day(window.month, window.day), dice.below(window.days))
        score = round(start + gain * window.progress + dice.bell(0.0, 4.0))
        tests.append(_Test(window, day, clamp(score, 100, 800)))
    return tests, (typical, stretch)


def _results(
    staff: Staff, dice: Dice, seat: Seat, year: SchoolYear, subject: Subject
) -> Iterator[Row]:
    tests, (typical, stretch) = _tests(dice, seat, year, subject)
    shared = student_cells(seat, staff, year, subject) | {
        "Read Aloud": "Off",
        "Diagnostic Language": "English",
        "Annual Typical Growth Measure": str(typical),
        "Annual Stretch Growth Measure": str(stretch),
        "Mid On Grade Level Scale Score": str(subject.mid[seat.grade]),
        "Reading Difficulty Indicator (Y/N)": YES_NO[seat.student.reading < -1.5],
    }
    for place, test in enumerate(tests):
        gain = test.score - tests[0].score
        yield {
            **shared,
            NORMING_WINDOW: test.window.name,
            "Start Date": date_text(year, test.day),
            "Completion Date": date_text(year, school_day(test.day, dice.below(2))),
            "Baseline Diagnostic (Y/N)": YES_NO[place == 0],
            "Most Recent Diagnostic YTD (Y/N)": YES_NO[place == len(tests) - 1],
            "Duration (min)": str(dice.between(18, 96)),
            "Rush Flag": "Yellow Rush Flag" if dice.chance(0.04) else "",
            "Grouping": str(dice.between(1, 5)),
            "Diagnostic Gain": str(gain),
            "Percent Progress to Annual Typical Growth (%)": str(round(100 * gain / typical)),
            "Percent Progress to Annual Stretch Growth (%)": str(round(100 * gain / stretch)),
            **_score_cells(dice, seat.grade, subject, test),
        }


def _score_cells(dice: Dice, grade: int, subject: Subject, test: _Test) -> dict[str, str]:
    overall, low = placement(subject, grade, test.score)
    value, interval = measure(subject, test.score)
    cells = {
        "Overall Scale Score": str(test.score),
        "Overall Placement": overall,
        "Overall Relative Placement": relative_placement(low),
        "Percentile": str(percentile(subject, grade, test.window.progress, test.score)),
        f"{subject.measure} Measure": value,
        f"{subject.measure} Range": interval,
    }
    for domain, last_grade in subject.domains.items():
        if grade > last_grade:
            score_text, placed, low = "", "Tested Out", 0
        else:
            score = round(dice.bell(test.score, 18.0))
            score_text, (placed, low) = str(score), placement(subject, grade, score)
        results = (score_text, placed, relative_placement(low))
        cells |= {f"{domain} {name}": text for name, text in zip(_RESULTS, results, strict=True)}
    return cells
