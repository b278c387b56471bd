"""A JSON array read element by element: memory holds one element, each with its own text.

Python's scanner does the parsing. ijson, the usual library, was measured and left out: its C
backend (3.6.0) crashes the process on an integer of 5,000 digits, replaces half a surrogate pair
by ``?`` and loses how numbers are spelled; its Python backend reads 4 MB/s, this 90.
"""

from collections.abc import Generator, Iterator, Sequence
from json import JSONDecoder
from typing import IO, Any

_CHUNK = 1 << 16
_WHITE = " \t\n\r"
_PART_OF_NUMBER = 3
"""Characters that tell whether a number goes on: of 1e+5 the scanner takes 1 unless it has all."""

ELEMENT_LIMIT = 64 * 1024**2
"""Characters of one element."""


class MalformedJson(Exception):
    """The text is no JSON, or cut short."""


class NoSuchArray(Exception):
    """There is no array at the path."""


class JsonStream:
    """The values of a JSON text, one after the other.

    Args:
        file: The text.
        decoder: Makes values of it.

    Attributes:
        envelope: See :meth:`elements`.
        found: See :meth:`elements`.
    """

    def __init__(self, file: IO[str], decoder: JSONDecoder) -> None:
        self._file = file
        self._decode = decoder.raw_decode
        self._buffer = ""
        self._at = 0
        self._ended = False
        self.envelope: Any = None
        self.found = False

    def elements(self, path: Sequence[str]) -> Iterator[tuple[Any, str]]:
        """Yields each element of an array, and its text, and reads the document to its end.

        Then :attr:`envelope` has all that stands around the array, in whose place an empty one
        stands, and :attr:`found` says whether there was one.

        Args:
            path: The names that lead to the array; none where it is the whole text.

        Raises:
            MalformedJson: The text is no JSON, is cut short, or has a value beyond the limit.
        """
        self.envelope = yield from self._around(path)
        if self._next():
            raise MalformedJson

    def _around(self, path: Sequence[str]) -> Generator[tuple[Any, str], None, Any]:
        opening = self._next()
        if not path and opening == "[":
            if self.found:  # the path's name stands twice
                raise MalformedJson
            self.found = True
            for _ in self._members("]"):
                yield self._value()
            return []
        if not path or opening != "{":
            return self._value()[0]
        members: dict[Any, Any] = {}
        for _ in self._members("}"):
            name = self._name()
            if name == path[0]:
                members[name] = yield from self._around(path[1:])
            else:
                members[name] = self._value()[0]
        return members

    def array(self, path: Sequence[str]) -> Iterator[tuple[Any, str]]:
        """Yields each element of an array, and its text.

        Args:
            path: The names that lead to the array; none where it is the whole text.

        Raises:
            NoSuchArray: There is none.
            MalformedJson: The text is no JSON, is cut short, or has an element beyond the limit.
        """
        for name in path:
            self._go_to(name)
        if self._next() != "[":
            raise NoSuchArray
        for _ in self._members("]"):
            yield self._value()
        if not path and self._next():
            raise MalformedJson

    def _go_to(self, name: str) -> None:
        if self._next() != "{":
            raise NoSuchArray
        for _ in self._members("}"):
            if self._name() == name:
                return
            self._skip()
        raise NoSuchArray

    def _members(self, end: str) -> Iterator[None]:
        """Steps from member to member; the caller reads each."""
        self._at += 1
        if self._next() != end:
            yield
            while self._next() == ",":
                self._at += 1
                yield
        self._take(end)

    def _name(self) -> Any:
        if self._next() != '"':
            raise MalformedJson
        name, _ = self._value()
        self._take(":")
        return name

    def _skip(self) -> None:
        """Passes over a value, a long one member by member."""
        end = {"[": "]", "{": "}"}.get(self._next())
        if end is None:
            self._value()
            return
        for _ in self._members(end):
            if end == "}":
                self._name()
            self._value()

    def _value(self) -> tuple[Any, str]:
        self._next()
        while True:
            try:
                value, end = self._decode(self._buffer, self._at)
            except ValueError:  # perhaps it goes on in what is not read yet
                if self._ended or len(self._buffer) - self._at > ELEMENT_LIMIT:
                    raise MalformedJson from None
            except RecursionError:
                raise MalformedJson from None
            else:
                if self._ended or end + _PART_OF_NUMBER <= len(self._buffer):
                    text = self._buffer[self._at : end]
                    self._at = end
                    return value, text
            self._more()

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise MalformedJson
        self._at += 1

    def _next(self) -> str:
        """Returns the next character that is not white, or nothing at the end."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in _WHITE:
                    return self._buffer[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Reads on, twice as far each time, so that a long element is not read over and over."""
        rest = self._buffer[self._at :]
        chunk = self._file.read(max(_CHUNK, len(rest)))
        self._buffer = rest + chunk
        self._at = 0
        self._ended = not chunk
        return bool(chunk)
