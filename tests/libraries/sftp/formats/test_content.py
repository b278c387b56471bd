"""A file that is not what its feed says is told by its first bytes, and nothing of it is shown."""

import bz2
import gzip
import lzma
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from teamster.core.errors import UnreadableFile
from teamster.core.schema import resolve_schema, text_model
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.sftp.reading import read_records
from tests.libraries.sftp.formats.taking import CANARY, local_file, read, take
from tests.libraries.sftp.vendor import Vendor, zip_of

TEXT = f"id,name\n1,{CANARY}\n"
FEEDS: dict[str, dict[str, Any]] = {
    "delimited": {},
    "fixed_width": {
        "format": {"type": "fixed_width", "columns": [{"name": "id", "start": 1, "width": 2}]}
    },
    "json": {"format": "json"},
    "json_lines": {"format": "json_lines"},
}
CONTENTS: dict[str, tuple[bytes, str]] = {
    "zip": (zip_of({"a": TEXT}), "an Excel workbook or zip archive .* set format: {type: excel}"),
    "an empty zip": (zip_of({}), "an Excel workbook or zip archive"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + TEXT.encode(), "an old Excel workbook"),
    "PDF": (b"%PDF-1.4\n" + TEXT.encode(), "a PDF .* row_pattern"),
    "gzip": (gzip.compress(TEXT.encode()), "a gzip file .* unpacked once"),
    "bzip2": (bz2.compress(TEXT.encode()), "a bzip2 file .* ask the vendor"),
    "xz": (lzma.compress(TEXT.encode()), "an xz file"),
    "UTF-16": (TEXT.encode("utf-16"), "text in utf-16 .* file_encoding: utf-16"),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "file_encoding: utf-16,"),
    "UTF-16, big end first": (TEXT.encode("utf-16-be"), "file_encoding: utf-16-be"),
    "UTF-32": (TEXT.encode("utf-32"), "file_encoding: utf-32"),
}


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("content", CONTENTS)
def test_a_text_feed_given_something_else_says_what_it_is_and_what_to_set(
    tmp_path: Path, feed: str, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    data, said = CONTENTS[content]
    with pytest.raises(UnreadableFile, match=said) as failure:
        read(tmp_path, data, **FEEDS[feed])
    assert str(failure.value).startswith("table.csv is ")
    assert "by its first bytes, not" in str(failure.value)
    assert CANARY not in str(failure.value) + caplog.text


def test_gzip_within_gzip_is_told_over_a_server(quick_vendor: Vendor) -> None:
    content = gzip.compress(gzip.compress(TEXT.encode()))
    with pytest.raises(UnreadableFile, match="is a gzip file by its first bytes, not delimited"):
        take(quick_vendor, content)
    assert not quick_vendor.object_at().exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_what_the_message_says_to_declare_reads_the_file(tmp_path: Path, encoding: str) -> None:
    taken = read(tmp_path, TEXT.encode(encoding), file_encoding=encoding)
    assert taken.rows == [{"id": "1", "name": CANARY}]


PDF = {"format": {"type": "pdf", "row_pattern": "(?P<id>x)"}}


@pytest.mark.parametrize("options", [*FEEDS.values(), {"format": "excel"}, PDF])
def test_nothing_is_read_before_the_records_are_asked_for(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    file = local_file(tmp_path, "id,name\n")
    file.path.unlink()
    schema = resolve_schema(text_model("table", "id"))
    with read_records([file], schema, ReadOptions(**options), tmp_path, ExitStack()) as records:
        rows = iter(records)
        with pytest.raises(FileNotFoundError):
            next(rows)


def test_text_with_nul_bytes_is_not_taken_for_another_encoding(tmp_path: Path) -> None:
    taken = read(tmp_path, "id,name\n1,a\0b\0c\0d\n")
    assert taken.rows == [{"id": "1", "name": "a\0b\0c\0d"}]
