"""Blocks of an Avro file, and values in Avro's binary encoding.

Source: Apache Avro 1.12 specification, "Binary Encoding" and "Object Container Files".
"""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

import cramjam
import fastavro

from teamster.core.fingerprint import header_metadata
from teamster.core.schema import AvroSchema, non_null

CODEC = "snappy"
NULL = "null"


@dataclass(frozen=True, slots=True)
class Block:
    """Some records of a file.

    Attributes:
        count: How many they are.
        payload: Their encoding, compressed.
    """

    count: int
    payload: bytes


def sealed(count: int, encoded: bytes | memoryview) -> Block:
    """Compresses encoded records: snappy, with the checksum that Avro puts behind it.

    Args:
        count: How many they are.
        encoded: Their encoding.
    """
    checksum = zlib.crc32(encoded).to_bytes(4, "big")
    return Block(count, bytes(cramjam.snappy.compress_raw(encoded)) + checksum)


def write_blocks(file: IO[bytes], schema: AvroSchema, blocks: Iterable[Block]) -> None:
    """Writes a container file.

    Args:
        file: The file, empty.
        schema: The writer schema, stored as given.
        blocks: Its records.
    """
    marker = os.urandom(16)
    noted = header_metadata(schema)
    fastavro.writer(file, schema, [], codec=CODEC, sync_marker=marker, metadata=noted)
    for block in blocks:
        if block.count:
            file.write(varint(block.count) + varint(len(block.payload)))
            file.write(block.payload)
            file.write(marker)


def varint(number: int) -> bytes:
    """Returns a long as Avro writes it: zigzag, seven bits a byte."""
    rest = (number << 1) ^ (number >> 63)
    encoded = bytearray()
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


@dataclass(frozen=True)
class Branches:
    """What stands before a field's value.

    Attributes:
        null: The encoding of null; None where the field cannot be null.
        tag: What stands before any other value: the number of its branch, or nothing.
    """

    null: bytes | None
    tag: bytes


def branches_of(avro_type: Any) -> Branches | None:
    """Returns what stands before a field's value.

    Args:
        avro_type: The field's type.

    Returns:
        None for a union of more than null and one other type: its branch depends on the value.
    """
    if not isinstance(avro_type, list):
        return Branches(None, b"")
    if len(avro_type) != 2 or avro_type.count(NULL) != 1:
        return None
    return _OF_UNIONS[avro_type.index(NULL)]


_OF_UNIONS = (Branches(varint(0), varint(1)), Branches(varint(1), varint(0)))
"""By the place of null."""


def encoder(avro_type: Any) -> Callable[[Any], bytes]:
    """Returns a function that encodes a value of a type, its branch before it.

    Args:
        avro_type: The type, named types written out.
    """
    parsed = fastavro.parse_schema(avro_type)
    branches = branches_of(avro_type)
    only = non_null(avro_type)
    tag = branches.tag if branches else b""
    kind = only.get("logicalType") if isinstance(only, dict) else only
    python_type, plainly = _PLAINLY.get(str(kind), (None, bytes))

    def encode(value: Any) -> bytes:
        if type(value) is python_type:  # many times as quick
            return tag + plainly(value)
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, value)
        return buffer.getvalue()

    return encode


_EPOCH = date(1970, 1, 1).toordinal()

_PLAINLY: dict[str, tuple[type, Callable[[Any], bytes]]] = {
    "int": (int, varint),
    "long": (int, varint),
    "float": (float, struct.Struct("<f").pack),
    "double": (float, struct.Struct("<d").pack),
    "boolean": (bool, (b"\0", b"\1").__getitem__),
    "date": (date, lambda day: varint(day.toordinal() - _EPOCH)),
}
"""Type -> of which Python type a value is encoded without fastavro, and how."""


def encoded_default(field: Mapping[str, Any]) -> bytes:
    """Returns what is written for a field that a record lacks: its default, or null.

    Raises:
        ValueError: It has no default and cannot be null.
    """
    record = {"type": "record", "name": "lacking", "fields": [field]}
    return encoder(record)({})
