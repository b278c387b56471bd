"""Text files, decoded: lines above the table and comments passed over, bad bytes named."""

import codecs
import functools
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from teamster.core.errors import UnreadableFile
from teamster.libraries.sftp.formats.content import check_is_text
from teamster.libraries.ssh.files import LocalFile

if TYPE_CHECKING:
    import regex

STRICT = ConfigDict(extra="forbid", frozen=True)

LINE_LIMIT = 64 * 1024**2
"""Characters of one physical line; a longer one is no line of a table."""

_PATTERN_SECONDS = 2.0

_UTF8 = frozenset(codecs.lookup(name).name for name in ("utf-8", "utf-8-sig"))


def _known_encoding(given: str) -> str:
    try:
        "".encode(given)
    except LookupError:
        raise ValueError(f"Python knows no encoding {given!r}") from None
    return given


def _regular_expression(given: str) -> str:
    import regex  # here and below: most feeds have no pattern of a format's own

    try:
        regex.compile(given)
    except regex.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return given


Encoding = Annotated[str, AfterValidator(_known_encoding)]
Regex = Annotated[str, AfterValidator(_regular_expression)]


class TextFormat(BaseModel):
    """What the formats of text lines share."""

    model_config = STRICT

    encoding: Encoding = Field(default="utf-8", description="Encoding; a UTF-8 BOM is dropped.")
    skip_lines: int = Field(default=0, ge=0, description="Lines above the table.")
    skip_until: Regex | None = Field(
        default=None, description="Lines before the first in which this is found are passed over."
    )
    comment: str | None = Field(
        default=None, min_length=1, description="Lines that begin with this are passed over."
    )

    def without_skips(self) -> Self:
        """Returns the same for what stands further down in the file."""
        return self.model_copy(update={"skip_lines": 0, "skip_until": None})


def search(pattern: str, text: str, place: str) -> "regex.Match[str] | None":
    """Searches a text for a feed's pattern, which may be a catastrophic one.

    Args:
        pattern: A regular expression of the ``regex`` library.
        text: The text.
        place: File and line, for the error.

    Raises:
        UnreadableFile: The pattern takes longer than two seconds.
    """
    try:
        return _compiled(pattern).search(text, timeout=_PATTERN_SECONDS)
    except TimeoutError:
        raise UnreadableFile(
            f"{place}: the pattern takes longer than {_PATTERN_SECONDS:g} s on one line; "
            "nested repetitions such as (a+)+ do that: make it stricter"
        ) from None


@functools.cache
def _compiled(pattern: str) -> "regex.Pattern[str]":
    import regex

    return regex.compile(pattern)


@contextmanager
def decoded(file: LocalFile, wanted: str, encoding: str) -> Iterator[IO[str]]:
    """Opens a text file; line ends stay as they are.

    Args:
        file: The file.
        wanted: What the feed says it is, in words.
        encoding: Its encoding; a byte order mark is dropped.

    Raises:
        UnreadableFile: It is no text, or a byte is not of the encoding; the error names its offset.
    """
    check_is_text(file, wanted, encoding)
    codec = encoding
    if codecs.lookup(encoding).name in _UTF8:
        # Python's decoder takes a part of a mark for nothing at all.
        is_long_enough = file.path.stat().st_size >= len(codecs.BOM_UTF8)
        codec = "utf-8-sig" if is_long_enough else "utf-8"
    try:
        with file.path.open(encoding=codec, newline="") as opened:
            yield opened
    except UnicodeError:
        offset = first_bad_byte(file, codec)
        raise UnreadableFile(
            f"{file.name} is not {encoding}: the byte at offset {offset} does not belong there; "
            "declare its encoding by file_encoding, or encoding in format (often cp1252, latin-1 "
            "or utf-16)"
        ) from None


@dataclass
class Lines:
    """Physical lines, of which those of the row under way can be taken back.

    Attributes:
        file: The opened file.
        name: What people call it.
        layout: What is passed over.
        taken: The lines of the row under way; whoever has read the row clears them.
        again: Lines that were taken back.
        number: The number of the last line handed on, from 1.
    """

    file: IO[str]
    name: str
    layout: TextFormat
    taken: list[str] = field(default_factory=list)
    again: deque[str] = field(default_factory=deque)
    number: int = 0

    def __post_init__(self) -> None:
        """Passes over what stands above the table."""
        for _ in range(self.layout.skip_lines):
            self._read()
        if self.layout.skip_until:
            self._skip_until(self.layout.skip_until)

    def __iter__(self) -> Iterator[str]:
        """Hands lines on; a comment is one only where a row may begin, not inside a cell."""
        comment = self.layout.comment
        readline, again, taken = self.file.readline, self.again, self.taken
        while line := again.popleft() if again else readline(LINE_LIMIT):
            self.number += 1
            if len(line) >= LINE_LIMIT:
                raise UnreadableFile(
                    f"{self.name}, line {self.number}: longer than {LINE_LIMIT} characters; it is "
                    "no file of lines"
                )
            if comment and not taken and line.startswith(comment):
                continue
            taken.append(line)
            yield line

    def take_back_all_but_first(self) -> str:
        """Puts all lines taken back but the first, which is returned."""
        first, *rest = self.taken
        self.again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.taken.clear()
        return first

    def _read(self) -> str:
        line = self.file.readline(LINE_LIMIT)
        self.number += 1
        return line

    def _skip_until(self, pattern: str) -> None:
        while line := self._read():
            if search(pattern, line.rstrip("\r\n"), f"{self.name}, line {self.number}"):
                self.again.append(line)
                self.number -= 1
                return
        if self.number > 1:
            raise UnreadableFile(
                f"{self.name}: skip_until is found in none of its {self.number - 1} lines; has the "
                "vendor changed the header, or is it another file?"
            )


def first_bad_byte(file: LocalFile, codec: str) -> int:
    """Returns the offset of the first byte that a codec refuses, or the file's size."""
    decoder = codecs.getincrementaldecoder(codec)()
    offset = 0
    pending = 0
    with file.path.open("rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        while True:
            chunk = opened.read(1 << 16)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return offset - pending + error.start
            except UnicodeError:
                return offset
            if not chunk:
                return size
            state = decoder.getstate()[0]
            offset += len(chunk)
            pending = len(state)
