"""Records in the spool, one a line as they were spelled, with what must not come twice."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy
from numpy.typing import NDArray

from teamster.core.documents import Document
from teamster.core.errors import UnexpectedAnswer
from teamster.core.json_text import DECODER, compact
from teamster.libraries.rest.paths import ABSENT, look_up, shown_path

Marks: TypeAlias = NDArray[numpy.uint64]
"""What tells records apart, 64 bits each."""

_BITS = 2**64 - 1
_NO_RECORD = "the record is no JSON object"


@dataclass(frozen=True)
class Mark:
    """A state to go back to."""

    bytes: int
    count: int
    digest: Any


class RecordSpool:
    """Records on the disk: pages come whole or not at all.

    Args:
        path: A file in a private folder.
        key: Paths of what no two records share; nothing where none is declared.
        record: Path of the record in each element.

    Attributes:
        path: The file.
        count: How many records there are.
    """

    def __init__(
        self, path: Path, key: tuple[tuple[str, ...], ...] = (), record: tuple[str, ...] = ()
    ) -> None:
        self.path = path
        self._key = key
        self._record = record
        self._marks = array("Q")
        self._digest = sha256()
        self._page = blake2b(digest_size=16)
        self.count = 0
        self._file = path.open("wb")

    def begin_page(self) -> Mark:
        """Returns the state before a page."""
        self._page = blake2b(digest_size=16)
        return self.mark()

    def mark(self) -> Mark:
        """Returns the state, to go back to."""
        return Mark(self._file.tell(), self.count, self._digest.copy())

    def go_back(self, mark: Mark) -> None:
        """Forgets what came since."""
        self._file.seek(mark.bytes)
        self._file.truncate()
        self._digest = mark.digest.copy()
        del self._marks[mark.count :]
        self.count = mark.count

    def add(self, value: Any, text: str, copied: Mapping[str, Any] | None = None) -> None:
        """Adds an element.

        Args:
            value: The element.
            text: Its JSON text.
            copied: Fields to add to the record.

        Raises:
            UnexpectedAnswer: The record lacks a part of its key.
        """
        if self._record:
            value = look_up(value, self._record)
            text = "null" if value is ABSENT else compact(value)
        if copied and isinstance(value, Mapping):
            value = {**value, **copied}
            text = compact(value)
        self.count += 1
        line = (
            text.replace("\n", " ").encode(errors="surrogatepass") + b"\n"
        )  # a text's own are escaped
        self._marks.append(self._key_of(value) if self._key else hash(line) & _BITS)
        self._digest.update(line)
        self._page.update(line)
        self._file.write(line)

    def _key_of(self, value: Any) -> int:
        parts = []
        for path in self._key:
            part = look_up(value, path)
            if part is ABSENT or part is None:
                raise UnexpectedAnswer(f"record {self.count} has no {shown_path(path)}, its key")
            parts.append(compact(part))
        return hashed("\0".join(parts))

    @property
    def page_digest(self) -> bytes:
        """Tells pages of different content apart."""
        return self._page.digest()

    @property
    def digest(self) -> str:
        """Tells different records, or the same in another order, apart."""
        return self._digest.hexdigest()

    def repeated_keys(self) -> int:
        """Returns how many records have the key of another; to be asked once, at the end."""
        if not self._key or not self.count:
            return 0
        keys = numpy.frombuffer(self._marks, dtype=numpy.uint64)
        keys.sort()  # in place: what they belong to does not matter any more
        return int((keys[1:] == keys[:-1]).sum())

    def marks_since(self, mark: Mark) -> Marks:
        """Returns 64 bits of the key of each record that came since, sorted.

        Where no key is declared, they are those of its text.
        """
        if self.count == mark.count:
            return numpy.array([], dtype=numpy.uint64)
        marks = numpy.frombuffer(self._marks, dtype=numpy.uint64, offset=8 * mark.count).copy()
        marks.sort()
        return marks

    def clear(self) -> None:
        """Forgets everything."""
        self.go_back(Mark(0, 0, sha256()))

    def documents(self) -> Iterator[Document]:
        """Hands on the records, numbered from 1."""
        self._file.flush()
        with self.path.open(encoding="utf-8", errors="surrogatepass", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                value = DECODER.decode(line)
                fault = None if isinstance(value, dict) else _NO_RECORD
                yield Document(number, value, line[:-1], fault)

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Closes the file; the spool's owner removes it."""
        self._file.close()


def hashed(key: str) -> int:
    """Returns 64 bits that stand for a key: of ten million, two are alike once in 400,000 reads."""
    return int.from_bytes(blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest())
