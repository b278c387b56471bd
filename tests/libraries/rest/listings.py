"""An API of records with any pagination, as vendors have it, and how to read it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dagster import AssetsDefinition

from teamster.core.schema import text_model
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.endpoints import make_endpoint
from teamster.libraries.rest.reading import Reading
from teamster.libraries.rest.resources import RestResource
from teamster.libraries.rest.session import RestSession
from teamster.libraries.rest.spool import RecordSpool
from tests.libraries.rest.server import Answered, Api, App, Asked, serving

KEY = ["kipptaf", "vendor", "table"]
SCHEMA = text_model("table", "id name")

PAGINATIONS: dict[str, dict[str, Any]] = {
    "page": {"type": "page", "size": 7, "size_param": "per_page"},
    "page, counted": {"type": "page", "pages": "meta.pages"},
    "page, more": {"type": "page", "more": "meta.more"},
    "page, 404": {"type": "page", "first": 0, "end_status": 404},
    "offset": {"type": "offset", "size": 7},
    "offset, more": {"type": "offset", "param": "skip", "size": 7, "more": "meta.more"},
    "cursor": {"type": "cursor", "path": "meta.cursor"},
    "cursor, header": {"type": "cursor", "param": "after", "header": "X-Next"},
    "link": {"type": "link"},
    "next_url": {"type": "next_url", "path": "links.next"},
    "next_url, relative": {"type": "next_url", "path": ["@odata.nextLink"]},
}

KEYSET = {"type": "keyset", "param": "id[gt]", "path": "id", "size": 7, "size_param": "limit"}


@dataclass
class Records:
    """A table behind an API.

    Attributes:
        rows: Its records.
        kind: Which of :data:`PAGINATIONS` it speaks, or ``keyset``.
        cap: The most that a page has, whatever is asked for.
        before: Called before each answer, to change the table while it is read.
    """

    rows: list[dict[str, Any]]
    kind: str = "offset"
    cap: int = 5
    before: Callable[["Records", Asked], None] | None = None
    served: int = 0

    def __call__(self, asked: Asked) -> Answered:
        """Answers a request."""
        if self.before:
            self.before(self, asked)
        self.served += 1
        if asked.path.endswith("/count"):
            return Answered({"count": len(self.rows)})
        asked_size = asked.number("per_page", asked.number("limit", self.cap))
        size = min(asked_size, self.cap)
        if self.kind == "keyset":
            later = [row for row in self.rows if row["id"] > asked.number("id[gt]", -1)]
            later.sort(key=lambda row: row["id"])
            return Answered({"data": later[:size]})
        start = self._start(asked, size)
        if self.kind == "page, 404" and start >= max(1, len(self.rows)):
            return Answered({"error": "no such page"}, 404)
        rows = self.rows[start : start + size]
        after = start + len(rows)
        more = after < len(self.rows)
        return self._page(asked, rows, size, after if more else None)

    def _start(self, asked: Asked, size: int) -> int:
        if self.kind.startswith("page"):
            first = PAGINATIONS[self.kind].get("first", 1)
            return (asked.number("page", first) - first) * size
        name = {"offset": "offset", "offset, more": "skip", "cursor, header": "after"}
        return int(asked.get(name.get(self.kind, "cursor"), "0").removeprefix("c") or 0)

    def _page(
        self, asked: Asked, rows: list[dict[str, Any]], size: int, after: int | None
    ) -> Answered:
        pages = -(-len(self.rows) // size)
        meta = {"total": len(self.rows), "pages": pages, "more": after is not None}
        body: dict[str, Any] = {"meta": meta, "data": rows, "links": {"next": None}}
        headers = {"X-Total-Count": str(len(self.rows))}
        if after is not None:
            here = asked.url.partition("?")[0]
            url = f"{here}?{urlencode({'cursor': f'c{after}', 'x': 'a,b;c'}, safe=',;')}"
            match self.kind:
                case "cursor":
                    meta["cursor"] = f"c{after}"
                case "cursor, header":
                    headers["X-Next"] = f"c{after}"
                case "link":
                    headers["Link"] = f'<{here}>; rel="first", <{url}>; title="a,b"; rel="next"'
                case "next_url":
                    body["links"]["next"] = url
                case "next_url, relative":
                    body["@odata.nextLink"] = f"?{url.partition('?')[2]}"
        return Answered(json.dumps(body, indent=1).encode(), headers=headers)


def numbered(count: int) -> list[dict[str, Any]]:
    """Returns records."""
    return [{"id": number, "name": f"N\n{number} é"} for number in range(count)]


def resource_of(api: Api, **fields: Any) -> RestResource:
    """Returns a resource that does not wait long."""
    quick = {"first_wait": 0.001, "longest_wait": 0.01, "timeout": 0.5}
    return RestResource(**{"base_url": api.url, **quick, **fields})


@dataclass
class Read:
    """What a read brought."""

    values: list[Any]
    reading: Reading
    digest: str
    session: RestSession = field(repr=False)


def read(api: Api, folder: Path, resource: RestResource | None = None, **options: Any) -> Read:
    """Reads an endpoint into the spool."""
    core: Mapping[str, Any] = {
        "asset_key": KEY,
        "endpoint": options.pop("endpoint", "/things"),
        "rest_resource_key": "rest_vendor",
        "avro_schema": SCHEMA,
        "partitions_def": None,
    }
    endpoint = make_endpoint(core, {"records": "data", **options})  # type: ignore[typeddict-item]
    request = endpoint.request
    with (
        (resource or resource_of(api)).session() as session,
        RecordSpool(folder / "records", request.key, request.record) as spool,
    ):
        reading = Reading(session, endpoint, {})
        reading.read(spool)
        values = [json.loads(document.text) for document in spool.documents()]
        assert len(values) == spool.count
        return Read(values, reading, spool.digest, session)


def always(*answers: Answered) -> App:
    """Returns an app that gives these answers, the last one for ever."""
    left = list(answers)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


def get(app: App, **fields: Any) -> tuple[Any, list[Asked]]:
    """Asks for a document."""
    with serving(app) as api, resource_of(api, **fields).session() as session:
        return session.get_json("/thing", {"a": "1"}), api.asked


def build(endpoint: str = "/things", **options: Any) -> AssetsDefinition:
    """Makes an asset of the table."""
    schema = options.pop("avro_schema", SCHEMA)
    return build_rest_asset(KEY, endpoint, "rest_vendor", schema, **{"records": "data", **options})
