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
class _Typed:
    """A column that is not text: how its cells become values."""

    name: str
    convert: Converter
    type_name: str


@dataclass(frozen=True)
class _Layout:
    """A file's header against the schema."""

    width: int
    known: Sequence[tuple[int, str]]
    typed: Sequence[_Typed]
    unknown: Sequence[tuple[int, str]]


@dataclass
class TableReader(BatchReader):
    """Reads rows of text cells into rows that fit the schema."""

    _types: dict[str, Any] = field(init=False)
    _keeps_unknown: bool = field(init=False)
    _lenient_rows: int = 0

    def __post_init__(self) -> None:
        """Prepares the schema."""
        self._types = {item["name"]: item["type"] for item in self.schema["fields"]}
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
        if first.header is None:
            self.tally.warnings.append(f"{file.name} is empty")
            return
        layout = self._layout(first.header, file)
        provenance = Provenance(self._types, file, self.tally.fields)
        warned = len(self.tally.warnings)
        before = self.tally.rows + self.quarantine.count
        self._lenient_rows = 0
        for batch in chain([first], batches):
            self.tally.warnings.extend(batch.warnings)
            for line in batch.lines:
                row = self._row(line, layout, file.name)
                if row is not None:
                    provenance.fill(row, line.number)
                    yield row
        if self._lenient_rows:
            self.tally.warnings.append(
                f"{file.name}: in {self._lenient_rows} rows quotes inside a quoted cell are not "
                "doubled; their cells are as many as the header's, so they are taken as text"
            )
        nothing = self.tally.rows + self.quarantine.count == before
        if nothing and len(self.tally.warnings) == warned:
            what = "has a header and no rows" if first.header.number else "has no rows"
            self.tally.warnings.append(f"{file.name} {what}")

    def _layout(self, header: Header, file: LocalFile) -> _Layout:
        names = self._names(header.cells, file.name)
        known = [(at, name) for at, name in names if name in self._types and name != EXTRA_FIELD]
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
        unknown = [(at, name) for at, name in names if name not in self._types]
        self.tally.fields.names(name for _, name in [*known, *unknown])
        types = ((name, self._types[name]) for _, name in known)
        typed = [
            _Typed(name, convert, type_name(kind))
            for name, kind in types
            if (convert := converter(kind))
        ]
        kept = unknown if self._keeps_unknown else ()
        return _Layout(len(header.cells), known, typed, kept)

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

    def _row(self, line: Line, layout: _Layout, file_name: str) -> dict[str, Any] | None:
        """Returns a row's values, or None having set it aside."""
        cells = self._cells(line, layout, file_name)
        if cells is None:
            return None
        row: dict[str, Any] = {name: cells[at] or None for at, name in layout.known}
        for column in layout.typed:
            text = row[column.name]
            try:
                row[column.name] = column.convert(text) if text else None
            except ValueError:
                reason = f"not of type {column.type_name}"
                self._reject(file_name, line, reason, column.name)
                return None
        if layout.unknown:
            row[EXTRA_FIELD] = {
                name: cells[position] for position, name in layout.unknown if cells[position]
            }
        return row

    def _cells(self, line: Line, layout: _Layout, file_name: str) -> list[str] | None:
        """Returns a row's cells, as many as the header's or more, or None having set it aside."""
        cells = line.cells
        if line.fault:
            if line.likely is None or len(line.likely) != layout.width:
                self._reject(file_name, line, line.fault)
                return None
            cells = line.likely
            self._lenient_rows += 1
        if len(cells) > layout.width and any(cells[layout.width :]):
            self._reject(file_name, line, "more cells than the header")
            return None
        if len(cells) < layout.width:
            self.tally.short_rows += 1
            cells = cells + [""] * (layout.width - len(cells))
        return cells

    def _reject(self, file_name: str, line: Line, reason: str, column: str | None = None) -> None:
        self.quarantine.add(file_name, line.number, reason, line.cells, column)
        if line.fault and self.quarantine.full:
            # Each such fault may read on to the file's end: enough is known to fail.
            self.quarantine.check()
