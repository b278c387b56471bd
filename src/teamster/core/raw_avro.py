"""Avro files read and written as they are encoded: logical types left aside, checksums compared.

A date stays the number of days that it is in the file. So nothing is lost or made up on the way
from an old file to a new one, not even what Python's own types have no place for.

Source: Apache Avro 1.12 specification, "Object Container Files" and "Schema Resolution".
"""

import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import cramjam
import fastavro

from teamster.core.avro import refusal
from teamster.core.avro_header import read_header
from teamster.core.blocks import Block, encoder, sealed, write_blocks
from teamster.core.errors import UnreadableFile
from teamster.core.resolution import LOGICAL_ATTRIBUTES, is_nullable
from teamster.core.schema import AvroSchema, expanded

_MARKER_BYTES = 16
_CHECKSUM_BYTES = 4
_BLOCK_BYTES = 1 << 20
_LARGEST_BLOCK = 1 << 30
"""A larger one is a broken length."""


def raw_records(file: BinaryIO, present: AvroSchema | None = None) -> Iterator[dict[str, Any]]:
    """Reads a file's records, block by block.

    Args:
        file: The file, at its beginning.
        present: The schema to read by, by Avro's rules of resolution; without one the records come
            as they were written. A new field that has no default is null.

    Raises:
        UnreadableFile: It is no whole Avro file, or a record cannot be read by the schema. The
            error tells the record's number, never a value.
        OSError: The storage failed.
    """
    header = read_header(file)
    written: Any = fastavro.parse_schema(_raw(header.schema))
    by = None
    if present is not None:
        # Both are the same asset's: the name of the whole does not matter.
        names = [*present.get("aliases", ()), written["name"]]
        by = fastavro.parse_schema({**_with_nulls(_raw(present)), "aliases": names})
    number = 0
    for count, data in _blocks(file, header.codec):
        buffer = io.BytesIO(data)
        for _ in range(count):
            number += 1
            try:
                record: Any = fastavro.schemaless_reader(buffer, written, by)
            except Exception as error:  # its text may hold a value
                problem = f"record {number} cannot be read: {type(error).__name__}"
                raise UnreadableFile(problem) from None
            yield record
        if buffer.tell() != len(data):
            raise UnreadableFile(f"there is more in a block than its records, up to {number}")


def write_raw(path: Path, records: Iterable[Mapping[str, Any]], schema: AvroSchema) -> int:
    """Writes records whose values come without logical types.

    Args:
        path: The file; it is replaced.
        records: The records.
        schema: The writer schema, stored as given.

    Returns:
        How many records there were.

    Raises:
        UnreadableFile: A record does not fit the schema.
    """
    written = _Written(records, schema)
    with path.open("wb") as file:
        write_blocks(file, schema, written.blocks())
    return written.count


class _Written:
    def __init__(self, records: Iterable[Mapping[str, Any]], schema: AvroSchema) -> None:
        self._records = records
        self._schema = _raw(schema)
        self.count = 0

    def blocks(self) -> Iterator[Block]:
        encode = encoder(self._schema)
        encoded: list[bytes] = []
        size = 0
        for record in self._records:
            self.count += 1
            encoded.append(self._encoded(record, encode))
            size += len(encoded[-1])
            if size >= _BLOCK_BYTES:
                yield sealed(len(encoded), b"".join(encoded))
                encoded, size = [], 0
        yield sealed(len(encoded), b"".join(encoded))

    def _encoded(self, record: Mapping[str, Any], encode: Callable[[Any], bytes]) -> bytes:
        try:
            return encode(record)
        except Exception as error:  # its text may hold a value
            problem = f"record {self.count} cannot be encoded: {type(error).__name__}"
            said = refusal(self.count, record, expanded(self._schema)["fields"])
            raise said or UnreadableFile(problem) from None


def _blocks(file: BinaryIO, codec: str) -> Iterator[tuple[int, bytes]]:
    """Yields each block's count of records and their encoding."""
    marker = _exactly(file, _MARKER_BYTES)
    while first := file.read(1):
        count, size = _long(file, first), _long(file)
        if not (count >= 0 <= size <= _LARGEST_BLOCK):
            raise UnreadableFile("a block's length is broken")
        data = _unpacked(_exactly(file, size), codec)
        if _exactly(file, _MARKER_BYTES) != marker:
            raise UnreadableFile("a block does not end where it should")
        yield count, data


def _unpacked(payload: bytes, codec: str) -> bytes:
    try:
        match codec:
            case "null":
                return payload
            case "deflate":
                return zlib.decompress(payload, -zlib.MAX_WBITS)
            case "snappy":
                packed, checksum = payload[:-_CHECKSUM_BYTES], payload[-_CHECKSUM_BYTES:]
                data = bytes(cramjam.snappy.decompress_raw(packed))
                if zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "big") == checksum:
                    return data
    except Exception as error:  # whatever the codec makes of a broken block
        raise UnreadableFile(f"a block cannot be unpacked: {type(error).__name__}") from None
    if codec == "snappy":
        raise UnreadableFile("a block's checksum is wrong")
    raise UnreadableFile(f"its codec {codec} is not one of null, deflate and snappy")


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise UnreadableFile("the file ends within a block")
    return data


def _long(file: BinaryIO, first: bytes = b"") -> int:
    """Reads a long: zigzag, seven bits a byte."""
    shift = number = 0
    byte = first or _exactly(file, 1)
    while True:
        number |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return (number >> 1) ^ -(number & 1)
        shift += 7
        if shift > 63:
            raise UnreadableFile("a block's length is broken")
        byte = _exactly(file, 1)


def _raw(avro_type: Any) -> Any:
    """Returns a type without the logical types in it."""
    if isinstance(avro_type, list):
        return [_raw(branch) for branch in avro_type]
    if not isinstance(avro_type, Mapping):
        return avro_type
    kept = {key: avro_type[key] for key in avro_type if key not in LOGICAL_ATTRIBUTES}
    for inner in ("type", "items", "values"):
        if inner in kept:
            kept[inner] = _raw(kept[inner])
    if "fields" in kept:
        kept["fields"] = [_raw(field) for field in kept["fields"]]
    return kept


def _with_nulls(avro_type: Any) -> Any:
    """Returns a type in which each field that can be null and has no default has that one."""
    if isinstance(avro_type, list):
        return [_with_nulls(branch) for branch in avro_type]
    if not isinstance(avro_type, Mapping):
        return avro_type
    kept = {
        key: _with_nulls(value) if key in ("type", "items", "values") else value
        for key, value in avro_type.items()
    }
    if "fields" in kept:
        fields = [_with_nulls(field) for field in kept["fields"]]
        kept["fields"] = [
            {"default": None, **field} if is_nullable(field["type"]) else field for field in fields
        ]
    return kept
