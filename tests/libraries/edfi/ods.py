"""An Ed-Fi ODS/API in this process, written from its public documentation.

Source: "Ed-Fi ODS/API Platform" at docs.ed-fi.org: "Authentication", "Basic Operations", "Using the
Changed Record Queries", "Error Response Knowledge Base".
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.libraries.lists import Rows, Tokens
from tests.libraries.rest.server import Answered, Asked

DATA, CHANGES = "/data/v3/", "/changeQueries/v1/"
VERSIONS = "availableChangeVersions"
LARGEST = 500
PROBLEM = {"Content-Type": "application/problem+json"}


@dataclass
class Resource:
    """A resource's records, and what has become of them.

    Attributes:
        records: Id -> record, in the order in which they were made.
        versions: Id -> change version.
        deletes: What was deleted.
        key_changes: Whose natural key was changed.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    deletes: Rows = field(default_factory=list)
    key_changes: Rows = field(default_factory=list)


class Ods:
    """The server.

    Args:
        secret: The client's secret; its key is ``client``.
        uses: For how many requests a token is good.
        allowed: Whether the client's claims allow reading.
        cap: A page's most records, whatever is asked for.
        instance: What stands behind ``/data/v3``.
    """

    def __init__(
        self,
        secret: str,
        uses: int = 10**9,
        allowed: bool = True,
        cap: int = LARGEST,
        instance: str = "",
    ) -> None:
        self.login = base64.b64encode(f"client:{secret}".encode()).decode()
        self.tokens = Tokens(uses)
        self.allowed, self.cap, self.instance = allowed, cap, instance
        self.resources: dict[str, Resource] = {}
        self.newest = 0
        self.has_snapshot = False
        self.meanwhile: Callable[[], None] = lambda: None

    def resource(self, name: str) -> Resource:
        """Returns a resource such as ``ed-fi/students``."""
        return self.resources.setdefault(name, Resource())

    def save(self, name: str, record: dict[str, Any]) -> None:
        """Creates or replaces a record by its id."""
        self.newest += 1
        resource = self.resource(name)
        resource.records[record["id"]] = record
        resource.versions[record["id"]] = self.newest

    def save_late(self, name: str, record: dict[str, Any], version: int) -> None:
        """Ends a transaction that took its change version long ago."""
        self.resource(name).records[record["id"]] = record
        self.resource(name).versions[record["id"]] = version

    def delete(self, name: str, identity: str, **keys: Any) -> None:
        """Deletes a record."""
        self.newest += 1
        resource = self.resource(name)
        del resource.records[identity], resource.versions[identity]
        resource.deletes.append({"id": identity, "changeVersion": self.newest, "keyValues": keys})

    def rename(self, name: str, identity: str, old: dict[str, Any], new: dict[str, Any]) -> None:
        """Changes a record's natural key."""
        self.newest += 1
        resource = self.resource(name)
        resource.records[identity] = {**resource.records[identity], **new}
        resource.versions[identity] = self.newest
        change = {"id": identity, "changeVersion": self.newest}
        resource.key_changes.append({**change, "oldKeyValues": old, "newKeyValues": new})

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == "/":
            return Answered({"version": "6.2", "apiMode": "Shared Instance"})
        if asked.path == "/oauth/token":
            return self._token(asked)
        if not self.tokens.take(asked):
            return _problem(401, "security:authentication", "The token has expired or is unknown.")
        if not self.allowed:
            return _problem(403, "security:authorization", "Access could not be authorized.")
        if asked.headers.get("use-snapshot", "").lower() == "true" and not self.has_snapshot:
            return _problem(404, "not-found:snapshot", "Snapshots are not configured.")
        inner = f"{self.instance}/" if self.instance else ""
        if asked.path == f"{CHANGES}{inner}{VERSIONS}":
            found = {"oldestChangeVersion": 0, "newestChangeVersion": self.newest}
            self.meanwhile()
            return Answered(found)
        if asked.path.startswith(DATA + inner):
            return self._listing(asked, asked.path.removeprefix(DATA + inner))
        return _problem(404, "not-found", "The specified data could not be found.")

    def _token(self, asked: Asked) -> Answered:
        granted = asked.form.get("grant_type") == ["client_credentials"]
        if not granted or asked.headers.get("authorization") != f"Basic {self.login}":
            return Answered({"error": "invalid_client"}, 401)
        token = {"access_token": self.tokens.give(), "expires_in": 1800, "token_type": "bearer"}
        return Answered(token)

    def _listing(self, asked: Asked, path: str) -> Answered:
        namespace, name, *rest = path.split("/")
        if f"{namespace}/{name}" not in self.resources:
            return _problem(404, "not-found", "The specified data could not be found.")
        resource = self.resource(f"{namespace}/{name}")
        low, high = asked.number("minChangeVersion", 0), asked.number("maxChangeVersion", 10**18)
        match rest:
            case []:
                rows = [
                    record
                    for identity, record in resource.records.items()
                    if low <= resource.versions[identity] <= high
                ]
            case ["deletes"]:
                rows = [row for row in resource.deletes if low <= row["changeVersion"] <= high]
            case ["keyChanges"]:
                rows = [row for row in resource.key_changes if low <= row["changeVersion"] <= high]
            case _:
                return _problem(404, "not-found", "The specified data could not be found.")
        return self._page(asked, rows)

    def _page(self, asked: Asked, rows: Rows) -> Answered:
        limit, offset = asked.number("limit", 25), asked.number("offset", 0)
        if not 0 <= limit <= LARGEST:
            said = f"Limit must be omitted or set to a value between 0 and {LARGEST}."
            return _problem(400, "bad-request:parameter", said)
        total = {"Total-Count": str(len(rows))} if asked.get("totalCount").lower() == "true" else {}
        page = rows[offset : offset + min(limit, self.cap)]
        return Answered(json.dumps(page).encode(), headers=total)


def _problem(status: int, kind: str, detail: str) -> Answered:
    """Returns an error as the ODS/API 7 has it (RFC 9457)."""
    title = kind.rpartition(":")[2].replace("-", " ").title()
    kind = f"urn:ed-fi:api:{kind}"
    body = {"detail": detail, "type": kind, "title": title, "status": status, "correlationId": "7"}
    return Answered(body, status, PROBLEM)
