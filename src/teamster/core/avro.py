"""Avro object container files: a stream of records in, a stream of records out."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import fastavro
from fastavro.types import Schema
from upath import UPath

from teamster.core.errors import UnreadableFile
from teamster.core.records import Records
from teamster.core.schema import AvroSchema

CODEC = "snappy"


def write_avro(path: Path, records: Iterable[Mapping[str, Any]], schema: AvroSchema) -> None:
    """Writes records to a local file, block by block.

    Args:
        path: The file; it is replaced.
        records: The records; each field that one lacks takes its default, fields that the schema
            lacks are left out.
        schema: The writer schema, stored as given.

    Raises:
        UnreadableFile: A record does not fit the schema. It names the record's number and field,
            never a value.
    """
    passing = _Passing(records)
    try:
        with path.open("wb") as file:
            fastavro.writer(file, _parsed(schema), passing, codec=CODEC)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        if not passing.inside:  # the records themselves failed, not their encoding
            raise
        raise UnreadableFile(_misfit(passing, schema, error)) from None


class _Passing:
    """Hands records on and remembers the one under way."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self._records = records
        self.number = 0
        self.record: Mapping[str, Any] = {}
        self.inside = False

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for record in self._records:
            self.number += 1
            self.record = record
            self.inside = True
            yield record
            self.inside = False


def _misfit(passing: _Passing, schema: AvroSchema, error: Exception) -> str:
    for field in schema["fields"]:
        value = passing.record.get(field["name"], field.get("default"))
        if not fastavro.validate(value, field["type"], raise_errors=False):
            return (
                f"record {passing.number}, field {field['name']}: {type(value).__name__} does not "
                f"fit the schema's type {field['type']}"
            )
    return f"record {passing.number} cannot be encoded: {type(error).__name__}"


def _parsed(schema: AvroSchema) -> Schema:
    return fastavro.parse_schema(schema)


def read_avro(path: UPath) -> Records:
    """Opens an object as a stream of records.

    Args:
        path: The object.

    Returns:
        The records, with the schema they were written with.

    Raises:
        FileNotFoundError: There is no such object.
    """
    resources = ExitStack()
    try:
        file: IO[bytes] = resources.enter_context(path.open("rb"))
        reader: Any = fastavro.reader(file)
    except BaseException:
        resources.close()
        raise
    return Records(reader, _writer_schema(reader), resources=resources)


def _writer_schema(reader: Any) -> AvroSchema:
    schema = reader.writer_schema
    if not isinstance(schema, dict):
        raise UnreadableFile("the object's schema is no record")
    return {name: value for name, value in schema.items() if not name.startswith("__fastavro")}
