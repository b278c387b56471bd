"""Pagination: how the next page is asked for, and how the last one is known.

Each kind is a frozen description, as it stands in YAML. It *begins* a sequence for every chain of
requests, and that alone has state: two chains, of two children of a parent say, can never skip or
repeat each other's pages.
"""

from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from teamster.core.errors import UnexpectedAnswer
from teamster.libraries.rest.keysets import Keyset
from teamster.libraries.rest.kinds import Ending, Kind, Sized
from teamster.libraries.rest.origins import next_link
from teamster.libraries.rest.paths import JsonPath
from teamster.libraries.rest.sequences import Page, Sequence, Step, text_at, whole_number


class SinglePage(Kind):
    """One answer holds everything."""

    type: Literal["single"] = "single"

    def begin(self) -> Sequence:
        """Begins a chain of requests."""
        return _Single(Step())


class _Single(Sequence):
    def advance(self, page: Page) -> bool:
        return False


class PageNumber(Ending):
    """Pages are numbered. The last is known by an empty one, a stated total or count of pages."""

    counts_places: ClassVar[bool] = True
    type: Literal["page"] = "page"
    param: str = Field(default="page", description="The parameter of the page's number.")
    first: int = Field(default=1, ge=0, description="The first page's number.")
    pages: JsonPath | None = Field(default=None, description="Path of the answer's count of pages.")

    def begin(self) -> Sequence:
        """Begins a chain of requests."""
        return _Numbered(self)


class _Numbered(Sequence):
    by_total = True

    def __init__(self, kind: PageNumber) -> None:
        self._kind = kind
        self._done = 0
        super().__init__(self._step())

    def _step(self) -> Step:
        kind = self._kind
        return Step(kind.sized({kind.param: str(kind.first + self._done)}))

    def advance(self, page: Page) -> bool:
        self._done += 1
        if self._kind.pages is not None:
            pages = whole_number(page.envelope, self._kind.pages, "pagination.pages")
            if self._done >= pages:
                return False
        elif not page.count or self._kind.says_no_more(page.envelope):
            return False
        self.step = self._step()
        return True


class Offset(Ending):
    """Each page begins at a count of records: of those that came, whatever was asked for."""

    counts_places: ClassVar[bool] = True
    type: Literal["offset"] = "offset"
    param: str = Field(default="offset", description="The parameter of the offset.")
    first: int = Field(default=0, ge=0, description="The first record's offset.")
    size_param: str | None = Field(
        default="limit", description="The parameter that asks for a page's size."
    )

    @model_validator(mode="after")
    def _size_goes_somewhere(self) -> Self:
        if self.size is not None and self.size_param is None:
            raise ValueError("size needs size_param")
        return self

    def begin(self) -> Sequence:
        """Begins a chain of requests."""
        return _Advancing(self)


class _Advancing(Sequence):
    by_total = True

    def __init__(self, kind: Offset) -> None:
        self._kind = kind
        self._offset = kind.first
        super().__init__(self._step())

    def _step(self) -> Step:
        params = {self._kind.param: str(self._offset)}
        return Step(self._kind.sized(params) if self._kind.size else params)

    def advance(self, page: Page) -> bool:
        self._offset += page.count
        if not page.count or self._kind.says_no_more(page.envelope):
            return False
        self.step = self._step()
        return True


class Cursor(Sized):
    """Each answer has a word by which the next page is asked for; the last has none."""

    type: Literal["cursor"] = "cursor"
    param: str = Field(default="cursor", description="The parameter of the cursor.")
    path: JsonPath | None = Field(default=None, description="Path of the cursor in the answer.")
    header: str | None = Field(default=None, description="The answer's header that has it.")
    until_empty: bool = Field(
        default=False, description="A page without records is the last, its cursor or not."
    )

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Self:
        if (self.path is None) == (self.header is None):
            raise ValueError("give path or header")
        return self

    def begin(self) -> Sequence:
        """Begins a chain of requests."""
        return _Following(self)

    def next_of(self, page: Page) -> str:
        """Returns the cursor of the next page; nothing after the last."""
        if self.until_empty and not page.count:
            return ""
        if self.more is not None and self.says_no_more(page.envelope):
            return ""
        return text_at(page, self.path, self.header, "cursor")

    def step(self, found: str) -> Step:
        """Returns what asks for the page of a cursor."""
        return Step(self.sized({self.param: found}))

    def start(self) -> Step:
        """Returns what asks for the first page."""
        return Step(self.sized({}))


class LinkHeader(Kind):
    """The answer's Link header has the next page's URL (RFC 8288); the last has none."""

    counts_places: ClassVar[bool] = True
    type: Literal["link"] = "link"
    rel: str = Field(default="next", description="The relation.")

    def begin(self) -> Sequence:
        """Begins a chain of requests."""
        return _Following(self)

    def next_of(self, page: Page) -> str:
        """Returns the URL of the next page; nothing after the last."""
        return next_link(page.headers.get("link", ""), self.rel) or ""

    def step(self, found: str) -> Step:
        """Returns what asks for the page of a URL."""
        return Step(url=found)

    def start(self) -> Step:
        """Returns what asks for the first page."""
        return Step()


class NextUrl(Kind):
    """The answer's body has the next page's URL; the last has none."""

    counts_places: ClassVar[bool] = True
    type: Literal["next_url"] = "next_url"
    path: JsonPath = Field(description="Path of the URL in the answer.")

    def begin(self) -> Sequence:
        """Begins a chain of requests."""
        return _Following(self)

    def next_of(self, page: Page) -> str:
        """Returns the URL of the next page; nothing after the last."""
        return text_at(page, self.path, None, "next URL")

    def step(self, found: str) -> Step:
        """Returns what asks for the page of a URL."""
        return Step(url=found)

    def start(self) -> Step:
        """Returns what asks for the first page."""
        return Step()


class _Following(Sequence):
    """Goes where the last answer points to, and never where it was before."""

    def __init__(self, kind: Cursor | LinkHeader | NextUrl) -> None:
        self._kind = kind
        self._seen: set[int] = set()
        super().__init__(kind.start())

    def advance(self, page: Page) -> bool:
        found = self._kind.next_of(page)
        if not found:
            return False
        if hash(found) in self._seen:
            raise UnexpectedAnswer(
                "the pages go round in circles: the server points to a page that it pointed to "
                "before"
            )
        self._seen.add(hash(found))
        self.step = self._kind.step(found)
        return True


def _by_name(given: Any) -> Any:
    return {"type": str(given)} if isinstance(given, str) else given


Pagination: TypeAlias = Annotated[
    Annotated[
        SinglePage | PageNumber | Offset | Keyset | Cursor | LinkHeader | NextUrl,
        Field(discriminator="type"),
    ],
    BeforeValidator(_by_name),
]
"""A kind with options of its own, or its name alone where its defaults will do."""
