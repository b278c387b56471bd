"""Where cells stand in a chunk of a file, as numpy has it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.intp]
"""Of the size by which numpy picks: others it would convert each time."""
Bytes: TypeAlias = npt.NDArray[np.uint8]

LF, CR = 10, 13


class Workspace(threading.local):
    """Arrays that are used for chunk after chunk, each thread its own.

    New ones of this size would be asked of the operating system and given back each time, which
    was measured to take a third of the whole.
    """

    def __init__(self) -> None:
        """Holds nothing yet."""
        self._arrays: dict[str, Any] = {}

    def array(self, name: str, size: int, dtype: Any) -> Any:
        """Returns an array under a name, with whatever it holds from the last time."""
        kept = self._arrays.get(name)
        if kept is None or kept.size < size:
            kept = self._arrays[name] = np.empty(size + size // 16, dtype)
        return kept[:size]


@dataclass(frozen=True)
class Cells:
    """The cells of some whole rows, each one's text in one piece.

    Attributes:
        data: Bytes in which the texts stand.
        starts: Where each cell's text begins in ``data``, by row and column.
        lengths: How many bytes it has.
    """

    data: Bytes
    starts: Ints
    lengths: Ints

    def padded(self, width: int) -> "Cells":
        """Returns the same with empty cells where a row has fewer than so many."""
        lacking = width - self.starts.shape[1]
        if lacking <= 0:
            return self
        behind = ((0, 0), (0, lacking))
        return Cells(self.data, np.pad(self.starts, behind), np.pad(self.lengths, behind))

    def column(self, at: int) -> list[bytes]:
        """Returns the texts of a column."""
        data = self.data.tobytes()
        starts = self.starts[:, at].tolist()
        ends = (self.starts[:, at] + self.lengths[:, at]).tolist()
        return [data[start:end] for start, end in zip(starts, ends, strict=True)]

    def row(self, number: int) -> list[str]:
        """Returns the texts of a row."""
        starts = self.starts[number].tolist()
        ends = (self.starts[number] + self.lengths[number]).tolist()
        first, last = min(starts), max(ends)
        data = self.data[first:last].tobytes()
        return [
            data[start - first : end - first].decode()
            for start, end in zip(starts, ends, strict=True)
        ]


@dataclass(frozen=True)
class Quotes:
    """Quotes that are no text.

    Attributes:
        opening: Those that begin a cell.
        closing: Those that end one.
        doubled: One of each two that stand for one.
        doubled_in: The cell that it is in, counted through all rows.
    """

    opening: Ints
    closing: Ints
    doubled: Ints
    doubled_in: Ints


@dataclass(frozen=True)
class Places:
    """Where the cells of some whole rows stand in a chunk.

    Attributes:
        data: The rows' bytes as they came, each line's end with them.
        starts: Where each cell's text begins in ``data``, by row and column, right behind a
            separator, a line's end or a quote.
        lengths: How many bytes the text has, one for two quotes.
        row_starts: Where each row begins.
        returns: The carriage returns before the rows' ends.
        quotes: Quotes that are no text; None where there are none.
    """

    data: Bytes
    starts: Ints
    lengths: Ints
    row_starts: Ints
    returns: Ints
    quotes: Quotes | None

    @property
    def line_numbers(self) -> Ints:
        """The line on which each row begins, the first being line 0."""
        return np.searchsorted(np.flatnonzero(self.data == LF), self.row_starts)

    @property
    def between(self) -> Sequence[Ints]:
        """All bytes that are no text and do not stand right before one."""
        if self.quotes is None:
            return [self.returns]
        quotes = self.quotes
        return [self.returns, quotes.opening - 1, quotes.closing, quotes.doubled]

    @cached_property
    def joined(self) -> Cells:
        """The cells, each one's text in one piece."""
        if self.quotes is None or not self.quotes.doubled.size:
            return Cells(self.data, self.starts, self.lengths)
        remains = np.ones(self.data.size, np.bool_)
        remains[self.quotes.doubled] = False
        taken = np.bincount(self.quotes.doubled_in, minlength=self.starts.size)
        moved = (np.cumsum(taken) - taken).reshape(self.starts.shape)
        return Cells(self.data[remains], self.starts - moved, self.lengths)
