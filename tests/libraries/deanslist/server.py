"""DeansList's API, as its public documentation and clients describe it.

A key a school, in the query; one answer with everything, ``rowcount`` and ``data``; for endpoints
that keep them deleted rows apart, where they are asked for; ``sdt`` and ``edt``, or ``StartDate``
and ``EndDate``, both inclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.libraries.rest.server import Answered, Asked

Rows = list[dict[str, Any]]

PATHS = {
    "/v1/behavior": "behavior",
    "/v1/comm-log": "comm-log",
    "/v1/incidents": "incidents",
    "/v1/students": "students",
    "/beta/export/get-roster-assignments.php": "roster-assignments",
    "/beta/export/get-behavior-data.php": "behavior",
}
SPANS = {"incidents": ("StartDate", "EndDate")}


@dataclass
class DeansList:
    """A network's schools.

    Attributes:
        keys: Key -> school.
        rows: School -> endpoint -> rows.
        deleted: School -> endpoint -> rows that were deleted.
        knows_dates: Whether the dates asked for are kept to.
        counts: Changes the counts of an answer: what is added to them.
    """

    keys: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Rows]]
    deleted: Mapping[str, Mapping[str, Rows]] = field(default_factory=dict)
    knows_dates: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answered:
        """Answers a request."""
        school = self.keys.get(asked.get("apikey"))
        if school is None:
            return Answered({"error": "Invalid API key"}, 401)
        endpoint = PATHS.get(asked.path)
        if endpoint is None:
            return Answered({"error": "Not found"}, 404)
        rows = self._within(asked, endpoint, self.rows.get(school, {}).get(endpoint, []))
        body: dict[str, Any] = {"rowcount": len(rows), "data": rows}
        if asked.get("IncludeDeleted") == "Y":
            gone = self._within(asked, endpoint, self.deleted.get(school, {}).get(endpoint, []))
            body |= {"deleted_rowcount": len(gone), "deleted_data": gone}
        for name, more in self.counts.items():
            body[name] += more
        return Answered(body, headers={"Content-Type": "text/html; charset=utf-8"})

    def _within(self, asked: Asked, endpoint: str, rows: Rows) -> Rows:
        first, last = (asked.get(name) for name in SPANS.get(endpoint, ("sdt", "edt")))
        if not first or not self.knows_dates:
            return rows
        return [row for row in rows if first <= day_of(row) <= last]


def day_of(row: Mapping[str, Any]) -> str:
    """Returns the day of a row."""
    found = row.get("BehaviorDate") or row.get("CallDateTime") or row["IssueTS"]["date"]
    return str(found)[:10]
