"""Files to records: columns by their header, cells by their type, bad rows to the quarantine."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from teamster.core.drift import FieldsSeen
from teamster.core.errors import UnreadableFile
from teamster.core.quarantine import Quarantine
from teamster.core.records import Records, Tally
from teamster.core.schema import (
    EXTRA_FIELD,
    AvroSchema,
    column_name,
    distinct,
    has_extra,
)
from teamster.core.values import Converter, converter, type_name
from teamster.libraries.sftp.formats.delimited import Dialect, Line, read_lines
from teamster.libraries.sftp.options import ReadOptions
from teamster.libraries.ssh.files import LocalFile

FILE_NAME = "source_file_name"
FILE_MTIME = "source_file_mtime"
FILE_LINE = "source_line"
PROVENANCE = frozenset({FILE_NAME, FILE_MTIME, FILE_LINE})


def read_records(
    files: Sequence[LocalFile],
    schema: AvroSchema,
    options: ReadOptions,
    spool: Path,
    resources: ExitStack,
) -> Records:
    """Reads files, one after the other, as one stream of records.

    Args:
        files: The files, in order.
        schema: The schema of the records.
        options: How the files are read.
        spool: A private folder for rejected rows.
        resources: What the records close when they are done with.

    Returns:
        The records; nothing is read until they are asked for.
    """
    quarantine = Quarantine(spool, options.max_rejected_rows)
    resources.enter_context(quarantine)
    tally = Tally(FieldsSeen(schema), quarantine)
    rows = _Reader(schema, options, tally, quarantine).rows(files)
    return Records(rows, schema, tally=tally, resources=resources)


@dataclass(frozen=True)
class _Column:
    """A column of a file: where it stands and how its cells become values."""

    position: int
    name: str
    convert: Converter | None
    type_name: str


@dataclass(frozen=True)
class _Layout:
    """A file's header against the schema."""

    width: int
    columns: Sequence[_Column]
    typed: Sequence[_Column]
    unknown: Sequence[tuple[int, str]]


@dataclass
class _Reader:
    """Reads files into rows that fit the schema, noting what it sees."""

    schema: AvroSchema
    options: ReadOptions
    tally: Tally
    quarantine: Quarantine
    _types: dict[str, Any] = field(init=False)
    _keeps_unknown: bool = field(init=False)
    _lenient_rows: int = 0

    def __post_init__(self) -> None:
        self._types = {item["name"]: item["type"] for item in self.schema["fields"]}
        self._keeps_unknown = has_extra(self.schema)

    def rows(self, files: Sequence[LocalFile]) -> Iterator[Mapping[str, Any]]:
        for file in files:
            yield from self._file(file)

    def _file(self, file: LocalFile) -> Iterator[Mapping[str, Any]]:
        dialect = Dialect(
            self.options.file_sep, self.options.file_quote, self.options.file_encoding
        )
        lines = read_lines(file.path, file.name, dialect)
        header = next(lines, None)
        if header is None:
            self.tally.warnings.append(f"{file.name} is empty")
            return
        layout = self._layout(header, file.name)
        provenance = self._provenance(file)
        before = self.tally.rows
        self._lenient_rows = 0
        for line in lines:
            row = self._row(line, layout, file.name)
            if row is not None:
                row.update(provenance)
                if FILE_LINE in self._types:
                    row[FILE_LINE] = self._as_field(FILE_LINE, str(line.number))
                yield row
        if self._lenient_rows:
            self.tally.warnings.append(
                f"{file.name}: in {self._lenient_rows} rows quotes inside a quoted cell are not "
                "doubled; their cells are as many as the header's, so they are taken as text"
            )
        if self.tally.rows == before and not self.quarantine.count:
            self.tally.warnings.append(f"{file.name} has a header and no rows")

    def _layout(self, header: Line, file_name: str) -> _Layout:
        if header.fault:
            raise UnreadableFile(f"{file_name}, line {header.number}: header: {header.fault}")
        names = self._names(header.cells, file_name)
        known = [(at, name) for at, name in names if name in self._types and name != EXTRA_FIELD]
        if not known:
            # Its first line may be a row: say nothing of what stands there.
            raise UnreadableFile(
                f"{file_name}, line {header.number}: none of its {len(names)} columns is in the "
                "schema; is there no header, another separator, or is it another file?"
            )
        unknown = [(at, name) for at, name in names if name not in self._types]
        self.tally.fields.names(name for _, name in [*known, *unknown])
        columns = [
            _Column(at, name, converter(self._types[name]), type_name(self._types[name]))
            for at, name in known
        ]
        typed = [column for column in columns if column.convert]
        kept = unknown if self._keeps_unknown else ()
        return _Layout(len(header.cells), columns, typed, kept)

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

    def _provenance(self, file: LocalFile) -> dict[str, Any]:
        """Returns where a file's rows come from, as far as the schema has a place for it."""
        texts = {FILE_NAME: file.name, FILE_MTIME: file.remote.mtime.isoformat()}
        self.tally.fields.names(PROVENANCE & set(self._types))
        return {
            name: self._as_field(name, text) for name, text in texts.items() if name in self._types
        }

    def _as_field(self, name: str, text: str) -> Any:
        convert = converter(self._types[name])
        return convert(text) if convert else text

    def _row(self, line: Line, layout: _Layout, file_name: str) -> dict[str, Any] | None:
        """Returns a row's values, or None having set it aside."""
        cells = self._cells(line, layout, file_name)
        if cells is None:
            return None
        row: dict[str, Any] = {
            column.name: cells[column.position] or None for column in layout.columns
        }
        for column in layout.typed:
            text = row[column.name]
            try:
                row[column.name] = column.convert(text) if text and column.convert else None
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
