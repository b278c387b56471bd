"""What an Avro file says before its first record: its schema, and what was noted beside it.

Source: Apache Avro 1.12 specification, "Object Container Files".
"""

import functools
import json
from dataclasses import dataclass
from typing import Any, BinaryIO

import fastavro

from teamster.core.errors import UnreadableFile
from teamster.core.fingerprint import HEADER_KEY, fingerprint
from teamster.core.schema import AvroSchema

_MAGIC = b"Obj\x01"
_METADATA = fastavro.parse_schema({"type": "map", "values": "bytes"})
_KNOWN_SCHEMAS = 1024


@dataclass(frozen=True)
class AvroHeader:
    """The header of an Avro file.

    Attributes:
        schema_json: The writer schema as it stands in the file.
        noted_fingerprint: The schema's fingerprint as its writer noted it; empty if it did not.
        codec: How its blocks are compressed.
    """

    schema_json: bytes
    noted_fingerprint: str = ""
    codec: str = "null"

    @property
    def schema(self) -> AvroSchema:
        """The writer schema.

        Raises:
            UnreadableFile: It is no record schema.
        """
        return _record_schema(self.schema_json)

    @property
    def fingerprint(self) -> str:
        """The writer schema's fingerprint, made of the schema itself.

        Raises:
            UnreadableFile: It is no record schema.
        """
        return _fingerprint(self.schema_json)


def _record_schema(schema_json: bytes) -> AvroSchema:
    try:
        schema = json.loads(schema_json)
    except ValueError:
        raise UnreadableFile("the object's schema is no JSON") from None
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise UnreadableFile("the object's schema is no record")
    return schema


@functools.lru_cache(_KNOWN_SCHEMAS)  # thousands of partitions share a few
def _fingerprint(schema_json: bytes) -> str:
    return fingerprint(_record_schema(schema_json))


def read_header(file: BinaryIO) -> AvroHeader:
    """Reads a file's header, and nothing behind it but what the file itself reads ahead.

    Args:
        file: The file, at its beginning; then at the marker behind the header.

    Raises:
        UnreadableFile: It is no Avro file.
        OSError: The storage failed.
    """
    if file.read(len(_MAGIC)) != _MAGIC:
        raise UnreadableFile("the object is no Avro file")
    try:
        metadata: Any = fastavro.schemaless_reader(file, _METADATA, None)
        noted = metadata.get(HEADER_KEY, b"").decode("ascii", "replace")
        codec = metadata.get("avro.codec", b"null").decode("ascii", "replace")
        return AvroHeader(bytes(metadata["avro.schema"]), noted, codec)
    except OSError:
        raise
    except Exception as error:  # whatever fastavro makes of a broken header
        raise UnreadableFile(f"the object is no Avro file: {type(error).__name__}") from None
