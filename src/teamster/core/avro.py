"""Avro object container files: a stream of records in, a stream of records out."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import fastavro

from teamster.core.avro_header import read_header
from teamster.core.blocks import CODEC, Block, write_blocks
from teamster.core.errors import UnreadableFile
from teamster.core.fingerprint import header_metadata
from teamster.core.fit import first_misfit
from teamster.core.records import Records
from teamster.core.schema import AvroSchema, expanded

if TYPE_CHECKING:  # writing needs none
    from upath import UPath

_EXACT = ("string", ["null", "string"], ["string", "null"])
"""Types of which fastavro itself takes only what fits."""


def write_avro(path: Path, records: Iterable[Mapping[str, Any]], schema: AvroSchema) -> None:
    """Writes records to a local file, block by block.

    Args:
        path: The file; it is replaced.
        records: The records, taken as blocks where they come so; each field that one lacks takes
            its default, fields that the schema lacks are left out.
        schema: The writer schema, stored as given.

    Raises:
        UnreadableFile: A record does not fit the schema. It names the record's number and field,
            never a value.
    """
    blocks = _blocks(records, schema)
    if blocks is not None:
        with path.open("wb") as file:
            write_blocks(file, schema, blocks)
        return
    passing = _Passing(records, schema)
    try:
        with path.open("wb") as file:
            # Given a schema that it has parsed before, fastavro would store its own spelling of it.
            noted = header_metadata(schema)
            fastavro.writer(file, schema, passing, codec=CODEC, metadata=noted)
    except OSError:
        raise
    except Exception as error:
        if not passing.encoding:  # the records themselves failed, not their encoding
            raise
        raise passing.refusal(error) from None  # its text may hold a value


def _blocks(records: Iterable[Mapping[str, Any]], schema: AvroSchema) -> Iterator[Block] | None:
    """Returns the records as blocks, where they come so and are meant for this very schema."""
    if isinstance(records, Records) and records.schema == schema:
        return records.blocks()
    return None


class _Passing:
    """Hands records on, having checked what fastavro does not, and knows the one under way."""

    def __init__(self, records: Iterable[Mapping[str, Any]], schema: AvroSchema) -> None:
        self._records = records
        self._fields = expanded(schema)["fields"]
        self._are_fitted = (
            isinstance(records, Records) and records.fitted and records.schema == schema
        )
        self._number = 0
        self._record: Mapping[str, Any] = {}
        self.encoding = False

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        unchecked = [] if self._are_fitted else _unchecked(self._fields)
        for record in self._records:
            self._number += 1
            found = first_misfit(record, unchecked) if unchecked else None
            if found:
                raise UnreadableFile(f"record {self._number}, {found}")
            self._record = record
            self.encoding = True
            yield record
            self.encoding = False

    def refusal(self, error: Exception) -> UnreadableFile:
        """Returns what to say of a record that could not be encoded."""
        problem = f"record {self._number} cannot be encoded: {type(error).__name__}"
        return refusal(self._number, self._record, self._fields) or UnreadableFile(problem)


def _unchecked(fields: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Returns the fields of which fastavro takes what does not fit."""
    return [field for field in fields if field["type"] not in _EXACT]


def refusal(
    number: int, record: Mapping[str, Any], fields: Sequence[Mapping[str, Any]]
) -> UnreadableFile | None:
    """Returns what to say of a record that does not fit its schema; None if it does.

    Args:
        number: Its place in the file, from 1.
        record: The record.
        fields: The schema's fields, named types written out.
    """
    found = first_misfit(record, _unchecked(fields)) or first_misfit(record, fields)
    return UnreadableFile(f"record {number}, {found}") if found else None


def read_avro(path: "UPath") -> Records:
    """Opens an object as a stream of records; nothing stays open before they are asked for.

    Args:
        path: The object.

    Returns:
        The records, with the schema they were written with.

    Raises:
        FileNotFoundError: There is no such object.
        UnreadableFile: It is no Avro file of records.
    """
    with _opened(path) as file:
        schema = read_header(file).schema
    rows = _rows(path)
    resources = ExitStack()
    resources.callback(rows.close)
    return Records(rows, schema, resources=resources)


def _rows(path: "UPath") -> Generator[Any]:
    with _opened(path) as file:
        yield from fastavro.reader(file)


def _opened(path: "UPath") -> BinaryIO:
    from teamster.core.storage import open_object  # whoever only writes does not wait for it

    return open_object(path)
