"""Rows of texts to encoded records without numpy: a field of many rows at once.

The cells are spelled in bytes: each of their characters stands for a byte of UTF-8, as decoding by
Latin-1 has it. So the length of a cell is what Avro wants to have before it, and no text is looked
up or encoded by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from teamster.core.blocks import Branches, varint
from teamster.libraries.sftp.encoding import (
    NULL_OR_TEXT,
    Extra,
    LineNumber,
    Plan,
    TextColumn,
    TypedColumn,
    TypedPieces,
    Unfit,
    can_stay,
)
from teamster.libraries.sftp.formats.spelled import SpelledRows

_MEMO_CELLS = 2_000
"""Of each typed column: there may be many, and ids are all different."""

_PIECES = 2
"""A field has two: what stands before its text, and that; what is no text has the first only."""


def _spelled(encoded: bytes) -> str:
    return encoded.decode("latin-1")


class _Heads(dict[int, str]):
    """What stands before a text, by its length; null is that of none."""

    def __init__(self, branches: Branches) -> None:
        super().__init__({} if branches.null is None else {0: _spelled(branches.null)})
        self._tag = branches.tag

    def __missing__(self, length: int) -> str:
        """Makes one.

        Raises:
            Unfit: There is no text, which is null, and the schema has no place for that.
        """
        if not length:
            raise Unfit
        head = self[length] = _spelled(self._tag + varint(length))
        return head


class _Values(dict[str, str]):
    """Cells of a typed column, converted and encoded.

    No cell of other characters than ASCII's is of a type: it raises, spelled this way or not.
    """

    def __init__(self, pieces: TypedPieces) -> None:
        super().__init__()
        self._pieces = pieces

    def __missing__(self, cell: str) -> str:
        if len(self) >= _MEMO_CELLS:
            self.clear()
        value = self[cell] = _spelled(self._pieces.encoded(cell))
        return value


@dataclass(frozen=True)
class EncodedRows:
    """Some rows.

    Attributes:
        encoded: Their encoding.
        nulls: Field -> how many of them are null, of the fields that are columns.
    """

    encoded: bytes
    nulls: dict[str, int]


class SpelledEncoder:
    """Encodes rows that are spelled in bytes.

    Args:
        plan: Where each field comes from.
        width: How many columns the header has.
    """

    def __init__(self, plan: Plan, width: int) -> None:
        self._sources = plan.sources
        self._width = width
        self._stay = len(plan.sources) == width and can_stay(plan)
        self._heads = {NULL_OR_TEXT: _Heads(NULL_OR_TEXT)}
        self._values: dict[int, _Values] = {}
        self._nullable: list[tuple[str, int]] = []
        for name, source in zip(plan.names, plan.sources, strict=True):
            if isinstance(source, TextColumn):
                if source.branches not in self._heads:
                    self._heads[source.branches] = _Heads(source.branches)
                if source.branches.null is not None:
                    self._nullable.append((name, source.at))
            elif isinstance(source, TypedColumn):
                self._values[source.at] = _Values(source.pieces)
                if source.pieces.null is not None:
                    self._nullable.append((name, source.at))

    def __call__(self, found: SpelledRows) -> EncodedRows | None:
        """Encodes rows.

        Returns:
            None where a row must be looked at by itself.
        """
        if set(map(len, found.rows)) != {self._width}:
            return None
        try:
            return self._in_order(found.rows) if self._stay else self._by_field(found)
        except (ValueError, Unfit):
            return None

    def _in_order(self, rows: Sequence[list[str]]) -> EncodedRows:
        """Encodes rows of a plan that ``can_stay``."""
        cells: list[str] = []
        for row in rows:
            cells += row
        pieces = [""] * (_PIECES * len(cells))
        pieces[::_PIECES] = map(self._heads[NULL_OR_TEXT].__getitem__, map(len, cells))
        pieces[1::_PIECES] = cells
        return self._joined(pieces, lambda at: cells[at :: self._width])

    def _by_field(self, found: SpelledRows) -> EncodedRows:
        columns = list(zip(*found.rows, strict=True))
        step = _PIECES * len(self._sources)
        pieces = [""] * (step * len(found.rows))
        for place, source in enumerate(self._sources):
            heads = slice(_PIECES * place, None, step)
            match source:
                case TextColumn(at, branches):
                    pieces[heads] = map(self._heads[branches].__getitem__, map(len, columns[at]))
                    pieces[_PIECES * place + 1 :: step] = columns[at]
                case TypedColumn(at):
                    pieces[heads] = map(self._values[at].__getitem__, columns[at])
                case LineNumber(encode):
                    pieces[heads] = map(_spelled, map(encode, found.numbers()))
                case Extra():
                    pieces[heads] = [_spelled(source.piece(row)) for row in found.texts]
                case bytes():
                    pieces[heads] = [_spelled(source)] * len(found.rows)
        return self._joined(pieces, columns.__getitem__)

    def _joined(self, pieces: Sequence[str], column: Callable[[int], Sequence[str]]) -> EncodedRows:
        empty = {name: column(at).count("") for name, at in self._nullable}
        encoded = "".join(pieces).encode("latin-1")
        return EncodedRows(encoded, {name: n for name, n in empty.items() if n})
