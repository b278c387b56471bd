"""A chunk of delimited UTF-8 split into rows without numpy, its text spelled in bytes.

Each character of the text stands for a byte of UTF-8, as Latin-1 has it: decoding costs nothing,
and lengths are those that Avro wants. What divides cells must be ASCII.
"""

from collections.abc import Callable, Iterator, Sequence
from csv import Error
from dataclasses import dataclass
from io import StringIO
from itertools import islice

from teamster.libraries.sftp.formats.batches import ROWS, Header, Line
from teamster.libraries.sftp.formats.delimited import Dialect
from teamster.libraries.ssh.files import LocalFile

LONG = 64
"""Bytes a cell, on average, from which on cells are long."""

_TAKEN_OUT = "\0"
"""Stands where a text between quotes was taken out."""


@dataclass(frozen=True)
class SpelledRows:
    """Some whole rows, spelled in bytes.

    Attributes:
        rows: The rows' cells.
        numbers: Tells the line on which each row begins, from 1: few ask for it.
        size: How many bytes of the file they take.
        lines: How many lines.
    """

    rows: list[list[str]]
    numbers: Callable[[], Sequence[int]]
    size: int
    lines: int

    @property
    def texts(self) -> Iterator[list[str]]:
        """The rows' cells as texts."""
        for cells in self.rows:
            if "".join(cells).isascii():
                yield cells
            else:
                yield [cell.encode("latin-1").decode() for cell in cells]


@dataclass(frozen=True)
class SpelledBatch:
    """Some rows of a file.

    Attributes:
        file: The file.
        header: Its columns.
        found: The rows.
    """

    file: LocalFile
    header: Header
    found: SpelledRows

    @property
    def text_lines(self) -> list[Line]:
        """The rows, their cells as text."""
        return list(map(Line, self.found.numbers(), self.found.texts))


def rows_by_csv(
    chunk: bytes, number: int, dialect: Dialect, *, is_last: bool
) -> Iterator[SpelledRows]:
    """Reads rows by the csv module, up to one that it refuses or that goes beyond the chunk.

    Args:
        chunk: UTF-8; begins with a row.
        number: The line before it.
        dialect: How it is divided; a plain one.
        is_last: Whether nothing comes behind it.
    """
    lines = StringIO(chunk.decode("latin-1"), newline="").readlines()
    if not is_last:
        lines.pop()  # there may be more of it
    reader = dialect.csv_reader(lines)
    begun = done = 0
    rows: list[list[str]] = []
    numbers: list[int] = []

    def some() -> SpelledRows:
        size = sum(map(len, lines[begun:done]))
        return SpelledRows(rows, numbers.copy, size, done - begun)

    try:
        for cells in reader:
            if cells:
                rows.append(cells)
                numbers.append(number + done + 1)
            done = reader.line_num
            if len(rows) == ROWS:
                yield some()
                rows, numbers, begun = [], [], done
    except Error:
        pass  # what the rest is, is not to be told from here
    if done > begun:
        yield some()


def rows_of_long_cells(chunk: bytes, number: int, dialect: Dialect) -> SpelledRows | None:
    """Splits rows whose cells are long, by the little that stands between texts in quotes.

    Args:
        chunk: UTF-8; begins with a row.
        number: The line before it.
        dialect: How it is divided; a plain one without escapes, its quotes doubled.

    Returns:
        None where cells are not long, or anything about them is not plain.
    """
    quote, separator = dialect.layout.quote, dialect.delimiter
    text = chunk.decode("latin-1")
    pieces = text.split(quote) if quote else [text]
    outside, inside = pieces[::2], pieces[1::2]
    last = next((at for at in reversed(range(len(outside))) if "\n" in outside[at]), None)
    if last is None:
        return None
    outside[last] = outside[last][: outside[last].rindex("\n") + 1]
    del outside[last + 1 :], inside[last:]
    between = _TAKEN_OUT.join(outside)
    size = len(between) + sum(map(len, inside)) + last
    is_plain = between.count(_TAKEN_OUT) == last and _TAKEN_OUT not in (quote, separator)
    n_cells = between.count(separator) + between.count("\n")
    if not is_plain or size < LONG * n_cells:
        return None
    n_returns = between.count("\r")
    if n_returns:
        between = between.replace("\r\n", "\n")
        if "\r" in between:
            return None  # a line's end too
    rows = [row.split(separator) for row in between[:-1].split("\n")]
    if [""] in rows or not _put_back(rows, inside, quote):
        return None

    def numbers() -> list[int]:
        return [number + 1 + before for before in _lines_before(rows)]

    # As most do: a line feed ends each line, and counting pairs would take long.
    is_usual = text.count("\r", 0, size) == n_returns
    lines = text.count("\n", 0, size) if is_usual else _line_ends(text[:size])
    return SpelledRows(rows, numbers, size, lines)


def _put_back(rows: list[list[str]], inside: list[str], quote: str | None) -> bool:
    """Puts texts back where they were taken out; tells whether all cells are plain."""
    texts = iter(inside)
    for cells in rows:
        for at, cell in enumerate(cells):
            if cell == _TAKEN_OUT:
                cells[at] = next(texts)
            elif _TAKEN_OUT in cell:
                if quote is None or cell.strip(_TAKEN_OUT):
                    return False  # it is more than a text in quotes
                cells[at] = quote.join(islice(texts, len(cell)))  # two quotes stand for one
    return True


def _lines_before(rows: list[list[str]]) -> Iterator[int]:
    before = 0
    for cells in rows:
        yield before
        before += 1 + sum(map(_line_ends, cells))


def _line_ends(text: str) -> int:
    if "\r" not in text:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")
