"""Text of fixed width: columns by where they begin, as the vendor's layout lists them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from teamster.libraries.sftp.formats.batches import Batch, Line, batches_of_table, chunks
from teamster.libraries.sftp.formats.text import STRICT, Lines, TextFormat, decoded
from teamster.libraries.ssh.files import LocalFile


class FixedColumn(BaseModel):
    """A column and where it stands."""

    model_config = STRICT

    name: str = Field(min_length=1, description="The column's name.")
    start: int = Field(ge=1, description="Its first character, from 1.")
    width: int = Field(ge=1, description="Characters.")


class FixedWidth(TextFormat):
    """Cells by their place in the line."""

    type: Literal["fixed_width"] = "fixed_width"
    columns: list[FixedColumn] = Field(min_length=1, description="Name, start and width of each.")

    @field_validator("columns")
    @classmethod
    def _distinct(cls, given: list[FixedColumn]) -> list[FixedColumn]:
        names = [column.name for column in given]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"columns stand twice: {', '.join(twice)}")
        return given


def read_fixed_width(files: Iterable[LocalFile], layout: FixedWidth) -> Iterator[Batch]:
    """Reads files of fixed width; blank lines are passed over, cells are stripped.

    A line that ends before a column begins has fewer cells; one with text beyond the last column
    comes out with its fault.

    Raises:
        UnreadableFile: It is no text, or a byte is not of the encoding.
    """
    columns = sorted(layout.columns, key=lambda column: column.start)
    names = [column.name for column in columns]
    spans = [slice(column.start - 1, column.start - 1 + column.width) for column in columns]
    for file in files:
        with decoded(file, "text of fixed width", layout.encoding) as opened:
            rows = _rows(Lines(opened, file.name, layout), spans)
            yield from batches_of_table(file, chunks(rows), names)


def _rows(lines: Lines, spans: Sequence[slice]) -> Iterator[Line]:
    end = max(span.stop for span in spans)
    for physical in lines:
        lines.taken.clear()
        line = physical.rstrip("\r\n")
        if line[end:].strip():
            yield Line(lines.number, [line], "text beyond the last column")
        elif line.strip():
            cells = [line[span].strip() for span in spans if span.start < len(line)]
            yield Line(lines.number, cells)
