"""Tables to bytes, bytes to files: the same bytes and times on every machine."""

import csv
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

Row = Mapping[str, str]


def columns(text: str) -> list[str]:
    """Returns the column names of a header that is written with a comma after each."""
    return text.split(",")


@dataclass(frozen=True)
class Table:
    """A CSV file, or a member of an archive.

    Attributes:
        path: Its path below the drop's root, with ``/``. For a member the archive's path leads.
        header: The column names in order.
        rows: The rows; a column that a row lacks is an empty cell.
        modified: The file's time on the server, UTC.
        titles: How the header spells a column, where not by its name.
    """

    path: str
    header: Sequence[str]
    rows: Sequence[Row]
    modified: datetime
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Archive:
    """A zip file of tables.

    Attributes:
        path: Its path below the drop's root.
        members: The tables; the part of a table's path after the archive's is the member's name.
        modified: The file's time on the server, UTC.
        others: Members that are no tables, name -> text.
    """

    path: str
    members: Sequence[Table]
    modified: datetime
    others: Mapping[str, str] = field(default_factory=dict)


def csv_bytes(
    table: Table,
    *,
    bom: bool = False,
    crlf: bool = False,
    quote_all: bool = False,
    blank_lines: int = 0,
) -> bytes:
    """Writes a table as CSV in UTF-8.

    Args:
        table: The table.
        bom: Whether a byte order mark leads.
        crlf: Whether lines end in CR LF, otherwise in LF.
        quote_all: Whether every cell is quoted, otherwise those that need it.
        blank_lines: How many empty lines follow the last row.
    """
    text, end = io.StringIO(newline=""), "\r\n" if crlf else "\n"
    writer = csv.writer(text, "unix" if quote_all else "excel", lineterminator=end)
    writer.writerow([table.titles.get(column, column) for column in table.header])
    writer.writerows([row.get(column, "") for column in table.header] for row in table.rows)
    text.write(end * blank_lines)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def zip_bytes(members: Mapping[str, bytes], modified: datetime) -> bytes:
    """Packs members into a zip file.

    The members are stored, not deflated: zlib's output differs between its builds and versions.

    Args:
        members: Name -> content, in order.
        modified: The time that every member carries.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=modified.timetuple()[:6])
            info.create_system = 3  # otherwise the member tells on which system it was packed
            info.external_attr = 0o600 << 16
            archive.writestr(info, content)
    return packed.getvalue()


def put(root: Path, path: str, content: bytes, modified: datetime) -> None:
    """Puts a file in place as a whole: a reader sees the old file or the new one.

    Args:
        root: The drop's root.
        path: The file's path below it.
        content: What it holds.
        modified: Its time on the server.

    Raises:
        OSError: The file cannot be written.
    """
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    try:
        draft.write_bytes(content)
        _set_time(draft, modified)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def set_folder_times(root: Path, times: Mapping[str, datetime]) -> None:
    """Gives each folder below the root the time of the newest file in or below it.

    Args:
        root: The drop's root.
        times: Each file's path below the root and its time.
    """
    newest: dict[Path, datetime] = {}
    for path, modified in times.items():
        for folder in list(Path(path).parents)[:-1]:
            newest[folder] = max(modified, newest.get(folder, modified))
    for folder, modified in newest.items():
        _set_time(root / folder, modified)


def _set_time(path: Path, modified: datetime) -> None:
    seconds = int(modified.timestamp())
    os.utime(path, (seconds, seconds))
