"""Batches of JSON records to records that fit the schema, bad ones to the quarantine."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from teamster.core.documents import Document, DocumentFit
from teamster.core.schema import column_name, expanded
from teamster.libraries.sftp.formats.batches import DocumentBatch
from teamster.libraries.sftp.provenance import BatchReader, Provenance
from teamster.libraries.ssh.files import LocalFile


class DocumentReader(BatchReader):
    """Reads JSON records into rows that fit the schema."""

    def rows(self, batches: Iterable[DocumentBatch]) -> Iterator[Mapping[str, Any]]:
        """Hands on the rows of all files.

        Raises:
            UnreadableFile: No record of a file has a field of the schema.
        """
        for file, of_file in groupby(batches, key=attrgetter("file")):
            yield from self._file(file, (each for batch in of_file for each in batch.documents))

    def _file(self, file: LocalFile, documents: Iterable[Document]) -> Iterator[Mapping[str, Any]]:
        types = {field["name"]: field["type"] for field in expanded(self.schema)["fields"]}
        mend = partial(
            column_name,
            slugify_cols=self.options.slugify_cols,
            replacements=self.options.slugify_replacements,
        )
        fit = DocumentFit(
            file.name,
            self.schema,
            self.tally,
            self.quarantine,
            mend,
            frozenset(self.options.ignore_cols),
        )
        yield from fit.rows(documents, Provenance(types, file, self.tally.fields).fill)
