"""What a file says of itself is read without its records, and broken files are told."""

import io
from pathlib import Path
from typing import Any

import fastavro
import pytest

from teamster.core.avro import write_avro
from teamster.core.avro_header import read_header
from teamster.core.blocks import encoder, sealed, write_blocks
from teamster.core.errors import UnreadableFile
from teamster.core.fingerprint import fingerprint
from teamster.core.records import Records
from tests.core.schemas import record

SCHEMA = record("Row", {"name": "a", "type": "string", "doc": "what it is"})


class Counting(io.BytesIO):
    """Knows how much of it was read, and cannot be gone back in."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data

    def seek(self, *arguments: Any) -> int:
        raise AssertionError("a stream from afar is read in order")


def written(tmp_path: Path, *, by_blocks: bool) -> bytes:
    """Writes a file both ways in which objects are written."""
    rows = [{"a": "x" * 100}] * 1000
    if by_blocks:
        encoded = b"".join(map(encoder(SCHEMA), rows))
        write_avro(
            tmp_path / "data",
            Records([], SCHEMA, blocks=lambda: iter([sealed(len(rows), encoded)])),
            SCHEMA,
        )
    else:
        write_avro(tmp_path / "data", rows, SCHEMA)
    return (tmp_path / "data").read_bytes()


@pytest.mark.parametrize("by_blocks", [True, False])
def test_both_writers_note_the_fingerprint(tmp_path: Path, by_blocks: bool) -> None:
    content = written(tmp_path, by_blocks=by_blocks)
    file = Counting(content)
    header = read_header(file)
    assert header.noted_fingerprint == header.fingerprint == fingerprint(SCHEMA)
    assert header.schema == SCHEMA
    assert header.codec == "snappy"
    assert file.taken < 400
    assert sum(1 for _ in fastavro.reader(io.BytesIO(content))) == 1000


def test_files_of_before_and_of_others_have_one_too() -> None:
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, [])
    file.seek(0)
    header = read_header(file)
    assert header.noted_fingerprint == ""
    assert header.fingerprint == fingerprint(SCHEMA)
    assert header.codec == "null"


def test_whatever_a_file_notes_its_schema_counts() -> None:
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, [], metadata={"teamster.schema": "of another"})
    file.seek(0)
    assert read_header(file).fingerprint == fingerprint(SCHEMA)


def test_a_file_that_is_cut_off_in_its_header() -> None:
    file = io.BytesIO()
    write_blocks(file, SCHEMA, [])
    for length in range(len(file.getvalue()) - 16):
        with pytest.raises(UnreadableFile, match="no Avro file"):
            read_header(io.BytesIO(file.getvalue()[:length]))


def test_a_file_of_something_else_than_records() -> None:
    file = io.BytesIO()
    fastavro.writer(file, {"type": "string"}, ["x"])
    file.seek(0)
    header = read_header(file)
    with pytest.raises(UnreadableFile, match="no record"):
        header.schema  # noqa: B018
    with pytest.raises(UnreadableFile, match="no record"):
        header.fingerprint  # noqa: B018
