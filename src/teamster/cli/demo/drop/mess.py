"""What is wrong with the demo's files on purpose: the mess that real vendors make.

- Byte order mark and CR LF: i-Ready's results of 2025, Camden's ``SR.csv`` and ``orgs.csv``, the
  College Board's files of school 331210.
- A column that the schema does not know: ``Norming Window`` in the current year's i-Ready results.
- Columns renamed since: ``Reading Comprehension: …`` in 2024, ``Comprehension: …`` later.
- Columns in another order: Camden's i-Ready results in mathematics of 2024.
- Dates written two ways: i-Ready's ``09/04/2024`` in 2024, ``9/4/2025`` later.
- A file renamed since: ``personalized_instruction_by_lesson_…`` until 2025, then ``iready_…``.
- Every cell quoted: Renaissance's ``SM.csv``.
- Blank lines at the end: Camden's i-Ready reading results of 2025, the SAT files of school 398765.
- A header and no rows: Camden's lessons in mathematics of 2024.
- Commas, quotes and line breaks in cells: class titles, report groups, lesson names and
  objectives, standards; suffixes as in ``Pierre, Jr.``
- Letters beyond ASCII: names of students, teachers and of one school; lessons, standards.
- Numbers with a leading zero: Camden's student numbers.
- Two files of one test: school 312345's PSAT/NMSQT of 2025, 331210's PSAT 10 of 2024, 398765's SAT
  of 2025.
- Files that must never be taken (``untaken_files``): uploads in progress, backups, a copy, notes,
  hidden files.
- A secret: ``password`` in OneRoster's ``users.csv``, which no table may carry.
- A member that is no feed's: ``Extract_Log.txt`` in Renaissance's archives.
- Members that are missing: ``SEL.csv`` in Renaissance's archives, ``relationships.csv`` in
  OneRoster's.

All of it can be read without rejecting a row.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from teamster.cli.demo.drop.writing import Table, csv_bytes
from teamster.cli.demo.drop.years import SchoolYear

NORMING_WINDOW = "Norming Window"

DRIFT = {"*/Current_Year/diagnostic_results_*.csv": (NORMING_WINDOW,)}
"""Path pattern -> the columns of such files that their schema does not know, as in the file."""

SECRETS = {"*/users.csv": ("password",)}
"""Path pattern -> the columns of such files that their feed leaves out."""

_UNTAKEN = {
    "iready/*/Current_Year/diagnostic_results_math_*.csv": "{}.filepart",
    "iready/*/2025/diagnostic_results_ela.csv": "{}.bak",
    "iready/*/2025/diagnostic_results_math.csv": "copy of {}",
    "renlearn/*.zip": "{}.tmp",
    "oneroster/*/oneroster.zip": "{}.bak",
    "collegeboard/psat/*_PSATNM_20261110_1.csv": ".{}",
    "collegeboard/sat/*_SAT_20251104_1.csv": "{}.filepart",
}
"""Path pattern of a file that a feed takes -> the name of the one beside it that none may take."""

_NOTE = "Files are replaced every night between 04:00 and 05:00.\nPlease do not write here.\n"


@dataclass(frozen=True, slots=True)
class Style:
    """How a file differs from a plain one.

    Attributes:
        bom: A byte order mark leads.
        crlf: Lines end in CR LF.
        quote_all: Every cell is quoted.
        blank_lines: How many empty lines follow the last row.
        shuffled: The columns stand in alphabetical order.
        header_only: There are no rows.
        old_names: Domains of reading comprehension have their former names.
    """

    bom: bool = False
    crlf: bool = False
    quote_all: bool = False
    blank_lines: int = 0
    shuffled: bool = False
    header_only: bool = False
    old_names: bool = False


_STYLES = {
    "*/nj-camden/2024/diagnostic_results_math.csv": Style(shuffled=True),
    "*/nj-camden/2024/*_by_lesson_math.csv": Style(header_only=True),
    "*/2024/diagnostic_results_ela.csv": Style(old_names=True),
    "*/nj-camden/2025/diagnostic_results_ela.csv": Style(bom=True, crlf=True, blank_lines=3),
    "*/2025/diagnostic_results_*.csv": Style(bom=True, crlf=True),
    "*/camden.zip/SR.csv": Style(bom=True, crlf=True),
    "*/SM.csv": Style(quote_all=True),
    "*/331210_*.csv": Style(bom=True, crlf=True),
    "*/398765_SAT_*.csv": Style(blank_lines=2),
    "*/camden/oneroster.zip/orgs.csv": Style(bom=True, crlf=True),
}
"""Path pattern -> style; the first that matches holds."""


def spoil(table: Table) -> Table:
    """Returns a table as the vendor delivers it: with the rows and columns of its style."""
    style = _style(table.path)
    header = list(table.header)
    for pattern, names in DRIFT.items():
        if fnmatchcase(table.path, pattern):
            after = header.index("Completion Date") + 1
            header[after:after] = names
    if style.shuffled:
        header.sort()
    titles = {name: f"Reading {name}" for name in header if name.startswith("Comprehension: ")}
    return replace(
        table,
        header=header,
        rows=[] if style.header_only else table.rows,
        titles={**table.titles, **(titles if style.old_names else {})},
    )


def encode(table: Table) -> bytes:
    """Returns the bytes of a table that ``spoil`` returned."""
    style = _style(table.path)
    return csv_bytes(
        table,
        bom=style.bom,
        crlf=style.crlf,
        quote_all=style.quote_all,
        blank_lines=style.blank_lines,
    )


def date_text(year: SchoolYear, day: date) -> str:
    """Writes a date as i-Ready did that year: with leading zeros until 2024, without them since."""
    if year.start <= 2024:
        return f"{day.month:02d}/{day.day:02d}/{day.year}"
    return f"{day.month}/{day.day}/{day.year}"


def untaken_files(
    regions: Iterable[str], files: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yields the files that no feed may ever take.

    Args:
        regions: The regions of the drop.
        files: The files that feeds take: path -> content.

    Yields:
        Path below the drop's root, content. All but the notes are cut off in the middle, so that
        whoever takes them notices.
    """
    for path, content in files.items():
        folder, _, name = path.rpartition("/")
        for pattern, spelling in _UNTAKEN.items():
            if fnmatchcase(path, pattern):
                yield f"{folder}/{spelling.format(name)}", content[: min(len(content) // 2, 4096)]
    yield "collegeboard/README.txt", _NOTE.encode()
    for region in regions:
        yield f"iready/exports/nj-{region}/README.txt", _NOTE.encode()


def _style(path: str) -> Style:
    for pattern, style in _STYLES.items():
        if fnmatchcase(path, pattern):
            return style
    return Style()
