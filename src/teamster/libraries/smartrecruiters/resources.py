"""SmartRecruiters' resource: a report's data are asked for once it has been made anew.

Source: "Reporting API" at developers.smartrecruiters.com: ``POST /reports/{id}/files`` makes a
file, ``GET /reports/{id}/files/recent`` tells its state (``reportFileStatus``), and
``GET /reports/{id}/files/recent/data`` gives it. The API's key goes into ``X-SmartToken``.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import Field

from teamster.core.errors import ServerUnavailable, UnexpectedAnswer
from teamster.libraries.rest.answers import json_document
from teamster.libraries.rest.messages import Answer, Request
from teamster.libraries.rest.resources import RestResource
from teamster.libraries.rest.session import RestSession

Result = TypeVar("Result")

BASE_URL = "https://api.smartrecruiters.com"
REPORTS = "/reporting-api/v201804/reports"
FILES = "/files"
RECENT = f"{FILES}/recent"
DATA = f"{RECENT}/data"

_DONE = "COMPLETED"
_LOST = ("FAILED", "ERROR", "CANCELLED", "CANCELED")


@dataclass
class ReportSession(RestSession):
    """A session that has a report made before it asks for its data.

    Attributes:
        report_timeout: Seconds that a report may take.
        report_pause: Seconds between two looks at its state.
    """

    report_timeout: float = 1800.0
    report_pause: float = 10.0

    def call(
        self,
        request: Request,
        read: Callable[[Answer], Result],
        statuses: Collection[int] = (),
    ) -> Result:
        """Sends a request; of a report's data, once the report is made.

        Raises:
            ServerUnavailable: The report takes longer than ``report_timeout``.
            UnexpectedAnswer: The vendor could not make it.
            TeamsterError: See :meth:`RestSession.call`.
        """
        if request.url.endswith(DATA):
            self._make(request)
        return super().call(request, read, statuses)

    def _make(self, request: Request) -> None:
        report, shown = request.url.removesuffix(DATA), request.shown.removesuffix(DATA)
        ordered = self._document(
            replace(request, url=report + FILES, shown=f"POST{shown[3:]}{FILES}", form=())
        )
        wanted = _text(ordered, "reportFileId")
        state = replace(request, url=report + RECENT, shown=f"{shown}{RECENT}")
        until = time.monotonic() + self.report_timeout
        while True:
            found = self._document(state)
            status = (_text(found, "reportFileStatus") or "").upper()
            if not status:
                raise UnexpectedAnswer(
                    f"{self.host}: {state.shown}: the answer has no reportFileStatus"
                )
            is_ours = wanted is None or _text(found, "reportFileId") == wanted
            if is_ours and status == _DONE:
                return
            if is_ours and status in _LOST:
                raise UnexpectedAnswer(
                    f"{self.host}: {state.shown}: the vendor could not make the report; try it in "
                    "the report builder"
                )
            if time.monotonic() >= until:
                raise ServerUnavailable(
                    f"{self.host}: {state.shown}: the report is not made after "
                    f"{self.report_timeout:g} seconds"
                )
            time.sleep(self.report_pause)

    def _document(self, request: Request) -> Any:
        return super().call(request, lambda answer: json_document(answer, request.shown))


def _text(document: Any, name: str) -> str | None:
    found = document.get(name) if isinstance(document, Mapping) else None
    return found if isinstance(found, str) else None


class SmartRecruitersResource(RestResource):
    """SmartRecruiters' API."""

    report_timeout: float = Field(default=1800, gt=0, description="Seconds a report may take.")
    report_pause: float = Field(default=10, gt=0, description="Seconds between looks at it.")

    @contextmanager
    def session(self, values: Mapping[str, str] | None = None) -> Iterator[RestSession]:
        """Opens a session that has reports made anew.

        Args:
            values: Dimension -> value of the partition that is read.

        Raises:
            ConfigError: A field is missing, or contradicts another.
        """
        with super().session(values) as plain:
            yield ReportSession(
                plain.base_url,
                plain.auth,
                plain.wire,
                plain.budget,
                plain.patience,
                plain.headers,
                report_timeout=self.report_timeout,
                report_pause=self.report_pause,
            )


def get_smartrecruiters_resource(
    prefix: str = "SMARTRECRUITERS", **fields: Any
) -> SmartRecruitersResource:
    """Makes the resource.

    Args:
        prefix: ``SMARTRECRUITERS`` reads ``SMARTRECRUITERS_API_KEY``.
        **fields: Any field of the resource, to replace a default.
    """
    defaults: dict[str, Any] = {"base_url": BASE_URL, "api_key_name": "X-SmartToken"}
    return SmartRecruitersResource.from_env(prefix, "api_key", **{**defaults, **fields})
