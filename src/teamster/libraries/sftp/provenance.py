"""What the readers of batches share, and where a record comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from teamster.core.drift import FieldsSeen
from teamster.core.quarantine import Quarantine
from teamster.core.records import Tally
from teamster.core.schema import AvroSchema
from teamster.core.values import converter
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.ssh.files import LocalFile

FILE_NAME = "source_file_name"
FILE_MTIME = "source_file_mtime"
FILE_LINE = "source_line"
PROVENANCE = frozenset({FILE_NAME, FILE_MTIME, FILE_LINE})


@dataclass
class BatchReader:
    """Makes rows that fit a schema of batches, noting what it sees.

    Attributes:
        schema: The schema of the rows.
        options: How columns are named.
        tally: Receives what is seen.
        quarantine: Receives the rows that do not fit.
    """

    schema: AvroSchema
    options: ReadOptions
    tally: Tally
    quarantine: Quarantine


class Provenance:
    """A file's name and time, and each record's line.

    Args:
        types: The schema's fields, name -> type.
        file: The file.
        fields: Notes the fields that are filled.

    Attributes:
        of_file: What is the same for all records, field -> value.
        line_of: Makes the value of a line's number; None where the schema has no place for it.
    """

    def __init__(self, types: Mapping[str, Any], file: LocalFile, fields: FieldsSeen) -> None:
        texts = {FILE_NAME: file.name, FILE_MTIME: file.remote.mtime.isoformat()}
        self.of_file = {
            name: _reader(types[name])(text) for name, text in texts.items() if name in types
        }
        self.line_of = _reader(types[FILE_LINE]) if FILE_LINE in types else None
        fields.names(PROVENANCE & set(types))

    def fill(self, row: dict[str, Any], number: int) -> None:
        """Writes what is known of a record into it.

        Args:
            row: The record.
            number: Its line, or its place in a JSON array, from 1.
        """
        if self.of_file:
            row.update(self.of_file)
        if self.line_of:
            row[FILE_LINE] = self.line_of(str(number))


def _reader(avro_type: Any) -> Callable[[str], Any]:
    return converter(avro_type) or str
