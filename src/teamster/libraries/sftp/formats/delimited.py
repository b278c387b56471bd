"""Delimited text, read strictly: what cannot be read as meant is set aside, not guessed."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from teamster.core.errors import UnreadableFile

FIELD_LIMIT = 16 * 1024**2
"""Characters of one cell. A larger one is an unclosed quote, which would swallow the file."""

csv.field_size_limit(FIELD_LIMIT)  # the csv module knows this limit for the whole process only


@dataclass(frozen=True)
class Dialect:
    """How a file is delimited.

    Attributes:
        separator: One character between cells.
        quote: One character around cells that hold separators, quotes or line ends.
        encoding: The text's encoding; a byte order mark is dropped.
    """

    separator: str = ","
    quote: str = '"'
    encoding: str = "utf-8"

    @property
    def codec(self) -> str:
        """The codec that reads the encoding without its byte order mark."""
        return "utf-8-sig" if codecs.lookup(self.encoding).name == "utf-8" else self.encoding


@dataclass(frozen=True)
class Line:
    """One row of a file.

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


def read_lines(path: Path, name: str, dialect: Dialect) -> Iterator[Line]:
    """Reads the rows of a file, the header among them; blank lines are passed over.

    A row that the dialect forbids, such as one with a quote that is never closed, comes out with
    its ``fault``, and reading goes on with the line after the one on which it begins.

    Args:
        path: The local file.
        name: What people call it.
        dialect: How it is delimited.

    Raises:
        UnreadableFile: A byte is not of the encoding; the error names its offset.
    """
    try:
        with path.open(encoding=dialect.codec, newline="") as file:
            yield from _rows(_Lines(file), dialect)
    except UnicodeError:
        offset = _first_bad_byte(path, dialect.codec)
        raise UnreadableFile(
            f"{name} is not {dialect.encoding}: the byte at offset {offset} does not belong there; "
            "declare file_encoding (often cp1252, latin-1 or utf-16)"
        ) from None


@dataclass
class _Lines:
    """Physical lines, of which those since the last mark can be taken back."""

    file: IO[str]
    taken: list[str] = field(default_factory=list)
    again: deque[str] = field(default_factory=deque)
    number: int = 0

    def __iter__(self) -> Iterator[str]:
        while True:
            line = self.again.popleft() if self.again else self.file.readline()
            if not line:
                return
            self.number += 1
            self.taken.append(line)
            yield line

    def mark(self) -> None:
        """Forgets what was taken: it is read."""
        self.taken.clear()

    def take_back_all_but_first(self) -> str:
        """Puts all lines since the mark back but the first, which is returned."""
        first, *rest = self.taken
        self.again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.mark()
        return first


def _rows(lines: _Lines, dialect: Dialect) -> Iterator[Line]:
    while True:
        reader = csv.reader(
            iter(lines), delimiter=dialect.separator, quotechar=dialect.quote, strict=True
        )
        lines.mark()
        start = lines.number + 1
        try:
            for cells in reader:
                if cells:
                    yield Line(start, cells)
                lines.mark()
                start = lines.number + 1
            return
        except csv.Error as error:
            raw = lines.take_back_all_but_first().rstrip("\r\n")
            yield Line(start, [raw], _fault(str(error)), _likely_cells(raw, dialect))


def _fault(message: str) -> str:
    if "unexpected end of data" in message or "larger than field limit" in message:
        return "a quote is opened and never closed"
    if "expected after" in message:
        return "text follows a closing quote"
    return "the line cannot be split into cells"


def _likely_cells(raw: str, dialect: Dialect) -> list[str] | None:
    """Reads a line whose quoted cells hold quotes that are not doubled; None if one stays open.

    Some vendors put a backslash before such a quote, others nothing.
    """
    if raw.count(dialect.quote) % 2:
        return None
    escape = "\\" if f"\\{dialect.quote}" in raw else None
    reader = csv.reader(
        [raw], delimiter=dialect.separator, quotechar=dialect.quote, escapechar=escape
    )
    return next(reader, None)


def _first_bad_byte(path: Path, codec: str) -> int:
    """Returns the offset of the first byte that the codec refuses."""
    decoder = codecs.getincrementaldecoder(codec)()
    offset = 0
    pending = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(1 << 16)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return offset - pending + error.start
            except UnicodeError:
                return offset
            if not chunk:
                return offset
            state = decoder.getstate()[0]
            offset += len(chunk)
            pending = len(state)
