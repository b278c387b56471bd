"""Rejected rows, set aside beside the output with where they stood and why."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from teamster.core.errors import TooManyRejectedRows
from teamster.core.schema import AvroSchema

QUARANTINE_SCHEMA: AvroSchema = {
    "type": "record",
    "name": "rejected_row",
    "fields": [
        {"name": "source_file_name", "type": "string"},
        {"name": "line", "type": "long", "doc": "Line of the file on which the row begins, from 1"},
        {"name": "column", "type": ["null", "string"], "default": None},
        {"name": "reason", "type": "string"},
        {"name": "cells", "type": {"type": "array", "items": "string"}},
    ],
}


@dataclass
class Quarantine:
    """Collects rejected rows in the spool, and says when there are too many.

    Attributes:
        spool: A private folder; nothing is written there until a row is rejected.
        max_rejected_rows: How many rows may be rejected before the run fails.
        reasons: Reason -> count.
    """

    spool: Path
    max_rejected_rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: str = ""
    _file: IO[str] | None = None

    @property
    def count(self) -> int:
        """How many rows were rejected so far."""
        return self.reasons.total()

    @property
    def full(self) -> bool:
        """Whether more rows were rejected than allowed, so that the run will fail."""
        return self.count > self.max_rejected_rows

    @property
    def path(self) -> Path:
        """The spooled rows, one JSON object a line."""
        return self.spool / "quarantine.jsonl"

    def add(
        self,
        file_name: str,
        line: int,
        reason: str,
        cells: Sequence[str],
        column: str | None = None,
    ) -> None:
        """Sets a row aside.

        Args:
            file_name: The file's own name.
            line: The line on which the row begins, from 1.
            reason: Why, in words that hold no value of the row.
            cells: The row as it stands in the file; it goes into the quarantine object only.
            column: The column at fault, where it is one.
        """
        place = f"{file_name}, line {line}" + (f", column {column}" if column else "")
        self.first = self.first or f"{place}: {reason}"
        self.reasons[reason] += 1
        self._file = self._file or self.path.open("w", encoding="utf-8")
        row = {
            "source_file_name": file_name,
            "line": line,
            "column": column,
            "reason": reason,
            "cells": list(cells),
        }
        self._file.write(json.dumps(row) + "\n")

    def rows(self) -> Iterator[dict[str, object]]:
        """Hands on the rejected rows, fit for :data:`QUARANTINE_SCHEMA`; there may be many."""
        if self._file is None:
            return
        self._file.flush()
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def check(self) -> None:
        """Raises if more rows were rejected than allowed.

        Raises:
            TooManyRejectedRows: It names counts, reasons and the first row's place, and no value.
        """
        if not self.full:
            return
        reasons = ", ".join(f"{count} × {reason}" for reason, count in self.reasons.most_common())
        raise TooManyRejectedRows(
            f"rejected rows: {self.count}, allowed: {self.max_rejected_rows}: {reasons}. "
            f"First: {self.first}. The rows are in the quarantine object beside the output; mend "
            "the file or the schema, or raise max_rejected_rows"
        )

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Closes the spooled file; the spool's owner removes it."""
        if self._file is not None:
            self._file.close()
