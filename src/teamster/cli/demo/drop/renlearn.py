"""Renaissance's Star extracts: one zip file a region, with a member a subject and kind.

The columns are the schema's, less those that the subject's files do not have.
Source: the headers of the vendor's sample extracts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from teamster.cli.demo.drop import norms
from teamster.cli.demo.drop.dice import Dice
from teamster.cli.demo.drop.population import Population
from teamster.cli.demo.drop.renlearn_cells import (
    FIRST_DAY,
    StarTest,
    class_cells,
    score_cells,
    shared_cells,
    student_cells,
    window_cells,
)
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.drop.writing import Archive, Row, Table, columns
from teamster.cli.demo.drop.years import CURRENT, school_day
from teamster.core.schema import SchemaLike, field_names, resolve_schema
from teamster.libraries.renlearn.schema import Star, StarDashboardStandards, StarSkillArea

# In October, so that the fiscal year is the one that started on 1 July 2026.
_EXPORTED = CURRENT.exported.replace(month=10, day=16)
_GRADES = range(2, 10)
_READING_ONLY = frozenset(
    columns(
        "InstructionalReadingLevel,EstimatedOralReadingFluency,LowerZoneOfProximalDevelopment,"
        "UpperZoneOfProximalDevelopment,Lexile,LowerLexileZoneOfProximalDevelopment,"
        "UpperLexileZoneOfProximalDevelopment"
    )
)
_ABSENT = {
    "SR": frozenset({"Audio", "Quantile", "LiteracyClassification", "LexileRange"}),
    "SM": frozenset({"LiteracyClassification", "LexileRange"}) | _READING_ONLY,
}
# Lowest percentile, highest, level, name: Renaissance's default benchmarks.
_BENCHMARKS = (
    (40, 99, 1, "At/Above Benchmark"),
    (25, 39, 2, "On Watch"),
    (10, 24, 3, "Intervention"),
    (1, 9, 4, "Urgent Intervention"),
)
# Domain group, domain, standard, its description, a skill area: made up.
_DOMAINS = {
    "SR": (
        ("Reading Literature", "Key Ideas", "RL.CR", "Cite evidence, explicit or implied.", "Plot"),
        ("Reading Literature", "Craft", "RL.TS", "Explain a text’s structure, and why.", "Tone"),
        (
            "Reading Information",
            "Key Ideas",
            "RI.CI",
            "Find the central idea, and details.",
            "Gist",
        ),
        (
            "Language",
            "Word Knowledge",
            "L.VI",
            "Interpret figures of speech,\nin context.",
            "Idiom",
        ),
    ),
    "SM": (
        ("Numbers", "Number Sense", "NS.A", "Compute with fractions, as in ½ + ⅓.", "Fractions"),
        ("Algebra", "Expressions", "EE.B", "Solve equations, one variable.", "Equations"),
        ("Geometry", "Figures", "G.A", "Find area, surface and volume.", "Area"),
        ("Data", "Statistics", "SP.A", "Summarize data,\n“center” and “spread”.", "Median"),
    ),
}


def star_archive(population: Population, staff: Staff, seed: int) -> Archive:
    """Returns the region's archive: the fall screening in reading (SR) and mathematics (SM)."""
    path = f"renlearn/{population.region}.zip"
    members: list[Table] = []
    for subject in ("SR", "SM"):
        dice = Dice(seed, population.region, "star", subject)
        tests = list(_tests(dice, population, subject))
        absent = _ABSENT[subject]
        kinds: Sequence[tuple[str, SchemaLike, list[Row]]] = (
            ("", Star, [_result(dice, test, staff, subject) for test in tests]),
            ("_Dashboard_Standards_v2", StarDashboardStandards, _standards(dice, tests, subject)),
            ("_SkillArea_v1", StarSkillArea, _skills(dice, tests, subject)),
        )
        for suffix, schema, rows in kinds:
            names = field_names(resolve_schema(schema))
            header = [name for name in names if name not in {*absent, "source_file_name"}]
            members.append(Table(f"{path}/{subject}{suffix}.csv", header, rows, _EXPORTED))
    log = f"Extract of {_EXPORTED:%Y-%m-%d}: {len(members)} files, no errors.\n"
    return Archive(path, members, _EXPORTED, {"Extract_Log.txt": log})


def _tests(dice: Dice, population: Population, subject: str) -> Iterator[StarTest]:
    for seat in population.seats[CURRENT.start]:
        if seat.grade not in _GRADES or dice.chance(0.04):
            continue
        ability = seat.student.reading if subject == "SR" else seat.student.math
        for number in range(1, 3 if dice.chance(0.08) else 2):
            day = school_day(FIRST_DAY, dice.below(8) + 12 * (number - 1))
            start = datetime.combine(day, _EXPORTED.timetz()).replace(hour=12)
            launched = start + timedelta(minutes=dice.below(360), milliseconds=dice.below(60_000))
            seconds = dice.between(480, 2_100)
            yield StarTest(seat, number, launched, seconds, ability + dice.bell(0.0, 0.25))


def _result(dice: Dice, test: StarTest, staff: Staff, subject: str) -> Row:
    rank = norms.percentile(test.deviations)
    low, high, level, category = next(b for b in _BENCHMARKS if b[0] <= rank)
    benchmark = {
        "CategoryName": category,
        "Proficient": "Yes" if level == 1 else "No",
        "CategoryLevel": str(level),
        "NumberOfLevels": "4",
        "NumberOfCategoryLevels": "4",
        "MinPercentileRank": str(low),
        "MaxPercentileRank": str(high),
    }
    owners = [f"{owner}Benchmark" for owner in ("Renaissance", "District", "School")]
    return {
        **shared_cells(test, subject),
        **window_cells(),
        **student_cells(test.seat),
        **class_cells(test.seat, staff, subject),
        **score_cells(dice, test, subject, rank),
        **{f"{owner}{name}": cell for owner in owners for name, cell in benchmark.items()},
        "RenaissanceBenchmarkCategoryNumberOfLevels": "4",
        "RenaissanceBenchmarkCategoryMinPercentileRank": str(low),
        "RenaissanceBenchmarkCategoryMaxPercentileRank": str(high),
    }


def _mastery(dice: Dice, test: StarTest) -> int:
    return norms.clamp(round(62 + 14 * test.deviations + dice.bell(0.0, 9.0)), 1, 99)


def _standards(dice: Dice, tests: Sequence[StarTest], subject: str) -> list[Row]:
    rows: list[Row] = []
    for test in tests:
        shared = shared_cells(test, subject)
        for group, domain, standard, description, _ in _DOMAINS[subject]:
            mastery = _mastery(dice, test)
            level = "Secure" if mastery >= 80 else "Developing" if mastery >= 60 else "Beginning"
            rows.append(
                {
                    **shared,
                    "DomainGroup": group,
                    "DomainName": domain,
                    "DomainPercentMastery": str(_mastery(dice, test)),
                    "DomainConfidenceLevel": str(dice.between(1, 3)),
                    "DomainMasteryLevel": str(dice.between(1, 3)),
                    "StandardName": f"NJSLS.{standard}.{test.seat.grade}",
                    "StandardDescription": description,
                    "StandardPercentMastery": str(mastery),
                    "StandardConfidenceLevel": dice.pick(("Low", "Medium", "High")),
                    "StandardMasteryLevel": level,
                }
            )
    return rows


def _skills(dice: Dice, tests: Sequence[StarTest], subject: str) -> list[Row]:
    return [
        {
            **shared_cells(test, subject),
            "FamilyName": group,
            "DomainName": domain,
            "DomainScore": str(_mastery(dice, test)),
            "SkillAreaName": skill,
            "SkillAreaMasteryScore": str(_mastery(dice, test)),
        }
        for test in tests
        for group, domain, _, _, skill in _DOMAINS[subject][:3]
    ]
