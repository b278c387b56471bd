"""Old files read by a new schema: what fastavro reads, bit by bit, and nothing that is broken."""

import datetime as dt
import io
import uuid
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.avro import write_avro
from teamster.core.avro_header import read_header
from teamster.core.errors import UnreadableFile
from teamster.core.raw_avro import raw_records, write_raw
from teamster.core.resolution import obstacles
from teamster.core.storage import private_spool
from tests.core.schemas import DATE, DECIMAL, MICROS, UUID, evolutions, record, records_of, same


def reencoded(old: Path, new: Path, present: dict[str, Any]) -> int:
    with old.open("rb") as file:
        return write_raw(new, raw_records(file, present), present)


def read(path: Path, schema: dict[str, Any] | None = None) -> list[Any]:
    with path.open("rb") as file:
        return list(fastavro.reader(file, schema))


def with_null_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """fastavro alone has no null for a new field that does not say so."""

    def of(kind: Any) -> Any:
        if isinstance(kind, list):
            return [of(branch) for branch in kind]
        if isinstance(kind, dict) and "fields" in kind:
            return {**kind, "fields": [field(each) for each in kind["fields"]]}
        return kind

    def field(given: dict[str, Any]) -> dict[str, Any]:
        nullable = isinstance(given["type"], list) and "null" in given["type"]
        return {**({"default": None} if nullable else {}), **given, "type": of(given["type"])}

    return of(schema)


@given(st.data())
def test_reencoding_is_fastavro_s_resolution_and_twice_is_once(data: st.DataObject) -> None:
    written, present = data.draw(evolutions())
    rows = data.draw(st.lists(records_of(written), max_size=3))
    assert not obstacles(written, present)
    with private_spool() as spool:
        old, new, again = spool / "old", spool / "new", spool / "again"
        write_avro(old, rows, written)
        assert reencoded(old, new, present) == len(rows)
        expected = read(old, with_null_defaults(present))
        assert same(read(new), expected)
        assert same(read(new, present), expected)  # the one schema for all objects
        with new.open("rb") as file:
            assert read_header(file).schema == present
        reencoded(new, again, present)
        with new.open("rb") as one, again.open("rb") as other:
            assert same(list(raw_records(one)), list(raw_records(other)))
        assert new.stat().st_size == again.stat().st_size


def test_what_python_has_no_place_for_passes(tmp_path: Path) -> None:
    schema = record("Row", {"name": "at", "type": MICROS}, {"name": "n", "type": DECIMAL})
    plain = record("Row", {"name": "at", "type": "long"}, {"name": "n", "type": "bytes"})
    year_200000 = 6_248_000_000_000_000_000
    write_avro(tmp_path / "plain", [{"at": year_200000, "n": b"\x01" * 40}], plain)
    with (tmp_path / "plain").open("rb") as file:
        assert write_raw(tmp_path / "new", raw_records(file, schema), schema) == 1
    with (tmp_path / "new").open("rb") as file:
        assert list(raw_records(file)) == [{"at": year_200000, "n": b"\x01" * 40}]


def test_values_keep_their_meaning(tmp_path: Path) -> None:
    row = {"day": dt.date(2026, 7, 1), "id": uuid.UUID(int=7)}
    old = record("Row", {"name": "day", "type": DATE}, {"name": "id", "type": UUID})
    new = record("Row", {"name": "id", "type": UUID}, {"name": "day", "type": ["null", DATE]})
    write_avro(tmp_path / "old", [row], old)
    reencoded(tmp_path / "old", tmp_path / "new", new)
    assert read(tmp_path / "new") == [row]


def test_another_name_of_the_whole_is_no_obstacle(tmp_path: Path) -> None:
    old = record("Old", {"name": "a", "type": "int"})
    new = {**record("New", {"name": "a", "type": "long"}), "namespace": "org.example"}
    write_avro(tmp_path / "old", [{"a": 1}], old)
    reencoded(tmp_path / "old", tmp_path / "new", new)
    assert read(tmp_path / "new") == [{"a": 1}]


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy"])
def test_files_of_others(tmp_path: Path, codec: str) -> None:
    schema = record("Row", {"name": "a", "type": "int"})
    with (tmp_path / "old").open("wb") as file:
        fastavro.writer(file, schema, [{"a": n} for n in range(50_000)], codec=codec)
    assert reencoded(tmp_path / "old", tmp_path / "new", schema) == 50_000
    assert read(tmp_path / "new") == read(tmp_path / "old")


def test_a_codec_that_is_not_read(tmp_path: Path) -> None:
    schema = record("Row", {"name": "a", "type": "int"})
    with (tmp_path / "old").open("wb") as file:
        fastavro.writer(file, schema, [{"a": 1}], codec="bzip2")
    with (tmp_path / "old").open("rb") as file, pytest.raises(UnreadableFile, match="codec bzip2"):
        list(raw_records(file))


def test_any_broken_byte_behind_the_header_is_found(tmp_path: Path) -> None:
    schema = record("Row", {"name": "a", "type": "string"})
    write_avro(tmp_path / "old", [{"a": f"canary {n}"} for n in range(20)], schema)
    whole = (tmp_path / "old").read_bytes()
    with (tmp_path / "old").open("rb") as file:
        read_header(file)
        start = file.tell()
    for place in range(start, len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 0x40
        with pytest.raises(UnreadableFile) as raised:
            list(raw_records(io.BytesIO(broken)))
        assert "canary" not in str(raised.value)


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    schema = record("Row", {"name": "a", "type": "string"})
    write_avro(tmp_path / "old", [{"a": "x"}], schema)
    whole = (tmp_path / "old").read_bytes()
    with (tmp_path / "old").open("rb") as file:
        read_header(file)
        first_block = file.tell() + 16
    for length in [*range(first_block), *range(first_block + 1, len(whole))]:
        with pytest.raises(UnreadableFile):
            list(raw_records(io.BytesIO(whole[:length])))


def test_what_depends_on_the_values_is_told_by_number_and_without_them(tmp_path: Path) -> None:
    old = record("Row", {"name": "a", "type": ["null", "string"]})
    new = record("Row", {"name": "a", "type": "string"})
    write_avro(tmp_path / "old", [{"a": "canary"}, {"a": None}], old)
    with pytest.raises(UnreadableFile, match=r"^record 2 cannot be read"):
        reencoded(tmp_path / "old", tmp_path / "new", new)
