"""Records: a single-use stream of rows that knows its schema and what it saw."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias, TypeVar

from teamster.core.blocks import Block
from teamster.core.drift import FieldsSeen
from teamster.core.quarantine import Quarantine
from teamster.core.schema import AvroSchema

Record: TypeAlias = dict[str, Any]
Passed = TypeVar("Passed")


@dataclass
class Tally:
    """What a reader notes while rows pass; read it through :attr:`Records.summary`.

    Attributes:
        fields: The fields seen, measured by the schema.
        quarantine: Where rejected rows go; None where nothing is ever rejected.
        rows: Rows handed on.
        short_rows: Rows that had fewer cells than the header.
        nulls: Field -> how many rows have it and have it null, nested records not looked into.
        warnings: What someone should know, in words that hold no value of a row.
    """

    fields: FieldsSeen
    quarantine: Quarantine | None = None
    rows: int = 0
    short_rows: int = 0
    nulls: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    @property
    def rejected_rows(self) -> int:
        """Rows set aside in the quarantine."""
        return self.quarantine.count if self.quarantine else 0


class Records:
    """A single-use stream of rows, with its schema and the temporary files it reads from.

    Iterate it once; then ask for the :attr:`summary`. Its temporary files are gone when the stream
    ends or fails; where rows were rejected they stay until :meth:`close`, so that whoever writes
    the output can set them aside too. Use it in a ``with`` block.

    Args:
        rows: The rows, read lazily.
        schema: The schema they are meant for.
        tally: What the reader behind ``rows`` notes its findings in. Without one, each row is
            looked into as it passes, nested records included.
        blocks: Makes the same rows as encoded blocks of an Avro file: the faster way through, for
            writers that take it. Either the rows are read or the blocks.
        resources: Closed with the stream: spool folders, open files, connections.
        fitted: The rows were made to fit the schema, each value, so that writers need not look
            again.

    Attributes:
        schema: The schema.
        fitted: As given.
        guard: May be set before the rows are read. It is called with what was seen once all of them
            have passed; what it raises fails the stream, so that nothing is put in place.
    """

    def __init__(
        self,
        rows: Iterable[Mapping[str, Any]],
        schema: AvroSchema,
        *,
        tally: Tally | None = None,
        blocks: Callable[[], Iterable[Block]] | None = None,
        resources: ExitStack | None = None,
        fitted: bool = False,
    ) -> None:
        self.schema = schema
        self.fitted = fitted
        self._looks_into_rows = tally is None
        self._tally = tally or Tally(FieldsSeen(schema))
        self._rows = rows
        self._blocks = blocks
        self.guard: Callable[[Tally], None] | None = None
        self._resources = resources or ExitStack()
        self._started = False
        self._ended = False

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Hands the rows on, once.

        Raises:
            RuntimeError: The stream was read before.
            TooManyRejectedRows: After the last row, if more were rejected than allowed.
            TeamsterError: After the last row, whatever the guard raises.
        """
        self._start()
        return self._pass_on(self._seen(self._rows))

    def blocks(self) -> Iterator[Block] | None:
        """Hands the records on, once, as encoded blocks; None where there is no such way.

        Raises:
            RuntimeError: The stream was read before.
            TooManyRejectedRows: After the last block, if more were rejected than allowed.
            TeamsterError: After the last block, whatever the guard raises.
        """
        if self._blocks is None:
            return None
        self._start()
        return self._pass_on(self._counted(self._blocks()))

    def _start(self) -> None:
        if self._started:
            raise RuntimeError("these records were read before: a stream of records is single-use")
        self._started = True

    def _seen(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        tally = self._tally
        for row in rows:
            tally.rows += 1
            tally.nulls.update([name for name, value in row.items() if value is None])
            if self._looks_into_rows:
                tally.fields.record(row)
            yield row

    def _counted(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            self._tally.rows += block.count
            yield block

    def _pass_on(self, stream: Iterator[Passed]) -> Iterator[Passed]:
        tally = self._tally
        try:
            yield from stream
            if tally.quarantine:
                tally.quarantine.check()
            if self.guard:
                self.guard(tally)
            self._ended = True
        finally:
            if not tally.rejected_rows:
                self.close()

    @property
    def summary(self) -> Tally:
        """What was seen.

        Raises:
            RuntimeError: The stream has not been read to its end, so nobody knows yet.
        """
        if not self._ended:
            raise RuntimeError("the records have not been read to their end: no summary yet")
        return self._tally

    @property
    def quarantine(self) -> Quarantine | None:
        """Where rejected rows are, known at any time."""
        return self._tally.quarantine

    def close(self) -> None:
        """Removes the temporary files."""
        self._resources.close()

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Removes the temporary files, however the block ends."""
        self.close()
