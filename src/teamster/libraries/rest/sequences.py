"""What any chain of requests knows: its next step, and what it may see of a page."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from teamster.core.errors import UnexpectedAnswer
from teamster.libraries.rest.messages import Params
from teamster.libraries.rest.paths import ABSENT, look_up, shown_path


@dataclass(frozen=True)
class Step:
    """What the next request of a sequence asks for.

    Attributes:
        params: Parameters to set.
        url: The whole URL, where the server gave it; what stands in its query then stays.
        joins: Parameter -> what goes between what it holds already and what is set.
        holds_value: Whether a value of a record is in it.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    joins: Mapping[str, str] = field(default_factory=dict)
    holds_value: bool = False

    def over(self, query: Params) -> list[tuple[str, str]]:
        """Returns a query with the step's parameters set, or joined to what they hold."""
        held, joined = dict(query), dict(self.params)
        for name, between in self.joins.items():
            if held.get(name):
                joined[name] = f"{held[name]}{between}{joined[name]}"
        return [*(each for each in query if each[0] not in joined), *joined.items()]


@dataclass(frozen=True)
class Page:
    """What a sequence may know of an answer.

    Attributes:
        count: Its records.
        envelope: The document around them, the records left out.
        headers: The answer's headers, names in lower case.
        url: Where it came from.
    """

    count: int
    envelope: Any
    headers: Mapping[str, str]
    url: str = ""


class Sequence(ABC):
    """One chain of requests.

    Attributes:
        step: What to ask for next.
        by_total: Whether the chain ends where the total that the server states is reached.
    """

    by_total = False

    def __init__(self, step: Step) -> None:
        self.step = step

    @abstractmethod
    def advance(self, page: Page) -> bool:
        """Takes note of a page and sets the next step.

        Returns:
            Whether there is one.

        Raises:
            UnexpectedAnswer: The answer does not say what it should, or goes round in circles.
        """


class Watching(Sequence):
    """A sequence that sees the records themselves."""

    @abstractmethod
    def begin_page(self) -> None:
        """Takes note that a page begins, for the first time or anew."""

    @abstractmethod
    def look(self, record: Any) -> None:
        """Looks at a record of the page.

        Raises:
            UnexpectedAnswer: The record cannot come there.
        """


def whole_number(envelope: Any, path: tuple[str, ...], option: str) -> int:
    """Returns the whole number that an answer states.

    Raises:
        UnexpectedAnswer: There is none.
    """
    found = look_up(envelope, path)
    text = "" if isinstance(found, bool) or found is ABSENT else str(found).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise UnexpectedAnswer(f"{option}: the answer states no number at {shown_path(path)}")
    return int(text)


def text_at(page: Page, path: tuple[str, ...] | None, header: str | None, what: str) -> str:
    """Returns the text that an answer has for the next page; nothing where it has none.

    Args:
        page: The answer.
        path: Where it stands in the document.
        header: Or the header that has it.
        what: What it is, to name in the error.

    Raises:
        UnexpectedAnswer: It is no text.
    """
    if header is not None:
        return page.headers.get(header.lower(), "").strip()
    found = look_up(page.envelope, path or ())
    if found is ABSENT or found is None or found is False:
        return ""
    if not isinstance(found, str):  # numbers are texts here
        raise UnexpectedAnswer(f"pagination: the {what} at {shown_path(path or ())} is no text")
    return found
