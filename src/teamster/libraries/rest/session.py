"""A session with an API: signed requests, tried again where that helps, within the budget."""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from teamster.core.errors import AuthenticationFailed, ServerUnavailable, Transient
from teamster.libraries.rest.answers import json_document
from teamster.libraries.rest.auth import Auth
from teamster.libraries.rest.failures import Throttled, check_status
from teamster.libraries.rest.messages import Answer, Request
from teamster.libraries.rest.origins import followed, origin, shown_host
from teamster.libraries.rest.rate import Budget
from teamster.libraries.rest.wire import Wire

Result = TypeVar("Result")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Patience:
    """How often and how long a request is tried.

    Attributes:
        attempts: Tries of a request that fails transiently.
        first_wait: Seconds before the second try, about; then twice as long each time.
        longest_wait: Seconds between tries at most, whatever the server asks for.
    """

    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 120.0

    def seconds(self, attempt: int, asked: float | None = None) -> float:
        """Returns how long to wait after an attempt, with jitter.

        Args:
            attempt: The attempt that failed, from 1.
            asked: What the server asks for.
        """
        own = self.first_wait * 2 ** (attempt - 1)
        wanted = own if asked is None else asked
        return min(wanted, self.longest_wait) + random.uniform(0, min(own, 1.0))  # noqa: S311


@dataclass
class RestSession:
    """Requests to one API; safe for many threads. Made by :meth:`RestResource.session`.

    Attributes:
        base_url: What endpoints are relative to.
        auth: How requests are signed.
        wire: The connections.
        budget: Requests a minute.
        patience: How often a request is tried.
        headers: Sent with every request.
        requests: How many requests were sent.
        began: The server's own time at its first answer; None before, or where it says none.
    """

    base_url: str
    auth: Auth
    wire: Wire
    budget: Budget
    patience: Patience
    headers: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    began: datetime | None = None

    @property
    def host(self) -> str:
        """Host and port, as errors name them."""
        return shown_host(self.base_url)

    def url_of(self, endpoint: str) -> str:
        """Returns the URL of an endpoint, a path below ``base_url``."""
        return f"{self.base_url.rstrip('/')}/{endpoint.lstrip('/')}"

    def get_json(
        self,
        endpoint: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Returns one whole JSON document: for small ones, such as a count.

        Args:
            endpoint: The path below ``base_url``.
            params: The query.
            headers: More headers.

        Returns:
            The document; its numbers are texts as they are spelled.

        Raises:
            TeamsterError: See :meth:`call`.
        """
        request = Request(
            self.url_of(endpoint),
            f"GET {endpoint}",
            list((params or {}).items()),
            headers or {},
        )
        return self.call(request, lambda answer: json_document(answer, request.shown))

    def call(
        self,
        request: Request,
        read: Callable[[Answer], Result],
        statuses: Collection[int] = (),
    ) -> Result:
        """Sends a request and reads its answer; both are tried again where that may help.

        Args:
            request: The request, a GET.
            read: Reads the answer, whose body is complete. It may be called again after it raised a
                transient error, such as one for JSON that is cut short.
            statuses: Statuses beside 2xx that are answers too.

        Returns:
            What ``read`` returned.

        Raises:
            AuthenticationFailed: The credential was refused, a fresh token too.
            PermissionRefused: The credential may not read this.
            RequestRefused: The server says that the request is wrong.
            UnexpectedAnswer: The answer is something else.
            ServerUnavailable: The server did not answer, tried as often as the resource says.
            AnswerIncomplete: The answer was cut short, each time.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(Transient),
            stop=stop_after_attempt(self.patience.attempts),
            wait=self._wait,
            reraise=True,
        )
        try:
            result: Result = retrying(self._attempt, request, read, statuses)
            return result
        except Throttled as error:
            raise ServerUnavailable(f"{error}, {self.patience.attempts} times") from None

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "seconds", None)
        seconds = self.patience.seconds(state.attempt_number, asked)
        if asked is not None:
            self.budget.pause(seconds)  # what one request is told counts for all
        return seconds

    def _attempt(
        self, request: Request, read: Callable[[Answer], Result], statuses: Collection[int]
    ) -> Result:
        signed = self.auth.sign(self._with_headers(request), self._ask_for_token)
        try:
            return self._exchange(signed, read, statuses)
        except AuthenticationFailed:
            if not self.auth.renew(signed):
                raise
        signed = self.auth.sign(self._with_headers(request), self._ask_for_token)
        return self._exchange(signed, read, statuses)

    def _with_headers(self, request: Request) -> Request:
        return replace(request, headers={**self.headers, **request.headers})

    def _exchange(
        self, signed: Request, read: Callable[[Answer], Result], statuses: Collection[int]
    ) -> Result:
        for _ in range(_MOST_REDIRECTS + 1):
            self.budget.wait()
            self.requests += 1
            with self.wire.exchange(signed) as answer:
                self._note_time(answer)
                target = answer.headers.get("location")
                if answer.status in _REDIRECTS and target and signed.form is None:
                    url = followed(answer.url, target, f"{self.host}: {signed.shown}")
                    signed = replace(signed, url=url)
                    continue
                if answer.status not in statuses:
                    check_status(
                        answer, signed, shown_host(signed.url), self._credential, self._secrets
                    )
                return read(answer)
        raise ServerUnavailable(f"{self.host}: {signed.shown}: redirects without end")

    @property
    def _credential(self) -> str:
        return self.auth.credential

    @property
    def _secrets(self) -> tuple[str, ...]:
        return tuple(filter(None, [*self.auth.secrets, *self.headers.values()]))

    def _ask_for_token(self, request: Request) -> Any:
        return self._exchange(request, lambda answer: json_document(answer, request.shown), ())

    def _note_time(self, answer: Answer) -> None:
        if self.began is not None or origin(answer.url) != origin(self.base_url):
            return  # a token's server has a clock of its own
        try:
            moment = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return
        self.began = moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def close(self) -> None:
        """Closes the connections."""
        self.wire.close()
