"""Files read and written in both ways there are, and all that can be told of what came out."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import fastavro
import pytest

from teamster.core.avro import write_avro
from teamster.core.errors import TeamsterError
from teamster.core.records import Records
from teamster.libraries.sftp import by_length, encoding, table_blocks
from teamster.libraries.sftp.by_length import EncodedRows, SpelledEncoder
from teamster.libraries.sftp.cells import CellEncoder, Encoded
from teamster.libraries.sftp.formats import fast as fast_format
from teamster.libraries.sftp.formats import spelled
from teamster.libraries.sftp.formats.places import Places
from teamster.libraries.sftp.formats.spelled import SpelledRows
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.sftp.reading import read_records
from teamster.libraries.ssh.files import Content, LocalFile, RemoteFile
from tests.libraries.sftp.ugly_files import UglyFiles
from tests.libraries.sftp.vendor import MTIME

Way: TypeAlias = Callable[[Path, Records], None]


def fast(path: Path, records: Records) -> None:
    """Writes records the way that assets do."""
    write_avro(path, records, records.schema)


def slow(path: Path, records: Records) -> None:
    """Writes records the reference's way: rows as dicts, by fastavro."""
    write_avro(path, iter(records), records.schema)


@dataclass(frozen=True)
class Outcome:
    """What came out.

    Attributes:
        error: The error's class and text, or None.
        rejected: The rows set aside.
        rows: The records written, as Python spells them, so that -0.0 is not 0.0.
        seen: Everything that is known once the records have passed.
    """

    error: tuple[type[Exception], str] | None
    rejected: list[dict[str, object]]
    rows: list[str]
    seen: dict[str, Any]


def outcome(ugly: UglyFiles, way: Way) -> Outcome:
    """Reads and writes files one way."""
    with TemporaryDirectory() as folder:
        spool = Path(folder)
        target = spool / "object"
        error = None
        seen: dict[str, Any] = {}
        rows: list[str] = []
        with opened(ugly, spool) as records:
            try:
                way(target, records)
            except TeamsterError as raised:
                error = (type(raised), str(raised))
            else:
                seen = _seen(records)
                rows = written(target, ugly.schema)
            quarantine = records.quarantine
            assert quarantine
            return Outcome(error, list(quarantine.rows()), rows, seen)


@contextmanager
def opened(ugly: UglyFiles, spool: Path) -> Iterator[Records]:
    """Opens files as a stream of records."""
    files = local_files(spool, ugly.contents)
    options = ReadOptions(**ugly.options)
    with read_records(files, ugly.schema, options, spool, ExitStack()) as records:
        yield records


def local_files(spool: Path, contents: Sequence[bytes]) -> list[LocalFile]:
    """Puts contents into the spool, as if they had been fetched."""
    files = []
    for number, content in enumerate(contents):
        path = spool / f"fetched-{number}"
        path.write_bytes(content)
        remote = RemoteFile(f"/d/{number}.csv", len(content), MTIME)
        files.append(LocalFile(path, remote, Content(path)))
    return files


def _seen(records: Records) -> dict[str, Any]:
    summary = records.summary
    assert summary.quarantine
    return {
        "rows": summary.rows,
        "short_rows": summary.short_rows,
        "rejected_rows": summary.rejected_rows,
        "reasons": dict(summary.quarantine.reasons),
        "first": summary.quarantine.first,
        "warnings": summary.warnings,
        "nulls": +summary.nulls,
        "extras": sorted(summary.fields.extras),
        "seen": sorted(summary.fields.seen),
        "missing": summary.fields.missing,
    }


def written(path: Path, schema: Any) -> list[str]:
    """Reads an object back, and sees that it is of the schema and codec that were asked for."""
    with path.open("rb") as file:
        reader = fastavro.reader(file)
        assert reader.codec == "snappy"
        assert fastavro.parse_schema(reader.writer_schema) == fastavro.parse_schema(schema)
        return [repr(row) for row in reader]


@contextmanager
def little_memory() -> Iterator[None]:
    """Makes the fast way forget and write out after some cells what else would be after many."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (encoding, by_length):
            patch.setattr(module, "_MEMO_CELLS", 3)
        patch.setattr(encoding, "_MEMO_VALUES", 3)
        patch.setattr(table_blocks, "_BLOCK_BYTES", 100)
        yield


@contextmanager
def chunks_of(
    size: int, *, by_numpy: bool = True, long: int = spelled.LONG
) -> Iterator[Counter[str]]:
    """Makes the fast way split any file, so many bytes at a time.

    Args:
        size: Bytes.
        by_numpy: Whether numpy splits them, or only ways without.
        long: Bytes a cell from which on cells are long.

    Yields:
        How many chunks numpy split were ``encoded`` as a whole, and how many ``left`` to be read
        row by row; how many batches of others were encoded ``by length``.
    """
    counts: Counter[str] = Counter()
    encode, encode_by_length = CellEncoder.__call__, SpelledEncoder.__call__

    def counted(self: CellEncoder, places: Places, first_line: int) -> Encoded | None:
        encoded = encode(self, places, first_line)
        counts["encoded" if encoded else "left"] += 1
        return encoded

    def counted_by_length(self: SpelledEncoder, found: SpelledRows) -> EncodedRows | None:
        encoded = encode_by_length(self, found)
        counts["by length"] += encoded is not None
        return encoded

    enough = 0 if by_numpy else sys.maxsize
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_format, "CHUNK", size)
        patch.setattr(fast_format, "CHUNK_TO_GATHER", size)
        patch.setattr(fast_format, "SMALL", enough)
        patch.setattr(fast_format, "SMALL_FOR_NUMPY", enough)
        for module in (fast_format, spelled):
            patch.setattr(module, "LONG", long)
        patch.setattr(CellEncoder, "__call__", counted)
        patch.setattr(SpelledEncoder, "__call__", counted_by_length)
        yield counts
