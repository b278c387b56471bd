"""What readers hand on: batches of a file's rows, each with the line on which it begins."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from teamster.core.documents import Document
from teamster.core.errors import UnreadableFile
from teamster.libraries.ssh.files import LocalFile

Row = TypeVar("Row", "Line", "Document")

ROWS = 100
"""Rows of a batch; a row that cannot be read ends it early, so that the reader can stop there.

Measured: batches of 500 are a fifth slower, as Python's garbage collector then looks at them all.
"""


@dataclass(slots=True)
class Line:
    """One row of text cells.

    Attributes:
        number: The line on which it begins, from 1.
        cells: Its cells as text.
        fault: Why it cannot be read strictly; the cells are then the raw line.
        likely: Its cells all the same, where quotes inside a quoted cell are all that is wrong.
    """

    number: int
    cells: list[str]
    fault: str | None = None
    likely: list[str] | None = None


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    Attributes:
        cells: Their names as the file, or the feed's format, spells them.
        number: The line that names them; 0 where the feed's format does.
    """

    cells: Sequence[str]
    number: int = 0


@dataclass(frozen=True)
class Batch:
    """Some rows of a file; an empty file has one batch too, without any.

    Attributes:
        file: The file.
        header: Its columns, known before its rows; None where it is empty.
        lines: The rows, in order.
        warnings: What someone should know, in words that hold no text of the file.
    """

    file: LocalFile
    header: Header | None
    lines: Sequence[Line] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class DocumentBatch:
    """Some JSON records of a file; its first batch has none.

    Attributes:
        file: The file.
        documents: The records, in order.
    """

    file: LocalFile
    documents: Sequence[Document] = ()


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cuts rows into lists of a few hundred; one with a fault is the last of its list."""
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if row.fault or len(chunk) == ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def batches_of_table(
    file: LocalFile,
    lists: Iterable[list[Line]],
    columns: Sequence[str] | None,
    header_lines: int = 1,
) -> Iterator[Batch]:
    """Takes the header off a table's lines and hands the rows on in batches.

    Args:
        file: The file.
        lists: All its lines, blank ones passed over, in lists as :func:`chunks` makes them.
        columns: The columns' names where the file has no header.
        header_lines: How many lines the header has.

    Raises:
        UnreadableFile: The header cannot be read.
    """
    rest = iter(lists)
    first: list[Line] = []
    if columns:
        header: Header | None = Header(columns)
    else:
        while len(first) < header_lines and (more := next(rest, None)):
            first += more
        header = _header(file, first[:header_lines])
        first = first[header_lines:]
    yield Batch(file, header, first)
    for lines in rest:
        yield Batch(file, header, lines)


def _header(file: LocalFile, lines: Sequence[Line]) -> Header | None:
    if not lines:
        return None
    for line in lines:
        if line.fault:
            raise UnreadableFile(f"{file.name}, line {line.number}: header: {line.fault}")
    *upper, lowest = lines
    rows = [*(_filled(line.cells) for line in upper), lowest.cells]
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) for row in rows]
    cells = [" ".join(filter(None, map(str.strip, parts))) for parts in zip(*padded, strict=True)]
    return Header(cells if upper else lowest.cells, lowest.number)


def _filled(cells: Iterable[str]) -> list[str]:
    """Gives each empty cell the text to its left: a heading over several columns."""
    filled: list[str] = []
    for cell in cells:
        filled.append(cell if cell.strip() or not filled else filled[-1])
    return filled
