"""Files to records: each format's reader, and what makes its batches fit the schema."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from teamster.core.drift import FieldsSeen
from teamster.core.quarantine import Quarantine
from teamster.core.records import Records, Tally
from teamster.core.schema import AvroSchema
from teamster.libraries.sftp.documents import DocumentReader
from teamster.libraries.sftp.formats.delimited import Delimited, read_delimited
from teamster.libraries.sftp.formats.excel import Excel, read_excel
from teamster.libraries.sftp.formats.fixed_width import FixedWidth, read_fixed_width
from teamster.libraries.sftp.formats.json_records import (
    Json,
    JsonLines,
    read_json,
    read_json_lines,
)
from teamster.libraries.sftp.formats.pdf import Pdf, read_pdf
from teamster.libraries.sftp.options import ReadOptions
from teamster.libraries.sftp.tables import TableReader
from teamster.libraries.ssh.files import LocalFile


def read_records(
    files: Sequence[LocalFile],
    schema: AvroSchema,
    options: ReadOptions,
    spool: Path,
    resources: ExitStack,
) -> Records:
    """Reads files, one after the other, as one stream of records.

    Args:
        files: The files, in order.
        schema: The schema of the records.
        options: How the files are read.
        spool: A private folder for rejected rows.
        resources: What the records close when they are done with.

    Returns:
        The records; nothing is read until they are asked for.
    """
    quarantine = Quarantine(spool, options.max_rejected_rows)
    resources.enter_context(quarantine)
    tally = Tally(FieldsSeen(schema), quarantine)
    return Records(
        _rows(files, schema, options, tally, quarantine), schema, tally=tally, resources=resources
    )


def _rows(
    files: Sequence[LocalFile],
    schema: AvroSchema,
    options: ReadOptions,
    tally: Tally,
    quarantine: Quarantine,
) -> Iterator[Mapping[str, Any]]:
    tables = TableReader(schema, options, tally, quarantine)
    documents = DocumentReader(schema, options, tally, quarantine)
    match options.file_format:
        case Delimited() as layout:
            return tables.rows(read_delimited(files, layout))
        case FixedWidth() as layout:
            return tables.rows(read_fixed_width(files, layout))
        case Excel() as layout:
            return tables.rows(read_excel(files, layout, options.limits))
        case Pdf() as layout:
            return tables.rows(read_pdf(files, layout))
        case Json() as layout:
            return documents.rows(read_json(files, layout))
        case JsonLines() as layout:
            return documents.rows(read_json_lines(files, layout))
