"""Split cells to encoded records by gathering: all fields of all rows of a chunk at once.

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

from teamster.core.blocks import Branches, varint
from teamster.libraries.sftp.encoding import Extra, LineNumber, Plan, TextColumn, TypedColumn
from teamster.libraries.sftp.formats.places import Cells, Ints, Workspace

_TABLE_LENGTHS = 8192
"""Texts of fewer bytes have their heads in the table."""

_HEAD, _CONTENT = 0, 1

_WORK = Workspace()


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
        ends = np.cumsum(lengths, out=_WORK.array("ends", there.size, np.intp))
        size = int(ends[-1])
        # From byte to byte one further in the source, and from piece to piece a leap.
        steps = _WORK.array("steps", size, np.intp)
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
        self._of_field = np.array([kinds.index(each) for each in branches], np.intp)
        self._of_field *= _TABLE_LENGTHS
        self._branches = branches

    def fill(self, pieces: _Pieces, places: Sequence[int], lengths: Ints) -> None:
        """Sets the heads of texts."""
        entries: Ints = np.minimum(lengths, _TABLE_LENGTHS - 1)
        entries += self._of_field
        pieces.starts[:, _picked(places), _HEAD] = self._starts.take(entries)
        pieces.lengths[:, _picked(places), _HEAD] = self._sizes.take(entries)
        if (lengths >= _TABLE_LENGTHS).any():
            for row, text in np.argwhere(lengths >= _TABLE_LENGTHS).tolist():
                head = _head(self._branches[text], int(lengths[row, text]))
                pieces.put_head(row, places[text], head)


def _picked(numbers: Sequence[int]) -> Any:
    """Returns an index that picks these: a slice where they follow each other, which is quicker."""
    if numbers and list(numbers) == list(range(numbers[0], numbers[0] + len(numbers))):
        return slice(numbers[0], numbers[0] + len(numbers))
    return np.array(numbers, np.intp)


def _take(values: Any, places: Ints, name: str) -> Any:
    work = _WORK.array(name, places.size, np.int32)
    return np.take(values, places, out=work, mode="clip")  # other modes copy "out" first


def _head(branches: Branches, length: int) -> bytes:
    return branches.tag + varint(length)


class Gathering:
    """Encodes the rows of chunks, whatever the plan.

    Args:
        plan: Where each field comes from.
    """

    def __init__(self, plan: Plan) -> None:
        self._names = plan.names
        texts: dict[int, TextColumn] = {}
        self._others: dict[int, bytes | TypedColumn | LineNumber | Extra] = {}
        for place, source in enumerate(plan.sources):
            if isinstance(source, TextColumn):
                texts[place] = source
            else:
                self._others[place] = source
        self._places = list(texts)
        self._columns = [source.at for source in texts.values()]
        self._heads = _Heads([source.branches for source in texts.values()])

    def __call__(self, cells: Cells, line_numbers: Ints) -> memoryview:
        """Encodes the rows of a chunk.

        Args:
            cells: Its cells, as many in each row as the header has.
            line_numbers: The line on which each row begins.

        Raises:
            ValueError: A cell is not of its column's type.
            Unfit: The schema has no place for a value.
        """
        table = self._heads.table
        rows, fields = len(cells.starts), len(self._names)
        starts, lengths = (
            _WORK.array(name, rows * fields * 2, np.int32).reshape((rows, fields, 2))
            for name in ("starts", "lengths")
        )
        lengths.fill(0)
        pieces = _Pieces(starts, lengths, table.size + cells.data.size)
        self._put_texts(pieces, cells)
        self._put_others(pieces, cells, line_numbers)
        parts = [table, cells.data, np.frombuffer(bytes(pieces.aside), np.uint8)]
        source = _WORK.array("source", sum(part.size for part in parts), np.uint8)
        return pieces.gathered(np.concatenate(parts, out=source))

    def _put_texts(self, pieces: _Pieces, cells: Cells) -> None:
        places, columns = _picked(self._places), _picked(self._columns)
        lengths = cells.lengths[:, columns]
        pieces.starts[:, places, _CONTENT] = cells.starts[:, columns]
        pieces.starts[:, places, _CONTENT] += self._heads.table.size
        pieces.lengths[:, places, _CONTENT] = lengths
        self._heads.fill(pieces, self._places, lengths)

    def _put_others(self, pieces: _Pieces, cells: Cells, line_numbers: Ints) -> None:
        for place, source in self._others.items():
            match source:
                case bytes():
                    pieces.put(place, [source])
                case TypedColumn():
                    texts = cells.column(source.at)
                    pieces.put(place, list(map(source.pieces.__getitem__, texts)))
                case LineNumber():
                    pieces.put(place, list(map(source.encode, line_numbers.tolist())))
                case Extra():
                    rows = range(len(cells.starts))
                    pieces.put(place, [source.piece(cells.row(row)) for row in rows])
