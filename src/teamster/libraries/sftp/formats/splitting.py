"""A chunk of delimited UTF-8 split into cells by numpy, where it is plainly regular.

Whether it is, is decided strictly: what the csv module would read in another way, or refuse, is not
split here. The bytes of a chunk are looked at as a whole: where separators, quotes and line ends
stand, which of them are inside quotes, and from where to where each cell goes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from teamster.libraries.sftp.formats.places import CR, LF, Bytes, Ints, Places, Quotes, Workspace

_WORK = Workspace()


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

    def found(self, data: Bytes) -> Ints:
        """Returns where any of them stands, in order."""
        is_one = _WORK.array("is one", data.size, np.bool_)
        is_this = _WORK.array("is this", data.size, np.bool_)
        np.equal(data, self.separator, out=is_one)
        for sign in {LF, CR, *self.refused, self.quote} - {None}:
            is_one |= np.equal(data, sign, out=is_this)
        return np.flatnonzero(is_one)


@dataclass(frozen=True)
class Split:
    """What became of a chunk.

    Attributes:
        end: Where its last whole row ends: what comes behind belongs to the next chunk.
        cells: Its cells; None where it is not plainly regular.
        lines: How many lines end in the cells.
    """

    end: int
    cells: Places | None
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
    found = signs.found(data)
    kinds = data.take(found)
    outside: Any = True
    if signs.quote is not None and signs.quote in chunk:
        outside = ~np.logical_xor.accumulate(kinds == signs.quote)
    line_ends = np.flatnonzero((kinds == LF) & outside)
    if not line_ends.size:
        return Split(0, None)
    inner = int(line_ends[-1]) + 1
    found, kinds = found[:inner], kinds[:inner]
    end = int(found[-1]) + 1
    is_end = (kinds == signs.separator) | (kinds == LF)
    if outside is not True:
        is_end &= outside[:inner]
    cells = _regular(data[:end], found, kinds, is_end, signs)
    return Split(end, cells, int(np.count_nonzero(kinds == LF)))


def _regular(data: Bytes, found: Ints, kinds: Bytes, is_end: Any, signs: Signs) -> Places | None:
    """Returns the cells of whole rows, or None."""
    returns = found[kinds == CR]
    if returns.size and not (data.take(returns + 1) == LF).all():  # the last byte is a line feed
        return None  # a bare carriage return ends a line too
    if signs.refused and np.isin(kinds, np.frombuffer(signs.refused, np.uint8)).any():
        return None
    ends = found[is_end]
    rows = np.flatnonzero(data.take(ends) == LF)
    width = int(rows[0]) + 1
    if ends.size != rows.size * width or (rows[1:] - rows[:-1] != width).any():
        return None
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts
    last = slice(width - 1, None, width)
    if returns.size:
        has_return = (data.take(ends[last] - 1) == CR) & (lengths[last] > 0)
        lengths[last] -= has_return
        returns = ends[last][has_return] - 1  # others are text
    row_starts = starts[::width].copy()
    if width == 1 and not lengths.all():
        return None  # a blank line is no row
    if signs.comment and (data.take(row_starts) == signs.comment[0]).any():
        return None
    quotes = None
    places, cell_of = _found_in(kinds, is_end, signs.quote)
    if places.size:
        quotes = _quotes(found.take(places), cell_of, starts, lengths)
        if quotes is None:
            return None
    shape = (rows.size, width)
    return Places(data, starts.reshape(shape), lengths.reshape(shape), row_starts, returns, quotes)


def _found_in(kinds: Bytes, is_end: Any, quote: int | None) -> tuple[Ints, Ints]:
    """Returns which of the signs found are quotes, and the cell in which each of them stands.

    As many cells end before a sign that ends none as signs stand before it that do: its place among
    all, less its place among those that end none. Summing up would take a fifth of the splitting.
    """
    others = np.flatnonzero(~is_end)
    among_others = np.flatnonzero(kinds.take(others) == (-1 if quote is None else quote))
    places = others.take(among_others)
    return places, places - among_others


def _quotes(found: Ints, cell_of: Ints, starts: Ints, lengths: Ints) -> Quotes | None:
    """Takes the quotes off quoted cells: moves their starts, and shortens them.

    Args:
        found: Where quotes stand.
        cell_of: The cell in which each of them does.
        starts: Where each cell begins; changed.
        lengths: How many bytes it has; changed.

    Returns:
        None where a quote stands anywhere else.
    """
    firsts = np.concatenate([[0], np.flatnonzero(cell_of[1:] != cell_of[:-1]) + 1])
    counts = np.append(firsts[1:], found.size) - firsts
    cells = cell_of.take(firsts)
    opening = starts.take(cells)
    closing = opening + lengths.take(cells) - 1
    is_plain = (found.take(firsts) == opening) & (found.take(firsts + counts - 1) == closing)
    if not is_plain.all() or (counts & 1).any():
        return None
    starts[cells] += 1
    lengths[cells] -= counts // 2 + 1
    doubled = np.empty(0, np.intp)
    if int(counts.max()) > 2:
        place = np.arange(found.size) - np.repeat(firsts, counts)
        doubled = np.flatnonzero((place & 1 == 1) & (place < np.repeat(counts, counts) - 1))
        if (found.take(doubled + 1) - found.take(doubled) != 1).any():
            return None
    return Quotes(opening, closing, found.take(doubled), cell_of.take(doubled))
