"""Batches of text cells to records: columns by their header, cells by their type."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from teamster.core.errors import UnreadableFile
from teamster.core.schema import (
    EXTRA_FIELD,
    column_name,
    distinct,
    has_extra,
)
from teamster.core.values import Converter, converter, type_name
from teamster.libraries.sftp.formats.batches import Batch, Header, Line
from teamster.libraries.sftp.formats.content import MARKUP, head_of, kind_of, refuse_other
from teamster.libraries.sftp.provenance import BatchReader, Provenance
from teamster.libraries.ssh.files import LocalFile


@dataclass(frozen=True)
class Typed:
    """A column that is not text: how its cells become values."""

    name: str
    convert: Converter
    type_name: str


@dataclass(frozen=True)
class Layout:
    """A file's header against the schema.

    Attributes:
        width: How many columns it has.
        known: Position and name of the columns that the schema knows.
        typed: Those of them that are not text.
        unknown: The other columns, where the schema has a place for them.
    """

    width: int
    known: Sequence[tuple[int, str]]
    typed: Sequence[Typed]
    unknown: Sequence[tuple[int, str]]

    @property
    def converters(self) -> dict[str, Converter]:
        """Column -> how its cells become values, where they are not text."""
        return {column.name: column.convert for column in self.typed}


@dataclass
class Table:
    """A file that is being read.

    Attributes:
        file: The file.
        header: Its columns.
        layout: The same against the schema.
        provenance: Where its rows come from.
        warned_before: How many warnings there were before its first row.
        rejected_before: How many rows were rejected before.
        rows: How many rows were handed on.
        lenient_rows: How many of them have quotes that are not doubled.
    """

    file: LocalFile
    header: Header
    layout: Layout
    provenance: Provenance
    warned_before: int
    rejected_before: int
    rows: int = 0
    lenient_rows: int = 0


@dataclass
class TableReader(BatchReader):
    """Reads rows of text cells into rows that fit the schema.

    Attributes:
        types: The schema's fields, name -> type.
    """

    types: dict[str, Any] = field(init=False)
    _keeps_unknown: bool = field(init=False)

    def __post_init__(self) -> None:
        """Prepares the schema."""
        self.types = {item["name"]: item["type"] for item in self.schema["fields"]}
        self._keeps_unknown = has_extra(self.schema)

    def rows(self, batches: Iterable[Batch]) -> Iterator[Mapping[str, Any]]:
        """Hands on the rows of all files.

        Raises:
            UnreadableFile: A file has no column of the schema.
        """
        for file, of_file in groupby(batches, key=attrgetter("file")):
            yield from self._file(file, of_file)

    def _file(self, file: LocalFile, batches: Iterator[Batch]) -> Iterator[Mapping[str, Any]]:
        first = next(batches)
        table = self.begun(first)
        if table is None:
            return
        for batch in chain([first], batches):
            self.tally.warnings.extend(batch.warnings)
            for line in batch.lines:
                row = self.row(line, table)
                if row is not None:
                    table.rows += 1
                    yield row
        self.ended(table)

    def begun(self, first: Batch) -> Table | None:
        """Looks at a file's header; returns what is known of the file then, None if it is empty.

        Raises:
            UnreadableFile: The file has no column of the schema.
        """
        if first.header is None:
            self.tally.warnings.append(f"{first.file.name} is empty")
            return None
        layout = self._layout(first.header, first.file)
        provenance = Provenance(self.types, first.file, self.tally.fields)
        warned = len(self.tally.warnings)
        return Table(first.file, first.header, layout, provenance, warned, self.quarantine.count)

    def ended(self, table: Table) -> None:
        """Warns of what is odd about a file that was read to its end."""
        name = table.file.name
        if table.lenient_rows:
            self.tally.warnings.append(
                f"{name}: in {table.lenient_rows} rows quotes inside a quoted cell are not "
                "doubled; their cells are as many as the header's, so they are taken as text"
            )
        is_empty = not table.rows and self.quarantine.count == table.rejected_before
        if is_empty and len(self.tally.warnings) == table.warned_before:
            what = "has a header and no rows" if table.header.number else "has no rows"
            self.tally.warnings.append(f"{name} {what}")

    def _layout(self, header: Header, file: LocalFile) -> Layout:
        names = self._names(header.cells, file.name)
        known = [(at, name) for at, name in names if name in self.types and name != EXTRA_FIELD]
        if not known:
            if kind_of(head_of(file)) == MARKUP:
                raise refuse_other(file, "a table", MARKUP)
            # Its first line may be a row: say nothing of what stands there.
            raise UnreadableFile(
                f"{file.name}, line {header.number}: none of its {len(names)} columns is in the "
                "schema; is there no header, another separator, or is it another file?"
                if header.number
                else f"{file.name}: none of the columns that format names is in the schema"
            )
        unknown = [(at, name) for at, name in names if name not in self.types]
        self.tally.fields.names(name for _, name in [*known, *unknown])
        types = ((name, self.types[name]) for _, name in known)
        typed = [
            Typed(name, convert, type_name(kind))
            for name, kind in types
            if (convert := converter(kind))
        ]
        kept = unknown if self._keeps_unknown else ()
        return Layout(len(header.cells), known, typed, kept)

    def _names(self, cells: Sequence[str], file_name: str) -> list[tuple[int, str]]:
        """Returns position and name of the columns that are taken."""
        options = self.options
        own_names = [
            column_name(
                cell,
                slugify_cols=options.slugify_cols,
                replacements=options.slugify_replacements,
            )
            for cell in cells
        ]
        names = distinct(own_names)
        renamed = [
            f"column {position} is named {name}"
            for position, (name, own) in enumerate(zip(names, own_names, strict=True), start=1)
            if own and name != own
        ]
        if renamed:
            self.tally.warnings.append(
                f"{file_name}: header repeats itself: {', '.join(renamed[:20])}"
            )
        return [
            (position, name)
            for position, name in enumerate(names)
            if name not in options.ignore_cols
        ]

    def row(self, line: Line, table: Table) -> dict[str, Any] | None:
        """Returns a row's values, or None having set it aside."""
        cells = self.cells(line, table)
        return None if cells is None else self.values(cells, line, table)

    def values(self, cells: Sequence[str], line: Line, table: Table) -> dict[str, Any] | None:
        """Returns the values of a row's cells, or None having set it aside."""
        layout = table.layout
        row: dict[str, Any] = {name: cells[at] or None for at, name in layout.known}
        for column in layout.typed:
            text = row[column.name]
            try:
                row[column.name] = column.convert(text) if text else None
            except ValueError:
                reason = f"not of type {column.type_name}"
                self.reject(table, line, reason, column.name)
                return None
        if layout.unknown:
            row[EXTRA_FIELD] = {
                name: cells[position] for position, name in layout.unknown if cells[position]
            }
        table.provenance.fill(row, line.number)
        return row

    def cells(self, line: Line, table: Table) -> list[str] | None:
        """Returns a row's cells, as many as the header's or more, or None having set it aside."""
        cells = line.cells
        width = table.layout.width
        if line.fault:
            if line.likely is None or len(line.likely) != width:
                self.reject(table, line, line.fault)
                return None
            cells = line.likely
            table.lenient_rows += 1
        if len(cells) > width and any(cells[width:]):
            self.reject(table, line, "more cells than the header")
            return None
        if len(cells) < width:
            self.tally.short_rows += 1
            cells = cells + [""] * (width - len(cells))
        return cells

    def reject(self, table: Table, line: Line, reason: str, column: str | None = None) -> None:
        """Sets a row aside."""
        self.quarantine.add(table.file.name, line.number, reason, line.cells, column)
        if line.fault and self.quarantine.full:
            # Each such fault may read on to the file's end: enough is known to fail.
            self.quarantine.check()
