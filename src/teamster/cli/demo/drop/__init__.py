"""A drop of vendors' files, made up: the same bytes for the same seed, on every machine.

One folder a vendor, which is what the SFTP user of that name sees after login:

- ``iready/exports/nj-<region>/<2024, 2025 or Current_Year>/``: diagnostic results and finished
  lessons, in reading and mathematics.
- ``renlearn/<region>.zip``: Star tests, standards and skill areas of this fall.
- ``collegeboard/psat/`` and ``sat/``: ``<school number>_<test>_<date>_<n>.csv``.
- ``oneroster/<region>/oneroster.zip``: the roster of the current year.

All of them tell of the same made-up students (``population``), and some have the faults of real
vendors' files (``mess``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from teamster.cli.demo.drop import collegeboard, iready, iready_lessons, mess, oneroster, renlearn
from teamster.cli.demo.drop.population import Population, build_population
from teamster.cli.demo.drop.schools import grade_text
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.drop.writing import Archive, Table, put, set_folder_times, zip_bytes
from teamster.cli.demo.drop.years import CURRENT

STUDENTS_PER_SCHOOL = 270

__all__ = ["STUDENTS_PER_SCHOOL", "DropSummary", "generate_drop"]


@dataclass(frozen=True)
class DropSummary:
    """What a drop holds, to compare with what comes out at the other end.

    Attributes:
        rows: Path below the root -> rows in it; a member's path follows its archive's.
        schools: Region -> the names of its schools.
        students: How many students there are in any of the years.
        enrolment: Region, school name, grade (``K``, ``1``…) -> students in the current year.
        untaken: The files that no feed may take.
        size: Bytes in all files.
    """

    rows: Mapping[str, int]
    schools: Mapping[str, tuple[str, ...]]
    students: int
    enrolment: Mapping[tuple[str, str, str], int]
    untaken: tuple[str, ...]
    size: int


def generate_drop(
    root: Path,
    *,
    regions: Sequence[str] = ("newark", "camden"),
    students_per_school: int = STUDENTS_PER_SCHOOL,
    seed: int = 2026,
) -> DropSummary:
    """Lays the drop out under a folder, replacing files of an earlier drop one by one.

    Args:
        root: The folder; it is made if it is missing. Files of other names are left alone.
        regions: Which of the two regions; a region's files do not depend on the other's.
        students_per_school: About how many students a school has in a year, at least 1.
        seed: Another seed, other students and scores.

    Returns:
        What was laid out.

    Raises:
        ValueError: The demo has no such region, or a school would have no students.
        OSError: A file cannot be written.
    """
    size = students_per_school
    populations = [build_population(r, size, seed=seed) for r in dict.fromkeys(regions)]
    files, times, rows = _files(populations, seed)
    untaken = dict(mess.untaken_files([p.region for p in populations], files))
    files |= untaken
    times |= dict.fromkeys(untaken, CURRENT.exported)
    for path, content in files.items():
        put(root, path, content, times[path])
    set_folder_times(root, times)
    schools = {p.region: tuple(school.name for school in p.schools) for p in populations}
    return DropSummary(
        rows=rows,
        schools=schools,
        students=sum(len(p.students) for p in populations),
        enrolment=_enrolment(populations),
        untaken=tuple(untaken),
        size=sum(map(len, files.values())),
    )


def _files(
    populations: Sequence[Population], seed: int
) -> tuple[dict[str, bytes], dict[str, datetime], dict[str, int]]:
    """Returns each file's bytes and its time, and each table's rows, by path."""
    rows: dict[str, int] = {}
    files: dict[str, bytes] = {}
    times: dict[str, datetime] = {}
    for population in populations:
        for item in _contents(population, seed):
            if isinstance(item, Archive):
                files[item.path] = _pack(item, rows)
            else:
                files[item.path] = _encode(item, rows)
            times[item.path] = item.modified
    return files, times, rows


def _contents(population: Population, seed: int) -> Iterator[Table | Archive]:
    staff = Staff(seed)
    yield from iready.diagnostic_tables(population, staff, seed)
    yield from iready_lessons.lesson_tables(population, staff, seed)
    yield renlearn.star_archive(population, staff, seed)
    yield from collegeboard.score_tables(population, seed)
    yield oneroster.roster_archive(population, staff)


def _encode(table: Table, rows: dict[str, int]) -> bytes:
    """Returns a table's bytes, and notes how many rows they hold."""
    table = mess.spoil(table)
    rows[table.path] = len(table.rows)
    return mess.encode(table)


def _pack(archive: Archive, rows: dict[str, int]) -> bytes:
    """Returns an archive's bytes, and notes how many rows each of its tables holds."""
    prefix = f"{archive.path}/"
    members = {m.path.removeprefix(prefix): _encode(m, rows) for m in archive.members}
    members |= {name: text.encode() for name, text in archive.others.items()}
    return zip_bytes(members, archive.modified)


def _enrolment(populations: Sequence[Population]) -> dict[tuple[str, str, str], int]:
    counts: dict[tuple[str, str, str], int] = {}
    for population in populations:
        for seat in population.seats[CURRENT.start]:
            key = (population.region, seat.school.name, grade_text(seat.grade))
            counts[key] = counts.get(key, 0) + 1
    return counts
