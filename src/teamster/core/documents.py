"""JSON records to rows that fit a schema, whatever they came by; bad ones to the quarantine."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from teamster.core.errors import UnreadableFile
from teamster.core.json_values import DoesNotFit, FieldNames, RecordFit
from teamster.core.quarantine import Quarantine
from teamster.core.records import Tally
from teamster.core.schema import AvroSchema, avro_name, expanded

Fill: TypeAlias = Callable[[dict[str, Any], int], None]
"""Writes what is known of a record besides into it; its second argument is the record's number."""


@dataclass(slots=True)
class Document:
    """One JSON record.

    Attributes:
        number: Its line, or its place in the array, from 1.
        value: The record; numbers as they are spelled.
        text: Its text.
        fault: Why it cannot be read.
    """

    number: int
    value: Any
    text: str
    fault: str | None = None


@dataclass
class DocumentFit:
    """Makes the JSON records of one source fit a schema.

    Attributes:
        source: What the records came by, to name in warnings, errors and the quarantine.
        schema: The schema of the rows.
        tally: Receives what is seen.
        quarantine: Receives the records that do not fit.
        mend: Makes one field's name valid.
        ignored: Names of fields that are deliberately not taken.
        may_be_empty: No records are nothing to warn of, as where only changes were asked for.
    """

    source: str
    schema: AvroSchema
    tally: Tally
    quarantine: Quarantine
    mend: Callable[[str], str] = avro_name
    ignored: frozenset[str] = field(default_factory=frozenset)
    may_be_empty: bool = False

    def rows(
        self, documents: Iterable[Document], fill: Fill | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Hands on the rows; each value fits the schema, as far as ``fill`` leaves it alone.

        Args:
            documents: The records, in order.
            fill: Completes each of them.

        Raises:
            UnreadableFile: No record has a field of the schema.
        """
        names = FieldNames(self.mend)
        fit = RecordFit(expanded(self.schema), self.tally.fields.extras, names, self.ignored)
        seen = taken = 0
        known = False
        for document in documents:
            seen += 1
            row = self._row(document, fit)
            if row is not None:
                self.tally.fields.record(row)
                known = known or fit.knows_any(row)
                if fill:
                    fill(row, document.number)
                if self._is_whole(document, row, fit):
                    taken += 1
                    yield row
        self._note(names, seen)
        if taken and not known:
            raise UnreadableFile(
                f"{self.source}: none of its {seen} records has a field of the schema; is it "
                "another file, or do the records stand elsewhere in it?"
            )

    def _row(self, document: Document, fit: RecordFit) -> dict[str, Any] | None:
        """Returns a record's values, or None having set it aside."""
        if document.fault:
            self._reject(document, document.fault, None)
            return None
        try:
            return fit(document.value)
        except DoesNotFit as error:
            self._reject(document, error.reason, error.dotted)
            return None

    def _is_whole(self, document: Document, row: Mapping[str, Any], fit: RecordFit) -> bool:
        try:
            fit.check_required(row)
        except DoesNotFit as error:
            self._reject(document, error.reason, error.dotted)
            return False
        return True

    def _reject(self, document: Document, reason: str, column: str | None) -> None:
        self.quarantine.add(self.source, document.number, reason, [document.text], column)

    def _note(self, names: FieldNames, seen: int) -> None:
        if names.renamed:
            self.tally.warnings.append(
                f"{self.source}: fields of the same name: {', '.join(names.renamed[:20])}"
            )
        if not seen and not self.may_be_empty:
            self.tally.warnings.append(f"{self.source} has no records")
