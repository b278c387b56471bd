"""Split cells to encoded records by numpy: all fields of all rows of a chunk at once.

Each field of each record is two pieces: a head, its union's branch and the length of its text, and
a content, bytes of the file mostly. Heads stand in a table, and what is no text, such as a value
that was converted, is encoded by itself and put behind the file's bytes. Then the records are one
gathering of pieces, byte by byte, out of table, file and what was put aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from teamster.core.blocks import Block, Branches, sealed, varint
from teamster.libraries.sftp.encoding import (
    Extra,
    LineNumber,
    Plan,
    TextColumn,
    TypedColumn,
    Unfit,
)
from teamster.libraries.sftp.formats.splitting import Cells, Ints, Workspace

_TABLE_LENGTHS = 8192
"""Texts of fewer bytes have their heads in the table."""

_HEAD, _CONTENT = 0, 1

_WORK = Workspace()


@dataclass(frozen=True)
class Encoded:
    """The records of a chunk.

    Attributes:
        block: The records.
        nulls: Field -> how many of them are null, of the fields that are columns.
        short_rows: How many rows had fewer cells than the header.
    """

    block: Block
    nulls: dict[str, int]
    short_rows: int


@dataclass
class _Pieces:
    """The pieces of each field of each record: where they begin in the source, and their lengths.

    Attributes:
        starts: By row, field, and head or content.
        lengths: The same.
        aside_from: Where in the source stands what is put aside.
        aside: What is put aside.
    """

    starts: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    aside_from: int
    aside: bytearray = field(default_factory=bytearray)

    def put(self, place: int, contents: Sequence[bytes]) -> None:
        """Sets a field's contents, one a row, or one for all rows."""
        lengths = np.fromiter(map(len, contents), np.int32, len(contents))
        self.lengths[:, place, _CONTENT] = lengths
        first = self.aside_from + len(self.aside)
        self.starts[:, place, _CONTENT] = first + np.cumsum(lengths, dtype=np.int32) - lengths
        self.aside += b"".join(contents)

    def put_head(self, row: int, place: int, head: bytes) -> None:
        """Sets one head."""
        self.starts[row, place, _HEAD] = self.aside_from + len(self.aside)
        self.lengths[row, place, _HEAD] = len(head)
        self.aside += head

    def gathered(self, source: Any) -> memoryview:
        """Returns all pieces one behind the other, in an array that the next chunk uses again."""
        there = np.flatnonzero(self.lengths != 0)  # of booleans it is six times as fast
        lengths = _take(self.lengths, there, "piece lengths")
        starts = _take(self.starts, there, "piece starts")
        ends = np.cumsum(lengths, out=_WORK.array("ends", there.size, np.int32))
        size = int(ends[-1])
        # From byte to byte one further in the source, and from piece to piece a leap.
        steps = _WORK.array("steps", size, np.int32)
        steps.fill(1)
        steps[0] = starts[0]
        lengths += starts  # where each piece ends in the source
        leaps = np.subtract(starts[1:], lengths[:-1], out=lengths[:-1])
        leaps += 1
        steps[ends[:-1]] = leaps
        picked = np.cumsum(steps, out=steps)
        gathered = np.take(source, picked, out=_WORK.array("out", size, np.uint8), mode="clip")
        return memoryview(gathered)


class _Heads:
    """The heads of all short texts.

    Args:
        branches: What stands before the texts of each text field.
    """

    def __init__(self, branches: Sequence[Branches]) -> None:
        kinds = list(dict.fromkeys(branches))
        heads = [
            head
            for kind in kinds
            for head in (kind.null or b"", *(_head(kind, n) for n in range(1, _TABLE_LENGTHS)))
        ]
        self.table = np.frombuffer(b"".join(heads), np.uint8)
        self._sizes = np.fromiter(map(len, heads), np.int32, len(heads))
        self._starts = np.cumsum(self._sizes, dtype=np.int32) - self._sizes
        self._of_field = np.array([kinds.index(each) for each in branches], np.int32)
        self._of_field *= _TABLE_LENGTHS
        self._branches = branches

    def fill(self, pieces: _Pieces, places: Sequence[int], lengths: Ints) -> None:
        """Sets the heads of texts."""
        entries = np.minimum(lengths, _TABLE_LENGTHS - 1)
        entries += self._of_field
        pieces.starts[:, _picked(places), _HEAD] = self._starts[entries]
        pieces.lengths[:, _picked(places), _HEAD] = self._sizes[entries]
        if (lengths >= _TABLE_LENGTHS).any():
            for row, text in np.argwhere(lengths >= _TABLE_LENGTHS).tolist():
                head = _head(self._branches[text], int(lengths[row, text]))
                pieces.put_head(row, places[text], head)


def _picked(numbers: Sequence[int]) -> Any:
    """Returns an index that picks these: a slice where they follow each other, which is quicker."""
    if numbers and list(numbers) == list(range(numbers[0], numbers[0] + len(numbers))):
        return slice(numbers[0], numbers[0] + len(numbers))
    return np.array(numbers, np.intp)


def _take(values: Any, places: Any, name: str) -> Any:
    work = _WORK.array(name, places.size, np.int32)
    return np.take(values, places, out=work, mode="clip")  # other modes copy "out" first


def _head(branches: Branches, length: int) -> bytes:
    return branches.tag + varint(length)


class CellEncoder:
    """Encodes chunks of cells.

    Args:
        plan: Where each field comes from.
        width: How many columns the header has.
    """

    def __init__(self, plan: Plan, width: int) -> None:
        self._plan = plan
        self._width = width
        texts = {
            place: source
            for place, source in enumerate(plan.sources)
            if isinstance(source, TextColumn)
        }
        branches = [source.branches for source in texts.values()]
        self._places = list(texts)
        self._columns = [source.at for source in texts.values()]
        self._required = np.array([each.null is None for each in branches], np.bool_)
        self._heads = _Heads(branches)

    def __call__(self, cells: Cells, first_line: int) -> Encoded | None:
        """Encodes a chunk.

        Args:
            cells: Its cells.
            first_line: The line on which its first row begins.

        Returns:
            None where a row must be looked at by itself: it is to be rejected, mostly.
        """
        rows, width = cells.starts.shape
        if cells.lengths[:, self._width :].any():
            return None
        cells = cells.padded(self._width)
        table = self._heads.table
        shape = (rows, len(self._plan.sources), 2)
        starts, lengths = (
            _WORK.array(name, rows * shape[1] * 2, np.int32).reshape(shape)
            for name in ("starts", "lengths")
        )
        lengths.fill(0)
        pieces = _Pieces(starts, lengths, table.size + cells.data.size)
        nulls = self._put_texts(pieces, cells)
        if nulls is None:
            return None
        try:
            nulls |= self._put_others(pieces, cells, first_line)
        except (ValueError, Unfit):
            return None
        parts = [table, cells.data, np.frombuffer(bytes(pieces.aside), np.uint8)]
        source = _WORK.array("source", sum(part.size for part in parts), np.uint8)
        encoded = pieces.gathered(np.concatenate(parts, out=source))
        return Encoded(sealed(rows, encoded), nulls, rows if width < self._width else 0)

    def _put_texts(self, pieces: _Pieces, cells: Cells) -> dict[str, int] | None:
        """Puts texts; returns how many are null, or None where one may not be."""
        places, columns = _picked(self._places), _picked(self._columns)
        lengths = cells.lengths[:, columns]
        pieces.starts[:, places, _CONTENT] = cells.starts[:, columns]
        pieces.starts[:, places, _CONTENT] += self._heads.table.size
        pieces.lengths[:, places, _CONTENT] = lengths
        self._heads.fill(pieces, self._places, lengths)
        counts = (lengths == 0).sum(axis=0)
        if counts[self._required].any():
            return None
        names = [self._plan.names[place] for place in self._places]
        return {name: n for name, n in zip(names, counts.tolist(), strict=True) if n}

    def _put_others(self, pieces: _Pieces, cells: Cells, first_line: int) -> dict[str, int]:
        """Puts what is no text; returns how many typed values are null."""
        nulls: dict[str, int] = {}
        for place, source in enumerate(self._plan.sources):
            match source:
                case bytes():
                    pieces.put(place, [source])
                case TypedColumn():
                    texts = cells.column(source.at)
                    pieces.put(place, list(map(source.pieces.__getitem__, texts)))
                    if b"" in texts:
                        nulls[self._plan.names[place]] = texts.count(b"")
                case LineNumber():
                    numbers = (cells.line_numbers + first_line).tolist()
                    pieces.put(place, list(map(source.encode, numbers)))
                case Extra():
                    rows = range(cells.starts.shape[0])
                    pieces.put(place, [source.piece(cells.row(row)) for row in rows])
        return nulls
