"""DeansList's answers made plain: what is there and what was deleted, in one list with one count.

An answer is ``{"rowcount": 2, "data": [...]}``, with ``deleted_rowcount`` and ``deleted_data``
where deleted rows are asked for. Then each record says whether it is deleted; the count is of both.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from teamster.core.errors import UnexpectedAnswer
from teamster.core.json_text import compact
from teamster.core.settings import spool_dir
from teamster.libraries.deanslist.endpoints import DATES, name_of
from teamster.libraries.rest.answers import AnswerReader
from teamster.libraries.rest.messages import Answer, Request
from teamster.libraries.rest.paths import look_up

DELETED = "is_deleted"
ASK_DELETED = "IncludeDeleted"

_IN_MEMORY = 1 << 20
_TOLERATED = 0.1
"""The share of records that may lie outside the dates asked for: the school's day is not ours."""


@contextmanager
def plain_answer(answer: Answer, request: Request) -> Iterator[Answer]:
    """Gives an answer with one list, ``data``, and its count, ``rowcount``.

    Args:
        answer: The answer as it came.
        request: What was asked.

    Raises:
        AnswerIncomplete: It is cut short.
        UnexpectedAnswer: It is no JSON, or most of its records lie outside the dates asked for.
    """
    params = dict(request.params)
    flagged = ASK_DELETED in params
    window = Window.of(request, params)
    reader = AnswerReader(answer, request.shown)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=spool_dir()) as spooled:
        body = cast(BinaryIO, spooled)
        body.write(b'{"data":[')
        comma = b""
        for value, text in reader.json(("data",)):
            window.look_at(value)
            body.write(comma + _flagged(text, False, flagged))
            comma = b","
        deleted = _deleted(reader.envelope) if reader.is_array else None
        if deleted is None:
            answer.body.seek(0)
            yield answer  # of another shape: whoever reads it says so
            return
        for value in deleted:
            window.look_at(value)
            body.write(comma + _flagged(compact(value), True, flagged))
            comma = b","
        window.check(request.shown)
        body.write(b"]" + _count(reader.envelope) + b"}")
        size = body.tell()
        body.seek(0)
        headers = {**answer.headers, "content-type": "application/json"}  # and no other charset
        yield replace(answer, headers=headers, body=body, size=size)


def _deleted(document: Mapping[str, Any]) -> list[Any] | None:
    """Returns the deleted rows; None where something else stands in their place."""
    deleted = document.get("deleted_data") or []
    return deleted if isinstance(deleted, list) else None


def _count(document: Mapping[str, Any]) -> bytes:
    """Returns the count of both as a member; nothing where the server states none."""
    counts = [document.get("rowcount"), document.get("deleted_rowcount") or "0"]
    if not all(isinstance(count, str) and count.isascii() and count.isdigit() for count in counts):
        return b""
    return f',"rowcount":{sum(int(str(count)) for count in counts)}'.encode()


def _flagged(text: str, deleted: bool, wanted: bool) -> bytes:
    """Returns a record's text with the flag in front; a flag of its own comes later and wins."""
    inside = text[1:].lstrip() if wanted and text.startswith("{") else ""
    if inside:
        text = f'{{"{DELETED}":{json.dumps(deleted)}{"" if inside == "}" else ","}{inside}'
    return text.encode(errors="surrogatepass")


@dataclass
class Window:
    """The dates asked for, and how many records lie within.

    A server that does not know a parameter ignores it, and each partition would hold everything.

    Attributes:
        first: The first day; None where nothing is asked for by date.
        last: The last day.
        found_at: Where a record's dates stand.
        count: Records seen that have a date.
        outside: Those of them outside.
    """

    first: date | None = None
    last: date | None = None
    found_at: tuple[tuple[str, ...], ...] = ()
    count: int = 0
    outside: int = 0

    @classmethod
    def of(cls, request: Request, params: Mapping[str, str]) -> "Window":
        """Returns the dates that a request asks for."""
        dates = DATES.get(name_of(urlsplit(request.url).path))
        if dates is None:
            return cls()
        try:
            first, last = (date.fromisoformat(params[name]) for name in (dates.first, dates.last))
        except (KeyError, ValueError):
            return cls()
        return cls(first - timedelta(days=1), last + timedelta(days=1), dates.found_at)

    def look_at(self, record: Any) -> None:
        """Takes note of a record."""
        if self.first is None or self.last is None:
            return
        found = [look_up(record, path) for path in self.found_at]
        days = [text[:10] for text in found if isinstance(text, str) and text]
        if days:
            self.count += 1
            self.outside += not any(
                self.first.isoformat() <= day <= self.last.isoformat() for day in days
            )

    def check(self, shown: str) -> None:
        """Raises if too many lie outside.

        Raises:
            UnexpectedAnswer: The server did not keep to the dates.
        """
        if self.outside > _TOLERATED * self.count:
            raise UnexpectedAnswer(
                f"{shown}: {self.outside} of {self.count} records lie outside the dates asked for: "
                "the server ignores them. Check the parameters of the dates against DeansList's "
                "documentation, and set dates"
            )
