"""Answers to records: JSON element by element, CSV row by row, both from the spool."""

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from teamster.core.errors import AnswerIncomplete, UnexpectedAnswer
from teamster.core.json_stream import JsonStream, MalformedJson
from teamster.core.json_text import DECODER, compact
from teamster.libraries.rest.messages import Answer

Format: TypeAlias = Literal["json", "csv"]

_WHITE = b" \t\r\n\xef\xbb\xbf"
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_CELL_LIMIT = 64 * 1024**2


class AnswerReader:
    """The records of one answer, and the document around them.

    Args:
        answer: The answer.
        shown: The request, to name in errors.

    Attributes:
        envelope: The document without its records, once they have been read.
        is_array: Whether an array stood where the records should be.
    """

    def __init__(self, answer: Answer, shown: str) -> None:
        self._answer = answer
        self._shown = shown
        self.envelope: Any = None
        self.is_array = True

    def json(self, path: tuple[str, ...]) -> Generator[tuple[Any, str]]:
        """Yields each element of the array at a path, and its text; to be read to the end.

        Raises:
            AnswerIncomplete: The JSON is cut short or malformed.
            UnexpectedAnswer: It is no JSON at all.
        """
        self._refuse_markup()
        number = 0
        try:
            with self._text() as text:
                stream = JsonStream(text, DECODER)
                for element in stream.elements(path):
                    number += 1
                    yield element
        except UnicodeDecodeError as error:
            raise AnswerIncomplete(
                f"{self._shown}: a byte of the answer is not of {error.encoding}, after {number} "
                "records"
            ) from None
        except MalformedJson:
            self._refuse_other_text()
            raise AnswerIncomplete(
                f"{self._shown}: the answer is no JSON after {number} records: it is cut short or "
                "malformed"
            ) from None
        self.envelope = stream.envelope
        self.is_array = stream.found

    def csv(self) -> Generator[tuple[Any, str]]:
        """Yields each row as an object of texts, and its JSON text.

        Raises:
            AnswerIncomplete: A row has more or fewer cells than the header, or ends in a quote.
            UnexpectedAnswer: It is a web page.
        """
        self._refuse_markup()
        csv.field_size_limit(_CELL_LIMIT)
        try:
            with self._text(newline="") as text:
                rows = csv.reader(text, strict=True)
                header = next(rows, [])
                for number, cells in enumerate(rows, start=1):
                    if cells:
                        self._check_width(number, len(cells), len(header))
                        value = dict(zip(header, cells, strict=True))
                        yield value, compact(value)
        except (csv.Error, UnicodeDecodeError):
            raise AnswerIncomplete(f"{self._shown}: the answer's CSV is cut short") from None

    def _check_width(self, number: int, cells: int, columns: int) -> None:
        if cells != columns:
            raise AnswerIncomplete(
                f"{self._shown}: row {number} has {cells} cells, the header {columns}: the answer "
                "is cut short, or no CSV"
            )

    @contextmanager
    def _text(self, newline: str | None = None) -> Iterator[io.TextIOWrapper]:
        text = io.TextIOWrapper(self._answer.body, self._encoding(), newline=newline)
        try:
            yield text
        finally:
            text.detach()  # the body is its owner's to close

    def _encoding(self) -> str:
        found = _CHARSET.search(self._answer.headers.get("content-type", ""))
        if found:
            try:
                name = codecs.lookup(found[1]).name
            except LookupError:
                name = "utf-8"
            if name != "utf-8":
                return name
        return "utf-8-sig"

    def _refuse_markup(self) -> None:
        beginning = self._beginning()
        if not beginning:
            raise AnswerIncomplete(f"{self._shown}: the answer has status 200 and no content")
        if beginning.startswith(b"<"):
            raise UnexpectedAnswer(
                f"{self._shown}: the answer is a web page or XML "
                f"({self._answer.content_type or 'no content type'}): a login or maintenance page, "
                "often. Check base_url and the credential; where the API has several formats, set "
                "the header Accept"
            )

    def _refuse_other_text(self) -> None:
        if self._beginning()[:1] not in (b"{", b"["):
            raise UnexpectedAnswer(
                f"{self._shown}: the answer is no JSON "
                f"({self._answer.content_type or 'no content type'}): check endpoint and format"
            )

    def _beginning(self) -> bytes:
        self._answer.body.seek(0)
        beginning = self._answer.body.read(1024).lstrip(_WHITE)
        self._answer.body.seek(0)
        return beginning


def json_document(answer: Answer, shown: str) -> Any:
    """Returns a whole JSON document; its numbers are texts as they are spelled.

    Raises:
        AnswerIncomplete: The JSON is cut short or malformed.
        UnexpectedAnswer: It is no JSON at all.
    """
    reader = AnswerReader(answer, shown)
    elements = [value for value, _ in reader.json(())]
    return elements if reader.is_array else reader.envelope
