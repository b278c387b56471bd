"""Batches of JSON records to records that fit the schema, bad ones to the quarantine."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from teamster.core.errors import UnreadableFile
from teamster.core.schema import column_name, expanded
from teamster.libraries.sftp.formats.batches import Document, DocumentBatch
from teamster.libraries.sftp.json_values import DoesNotFit, FieldNames, RecordFit
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
        schema = expanded(self.schema)
        provenance = Provenance(
            {field["name"]: field["type"] for field in schema["fields"]}, file, self.tally.fields
        )
        mend = partial(
            column_name,
            slugify_cols=self.options.slugify_cols,
            replacements=self.options.slugify_replacements,
        )
        names = FieldNames(mend)
        fit = RecordFit(
            schema, self.tally.fields.extras, names, frozenset(self.options.ignore_cols)
        )
        seen = taken = 0
        known = False
        for document in documents:
            seen += 1
            row = self._row(document, fit, file.name)
            if row is not None:
                self.tally.fields.record(row)
                known = known or fit.knows_any(row)
                provenance.fill(row, document.number)
                if self._is_whole(document, row, fit, file.name):
                    taken += 1
                    yield row
        self._note(file.name, names, seen)
        if taken and not known:
            raise UnreadableFile(
                f"{file.name}: none of its {seen} records has a field of the schema; is it "
                "another file, or do the records stand elsewhere in it?"
            )

    def _row(self, document: Document, fit: RecordFit, file_name: str) -> dict[str, Any] | None:
        """Returns a record's values, or None having set it aside."""
        if document.fault:
            self._reject(document, document.fault, None, file_name)
            return None
        try:
            return fit(document.value)
        except DoesNotFit as error:
            self._reject(document, error.reason, error.dotted, file_name)
            return None

    def _is_whole(
        self, document: Document, row: Mapping[str, Any], fit: RecordFit, file_name: str
    ) -> bool:
        try:
            fit.check_required(row)
        except DoesNotFit as error:
            self._reject(document, error.reason, error.dotted, file_name)
            return False
        return True

    def _reject(self, document: Document, reason: str, column: str | None, file_name: str) -> None:
        self.quarantine.add(file_name, document.number, reason, [document.text], column)

    def _note(self, file_name: str, names: FieldNames, seen: int) -> None:
        if names.renamed:
            self.tally.warnings.append(
                f"{file_name}: fields of the same name: {', '.join(names.renamed[:20])}"
            )
        if not seen:
            self.tally.warnings.append(f"{file_name} has no records")
