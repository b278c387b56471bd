"""Avro's binary encoding by ourselves, against fastavro's."""

import io
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.blocks import (
    Block,
    Branches,
    branches_of,
    encoded_default,
    encoder,
    sealed,
    varint,
    write_blocks,
)

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "row",
    "fields": [{"name": "id", "type": ["null", "string"], "default": None}],
}


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_numbers_as_fastavro_writes_them(number: int) -> None:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, "long", number)
    assert varint(number) == buffer.getvalue()


@pytest.mark.parametrize(
    ("avro_type", "branches"),
    [
        ("string", Branches(None, b"")),
        (["null", "string"], Branches(b"\x00", b"\x02")),
        (["string", "null"], Branches(b"\x02", b"\x00")),
        (["null", "string", "long"], None),
        (["string", "long"], None),
        (["null"], None),
    ],
)
def test_what_stands_before_a_value(avro_type: Any, branches: Branches | None) -> None:
    assert branches_of(avro_type) == branches
    if branches and branches.null is not None:
        assert encoder(avro_type)("x") == branches.tag + b"\x02x"
        assert encoder(avro_type)(None) == branches.null


def test_a_field_that_is_lacking_takes_its_default_or_null() -> None:
    assert encoded_default({"name": "x", "type": "string", "default": "ab"}) == b"\x04ab"
    assert encoded_default({"name": "x", "type": ["null", "string"]}) == b"\x00"
    with pytest.raises(Exception, match="x"):
        encoded_default({"name": "x", "type": "string"})


@given(st.lists(st.lists(st.text(max_size=5), max_size=4), max_size=4))
def test_blocks_are_read_back(tmp_path_factory: pytest.TempPathFactory, given: Any) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "blocks.avro"
    encode = encoder(SCHEMA)
    blocks = [
        sealed(len(texts), b"".join(encode({"id": text}) for text in texts)) for texts in given
    ]
    with path.open("wb") as file:
        write_blocks(file, SCHEMA, blocks)
    with path.open("rb") as file:
        reader = fastavro.reader(file)
        assert [record["id"] for record in reader] == [text for texts in given for text in texts]
        assert reader.codec == "snappy"
    assert all(isinstance(block, Block) for block in blocks)


PLAIN: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ("int", st.integers(-(2**31), 2**31 - 1)),
    ("long", st.integers(-(2**63), 2**63 - 1)),
    ("float", st.floats(width=32)),
    ("double", st.floats()),
    ("boolean", st.booleans()),
    ({"type": "int", "logicalType": "date"}, st.dates()),
]


@pytest.mark.parametrize(("avro_type", "values"), PLAIN, ids=lambda given: str(given)[:20])
@given(data=st.data())
def test_plain_values_are_encoded_as_fastavro_does(
    avro_type: Any, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    for union in (avro_type, ["null", avro_type], [avro_type, "null"]):
        value = data.draw(values if union == avro_type else st.none() | values)
        expected = io.BytesIO()
        fastavro.schemaless_writer(expected, fastavro.parse_schema(union), value)
        assert encoder(union)(value) == expected.getvalue()
