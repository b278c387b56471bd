"""Excel workbooks: one sheet, its cells as text."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from teamster.core.errors import UnreadableFile
from teamster.libraries.sftp.formats.batches import Batch, Line, batches_of_table, chunks
from teamster.libraries.sftp.formats.content import OLD_EXCEL, ZIP, head_of, kind_of, refuse_other
from teamster.libraries.sftp.formats.text import STRICT, Regex, search
from teamster.libraries.sftp.zips import Limits, open_zip
from teamster.libraries.ssh.files import LocalFile

if TYPE_CHECKING:  # imported where a workbook is read
    from python_calamine import CalamineSheet, CalamineWorkbook

_CELL = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{1,3})0*([1-9][0-9]{0,6})\s*["']""")
_OVERLAP = 64
_SMALL_SPAN = 2_000_000
_LARGEST_SPAN = 100_000_000
_SPARSE = 50


class Excel(BaseModel):
    """A sheet of a workbook."""

    model_config = STRICT

    type: Literal["excel"] = "excel"
    sheet: int | str = Field(default=0, description="The sheet: its name, or its index from 0.")
    header_row: int = Field(default=1, ge=1, description="The header's first row, from 1.")
    header_lines: int = Field(default=1, ge=1, description="Rows of the header.")
    columns: list[str] | None = Field(
        default=None, min_length=1, description="Names of the columns, where there is no header."
    )
    skip_until: Regex | None = Field(
        default=None, description="Rows before the first in which this is found are passed over."
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.columns and self.header_lines != 1:
            raise ValueError("columns are for sheets without a header: leave header_lines out")
        return self


def read_excel(files: Iterable[LocalFile], layout: Excel, limits: Limits) -> Iterator[Batch]:
    """Reads one sheet of each workbook; it is held in memory. Empty rows are passed over.

    Args:
        files: The workbooks: .xlsx, .xlsm or .xls by their content.
        layout: Where the table stands.
        limits: What a workbook may unpack to.

    Raises:
        UnreadableFile: It is no workbook, has a password, unpacks to too much, spans far more cells
            than it fills, or has no such sheet; the error then names those there are.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    for file in files:
        if not file.path.stat().st_size:
            yield Batch(file, None)
            continue
        _check(file, limits)
        try:
            with file.path.open("rb") as opened:
                rows = _sheet(file, CalamineWorkbook.from_filelike(opened), layout).iter_rows()
        except PasswordError:
            raise UnreadableFile(f"{file.name} has a password; ask for it without one") from None
        except CalamineError as error:
            raise UnreadableFile(
                f"{file.name} is no readable Excel workbook: {type(error).__name__}"
            ) from None
        lines = chunks(_table(file, rows, layout))
        yield from batches_of_table(file, lines, layout.columns, layout.header_lines)


def _check(file: LocalFile, limits: Limits) -> None:
    """Refuses what would exhaust the memory before the library sees it."""
    kind = kind_of(head_of(file))
    if kind not in (ZIP, OLD_EXCEL):
        raise refuse_other(file, "an Excel workbook", kind)
    if kind == OLD_EXCEL:  # at most 65,536 rows of 256 columns
        return
    kind = "Excel workbook"
    with file.path.open("rb") as opened, open_zip(opened, file.name, limits, kind) as workbook:
        names = [member.filename for member in workbook.members]
        for member in workbook.members:
            _check_span(file, workbook.unpacked(member))
    if "xl/workbook.xml" not in names:
        raise UnreadableFile(
            f"{file.name} is a zip archive, but no .xlsx workbook; read it with "
            "build_sftp_archive_asset, or ask for .xlsx"
        )


def _check_span(file: LocalFile, chunks: Iterable[bytes]) -> None:
    """Refuses a sheet of stray cells far apart: the library makes room for all between them."""
    columns: set[bytes] = set()
    cells, last_row, tail = 0, 0, b""
    for chunk in chunks:
        found = _CELL.findall(tail + chunk)
        tail = (tail + chunk)[-_OVERLAP:]
        cells += len(found)
        columns.update(column for column, _ in found)
        last_row = max([last_row, *(int(row) for _, row in found)])
    span = max(map(_column_number, columns), default=0) * last_row
    if span > min(_LARGEST_SPAN, max(_SMALL_SPAN, _SPARSE * cells)):
        raise UnreadableFile(
            f"{file.name}: a sheet spans {span} cells and fills {cells} of them; delete the stray "
            "ones far from the table"
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheet(file: LocalFile, workbook: "CalamineWorkbook", layout: Excel) -> "CalamineSheet":
    names = workbook.sheet_names
    sheet = layout.sheet
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return workbook.get_sheet_by_index(sheet)
    if isinstance(sheet, str) and sheet in names:
        return workbook.get_sheet_by_name(sheet)
    raise UnreadableFile(
        f"{file.name} has no sheet {sheet!r}; there are: "
        + ", ".join(f"{name!r} ({index})" for index, name in enumerate(names))
    )


def _table(file: LocalFile, rows: Iterable[list[Any]], layout: Excel) -> Iterator[Line]:
    above = layout.skip_until
    number = 0
    for number, row in enumerate(rows, start=1):
        if number < layout.header_row:
            continue
        cells = [_text(cell) for cell in row]
        if above:
            if not search(above, "\t".join(cells), f"{file.name}, row {number}"):
                continue
            above = None
        if any(cells):
            yield Line(number, cells)
    if above and number:
        raise UnreadableFile(
            f"{file.name}: skip_until is found in none of its {number} rows; has the vendor "
            "changed the header, or is it another sheet?"
        )


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
