"""Split cells to encoded records where they stand: what divides them becomes what Avro has there.

Both formats have one cell behind the other. A cell costs a separator in the one, and in the other
the number of its union's branch and the length of its text. So each byte of the file is given two:
what is to stand before it, and itself. Then the zeros are taken out, all of them in one go.
"""

from typing import Any

import numpy as np

from teamster.core.blocks import varint
from teamster.libraries.sftp.encoding import NULL_OR_TEXT
from teamster.libraries.sftp.formats.places import Ints, Places, Workspace

_SHORT, _LONG = 1 << 6, 1 << 13
"""Lengths from which a text's takes two bytes, and three."""

_NULL = 0xFF
"""Stands for the zero that null is until the other zeros are gone; it is in no UTF-8."""
_TO_AVRO = bytes(range(_NULL)) + b"\0"

_PAIR = np.dtype("<u2")
"""What is to stand before a byte, and the byte."""


def _pair(first: int, second: int) -> int:
    return first | second << 8


_HEADS = np.array(
    [_pair(0, _NULL), *(_pair(*NULL_OR_TEXT.tag, *varint(length)) for length in range(1, _SHORT))],
    _PAIR,
)
"""What stands before a text, by its length."""

_WORK = Workspace()


def encode_in_place(places: Places) -> bytes | None:
    """Encodes the rows of a chunk, of a plan that ``can_stay``.

    Args:
        places: Its cells, as many in each row as the plan has fields.

    Returns:
        None where a text is too long for this, or the file has zeros of its own.
    """
    data, starts, lengths = places.data, places.starts.ravel(), places.lengths.ravel()
    if int(lengths.max()) >= _LONG or not data.all():
        return None
    # A cell's head goes where the byte before its text was. The first has none, and the last line's
    # end is before nothing: all bytes move one to the back.
    pairs = _WORK.array("pairs", data.size, _PAIR)
    pairs[0] = 0
    np.left_shift(data[:-1], 8, out=pairs[1:], dtype=_PAIR)
    for each in places.between:
        pairs[each + 1] = 0
    pairs[starts] = _HEADS.take(lengths, mode="clip")
    _put_long(pairs, starts, lengths)
    # Not by numpy, to which it would be four calls and an index of eight bytes a byte.
    spelled: bytes = pairs.tobytes()
    return spelled.translate(_TO_AVRO, b"\0")


def _put_long(pairs: Any, starts: Ints, lengths: Ints) -> None:
    """Sets the heads that have three bytes: the third stands before the text's first byte."""
    long = np.flatnonzero(lengths >= _SHORT)
    if long.size:
        places, of_long = starts.take(long), lengths.take(long)
        pairs[places] = _pair(NULL_OR_TEXT.tag[0], 0x80) | (of_long << 1 & 0x7F) << 8
        pairs[places + 1] |= (of_long >> 6).astype(_PAIR)
