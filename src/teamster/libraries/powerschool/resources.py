"""Where a PowerSchool server is, and what it says when a plugin may not see a field."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, ClassVar, Self, TypeVar

from teamster.core.errors import PermissionRefused, TeamsterError
from teamster.libraries.rest.answers import json_document
from teamster.libraries.rest.messages import Answer, Request
from teamster.libraries.rest.resources import AuthKind, RestResource
from teamster.libraries.rest.session import RestSession

Result = TypeVar("Result")

_FORBIDDEN = 403
_FIELD = re.compile(r"(?:\w+\.)?(\w+)")
_QUALIFIED = re.compile(r"\w\.(\w+)")


class PowerSchoolSession(RestSession):
    """Requests to one server, whose refusals name fields."""

    def call(
        self,
        request: Request,
        read: Callable[[Answer], Result],
        statuses: Collection[int] = (),
    ) -> Result:
        """Sends a request and reads its answer; see :meth:`RestSession.call`.

        Raises:
            PermissionRefused: The plugin lacks access; the error names the fields.
        """

        def checked(answer: Answer) -> Result:
            if answer.status == _FORBIDDEN and _FORBIDDEN not in statuses:
                raise PermissionRefused(
                    f"{self.host}: {request.shown}: {_refusal(answer, request)}"
                )
            return read(answer)

        return super().call(request, checked, {*statuses, _FORBIDDEN})


class PowerSchoolResource(RestResource):
    """A district's PowerSchool server, met as a plugin.

    A plugin with ``<oauth/>`` gets its client id and secret in PowerSchool (System, Plugin
    Management Dashboard), and may read the fields of its ``access_request``.

    Source: PowerSchool API, "OAuth" and "Plugin XML".
    """

    session_type: ClassVar[type[RestSession]] = PowerSchoolSession

    @classmethod
    def from_env(cls, prefix: str, auth: AuthKind = "oauth2", **fields: Any) -> Self:
        """Makes a resource whose URL and credential come from the environment.

        Args:
            prefix: ``POWERSCHOOL_NEWARK`` reads ``POWERSCHOOL_NEWARK_API_URL``,
                ``_API_CLIENT_ID`` and ``_API_CLIENT_SECRET``, at the time a run needs them.
            auth: How requests are signed.
            **fields: Any field, to replace what the environment would give.
        """
        return super().from_env(prefix, auth, **{"token_url": "/oauth/access_token", **fields})


def _refusal(answer: Answer, request: Request) -> str:
    asked = dict(request.params).get("projection", "").split(",")
    try:
        named = refused_fields(json_document(answer, request.shown), asked)
    except TeamsterError:  # a web page, or nothing: it names no field either
        named = []
    which = f"these fields: {', '.join(named)}" if named else "a field of the table"
    return (
        f"status 403. The plugin has no access to {which}. Add them to access_request of its "
        "plugin.xml, access ViewOnly, and install it anew; or leave them out of projection"
    )


def refused_fields(document: Any, asked: Collection[str]) -> list[str]:
    """Returns the fields that a refusal names, out of those that were asked for.

    Nothing else of the document is shown, so that nothing of a record can be. A field stands there
    alone, or after its table and a dot.

    Args:
        document: The answer.
        asked: What was asked for.
    """
    named: set[str] = set()
    for text in _texts(document):
        alone = _FIELD.fullmatch(text.strip())
        named |= {alone[1]} if alone else set(_QUALIFIED.findall(text))
    lower = {name.lower() for name in named}
    return [name for name in asked if name.lower() in lower]


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for each in document.values():
            yield from _texts(each)
    elif isinstance(document, list):
        for each in document:
            yield from _texts(each)
