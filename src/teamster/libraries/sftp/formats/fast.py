"""Delimited UTF-8 in chunks: split by numpy where regular, read by the csv module where not.

The two take turns at the borders of rows, so that neither a quote that is never closed nor a ragged
row costs more than its own chunk. What comes out is the same as of
:func:`~teamster.libraries.sftp.formats.delimited.read_delimited`, which stays the reference.
"""

import codecs
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import StringIO
from typing import IO, TYPE_CHECKING, cast

from teamster.libraries.sftp.formats.batches import (
    ROWS,
    Batch,
    Header,
    batches_of_table,
    from_bytes,
    in_bytes,
)
from teamster.libraries.sftp.formats.delimited import (
    Delimited,
    Dialect,
    read_delimited,
    rows_of,
    rows_of_all,
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
"""A file of fewer bytes is read by the csv module: importing numpy would take longer."""

SMALL_FOR_NUMPY = 1 << 17
"""The same where numpy is there already."""

IN_MEMORY = 1024**2
"""A file of fewer bytes is in memory as a whole while the csv module reads it: that is quicker."""

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


def read_fast(
    files: Iterable[LocalFile], layout: Delimited, *, all_text: bool
) -> Iterator[Batch | CellBatch]:
    """Reads delimited files as the reference does, most of their rows split by numpy.

    Args:
        files: The files.
        layout: How they are laid out.
        all_text: Whether all fields are to be texts or null, which takes less memory.

    Raises:
        UnreadableFile: It is no text, a byte is not of the encoding, or the header is unreadable.
    """
    for file in files:
        if _is_worth_it(file, layout):
            with decoded(file, "delimited text", layout.encoding), file.path.open("rb") as opened:
                chunk = CHUNK if all_text else CHUNK_TO_GATHER
                yield from _TakingTurns(file, layout, opened, chunk).batches()
        elif _is_small(file, layout):
            yield from _in_memory(file, layout)
        else:
            yield from read_delimited([file], layout)


def _is_small(file: LocalFile, layout: Delimited) -> bool:
    is_plain = Dialect.of(layout).is_plain and layout.comment is None
    return is_plain and file.path.stat().st_size < IN_MEMORY


def _in_memory(file: LocalFile, layout: Delimited) -> Iterator[Batch]:
    """Reads a small file as the reference does, but that the csv module has all lines at once."""
    spelled = _is_of_bytes(layout) and layout.header_lines == 1
    with decoded(file, "delimited text", layout.encoding) as opened:
        lines = Lines(opened, file.name, layout)
        rest = "".join([*lines.again, opened.read()])
    every = StringIO(in_bytes(rest) if spelled else rest, newline="").readlines()
    rows = rows_of_all(every, lines.number, Dialect.of(layout), from_bytes if spelled else str)
    for batch in batches_of_table(file, rows, layout.columns, layout.header_lines):
        header = batch.header
        if spelled and header is not None and header.number:
            header = Header(list(map(from_bytes, header.cells)), header.number)
        yield replace(batch, header=header, in_bytes=spelled)


def _is_worth_it(file: LocalFile, layout: Delimited) -> bool:
    enough = SMALL_FOR_NUMPY if "numpy" in sys.modules else SMALL
    is_plain = len(layout.sep) == 1 and layout.double_quote
    return _is_of_bytes(layout) and is_plain and file.path.stat().st_size >= enough


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
    """One file, read by numpy and the csv module in turn."""

    def __init__(self, file: LocalFile, layout: Delimited, opened: IO[bytes], chunk: int) -> None:
        from teamster.libraries.sftp.formats.splitting import Signs

        self._file = file
        self._layout = layout
        self._opened = opened
        self._chunk = chunk
        self._dialect = Dialect.of(layout)
        self._source = _ByteLines(opened, _codec(layout))
        self._signs = Signs(
            ord(layout.sep),
            ord(layout.quote) if layout.quote else None,
            (layout.escape or "").encode(),
            (layout.comment or "").encode(),
        )

    def batches(self) -> Iterator[Batch | CellBatch]:
        lines = self._lines(self._layout, 0)
        one_by_one = rows_of(lines, self._dialect, 1)  # no row behind the header is taken
        first = next(
            batches_of_table(
                self._file, one_by_one, self._layout.columns, self._layout.header_lines
            )
        )
        yield first
        if first.header is not None:
            yield from self._rows(first.header, lines)

    def _rows(self, header: Header, lines: Lines) -> Iterator[Batch | CellBatch]:
        from teamster.libraries.sftp.formats.splitting import split

        codec = self._source.codec
        position, number = self._position(lines), lines.number
        while True:
            self._opened.seek(position)
            chunk = self._opened.read(self._chunk)
            if not chunk:
                return
            done = split(chunk, self._signs)
            if done.cells is not None:
                if not chunk.isascii():
                    str(memoryview(chunk)[: done.end], codec)  # raises where it is none
                yield CellBatch(self._file, header, done.cells, number + 1)
                position += done.end
                number += done.lines
                continue
            self._source.go_to(position)
            lines = self._lines(self._layout.without_skips(), number)
            enough = position + (done.end or len(chunk))
            for rows_read in rows_of(lines, self._dialect, ROWS):
                yield Batch(self._file, header, rows_read)
                if self._position(lines) >= enough:
                    break
            position, number = self._position(lines), lines.number

    def _lines(self, layout: Delimited, number: int) -> Lines:
        return Lines(cast(IO[str], self._source), self._file.name, layout, number=number)

    def _position(self, lines: Lines) -> int:
        """Returns where the last row ends that was read, lines taken back not counted."""
        return self._source.position - sum(len(line.encode()) for line in lines.again)
