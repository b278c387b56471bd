"""Delimited UTF-8 in chunks: each is split by the quickest way that can read it.

Texts are taken out from between their quotes where cells are long; numpy splits what is regular;
the csv module reads a chunk up to a row that it refuses, and that row as the reference does, line
by line. They take turns at the borders of rows, so that neither a quote that is never closed nor a
ragged row costs more than its own chunk. What comes out is the same as of
:func:`~teamster.libraries.sftp.formats.delimited.read_delimited`, which stays the reference.
"""

import codecs
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TypeAlias, cast

from teamster.libraries.sftp.formats.batches import ROWS, Batch, Header, batches_of_table
from teamster.libraries.sftp.formats.delimited import Delimited, Dialect, read_delimited, rows_of
from teamster.libraries.sftp.formats.spelled import (
    LONG,
    SpelledBatch,
    SpelledRows,
    rows_by_csv,
    rows_of_long_cells,
)
from teamster.libraries.sftp.formats.text import Lines, decoded
from teamster.libraries.ssh.files import LocalFile

if TYPE_CHECKING:  # numpy takes longer to import than a small file to read
    from teamster.libraries.sftp.formats.places import Places

CHUNK = 224 << 10
"""Bytes split at once: with fewer the threads get in each other's way, more take more memory."""

CHUNK_TO_GATHER = 96 << 10
"""The same where records are put together by gathering, which takes more memory."""

SMALL = 8 * 1024**2
"""A file of fewer bytes is read without numpy: importing it would take longer."""

SMALL_FOR_NUMPY = 1 << 17
"""The same where numpy is there already."""

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


@dataclass(frozen=True)
class CellBatch:
    """Some rows of a file, split into cells.

    Attributes:
        file: The file.
        header: Its columns.
        cells: Where the rows' cells stand, as many in each.
        first_line: The line on which the first row begins, from 1.
    """

    file: LocalFile
    header: Header
    cells: "Places"
    first_line: int


AnyBatch: TypeAlias = Batch | SpelledBatch | CellBatch


def read_fast(
    files: Iterable[LocalFile], layout: Delimited, *, all_text: bool
) -> Iterator[AnyBatch]:
    """Reads delimited files as the reference does, most of their rows split by numpy.

    Args:
        files: The files.
        layout: How they are laid out.
        all_text: Whether all fields are to be texts or null, which takes less memory.

    Raises:
        UnreadableFile: It is no text, a byte is not of the encoding, or the header is unreadable.
    """
    for file in files:
        if not (_is_of_bytes(layout) and len(layout.sep) == 1):
            yield from read_delimited([file], layout)
            continue
        with decoded(file, "delimited text", layout.encoding), file.path.open("rb") as opened:
            chunk = CHUNK if all_text else CHUNK_TO_GATHER
            yield from _TakingTurns(file, layout, opened, chunk).batches()


def _is_worth_numpy(file: LocalFile, layout: Delimited) -> bool:
    enough = SMALL_FOR_NUMPY if "numpy" in sys.modules else SMALL
    return layout.double_quote and file.path.stat().st_size >= enough


def _is_of_bytes(layout: Delimited) -> bool:
    """Tells whether the bytes that divide a file are ASCII, and all others are UTF-8."""
    signs = (layout.sep, layout.quote or "", layout.escape or "", layout.comment or "")
    is_utf8 = _codec(layout) in ("utf-8", "utf-8-sig", "ascii")
    return is_utf8 and all(map(str.isascii, signs))


def _codec(layout: Delimited) -> str:
    return codecs.lookup(layout.encoding).name


class _ByteLines:
    """The lines of a binary file as text, and where in the file they end."""

    def __init__(self, file: IO[bytes], codec: str) -> None:
        self._file = file
        self.codec = "ascii" if codec == "ascii" else "utf-8"
        self._pieces: deque[bytes] = deque()
        mark = codecs.BOM_UTF8 if codec != "ascii" else b""
        self.go_to(len(mark) if mark and file.read(len(mark)) == mark else 0)

    def go_to(self, position: int) -> None:
        """Goes on at an offset of the file."""
        self._file.seek(position)
        self._pieces.clear()
        self.position = position

    def readline(self, limit: int = -1) -> str:
        """Returns the next line, its end as it stands: LF, CR LF or CR."""
        if not self._pieces:
            line = self._file.readline(limit)
            self._pieces.extend(
                _LINE.findall(line) if b"\r" in line.removesuffix(b"\r\n") else [line]
            )
        piece = self._pieces.popleft()
        self.position += len(piece)
        return piece.decode(self.codec)


class _TakingTurns:
    """One file, each of its chunks read in the quickest way that can."""

    def __init__(self, file: LocalFile, layout: Delimited, opened: IO[bytes], chunk: int) -> None:
        self._file = file
        self._layout = layout
        self._opened = opened
        self._chunk = chunk
        self._dialect = Dialect.of(layout)
        self._source = _ByteLines(opened, _codec(layout))
        self._position = 0
        self._number = 0
        self._may_be_long = layout.comment is None and layout.double_quote and not layout.escape
        self._are_long = self._may_be_long
        self._by_numpy = _is_worth_numpy(file, layout)

    def batches(self) -> Iterator[AnyBatch]:
        lines = self._lines(self._layout)
        one_by_one = rows_of(lines, self._dialect, 1)  # no row behind the header is taken
        first = next(
            batches_of_table(
                self._file, one_by_one, self._layout.columns, self._layout.header_lines
            )
        )
        yield first
        self._go_on_behind(lines)
        while first.header is not None:
            self._opened.seek(self._position)
            chunk = self._opened.read(self._chunk)
            if not chunk:
                return
            yield from self._rows(chunk, first.header)

    def _rows(self, chunk: bytes, header: Header) -> Iterator[AnyBatch]:
        """Reads a chunk, or what is whole and plain at its beginning."""
        begun = self._position
        if self._are_long:
            found = rows_of_long_cells(chunk, self._number, self._dialect)
            if found is not None:
                yield self._spelled(found, chunk, begun, header)
                return
            self._are_long = False
        if self._by_numpy:
            yield from self._split(chunk, header)
        if self._position == begun and self._layout.comment is None:
            is_last = len(chunk) < self._chunk
            for some in rows_by_csv(chunk, self._number, self._dialect, is_last=is_last):
                yield self._spelled(some, chunk, begun, header)
        if self._position == begun:
            yield from self._one_by_one(header, len(chunk))

    def _split(self, chunk: bytes, header: Header) -> Iterator[CellBatch]:
        from teamster.libraries.sftp.formats.splitting import Signs, split

        layout = self._layout
        signs = Signs(
            ord(layout.sep),
            ord(layout.quote) if layout.quote else None,
            (layout.escape or "").encode(),
            (layout.comment or "").encode(),
        )
        done = split(chunk, signs)
        if done.cells is not None:
            self._check(chunk[: done.end])
            self._are_long = self._may_be_long and done.end > LONG * done.cells.starts.size
            yield CellBatch(self._file, header, done.cells, self._number + 1)
            self._position += done.end
            self._number += done.lines

    def _spelled(
        self, found: SpelledRows, chunk: bytes, begun: int, header: Header
    ) -> SpelledBatch:
        """Takes rows of a chunk that began there in the file."""
        first = self._position - begun
        self._check(chunk[first : first + found.size])
        n_cells = len(found.rows) * len(header.cells)
        self._are_long = self._may_be_long and found.size > LONG * n_cells
        self._position += found.size
        self._number += found.lines
        return SpelledBatch(self._file, header, found)

    def _check(self, piece: bytes) -> None:
        """Sees that bytes are text.

        Raises:
            UnicodeError: They are none.
        """
        if not piece.isascii():
            str(piece, self._source.codec)

    def _one_by_one(self, header: Header, size: int) -> Iterator[Batch]:
        """Reads rows as the reference does, so many bytes or more."""
        enough = self._position + size
        self._source.go_to(self._position)
        lines = self._lines(self._layout.without_skips())
        for rows in rows_of(lines, self._dialect, ROWS):
            yield Batch(self._file, header, rows)
            self._go_on_behind(lines)
            if self._position >= enough:
                return
        self._go_on_behind(lines)

    def _lines(self, layout: Delimited) -> Lines:
        return Lines(cast(IO[str], self._source), self._file.name, layout, number=self._number)

    def _go_on_behind(self, lines: Lines) -> None:
        """Goes on where the last row ends that was read, lines taken back not counted."""
        taken_back = sum(len(line.encode()) for line in lines.again)
        self._position = self._source.position - taken_back
        self._number = lines.number
