"""Generated exports of the shapes that vendors have."""

import csv
import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.report import MB

POOL = 2_000
"""Rows that are made one by one; a file repeats them, each time with other ids."""

WORDS = ["Active", "Inactive", "English Language Arts", "Mathematics", "On Grade", "Y", "N"]
NAMES = ["Núñez, Ana", "O'Neill, Bo", "Smith-Jones, Cy", 'de la Cruz, "Dee"', "李, Ed"]
NOTES = ["Called home.\nLeft a message, again.", 'Said "later", then left', "Late\r\nagain, 10 min"]
STRAY = "@@"
"""Stands for a quote in the middle of a cell without quotes, which is text, and not regular."""
SCHOOLS = [f"Public School {number}" for number in range(1, 41)]

Row: TypeAlias = Sequence[str]


@dataclass(frozen=True)
class Shape:
    """What a file is like.

    Attributes:
        name: Its name, in words.
        columns: How many columns it has; the first is an id.
        make: Makes a row but for its id.
        size: Bytes; at least so many, at the end of a row.
        rows: Rows instead, where that is what matters.
        quoted: Quotes stand around every cell.
        repeated: Rows are of a pool; otherwise each is made anew.
        typed: Column, from 0 -> its type, where that is not text.
    """

    name: str
    columns: int
    make: Callable[[random.Random, int], Row]
    size: int = 50 * MB
    rows: int | None = None
    quoted: bool = False
    repeated: bool = True
    typed: Callable[[int], Any] = lambda at: "string"

    @property
    def schema(self) -> dict[str, Any]:
        """The schema: every column is nullable."""
        fields = [
            {"name": name, "type": ["null", self.typed(at)], "default": None}
            for at, name in enumerate(self.names)
        ]
        return {"type": "record", "name": "export", "fields": fields}

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [f"column_{at}" for at in range(self.columns)]

    def write(self, path: Path) -> int:
        """Writes a file.

        Returns:
            How many rows it has.
        """
        with path.open("wb") as file:
            written = file.write(self._spelled([self.names]))
            for number, rest in zip(count(), self._rests()):
                if number == self.rows or (self.rows is None and written >= self.size):
                    return number
                identity = f'"{number}",' if self.quoted else f"{number},"
                written += file.write(identity.encode() + rest)
        raise AssertionError("rows never end")

    def _rests(self) -> Iterator[bytes]:
        dice = random.Random(self.name)
        made = (self._spelled([self.make(dice, number)]) for number in count())
        if not self.repeated:
            yield from made
        pool = [next(made) for _ in range(POOL)]
        while True:
            yield from pool

    def _spelled(self, rows: Sequence[Row]) -> bytes:
        buffer = io.StringIO()
        quoting: Any = csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL
        csv.writer(buffer, quoting=quoting, lineterminator="\r\n").writerows(rows)
        return buffer.getvalue().replace(STRAY, 'lined 5"').encode()


def typical(columns: int) -> Callable[[random.Random, int], Row]:
    """Returns what makes rows half of whose cells are empty."""

    def row(dice: random.Random, number: int) -> Row:
        return [_cell(dice, at) for at in range(1, columns)]

    return row


def _cell(dice: random.Random, at: int) -> str:
    if dice.random() < 0.5:
        return ""
    match at % 10:
        case 0:
            return dice.choice(NAMES)
        case 1 | 2:
            return _date(dice)
        case 3 | 4 | 5:
            return str(dice.randrange(1_000))
        case 6:
            return f"{dice.uniform(0, 100):.2f}"
        case 7:
            return dice.choice(SCHOOLS)
        case 8 if dice.random() < 0.2:
            return dice.choice(NOTES)
        case _:
            return dice.choice(WORDS)


def distinct(dice: random.Random, number: int) -> Row:
    return [f"{dice.getrandbits(40):x}" for _ in range(91)]


def long_text(dice: random.Random, number: int) -> Row:
    sentence = "The student was late, and said “sorry”; see Núñez.\n"
    return [sentence * dice.randrange(4, 40), dice.choice(WORDS), sentence * 3, "", "1"]


def with_stray_quotes(dice: random.Random, number: int) -> Row:
    return [*typical(91)(dice, number), "" if number % 5 else STRAY]


def with_types(dice: random.Random, number: int) -> Row:
    made = (_TYPED[at % len(_TYPED)][1](dice) for at in range(1, 21))
    return [cell if dice.random() < 0.5 else "" for cell in made] + list(typical(72)(dice, number))


def _date(dice: random.Random) -> str:
    return f"20{dice.randrange(10, 27)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"


_TYPED: list[tuple[Any, Callable[[random.Random], str]]] = [
    ("long", lambda dice: str(dice.randrange(10**6))),
    ("double", lambda dice: f"{dice.uniform(0, 100):.2f}"),
    ({"type": "int", "logicalType": "date"}, _date),
    ("boolean", lambda dice: dice.choice(["true", "false"])),
]


def type_of_column(at: int) -> Any:
    """Returns the type of a column of :func:`with_types`."""
    return _TYPED[at % len(_TYPED)][0] if 1 <= at <= 20 else "string"
