"""One chain of requests: the pages of one answer, into the spool, and what is checked of them."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from teamster.core.errors import AnswerIncomplete, UnexpectedAnswer
from teamster.core.json_text import compact
from teamster.libraries.rest.answers import AnswerReader, json_document
from teamster.libraries.rest.counts import Counts
from teamster.libraries.rest.keysets import Keyset
from teamster.libraries.rest.kinds import Ending
from teamster.libraries.rest.messages import Answer, Request
from teamster.libraries.rest.options import Listing, Parent
from teamster.libraries.rest.origins import followed
from teamster.libraries.rest.paths import ABSENT, look_up, shown_path
from teamster.libraries.rest.placeholders import Template, Values
from teamster.libraries.rest.sequences import Page, Sequence, Watching
from teamster.libraries.rest.session import RestSession
from teamster.libraries.rest.spool import RecordSpool
from teamster.libraries.rest.totals import TotalByRequest

_Take: TypeAlias = Callable[[Any, str], None]

_NO_CONTENT = 204
_NOT_FOUND = 404


class Moved(AnswerIncomplete):
    """The records changed while they were read; reading anew may help."""


class Repeated(Moved):
    """A page came twice: its records moved, or the server knows no pages at all."""


@dataclass
class Chain:
    """The pages of one answer.

    Attributes:
        session: The API.
        listing: What is asked for.
        path: The endpoint.
        values: What fills its placeholders.
        more_params: Added to the query.
        parent: Whose record the chain belongs to.
        recounts: Whether a total that has a request of its own is asked for between pages by key
            too, where those before and after did not agree with a reading.
        requests: How many requests for pages there were, those repeated after faults left out.
        pages: How many pages came.
        count: How many records came.
        stated: How many there are, as the server states; None where it states nothing.
    """

    session: RestSession
    listing: Listing
    path: Template
    values: Values
    more_params: Mapping[str, str]
    parent: Parent | None = None
    recounts: bool = False
    requests: int = 0
    pages: int = 0
    count: int = 0
    stated: int | None = None
    _first: bytes = field(default=b"", init=False)
    _last: bytes = field(default=b"", init=False)
    _url: str = field(default="", init=False)
    _is_missing: bool = field(default=False, init=False)
    _counts: Counts = field(default_factory=Counts, init=False)

    def read(self, spool: RecordSpool, copied: Mapping[str, Any]) -> None:
        """Reads all pages.

        Args:
            spool: Receives the records.
            copied: Fields to add to each of them.

        Raises:
            Moved: The records are not as many as stated, the total changed meanwhile, or a page
                came twice.
            UnexpectedAnswer: An answer has another shape, or the pages go round in circles.
            TeamsterError: See :meth:`RestSession.call`.
        """
        self._ask_total()
        if self._is_missing:
            return
        sequence = self.listing.pagination.begin()
        take = self._taker(sequence, spool, copied)
        is_by_key = isinstance(self.listing.pagination, Keyset)
        while self._took_page(sequence, spool, take):
            if is_by_key and self._counts.stated:
                self._check_growth()
        if is_by_key and self._counts.stated:
            self._ask_total()
            if not self._counts.allow(self.count):
                raise Moved(self._say(self._other_count()))
            return
        if self.stated is not None and self.count != self.stated:
            raise Moved(self._say(self._other_count()))
        self._ask_total()
        if len(set(self._counts.stated)) > 1:
            raise Moved(self._say("the total changed while the records were read"))

    def _check_growth(self) -> None:
        if self._counts.is_outrun(self.count, self.pages):
            raise Moved(self._say("records come as fast as they are read: there is no end to them"))
        if self.recounts:
            self._ask_total()

    def _other_count(self) -> str:
        before, *later = self._counts.stated or [self.stated or 0]
        after = f" before and {later[-1]} after" if later and later[-1] != before else ""
        return f"{self.count} records came, the server states {before}{after}"

    def _taker(self, sequence: Sequence, spool: RecordSpool, copied: Mapping[str, Any]) -> _Take:
        """Returns what takes an element and its text."""
        if not isinstance(sequence, Watching):
            return lambda value, text: spool.add(value, text, copied)

        def take(value: Any, text: str) -> None:
            try:
                sequence.look(look_up(value, self.listing.record))
            except UnexpectedAnswer as error:
                raise UnexpectedAnswer(self._say(str(error))) from None
            spool.add(value, text, copied)

        return take

    def _took_page(self, sequence: Sequence, spool: RecordSpool, take: _Take) -> bool:
        """Takes one page; tells whether another one follows."""
        request = self._request(sequence)
        self.requests += 1
        page = self.session.call(
            request, lambda answer: self._page(answer, sequence, spool, take), self._other_answers
        )
        if page is None:
            return False
        self.pages += 1
        self.count += page.count
        self._agree(page)
        self._check_repetition(page, spool.page_digest)
        limit = self.listing.max_records
        if limit is not None and spool.count > limit:
            raise UnexpectedAnswer(self._say(f"more than max_records ({limit}) records came"))
        if sequence.by_total and self.stated is not None and self.count >= self.stated:
            return False
        self._url = page.url
        try:
            return sequence.advance(page)
        except UnexpectedAnswer as error:
            raise UnexpectedAnswer(self._say(str(error))) from None

    def _request(self, sequence: Sequence) -> Request:
        step = sequence.step
        headers = {
            name: Template(text).fill(self.values) for name, text in self.listing.headers.items()
        }
        private = self.parent is not None or step.holds_value
        if step.url is not None:
            url = followed(self._url, step.url, f"{self.session.host}: {self.shown}")
            return Request(url, self.shown, (), headers, private)
        url = self.session.url_of(self.path.fill_path(self.values))
        query = step.over(self._query(self.listing.params))
        return Request(url, self.shown, query, headers, private)

    def _query(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Returns a query, placeholders filled, with what is added to it."""
        own = filled_params(params, self.values)
        kept = [each for each in own if each[0] not in self.more_params]
        return [*kept, *self.more_params.items()]

    def _page(
        self, answer: Answer, sequence: Sequence, spool: RecordSpool, take: _Take
    ) -> Page | None:
        """Reads an answer into the spool; all of it or nothing."""
        if answer.status in self._other_answers:
            return None
        mark = spool.begin_page()
        if isinstance(sequence, Watching):
            sequence.begin_page()
        if answer.status == _NO_CONTENT:
            return Page(0, {}, answer.headers, answer.url)
        try:
            envelope = self._elements(answer, take)
        except BaseException:
            spool.go_back(mark)
            raise
        return Page(spool.count - mark.count, envelope, answer.headers, answer.url)

    def _elements(self, answer: Answer, take: _Take) -> Any:
        listing = self.listing
        reader = AnswerReader(answer, f"{self.session.host}: {self.shown}")
        with closing(
            reader.csv() if listing.format == "csv" else reader.json(listing.records)
        ) as elements:
            for value, text in elements:
                take(value, text)
        if reader.is_array:
            return reader.envelope
        found = look_up(reader.envelope, listing.records)
        if listing.lone_record and isinstance(found, Mapping):
            take(found, compact(found))
        elif not (listing.absent_is_empty and (found is ABSENT or found is None)):
            raise UnexpectedAnswer(self._say(self._other_shape(found)))
        return reader.envelope

    def _other_shape(self, found: Any) -> str:
        place = f"at {shown_path(self.listing.records)}" if self.listing.records else "in it"
        if isinstance(found, Mapping):
            hint = "records must be the path of an array" + (
                "" if self.listing.records else ", or lone_record true"
            )
            return f"the answer is no array {place} but an object; {hint}"
        if found is ABSENT or found is None:
            return f"the answer has no array {place}: has it another shape, or is it an error's?"
        return f"the answer is no array {place}"

    @property
    def _other_answers(self) -> tuple[int, ...]:
        """Statuses that mean that there is no such page."""
        kind = self.listing.pagination
        if self.pages and isinstance(kind, Ending) and kind.end_status:
            return (kind.end_status,)
        if not self.pages and self.parent and self.parent.when_missing == "skip":
            return (_NOT_FOUND,)
        return ()

    def _check_repetition(self, page: Page, digest: bytes) -> None:
        if page.count and digest in (self._first, self._last):
            raise Repeated(
                self._say(
                    "the server sent the same page twice: does it know pagination's parameters?"
                )
            )
        self._first = self._first or digest
        self._last = digest

    def _agree(self, page: Page) -> None:
        """Takes note of the total that a page states."""
        if self.listing.total is None or isinstance(self.listing.total, TotalByRequest):
            return
        try:
            stated = self.listing.total.stated(page)
        except UnexpectedAnswer as error:
            raise UnexpectedAnswer(self._say(str(error))) from None
        if stated is None:
            if self.stated is None:
                raise UnexpectedAnswer(
                    self._say("the answer states no total: is total the right header or path?")
                )
            return  # some servers state it on the first page only
        if self.stated is not None and stated != self.stated:
            raise Moved(self._say("the total changed while the records were read"))
        self.stated = stated

    def _ask_total(self) -> None:
        """Asks for the total, where it has a request of its own."""
        total = self.listing.total
        if not isinstance(total, TotalByRequest):
            return
        path = Template(total.endpoint)
        shown = f"GET {total.endpoint}"
        url = self.session.url_of(path.fill_path(self.values))
        query = self._query(total.params or self.listing.params)
        request = Request(url, shown, query, private=self.parent is not None)
        no_such = () if self.pages else self._other_answers

        def read(answer: Answer) -> Any:
            self._is_missing = answer.status in no_such
            return None if self._is_missing else json_document(answer, shown)

        try:
            document = self.session.call(request, read, no_such)
            self.stated = 0 if self._is_missing else total.of_answer(document)
        except UnexpectedAnswer as error:
            raise UnexpectedAnswer(f"{self.session.host}: {shown}: {error}") from None
        self._counts.stated.append(self.stated)

    @property
    def shown(self) -> str:
        """How errors name the requests."""
        return f"GET {self.path.source}"

    def _say(self, what: str) -> str:
        return f"{self.session.host}: {self.shown}: {what}"


def filled_params(params: Mapping[str, Any], values: Values) -> list[tuple[str, str]]:
    """Returns a query with its placeholders filled; null leaves a parameter out."""
    filled: list[tuple[str, str]] = []
    for name, value in params.items():
        texts = value if isinstance(value, list) else [] if value is None else [value]
        filled += [(name, Template(str(text)).fill(values)) for text in texts]
    return filled
