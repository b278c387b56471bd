"""How a table's rows become Avro: where each field comes from, and its encoding in pieces."""

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from teamster.core.blocks import Branches, branches_of, encoded_default, encoder, varint
from teamster.core.fit import misfit
from teamster.core.schema import EXTRA_FIELD
from teamster.core.values import Converter
from teamster.libraries.sftp.provenance import FILE_LINE
from teamster.libraries.sftp.tables import Table

_MEMO_CELLS = 50_000
_MEMO_BYTES = 64
"""Longer texts are seldom the same twice."""

_MEMO_VALUES = 5_000
"""Of each typed column: there may be many, and ids are all different."""

NULL_OR_TEXT = Branches(null=varint(0), tag=varint(1))
"""Of a union of null and a text, in this order."""


class Unfit(Exception):
    """The schema has no place for a value, for null mostly."""


class _Pieces(dict[Any, bytes]):
    """Cells' texts as Avro, each encoded once; keys are ``str`` or the bytes of UTF-8."""

    def __init__(self, always: Mapping[Any, bytes]) -> None:
        super().__init__(always)
        self._always = always

    def make_room(self) -> None:
        """Forgets what was kept."""
        self.clear()
        self.update(self._always)


@functools.cache
def _heads(tag: bytes) -> dict[int, bytes]:
    """Returns what stands before the short texts of a branch, by their length."""
    return {length: tag + varint(length) for length in range(1, _MEMO_BYTES)}


class TextPieces(_Pieces):
    """Cells of text columns.

    Args:
        branches: What stands before a text.
        always: Pieces under keys that no text is.
    """

    def __init__(self, branches: Branches, always: Mapping[int, bytes] | None = None) -> None:
        null = {} if branches.null is None else {"": branches.null}
        super().__init__({**null, **(always or {})})
        self._tag = branches.tag
        self._heads = _heads(branches.tag)

    def __missing__(self, text: str) -> bytes:
        """Encodes a text.

        Raises:
            Unfit: It is empty, which is null, and the schema has no place for that.
        """
        encoded = text.encode()
        try:
            piece = self._heads[len(encoded)] + encoded
        except KeyError:
            if not text:
                raise Unfit from None
            return self._tag + varint(len(encoded)) + encoded
        if len(self) > _MEMO_CELLS:
            self.make_room()
        self[text] = piece
        return piece


class TypedPieces(_Pieces):
    """Cells of a typed column, converted and encoded."""

    def __init__(self, avro_type: Any, convert: Converter) -> None:
        super().__init__({})
        self._convert = convert
        self._encode = encoder(avro_type)
        self.null = None if misfit(None, avro_type, "") else self._encode(None)

    def __missing__(self, given: str | bytes) -> bytes:
        """Converts and encodes a text.

        Raises:
            ValueError: It is not of the type.
            Unfit: The schema has no place for the value.
        """
        piece = self.encoded(given if isinstance(given, str) else given.decode())
        if len(self) > _MEMO_VALUES:
            self.make_room()
        self[given] = piece
        return piece

    def encoded(self, text: str) -> bytes:
        """Converts and encodes a text, as looking it up does, and does not keep it."""
        if text:
            return self._encode(self._convert(text))  # a value that is converted fits
        if self.null is None:
            raise Unfit
        return self.null


@dataclass(frozen=True)
class TextColumn:
    """A field that is a column's text."""

    at: int
    branches: Branches


@dataclass(frozen=True)
class TypedColumn:
    """A field that is a column's text, converted."""

    at: int
    pieces: TypedPieces


@dataclass(frozen=True)
class LineNumber:
    """A field that is the line on which the row begins."""

    encode: Callable[[int], bytes]


@dataclass(frozen=True)
class Extra:
    """The field that keeps the columns that the schema does not know."""

    columns: Sequence[tuple[int, str]]
    encode: Callable[[Mapping[str, str]], bytes]

    def piece(self, cells: Sequence[str]) -> bytes:
        """Returns the field of a row."""
        return self.encode({name: cells[at] for at, name in self.columns if cells[at]})


Source: TypeAlias = TextColumn | TypedColumn | LineNumber | Extra | bytes
"""Where a field comes from; bytes are the same in every row."""


@dataclass(frozen=True)
class Plan:
    """Where each field of the schema comes from.

    Attributes:
        names: The fields' names, in the order of the schema.
        sources: Where each comes from.
    """

    names: Sequence[str]
    sources: Sequence[Source]


def plan_of(fields: Sequence[Mapping[str, Any]], table: Table) -> Plan | None:
    """Returns where the fields of a schema come from in a file.

    Args:
        fields: The schema's fields, named types written out.
        table: The file.

    Returns:
        None where it takes a row's values to tell how they are encoded.
    """
    known = {name: at for at, name in table.layout.known}
    converters = table.layout.converters
    sources: list[Source] = []
    for field in fields:
        name, avro_type = field["name"], field["type"]
        if name in table.provenance.of_file:
            sources.append(encoder(avro_type)(table.provenance.of_file[name]))
        elif name == FILE_LINE and table.provenance.line_of:
            sources.append(_line_number(avro_type, table.provenance.line_of))
        elif name == EXTRA_FIELD and table.layout.unknown:
            sources.append(Extra(table.layout.unknown, encoder(avro_type)))
        elif name in known:
            column = _column(known[name], avro_type, converters.get(name))
            if column is None:
                return None
            sources.append(column)
        elif "default" in field or misfit(None, avro_type, name) is None:
            sources.append(encoded_default(field))
        else:
            return None
    return Plan([field["name"] for field in fields], sources)


def can_stay(plan: Plan) -> bool:
    """Tells whether a plan's fields are the file's columns, in their order and each a text or null.

    Args:
        plan: Where each field comes from.
    """
    return all(source == TextColumn(at, NULL_OR_TEXT) for at, source in enumerate(plan.sources))


def _line_number(avro_type: Any, line_of: Callable[[str], Any]) -> LineNumber:
    encode = encoder(avro_type)
    return LineNumber(lambda number: encode(line_of(str(number))))


def _column(at: int, avro_type: Any, convert: Converter | None) -> TextColumn | TypedColumn | None:
    if convert is not None:
        return TypedColumn(at, TypedPieces(avro_type, convert))
    branches = branches_of(avro_type)
    return None if branches is None else TextColumn(at, branches)


class RowEncoder:
    """Encodes rows of text cells, one after the other.

    Most cells are texts that are looked up, all of a row in one go; what is the same in every row
    is looked up with them, under numbers, which no cell is.

    Args:
        plan: Where each field comes from.
    """

    def __init__(self, plan: Plan) -> None:
        self._names = plan.names
        self._nulls: dict[int, bytes] = {}
        texts = [source for source in plan.sources if isinstance(source, TextColumn)]
        kinds = Counter(source.branches for source in texts).most_common(1)
        branches = kinds[0][0] if kinds else Branches(None, b"")
        always: dict[int, bytes] = {}
        places: list[int] = []
        self._others: list[tuple[int, int, _Pieces]] = []
        self._by_row: list[tuple[int, LineNumber | Extra]] = []
        for place, source in enumerate(plan.sources):
            null = _null_of(source)
            if null is not None:
                self._nulls[place] = null
            if isinstance(source, TextColumn) and source.branches == branches:
                places.append(source.at)
                continue
            always[place] = source if isinstance(source, bytes) else b""
            places.append(-len(always))
            if isinstance(source, TextColumn):
                self._others.append((place, source.at, TextPieces(source.branches)))
            elif isinstance(source, TypedColumn):
                self._others.append((place, source.at, source.pieces))
            elif not isinstance(source, bytes):
                self._by_row.append((place, source))
        self._numbers: list[Any] = list(reversed(always))
        self._pick = itemgetter(*places, *places[:1])  # one more: of one alone it makes no tuple
        self._all_in_order = len(places) if places == list(range(len(places))) else None
        self._texts = TextPieces(branches, always)

    def __call__(self, cells: list[str], number: int) -> list[bytes]:
        """Encodes a row.

        Args:
            cells: Its cells, as many as the header's or more.
            number: The line on which it begins.

        Returns:
            A piece for each field.

        Raises:
            ValueError: A cell is not of its column's type.
            Unfit: The schema has no place for a value.
        """
        if len(cells) == self._all_in_order:
            return list(map(self._texts.__getitem__, cells))
        row: list[Any] = cells + self._numbers if self._numbers else cells
        pieces = list(map(self._texts.__getitem__, self._pick(row)))
        pieces.pop()
        for place, at, column in self._others:
            pieces[place] = column[cells[at]]
        for place, source in self._by_row:
            pieces[place] = (
                source.piece(cells) if isinstance(source, Extra) else source.encode(number)
            )
        return pieces

    def nulls(self, rows: Sequence[Sequence[bytes]]) -> dict[str, int]:
        """Returns how many rows have each column null."""
        columns = list(zip(*rows, strict=True))
        if not columns:
            return {}
        counts = [(place, columns[place].count(null)) for place, null in self._nulls.items()]
        return {self._names[place]: count for place, count in counts if count}


def _null_of(source: Source) -> bytes | None:
    if isinstance(source, TextColumn):
        return source.branches.null
    return source.pieces.null if isinstance(source, TypedColumn) else None
