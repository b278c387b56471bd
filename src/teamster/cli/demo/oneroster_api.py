"""A student information system's OneRoster API, made up: the roster of the demo's drop over REST.

What it does is the standard's: OAuth 2.0 client credentials, scopes, ``limit`` and ``offset``,
``sort``, ``filter``, ``X-Total-Count`` and ``Link``, and the standard's error payload. Versions
1.1 and 1.2.

Sources: 1EdTech "OneRoster" 1.1 Final (2017), section 3, "REST Binding"; 1EdTech "OneRoster
Rostering Service REST/JSON Binding" 1.2 Final (2022); 1EdTech "Security Framework" 1.0, section 4.
"""

import base64
import operator
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import urlencode

from teamster.cli.demo.api_server import Call, Reply, serve_api
from teamster.cli.demo.drop import STUDENTS_PER_SCHOOL
from teamster.cli.demo.drop.oneroster_records import roster_records
from teamster.cli.demo.drop.population import build_population
from teamster.cli.demo.drop.schools import SCHOOLS
from teamster.cli.demo.drop.staff import Staff

Record: TypeAlias = Mapping[str, Any]

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
_SEED = 2026
_DEFAULT_LIMIT = 100  # 1.1, section 3.4.1
_BASES = {"1.1": "/ims/oneroster/v1p1/", "1.2": "/ims/oneroster/rostering/v1p2/"}
_DEMOGRAPHICS = "roster-demographics.readonly"
_CORE = ("roster-core.readonly", "roster.readonly")
_CONDITION = re.compile(r"\s*([A-Za-z.]+)\s*(!=|>=|<=|=|>|<|~)\s*'([^']*)'\s*")
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": lambda value, part: part.lower() in value.lower(),
}
_VIEWS: dict[str, tuple[str, Callable[[Record], bool]]] = {
    "schools": ("orgs", lambda org: org["type"] == "school"),
    "students": ("users", lambda user: _has_role(user, "student")),
    "teachers": ("users", lambda user: _has_role(user, "teacher")),
    "terms": ("academicSessions", lambda session: session["type"] == "term"),
    "gradingPeriods": ("academicSessions", lambda session: session["type"] == "gradingPeriod"),
}
"""Endpoint -> the collection that it shows a part of, and which part."""


class _Refused(Exception):
    """A request that gets the standard's error payload."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.reply = Reply(
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_description": words,
                "imsx_CodeMinor": {
                    "imsx_codeMinorField": [
                        {
                            "imsx_codeMinorFieldName": "TargetEndSystem",
                            "imsx_codeMinorFieldValue": code,
                        }
                    ]
                },
            },
            status,
        )


class OneRosterApi:
    """An API over records; call it with a request.

    Args:
        collections: Name of a collection, such as ``users`` -> its records.
        client: Id and secret of the client that is let in.
        version: ``"1.1"`` or ``"1.2"``.
        cap: The most records of a page, whatever is asked for.
        granted: The client's scopes, their last parts; by default those for reading rosters.
    """

    def __init__(
        self,
        collections: Mapping[str, Sequence[Record]],
        client: tuple[str, str],
        version: str = "1.2",
        cap: int = 500,
        granted: Sequence[str] = (*_CORE, _DEMOGRAPHICS),
    ) -> None:
        self.collections = collections
        self.cap = cap
        self.tokens: dict[str, frozenset[str]] = {}
        self._client = client
        self._base = _BASES[version]
        scope = f"https://purl.imsglobal.org/spec/or/v{version.replace('.', 'p')}/scope/"
        self._granted = frozenset(f"{scope}{each}" for each in granted)

    def __call__(self, call: Call) -> Reply:
        """Answers a request."""
        if (call.method, call.path) == ("POST", TOKEN_PATH):
            return self._token(call)
        try:
            return self._collection(call)
        except _Refused as refused:
            return refused.reply

    def _token(self, call: Call) -> Reply:
        login = base64.b64encode(":".join(self._client).encode()).decode()
        if not secrets.compare_digest(call.headers.get("authorization", ""), f"Basic {login}"):
            return Reply({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        if call.form.get("grant_type") != "client_credentials":
            return Reply({"error": "unsupported_grant_type"}, 400)
        asked = frozenset(call.form.get("scope", "").split())
        if not asked or not asked & self._granted:
            return Reply({"error": "invalid_scope"}, 400)
        token = secrets.token_urlsafe(24)
        self.tokens[token] = asked & self._granted
        return Reply(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": 3600,
                "scope": " ".join(sorted(self.tokens[token])),
            }
        )

    def _collection(self, call: Call) -> Reply:
        name = call.path.removeprefix(self._base)
        source, belongs = _VIEWS.get(name, (name, lambda record: True))
        if not call.path.startswith(self._base) or source not in self.collections:
            raise _Refused(404, "unknownobject", "there is no such collection")
        self._check_token(call, _DEMOGRAPHICS if name == "demographics" else "")
        chosen = [record for record in self.collections[source] if belongs(record)]
        matches = _filter(call.query.get("filter"))
        chosen = [record for record in chosen if matches(record)]
        if call.query.get("sort"):
            chosen = _sorted(chosen, call.query["sort"], call.query.get("orderBy", "asc"))
        limit = min(_number(call, "limit", _DEFAULT_LIMIT, 1), self.cap)
        offset = _number(call, "offset", 0, 0)
        headers = {"X-Total-Count": str(len(chosen)), "Link": _links(call, offset, limit, chosen)}
        return Reply({source: chosen[offset : offset + limit]}, 200, headers)

    def _check_token(self, call: Call, scope: str) -> None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise _Refused(401, "unauthorisedrequest", "the token is missing, wrong or expired")
        wanted = [scope] if scope else _CORE
        if not any(each.endswith(f"/{one}") for each in self.tokens[token] for one in wanted):
            raise _Refused(403, "forbidden", "the token's scopes do not cover this endpoint")


def _has_role(user: Record, role: str) -> bool:
    return user.get("role") == role or any(each["role"] == role for each in user.get("roles", ()))


def _number(call: Call, name: str, default: int, least: int) -> int:
    text = call.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise _Refused(400, "invaliddata", f"{name} must be a number from {least}")
    return int(text)


def _value(record: Record, dotted: str) -> str:
    value: Any = record
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _sorted(records: list[Record], name: str, order: str) -> list[Record]:
    if records and not any(name.split(".")[0] in record for record in records):
        raise _Refused(400, "invalid_sort_field", "records have no such field to sort by")
    return sorted(records, key=lambda record: _value(record, name), reverse=order == "desc")


def _filter(text: str | None) -> Callable[[Record], bool]:
    """Returns what a filter lets through: one condition, or two joined by AND or OR."""
    if not text:
        return lambda record: True
    joined = re.split(r"\s(AND|OR)\s", text)
    conditions = [_condition(each) for each in joined[::2]]
    if len(conditions) > 2:
        raise _Refused(400, "invalid_filter_field", "a filter joins two conditions at most")
    whole = any if joined[1:2] == ["OR"] else all
    return lambda record: whole(holds(record) for holds in conditions)


def _condition(text: str) -> Callable[[Record], bool]:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise _Refused(400, "invalid_filter_field", "the filter is not as the standard has it")
    name, compare, wanted = found[1], _COMPARE[found[2]], found[3]
    return lambda record: compare(_value(record, name), wanted)


def _links(call: Call, offset: int, limit: int, chosen: Sequence[Record]) -> str:
    """Returns the Link header (RFC 8288): first, last, and what there is of next and prev."""
    last = max(0, (len(chosen) - 1) // limit * limit)
    offsets = {"first": 0, "last": last}
    if offset + limit < len(chosen):
        offsets["next"] = offset + limit
    if offset:
        offsets["prev"] = max(0, offset - limit)
    url = call.url.partition("?")[0]
    return ", ".join(
        f'<{url}?{urlencode({**call.query, "limit": limit, "offset": start})}>; rel="{rel}"'
        for rel, start in offsets.items()
    )


@contextmanager
def serve_oneroster(
    region: str, students_per_school: int = STUDENTS_PER_SCHOOL
) -> Iterator[dict[str, str]]:
    """Serves a region's roster on loopback.

    Args:
        region: One of the regions of the made-up population.
        students_per_school: About how many students a school has, as in ``generate_drop``.

    Yields:
        The variables by which the code location finds it.
    """
    population = build_population(region, students_per_school, seed=_SEED)
    client = ("teamster-demo", secrets.token_urlsafe(24))
    api = OneRosterApi(roster_records(population, Staff(_SEED)), client)
    prefix = f"ONEROSTER_{region.upper()}_API"
    with serve_api(api) as url:
        yield {
            f"{prefix}_URL": url,
            f"{prefix}_TOKEN_URL": f"{url}{TOKEN_PATH}",
            f"{prefix}_CLIENT_ID": client[0],
            f"{prefix}_CLIENT_SECRET": client[1],
        }


SERVERS = {f"rest_oneroster_{region}": partial(serve_oneroster, region) for region in SCHOOLS}
"""Resource key -> what serves it. Each region has a server of its own."""
