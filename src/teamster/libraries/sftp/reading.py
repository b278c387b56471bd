"""Files to records: each format's reader, and what makes its batches fit the schema."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from teamster.core.drift import FieldsSeen
from teamster.core.quarantine import Quarantine
from teamster.core.records import Records, Tally
from teamster.core.schema import AvroSchema
from teamster.libraries.sftp.documents import DocumentReader
from teamster.libraries.sftp.formats.batches import Batch, DocumentBatch
from teamster.libraries.sftp.formats.delimited import Delimited, read_delimited
from teamster.libraries.sftp.formats.excel import Excel, read_excel
from teamster.libraries.sftp.formats.fast import read_fast
from teamster.libraries.sftp.formats.fixed_width import FixedWidth, read_fixed_width
from teamster.libraries.sftp.formats.json_records import (
    Json,
    JsonLines,
    read_json,
    read_json_lines,
)
from teamster.libraries.sftp.formats.pdf import Pdf, read_pdf
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.sftp.table_blocks import TableEncoder
from teamster.libraries.ssh.files import LocalFile


def read_records(
    files: Iterable[LocalFile],
    schema: AvroSchema,
    options: ReadOptions,
    spool: Path,
    resources: ExitStack,
) -> Records:
    """Reads files, one after the other, as one stream of records.

    Args:
        files: The files, in order. The next is asked for when one was read, and not before.
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
    shared = (schema, options, tally, quarantine)
    if isinstance(options.file_format, Json | JsonLines):
        documents = DocumentReader(*shared).rows(_documents(files, options.file_format))
        return Records(documents, schema, tally=tally, resources=resources)
    table, layout = TableEncoder(*shared), options.file_format
    return Records(
        table.rows(_tables(files, layout, options)),
        schema,
        tally=tally,
        blocks=lambda: table.blocks(
            read_fast(files, layout, all_text=_is_all_text(schema))
            if isinstance(layout, Delimited)
            else _tables(files, layout, options)
        ),
        resources=resources,
    )


def _is_all_text(schema: AvroSchema) -> bool:
    return all(field["type"] == ["null", "string"] for field in schema["fields"])


def _tables(
    files: Iterable[LocalFile], layout: Delimited | FixedWidth | Excel | Pdf, options: ReadOptions
) -> Iterator[Batch]:
    match layout:
        case Delimited():
            return read_delimited(files, layout)
        case FixedWidth():
            return read_fixed_width(files, layout)
        case Excel():
            return read_excel(files, layout, options.limits)
        case Pdf():
            return read_pdf(files, layout)


def _documents(files: Iterable[LocalFile], layout: Json | JsonLines) -> Iterator[DocumentBatch]:
    return read_json(files, layout) if isinstance(layout, Json) else read_json_lines(files, layout)
