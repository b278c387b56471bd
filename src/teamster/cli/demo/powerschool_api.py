"""A PowerSchool server: tables over the plugin API, as its public documentation describes it.

Source: PowerSchool API, "OAuth" (client credentials, ``POST /oauth/access_token``), "Table
resources" (``GET /ws/schema/table/{table}`` and its ``/count``; 403 names the fields that a plugin
may not see), "Searching" (modified FIQL) and "Metadata" (``/ws/v1/metadata``).
"""

import base64
import binascii
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from teamster.cli.demo.api_server import Call, Reply

Row: TypeAlias = Mapping[str, str | None]

_TERM = re.compile(r"(\w+)(==|=ge=|=gt=|=le=|=lt=|!=)(.*)")
_TABLE = re.compile(r"/ws/schema/table/(\w+)(/count)?")
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "=ge=": lambda left, right: bool(left >= right),
    "=gt=": lambda left, right: bool(left > right),
    "=le=": lambda left, right: bool(left <= right),
    "=lt=": lambda left, right: bool(left < right),
}


class _Refused(Exception):
    """The request gets an error for an answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


@dataclass
class PowerSchoolApi:
    """A server with some tables.

    Attributes:
        tables: Table -> its rows; each has a ``dcid``.
        columns: Table -> its columns.
        hidden: ``table.column`` that the plugin may not see.
        client_id: The plugin's.
        client_secret: The plugin's.
        page_cap: ``schema_table_query_max_page_size``, the most rows of a page.
        token_seconds: How long a token is valid.
        bare: Whether the answer is JSON made of XML: no array of one record, and none of nothing.
    """

    tables: Mapping[str, Sequence[Row]]
    columns: Mapping[str, Sequence[str]]
    hidden: frozenset[str] = frozenset()
    client_id: str = field(default_factory=lambda: secrets.token_hex(8))
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    page_cap: int = 100
    token_seconds: float = 2_500_000
    bare: bool = False
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)

    def __call__(self, call: Call) -> Reply:
        """Answers a call."""
        try:
            if call.path.rstrip("/") == "/oauth/access_token" and call.method == "POST":
                return self._token(call)
            self._check_token(call)
            if call.path == "/ws/v1/metadata":
                return Reply({"metadata": {"schema_table_query_max_page_size": self.page_cap}})
            found = _TABLE.fullmatch(call.path)
            table = found[1].lower() if found else ""
            if not found or table not in self.tables:
                return Reply({"message": "The resource was not found."}, 404)
            rows = self._rows(table, call)
            return Reply({"count": len(rows)}) if found[2] else self._page(table, rows, call)
        except _Refused as refused:
            return refused.reply

    def _token(self, call: Call) -> Reply:
        expected = f"{self.client_id}:{self.client_secret}"
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        try:
            login = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            login = ""
        if scheme != "Basic" or not hmac.compare_digest(login.encode(), expected.encode()):
            return Reply({"error": "invalid_client"}, 401)
        if call.form.get("grant_type") != "client_credentials":
            return Reply({"error": "unsupported_grant_type"}, 400)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = time.monotonic() + self.token_seconds
        return Reply(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": str(int(self.token_seconds)),  # PowerSchool sends text
            }
        )

    def expire(self) -> None:
        """Ends all tokens now, whatever was said of their life."""
        self._tokens.clear()

    def _check_token(self, call: Call) -> None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or self._tokens.get(token, 0) < time.monotonic():
            words = 'error="invalid_token",error_description="The access token has expired"'
            raise _Refused(
                Reply({"message": "Unauthorized"}, 401, {"WWW-Authenticate": f"Bearer {words}"})
            )

    def _rows(self, table: str, call: Call) -> list[Row]:
        tests = [self._test(table, part) for part in call.query.get("q", "").split(";") if part]
        return [row for row in self.tables[table] if all(test(row) for test in tests)]

    def _test(self, table: str, part: str) -> Callable[[Row], bool]:
        found = _TERM.fullmatch(part)
        if not found or found[1].lower() not in self.columns[table]:
            raise _Refused(Reply({"message": "The search expression is invalid."}, 400))
        column, compare, wanted = found[1].lower(), _TESTS[found[2]], found[3]

        def test(row: Row) -> bool:
            value = row.get(column)
            return value is not None and compare(*_alike(value, wanted))

        return test

    def _page(self, table: str, rows: list[Row], call: Call) -> Reply:
        columns = self._projection(table, call.query.get("projection", ""))
        sort = call.query.get("sort", "").lower()
        if sort:
            rows = sorted(rows, key=lambda row: _order(row.get(sort)))
        size = min(int(call.query.get("pagesize") or self.page_cap), self.page_cap)
        start = (int(call.query.get("page") or 1) - 1) * size
        records: list[Any] = [
            {
                "id": int(row["dcid"] or 0),
                "name": table,
                "tables": {table: {column: row.get(column) for column in columns}},
            }
            for row in rows[start : start + size]
        ]
        body: dict[str, Any] = {"name": table, "record": records, "@extensions": ""}
        if self.bare and len(records) == 1:
            body["record"] = records[0]
        if self.bare and not records:
            del body["record"]
        return Reply(body)

    def _projection(self, table: str, projection: str) -> list[str]:
        known = self.columns[table]
        if not projection:
            raise _Refused(Reply({"message": "A projection is required."}, 400))
        if projection in ("*", f"{table}.*"):
            return [column for column in known if f"{table}.{column}" not in self.hidden]
        columns = [column.lower().removeprefix(f"{table}.") for column in projection.split(",")]
        hidden = [column for column in columns if f"{table}.{column}" in self.hidden]
        unknown = [column for column in columns if column not in known]
        for status, wrong in ((400, unknown), (403, hidden)):
            if wrong:
                errors = [{"resource": table, "field": f"{table}.{column}"} for column in wrong]
                raise _Refused(Reply({"message": "Validation Failed", "errors": errors}, status))
        return columns


def _order(value: str | None) -> tuple[int, float, str]:
    """Returns what sorts a column: numbers as such, then texts, then nothing, as Oracle does."""
    try:
        return 0, float(value or "-"), ""
    except ValueError:
        return 1 if value else 2, 0.0, value or ""


def _alike(value: str, wanted: str) -> tuple[Any, Any]:
    """Returns two values as numbers where both are, else as text."""
    try:
        return float(value), float(wanted)
    except ValueError:
        return value, wanted
