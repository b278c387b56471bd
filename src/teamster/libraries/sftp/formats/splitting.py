"""A chunk of delimited UTF-8 split into cells by numpy, where it is plainly regular.

Whether it is, is decided strictly: what the csv module would read in another way, or refuse, is not
split here. The bytes of a chunk are looked at as a whole: where separators, quotes and line ends
stand, which of them are inside quotes, and from where to where each cell goes.
"""

import threading
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int32]
Bytes: TypeAlias = npt.NDArray[np.uint8]

_LF, _CR = 10, 13


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
class Signs:
    """The bytes that divide a text into cells.

    Attributes:
        separator: Between cells; ASCII.
        quote: Around cells, doubled inside them; None where quotes are text. ASCII.
        refused: Bytes that only the csv module knows how to read.
        comment: What a line that is passed over begins with; such lines are not split here.
    """

    separator: int
    quote: int | None
    refused: bytes = b""
    comment: bytes = b""

    @cached_property
    def table(self) -> bytes:
        """For each byte whether it is one of them."""
        signs = {self.separator, _LF, _CR, *self.refused, self.quote}
        return bytes(byte in signs for byte in range(256))


@dataclass(frozen=True)
class Cells:
    """The cells of some whole rows.

    Attributes:
        data: The rows' bytes; of doubled quotes there is one.
        starts: Where each cell's text begins in ``data``, by row and column.
        lengths: How many bytes it has.
        row_starts: Where each row begins.
    """

    data: Bytes
    starts: Ints
    lengths: Ints
    row_starts: Ints

    @property
    def line_numbers(self) -> Ints:
        """The line on which each row begins, the first being line 0."""
        ends = np.flatnonzero(self.data == _LF)
        return np.searchsorted(ends, self.row_starts).astype(np.int32)

    def padded(self, width: int) -> "Cells":
        """Returns the same with empty cells where a row has fewer than so many."""
        lacking = width - self.starts.shape[1]
        if lacking <= 0:
            return self
        behind = ((0, 0), (0, lacking))
        starts, lengths = np.pad(self.starts, behind), np.pad(self.lengths, behind)
        return replace(self, starts=starts, lengths=lengths)

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


_WORK = Workspace()


@dataclass(frozen=True)
class Split:
    """What became of a chunk.

    Attributes:
        end: Where its last whole row ends: what comes behind belongs to the next chunk.
        cells: Its cells; None where it is not plainly regular.
        lines: How many lines end in the cells.
    """

    end: int
    cells: Cells | None
    lines: int = 0


def split(chunk: bytes, signs: Signs) -> Split:
    """Splits a chunk that begins with a row.

    Args:
        chunk: UTF-8.
        signs: The bytes that divide it.

    Returns:
        Its cells, as many in each row. ``end`` is 0 where no row ends in the chunk.
    """
    data = np.frombuffer(chunk, np.uint8)
    # Not by numpy: its calls let go of the interpreter, and two threads then wait for each other.
    found = np.flatnonzero(np.frombuffer(chunk.translate(signs.table), np.bool_)).astype(np.int32)
    kinds = data[found]
    outside: Any = True
    if signs.quote is not None:
        quotes = kinds == signs.quote
        outside = (np.cumsum(quotes, dtype=np.int32) & 1) == 0
    line_ends = found[(kinds == _LF) & outside]
    if not line_ends.size:
        return Split(0, None)
    end = int(line_ends[-1]) + 1
    inner = int(np.searchsorted(found, end))
    found, kinds = found[:inner], kinds[:inner]
    outside = outside[:inner] if signs.quote is not None else True
    cells = _regular(data[:end], found, kinds, outside, signs)
    return Split(end, cells, int(np.count_nonzero(kinds == _LF)))


def _regular(data: Bytes, found: Ints, kinds: Bytes, outside: Any, signs: Signs) -> Cells | None:
    """Returns the cells of whole rows, or None."""
    returns = found[kinds == _CR]
    if returns.size and not (data[returns + 1] == _LF).all():  # the last byte is a line feed
        return None  # a bare carriage return ends a line too
    if signs.refused and np.isin(kinds, np.frombuffer(signs.refused, np.uint8)).any():
        return None
    is_end = ((kinds == signs.separator) | (kinds == _LF)) & outside
    ends = found[is_end]
    rows = np.flatnonzero(kinds[is_end] == _LF)
    width = int(rows[0]) + 1
    if ends.size != rows.size * width or (rows[1:] - rows[:-1] != width).any():
        return None
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts
    last = slice(width - 1, None, width)
    lengths[last] -= (data[ends[last] - 1] == _CR) & (lengths[last] > 0)
    row_starts = starts[::width].copy()
    if width == 1 and not lengths.all():
        return None  # a blank line is no row
    if signs.comment and (data[row_starts] == signs.comment[0]).any():
        return None
    quotes = found[kinds == signs.quote]
    if quotes.size:
        unquoted = _unquote(data, quotes, starts, lengths, ends)
        if unquoted is None:
            return None
        data, moved = unquoted
        starts -= moved
        row_starts -= moved[::width]
    shape = (rows.size, width)
    return Cells(data, starts.reshape(shape), lengths.reshape(shape), row_starts)


def _unquote(
    data: Bytes, quotes: Ints, starts: Ints, lengths: Ints, ends: Ints
) -> tuple[Bytes, Ints] | None:
    """Takes the quotes off quoted cells, and one away of two.

    Returns:
        The bytes that remain, and by how many each cell's text has moved to the front; None where a
        quote stands anywhere else.
    """
    cell_of = np.searchsorted(ends, quotes)
    firsts = np.concatenate([[0], np.flatnonzero(cell_of[1:] != cell_of[:-1]) + 1])
    counts = np.diff(firsts, append=quotes.size).astype(np.int32)
    cells = cell_of[firsts]
    lasts = firsts + counts - 1
    opened = starts[cells]
    closed = opened + lengths[cells] - 1
    if (quotes[firsts] != opened).any() or (quotes[lasts] != closed).any() or (counts & 1).any():
        return None
    starts[cells] += 1
    lengths[cells] -= counts // 2 + 1
    moved = np.zeros_like(starts)
    if int(counts.max()) == 2:
        return data, moved
    place = np.arange(quotes.size) - np.repeat(firsts, counts)
    pairs = np.flatnonzero((place & 1 == 1) & (place < np.repeat(counts, counts) - 1))
    if (quotes[pairs + 1] - quotes[pairs] != 1).any():
        return None
    moved[cells] = counts // 2 - 1
    remains = np.ones(data.size, np.bool_)
    remains[quotes[pairs]] = False
    return data[remains], np.cumsum(moved, dtype=np.int32) - moved
