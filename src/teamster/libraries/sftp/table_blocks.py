"""Batches of text cells to encoded blocks: the same rows as a table's reader makes, sooner."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar

from teamster.core.avro import refusal
from teamster.core.blocks import Block, encoder, sealed
from teamster.core.schema import expanded
from teamster.core.settings import encoding_threads
from teamster.libraries.sftp.by_length import SpelledEncoder
from teamster.libraries.sftp.encoding import Plan, RowEncoder, Unfit, plan_of
from teamster.libraries.sftp.formats.batches import Batch, Line
from teamster.libraries.sftp.formats.fast import AnyBatch, CellBatch
from teamster.libraries.sftp.formats.spelled import SpelledBatch
from teamster.libraries.sftp.tables import Table, TableReader

if TYPE_CHECKING:  # numpy is imported for files that are worth it
    from teamster.libraries.sftp.cells import CellEncoder, Encoded

Result = TypeVar("Result")

_BLOCK_BYTES = 1 << 17
_WAITING = 2
"""Chunks that each thread beside this one has to do, at most."""
_UNDER_WAY = 6
"""Chunks, encoded or not, that are not handed on yet, at most."""


class TableEncoder(TableReader):
    """Encodes rows of text cells as blocks of an Avro file.

    Split chunks are encoded by other threads and by this one, whichever is free. Whatever is not
    plain about a row, to be rejected or refused, is left to the table's reader, row by row and in
    order.
    """

    def blocks(self, batches: Iterable[AnyBatch]) -> Iterator[Block]:
        """Hands on the rows of all files.

        Raises:
            UnreadableFile: A file has no column of the schema, or a record does not fit it.
            TooManyRejectedRows: A row cannot be read, and no more may be rejected.
        """
        fields = expanded(self.schema)["fields"]
        written = 0
        with _Threads(encoding_threads() - 1) as threads:
            for _, of_file in groupby(batches, key=attrgetter("file")):
                rest: Iterator[AnyBatch] = iter(of_file)
                first = next(rest)
                assert isinstance(first, Batch)  # with the header
                table = self.begun(first)
                if table is not None:
                    encoding = _Encoding(self, table, fields, written, threads)
                    yield from encoding.blocks(chain([first], rest))
                    written = encoding.written
                    self.ended(table)


class _Threads:
    """Calls functions in other threads; in this one where those have enough to do."""

    def __init__(self, others: int) -> None:
        self._pool = ThreadPoolExecutor(others, "encoding") if others else None
        self._most = others * _WAITING
        self._waiting: deque[Future[Any]] = deque()

    def call(self, function: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Calls a function, sooner or later."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if self._pool is not None and len(self._waiting) < self._most:
            future = self._pool.submit(function, *arguments)
            self._waiting.append(future)
            return future
        done: Future[Result] = Future()
        done.set_result(function(*arguments))
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


@dataclass
class _Encoding:
    """One file on its way into blocks."""

    reader: TableReader
    table: Table
    fields: Sequence[Any]
    written: int
    threads: _Threads
    _plan: Plan | None = None
    _by_row: RowEncoder | None = None
    _by_length: SpelledEncoder | None = None
    _by_chunk: "CellEncoder | None" = None
    _rows: list[bytes] = field(default_factory=list)
    _count: int = 0
    _size: int = 0
    _under_way: "deque[Future[Encoded | CellBatch]]" = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._plan = plan_of(self.fields, self.table)
        if self._plan is not None:
            self._by_row = RowEncoder(self._plan)
            self._by_length = SpelledEncoder(self._plan, self.table.layout.width)

    def blocks(self, batches: Iterable[AnyBatch]) -> Iterator[Block]:
        for batch in _and_its_fault(batches):
            if isinstance(batch, Exception):
                yield from self._finished(wait=True)
                raise batch
            if isinstance(batch, CellBatch) and self._plan is not None:
                self._submit(batch, self._plan)
                yield from self._finished()
            else:
                yield from self._finished(wait=True)
                if not (isinstance(batch, SpelledBatch) and self._took_all(batch)):
                    self._take(_lines_of(batch))
                if self._size >= _BLOCK_BYTES:
                    yield from self._flushed()
        yield from self._finished(wait=True)
        yield from self._flushed()

    def _submit(self, batch: CellBatch, plan: Plan) -> None:
        from teamster.libraries.sftp.cells import CellEncoder

        if self._by_chunk is None:
            self._by_chunk = CellEncoder(plan, self.table.layout.width)
        self._under_way.append(self.threads.call(_encoded, self._by_chunk, batch))

    def _finished(self, *, wait: bool = False) -> Iterator[Block]:
        """Hands on what is encoded, in order; all that is under way if it is to wait."""
        most = 0 if wait else _UNDER_WAY
        while self._under_way and (len(self._under_way) > most or self._under_way[0].done()):
            yield from self._flushed()
            encoded = self._under_way.popleft().result()
            if isinstance(encoded, CellBatch):
                self._take(_lines_of(encoded))
                yield from self._flushed()
                continue
            self.written += encoded.block.count
            self.table.rows += encoded.block.count
            self.reader.tally.short_rows += encoded.short_rows
            self.reader.tally.nulls.update(encoded.nulls)
            yield encoded.block

    def _took_all(self, batch: SpelledBatch) -> bool:
        """Encodes a batch whose rows are all plain; tells whether it was one."""
        done = self._by_length(batch.found) if self._by_length and batch.found.rows else None
        if done is None:
            return False
        self.reader.tally.nulls.update(done.nulls)
        self._keep([done.encoded], len(batch.found.rows))
        return True

    def _keep(self, encoded: Sequence[bytes], count: int) -> None:
        self._rows += encoded
        self._count += count
        self._size += sum(map(len, encoded))
        self.written += count
        self.table.rows += count

    def _take(self, lines: Iterable[Line]) -> None:
        """Encodes rows one by one."""
        reader, table, by_row = self.reader, self.table, self._by_row
        width = table.layout.width
        rows: list[bytes] = []
        looked_up: list[list[bytes]] = []
        for line in lines:
            cells = line.cells
            if line.fault or len(cells) != width:
                taken = reader.cells(line, table)
                if taken is None:
                    continue
                cells = taken
            try:
                if by_row is None:
                    raise Unfit
                pieces = by_row(cells, line.number)
            except (ValueError, Unfit):
                encoded = self._looked_into(cells, line, self.written + len(rows) + 1)
                if encoded is None:
                    continue
            else:
                looked_up.append(pieces)
                encoded = b"".join(pieces)
            rows.append(encoded)
        self._keep(rows, len(rows))
        if by_row is not None:
            reader.tally.nulls.update(by_row.nulls(looked_up))

    def _looked_into(self, cells: list[str], line: Line, number: int) -> bytes | None:
        """Encodes a row, the file's so many'th, in the reader's own way.

        Returns:
            None having set it aside.

        Raises:
            UnreadableFile: A value does not fit the schema.
        """
        values = self.reader.values(cells, line, self.table)
        if values is None:
            return None
        refused = refusal(number, values, self.fields)
        if refused is not None:
            raise refused
        self.reader.tally.nulls.update([name for name in values if values[name] is None])
        return self._encode(values)

    @cached_property
    def _encode(self) -> Callable[[Any], bytes]:
        return encoder({"type": "record", "name": "row", "fields": self.fields})

    def _flushed(self) -> Iterator[Block]:
        if self._rows:
            block = sealed(self._count, b"".join(self._rows))
            self._rows, self._count, self._size = [], 0, 0
            yield block


def _and_its_fault(
    batches: Iterable[AnyBatch],
) -> Iterator[AnyBatch | Exception]:
    """Hands on batches, and last what ended them: rows before it are to be looked at first."""
    try:
        yield from batches
    except Exception as error:
        yield error


def _encoded(by_chunk: "CellEncoder", batch: CellBatch) -> "Encoded | CellBatch":
    """Encodes a chunk; returns it as it is where its rows must be looked at, each by itself.

    Whoever waits for the outcome keeps no chunk that way: in memory are those under way.
    """
    return by_chunk(batch.cells, batch.first_line) or batch


def _lines_of(batch: AnyBatch) -> Iterable[Line]:
    if isinstance(batch, Batch):
        return batch.lines
    if isinstance(batch, SpelledBatch):
        return batch.text_lines
    numbers = (batch.cells.line_numbers + batch.first_line).tolist()
    cells = batch.cells.joined
    return [Line(number, cells.row(row)) for row, number in enumerate(numbers)]
