"""Reads an endpoint into the spool: every record once, none lost, none twice, or an error."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from teamster.core.errors import AnswerIncomplete, UnexpectedAnswer
from teamster.libraries.rest.chains import Chain, Moved, Repeated
from teamster.libraries.rest.endpoints import Endpoint
from teamster.libraries.rest.options import Parent, RequestOptions
from teamster.libraries.rest.paths import ABSENT, look_up, shown_path
from teamster.libraries.rest.placeholders import Template, Values
from teamster.libraries.rest.session import RestSession
from teamster.libraries.rest.spool import RecordSpool
from teamster.libraries.rest.twice import read_settled


@dataclass
class Reading:
    """One read of an endpoint.

    Attributes:
        session: The API.
        endpoint: What is read.
        values: What fills its placeholders.
        more_params: Added to the endpoint's own query, placeholders filled.
        pages: How many pages came.
        stated: The total that the server states, over all sequences; None where it states none.
    """

    session: RestSession
    endpoint: Endpoint
    values: Values
    more_params: Mapping[str, str] = field(default_factory=dict)
    pages: int = 0
    stated: int | None = None
    _recounts: bool = field(default=False, init=False)

    def read(self, spool: RecordSpool) -> None:
        """Reads all records into the spool; from the start again if they move meanwhile.

        Raises:
            TeamsterError: See :meth:`RestSession.call`.
            AnswerIncomplete: The records moved each time, or are not as many as stated.
            UnexpectedAnswer: The answers have another shape, or go round in circles.
        """
        request = self.endpoint.request
        for attempt in range(1, request.max_reads + 1):
            spool.clear()
            self.pages, self.stated, self._recounts = 0, None, attempt > 1
            try:
                self._listing(request, self.endpoint.path, spool, self.more_params)
                self._check_keys(spool, self.endpoint.path.source)
                return
            except Moved as error:
                if attempt == request.max_reads:
                    kind = UnexpectedAnswer if isinstance(error, Repeated) else AnswerIncomplete
                    raise kind(f"{error}, in {attempt} reads") from None
                time.sleep(self.session.patience.seconds(attempt))

    def _check_keys(self, spool: RecordSpool, shown: str) -> None:
        repeated = spool.repeated_keys()
        if repeated:
            raise Moved(
                f"{self.session.host}: GET {shown}: {repeated} of {spool.count} records have the "
                "key of another: the server's order moved while it was read, or key is not "
                "unique. Where the API can sort, sort by the key in params"
            )

    def _listing(
        self,
        listing: RequestOptions | Parent,
        path: Template,
        spool: RecordSpool,
        more_params: Mapping[str, str],
    ) -> None:
        parent = listing.parent
        if parent is None:
            self._chain(Chain(self.session, listing, path, self.values, more_params), spool)
            return
        place = spool.path.with_name(f"{spool.path.name}-parents")
        with RecordSpool(place, parent.key, parent.record) as parents:
            stated = self.stated
            self._listing(parent, Template(parent.endpoint), parents, {})
            self._check_keys(parents, parent.endpoint)
            self.stated = stated
            for record in parents.documents():
                values = {**self.values, **_fields(record.value, parent, record.number)}
                chain = Chain(self.session, listing, path, values, more_params, parent)
                self._chain(chain, spool, _copied(record.value, parent))

    def _chain(
        self, chain: Chain, spool: RecordSpool, copied: Mapping[str, Any] | None = None
    ) -> None:
        chain.recounts = self._recounts
        done = read_settled(chain, spool, copied or {}, self.endpoint.request.max_reads)
        self.pages += done.pages
        if done.stated is not None:
            self.stated = done.stated + (self.stated or 0)


def _fields(record: Any, parent: Parent, number: int) -> dict[str, str]:
    """Returns what a parent's record fills placeholders with."""
    filled: dict[str, str] = {}
    for name, path in parent.fields.items():
        found = look_up(record, path)
        if not isinstance(found, str):  # numbers are texts here
            raise UnexpectedAnswer(
                f"GET {parent.endpoint}: record {number} has no text or number at "
                f"{shown_path(path)}, which fills {name}"
            )
        filled[name] = found
    return filled


def _copied(record: Any, parent: Parent) -> dict[str, Any]:
    found = {name: look_up(record, path) for name, path in parent.copied.items()}
    return {name: None if value is ABSENT else value for name, value in found.items()}
