"""Rows of texts to encoded records, of small files: all texts of many rows in one go.

The cells are spelled in bytes: each of their characters stands for a byte of UTF-8, as decoding by
Latin-1 has it. So the length of a cell is what Avro wants to have before it, and nothing is looked
up or encoded by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from teamster.core.blocks import varint
from teamster.libraries.sftp.encoding import NULL_OR_TEXT


class _Heads(dict[int, str]):
    """What stands before a text, by its length; null is that of none."""

    def __missing__(self, length: int) -> str:
        head = (NULL_OR_TEXT.tag + varint(length)).decode("latin-1")
        self[length] = head
        return head


_HEADS = _Heads({0: (NULL_OR_TEXT.null or b"").decode("latin-1")})


@dataclass(frozen=True)
class EncodedRows:
    """Some rows.

    Attributes:
        encoded: Their encoding.
        nulls: How many are null, by column.
    """

    encoded: bytes
    nulls: Sequence[int]


def encode_by_length(rows: Sequence[list[str]], width: int) -> EncodedRows:
    """Encodes rows of a plan that ``can_stay``.

    Args:
        rows: Their cells, spelled in bytes.
        width: How many each of them has.
    """
    cells: list[str] = []
    for row in rows:
        cells += row
    pieces = [""] * (2 * len(cells))
    pieces[::2] = map(_HEADS.__getitem__, map(len, cells))
    pieces[1::2] = cells
    nulls = [cells[at::width].count("") for at in range(width)]
    return EncodedRows("".join(pieces).encode("latin-1"), nulls)
