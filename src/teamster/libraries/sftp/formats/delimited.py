"""Delimited text, read strictly: what cannot be read as meant is set aside, not guessed."""

import csv
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from teamster.libraries.sftp.formats.batches import ROWS, Batch, Line, batches_of_table
from teamster.libraries.sftp.formats.text import Lines, TextFormat, decoded
from teamster.libraries.ssh.files import LocalFile

if TYPE_CHECKING:
    from _csv import Reader

FIELD_LIMIT = 16 * 1024**2
"""Characters of one cell. A larger one is an unclosed quote, which would swallow the file."""

csv.field_size_limit(FIELD_LIMIT)  # the csv module knows this limit for the whole process only

_STAND_IN = "\ufdd0"
"""Stands for a separator of several characters; Unicode has it for a program's own use."""


class Delimited(TextFormat):
    """Cells between separators."""

    type: Literal["delimited"] = "delimited"
    sep: str = Field(default=",", min_length=1, description="Separator, one or more characters.")
    quote: str | None = Field(
        default='"', min_length=1, max_length=1, description="Quote; null: quotes are text."
    )
    escape: str | None = Field(
        default=None, min_length=1, max_length=1, description="Takes the next character as it is."
    )
    double_quote: bool = Field(default=True, description="A quote inside a cell is doubled.")
    header_lines: int = Field(default=1, ge=1, description="Lines of the header.")
    columns: list[str] | None = Field(
        default=None, min_length=1, description="Names of the columns, where there is no header."
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        signs = [self.sep, *filter(None, (self.quote, self.escape))]
        if len(set(signs)) < len(signs):
            raise ValueError("sep, quote and escape must differ from each other")
        if any(sign in "\r\n" for sign in signs):
            raise ValueError("sep, quote and escape cannot be line ends")
        if self.columns and self.header_lines != 1:
            raise ValueError("columns are for files without a header: leave header_lines out")
        return self


def read_delimited(files: Iterable[LocalFile], layout: Delimited) -> Iterator[Batch]:
    """Reads delimited files; blank lines are passed over.

    A row that the layout forbids, such as one with a quote that is never closed, comes out with
    its fault, and reading goes on with the line after the one on which it begins.

    Raises:
        UnreadableFile: It is no text, a byte is not of the encoding, or the header is unreadable.
    """
    for file in files:
        with decoded(file, "delimited text", layout.encoding) as opened:
            rows = rows_of(Lines(opened, file.name, layout), Dialect.of(layout))
            yield from batches_of_table(file, rows, layout.columns, layout.header_lines)


@dataclass(frozen=True)
class Dialect:
    """How the csv module is to read; its separator is one character always.

    Attributes:
        layout: The layout.
        delimiter: Its separator, or what stands in for it.
        quoting: Whether there are quotes, as the csv module says it.
    """

    layout: Delimited
    delimiter: str
    quoting: Literal[0, 3]

    @classmethod
    def of(cls, layout: Delimited) -> "Dialect":
        """Returns the dialect of a layout."""
        delimiter = layout.sep if len(layout.sep) == 1 else _STAND_IN
        return cls(layout, delimiter, csv.QUOTE_NONE if not layout.quote else csv.QUOTE_MINIMAL)

    def reader(
        self, lines: Iterable[str], *, strict: bool = True, escape: str | None = None
    ) -> Iterator[list[str]]:
        """Returns a reader of lines that begin with a row."""
        if self.is_plain:
            return self.csv_reader(lines, strict=strict, escape=escape)
        return self._restored(self.csv_reader(self._stood_in(lines), strict=strict, escape=escape))

    @property
    def is_plain(self) -> bool:
        """Whether the csv module knows the separator, which is one character then."""
        return self.delimiter == self.layout.sep

    def csv_reader(
        self, lines: Iterable[str], *, strict: bool = True, escape: str | None = None
    ) -> "Reader":
        """Returns a reader of the csv module's, of lines in which ``delimiter`` separates."""
        layout = self.layout
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=layout.quote,
            escapechar=escape or layout.escape,
            doublequote=layout.double_quote,
            quoting=self.quoting,
            strict=strict,
        )

    def _stood_in(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            if _STAND_IN in line:
                raise csv.Error
            yield line.replace(self.layout.sep, _STAND_IN)

    def _restored(self, reader: Iterator[list[str]]) -> Iterator[list[str]]:
        for cells in reader:
            yield [cell.replace(_STAND_IN, self.layout.sep) for cell in cells]


def rows_of(lines: Lines, dialect: Dialect, at_once: int = ROWS) -> Iterator[list[Line]]:
    """Hands rows on in lists; one that cannot be read is the last of its list.

    Args:
        lines: The lines, from the beginning of a row on. Between two lists no line is taken that
            belongs to the rows of the next.
        dialect: How the csv module is to read them.
        at_once: How many rows are in a list.
    """
    taken = lines.taken
    rows: list[Line] = []
    while True:
        taken.clear()
        try:
            for cells in dialect.reader(iter(lines)):
                if cells:
                    rows.append(Line(lines.number - len(taken) + 1, cells))
                taken.clear()
                if len(rows) == at_once:
                    yield rows
                    rows = []
            if rows:
                yield rows
            return
        except csv.Error as error:
            start = lines.number - len(taken) + 1
            rows.append(_faulty(start, lines.take_back_all_but_first(), error, dialect))
            yield rows
            rows = []


def _faulty(number: int, line: str, error: csv.Error, dialect: Dialect) -> Line:
    raw = line.rstrip("\r\n")
    return Line(number, [raw], _fault(str(error)), _likely_cells(raw, dialect))


def _fault(message: str) -> str:
    if "unexpected end of data" in message or "larger than field limit" in message:
        return "a quote is opened and never closed"
    if "expected after" in message:
        return "text follows a closing quote"
    return "the line cannot be split into cells"


def _likely_cells(raw: str, dialect: Dialect) -> list[str] | None:
    """Reads a line whose quoted cells hold quotes that are not doubled; None if one stays open.

    Some vendors put a backslash before such a quote, others nothing: then a quoted cell ends at the
    first quote that a separator or the line's end follows.
    """
    layout = dialect.layout
    quote = layout.quote
    if quote is None or raw.count(quote) % 2 or _STAND_IN in raw:
        return None
    if f"\\{quote}" in raw and layout.sep != "\\":
        return next(dialect.reader([raw], strict=False, escape="\\"), None)
    cells = []
    for match in _lenient_cell(layout.sep, quote).finditer(raw):
        quoted, plain = match["quoted"], match["plain"]
        if plain is not None and plain.startswith(quote):
            return None  # text follows its closing quote
        if quoted is not None and f"{layout.sep}{quote}" in quoted:
            return None  # perhaps two cells
        cells.append(plain if quoted is None else quoted.replace(2 * quote, quote))
    return cells


@functools.cache
def _lenient_cell(separator: str, quote: str) -> "re.Pattern[str]":
    sep, sign = re.escape(separator), re.escape(quote)
    ends = rf"(?={sep}|\Z)"
    inside = rf"(?:[^{sign}]|{sign}(?!{sep}|\Z))*+"
    cell = rf"{sign}(?P<quoted>{inside}){sign}{ends}|(?P<plain>(?:(?!{sep}).)*+)"
    return re.compile(rf"(?:\A|(?<={sep}))(?:{cell})", re.DOTALL)
