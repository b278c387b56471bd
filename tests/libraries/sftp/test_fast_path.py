"""The fast way from a file to its object, held against the slow one that is obviously right."""

import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from teamster.core.errors import TeamsterError, UnreadableFile
from teamster.core.records import Tally
from teamster.libraries.sftp.cells import CellEncoder, Encoded
from teamster.libraries.sftp.formats.places import Places
from teamster.libraries.sftp.formats.spelled import LONG
from tests.libraries.sftp.fast_and_slow import (
    Outcome,
    Way,
    chunks_of,
    fast,
    little_memory,
    opened,
    outcome,
    slow,
)
from tests.libraries.sftp.ugly_files import MANY, UglyFiles, ugly_files

EXAMPLES = 300 if settings().max_examples < 1_000 else 20_000  # `make test`, the nightly form
BAD_BYTE = "does not belong there"
BOTH = pytest.mark.parametrize("way", [fast, slow])


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    ugly=ugly_files(),
    little=st.booleans(),
    chunk=st.sampled_from([60, 200, 600, 2000, 1 << 20]),
    long=st.sampled_from([0, 5, LONG]),
)
def test_the_fast_way_agrees_with_the_slow_one_on_every_file(
    ugly: UglyFiles, little: bool, chunk: int, long: int
) -> None:
    # Python's utf-8-sig takes a byte order mark that is cut short for an empty file.
    assume(not any(content in (b"\xef", b"\xef\xbb") for content in ugly.contents))
    expected = outcome(ugly, slow)
    event(f"ends with {expected.error[0].__name__ if expected.error else 'an object'}")
    with little_memory() if little else nullcontext():
        for by_numpy in (True, False):
            with chunks_of(chunk, by_numpy=by_numpy, long=long) as counts:
                assert_agrees(outcome(ugly, fast), expected)
            event("chunks: " + (" and ".join(sorted(+counts)) or "none split"))


def assert_agrees(got: Outcome, expected: Outcome) -> None:
    if of_a_bad_byte(expected) or of_a_bad_byte(got):
        # Text is decoded some kilobytes at once: a bad byte may be seen before the faults of the
        # rows above it, or after. Either is a good reason to fail.
        assert expected.error
        assert got.error
        if of_a_bad_byte(expected) and of_a_bad_byte(got):
            assert got.error == expected.error
        return
    assert got == expected


def of_a_bad_byte(found: Outcome) -> bool:
    """Tells whether a file was refused for a byte that is not of its encoding."""
    return bool(found.error and found.error[0] is UnreadableFile and BAD_BYTE in found.error[1])


UNLUCKY = """\
\ufeffc1,c2,c3\r
Núñez,"two\r
lines, 数学","a ""quote"" 😀"\r
\r
,,\r
"",x,short\r
e\u0301,"é,é"\r
1,2,"3"\r
"""


def test_it_does_not_matter_where_a_chunk_ends() -> None:
    ugly = files_of(UNLUCKY, "c1", "c2", "c3", "source_line")
    expected = outcome(ugly, slow)
    assert len(expected.rows) == 5
    assert expected.seen["short_rows"] == 1
    for size in range(1, len(UNLUCKY.encode()) + 2):
        for ways in ({"long": LONG}, {"long": 0}, {"by_numpy": False}):
            with chunks_of(size, **ways):
                assert outcome(ugly, fast) == expected, f"in chunks of {size} bytes, {ways}"


ROWS = 'Núñez,"two\r\nlines, 数学"\r\n,"a ""quote"" 😀"\r\n' * 500


@pytest.mark.parametrize("long", [0, LONG])
@pytest.mark.parametrize("end", ["", "a,b,c\n", 'é,"open\n'])
def test_plain_rows_are_encoded_by_length_without_numpy(end: str, long: int) -> None:
    for header in ("\ufeffc1,c2", "c1,c2"):
        ugly = files_of(f"{header}\n{ROWS}{end}", "c1", "c2")
        expected = outcome(ugly, slow)
        with chunks_of(5_000, by_numpy=False, long=long) as counts:
            assert outcome(ugly, fast) == expected
        assert bool(expected.rejected) == bool(end)
        assert counts["by length"] >= 4


def test_columns_of_types_are_encoded_by_length_too() -> None:
    ugly = files_of("c2,c1,x\n" + "1,é,\n,b,\n" * 500 + "none,c,\n", "c1", "c2", "source_line")
    ugly.schema["fields"][1]["type"] = ["null", "long"]
    expected = outcome(ugly, slow)
    assert len(expected.rejected) == 1
    with chunks_of(2_000, by_numpy=False) as counts:
        assert outcome(ugly, fast) == expected
    assert counts["by length"] >= 4


def test_rows_before_a_fault_are_looked_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = CellEncoder.__call__

    def slowly(self: CellEncoder, places: Places, first_line: int) -> Encoded | None:
        time.sleep(0.02)
        return encode(self, places, first_line)

    monkeypatch.setattr(CellEncoder, "__call__", slowly)
    ugly = files_of(["c1,c2\nnone,a\n" + "1,a\n" * 30, '"'], "c1", "c2")
    ugly.schema["fields"][0]["type"] = ["null", "int"]
    expected = outcome(ugly, slow)
    assert expected.error
    assert expected.rejected
    for size in (30, 60, 90):
        with chunks_of(size):
            assert outcome(ugly, fast) == expected


def test_files_of_other_headers_are_each_read_by_their_own() -> None:
    contents = ["c1,c2\na,b\n", "c2,c1,more\nb,a,x\n", "", "c1\na\n", "c1,c2\n"]
    ugly = files_of(contents * 2, "c1", "c2", "source_file_name")
    got = outcome(ugly, fast)
    assert got == outcome(ugly, slow)
    assert [row for row in got.rows if "'c2': None" in row] == got.rows[2::3]
    assert got.seen["extras"] == ["more"]
    assert len(got.seen["warnings"]) == 4


@BOTH
def test_a_guard_sees_all_and_can_refuse(way: Way, tmp_path: Path) -> None:
    seen = []

    def refuse(tally: Tally) -> None:
        seen.append((tally.rows, tally.rejected_rows))
        raise UnreadableFile("held back")

    ugly = files_of("c1,c2\n" + "a,b\n" * 1000 + "a,b,c\n", "c1", "c2")
    with opened(ugly, tmp_path) as records:
        records.guard = refuse
        with pytest.raises(UnreadableFile, match="held back"):
            way(tmp_path / "object", records)
        assert seen == [(1000, 1)]
        with pytest.raises(RuntimeError, match="not been read to their end"):
            _ = records.summary


@BOTH
def test_a_stream_is_read_once_whichever_way(way: Way, tmp_path: Path) -> None:
    with opened(files_of("c1\na\n", "c1"), tmp_path) as records:
        way(tmp_path / "object", records)
        assert records.summary.rows == 1
        for again in (fast, slow):
            with pytest.raises(RuntimeError, match="single-use"):
                again(tmp_path / "again", records)


@BOTH
@pytest.mark.parametrize(
    "end", [b"", b'"never closed\n', b"\xff,b\n", b"a,b,c\n"], ids=["well", "open", "byte", "long"]
)
def test_no_thread_stays_behind_however_it_ends(way: Way, end: bytes, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    content = b"c1,c2\n" + b"a,b\n" * 20_000 + end
    ugly = UglyFiles([content, content], files_of("", "c1", "c2").schema, {}, [])
    with chunks_of(1000), opened(ugly, tmp_path) as records:
        try:
            way(tmp_path / "object", records)
        except TeamsterError:
            assert end
        else:
            assert not end
    assert set(threading.enumerate()) == before


def files_of(contents: str | list[str], *columns: str) -> UglyFiles:
    """Returns files of text columns."""
    given = [contents] if isinstance(contents, str) else contents
    fields = [{"name": name, "type": ["null", "string"], "default": None} for name in columns]
    schema = {"type": "record", "name": "table", "fields": fields}
    return UglyFiles([text.encode() for text in given], schema, {"max_rejected_rows": MANY}, [])
