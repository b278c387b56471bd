"""Level Data Grow's lists, against an API written from the vendor's documentation."""

import base64
from datetime import datetime
from typing import Any

import pytest
from dagster import AssetsDefinition

from teamster.core.config import config_from_files
from teamster.core.errors import ConfigError
from teamster.core.partitions import hive_parts
from teamster.libraries.grow.assets import build_grow_asset
from teamster.libraries.grow.resources import get_grow_resource
from teamster.libraries.rest.resources import RestResource
from tests.libraries.lists import (
    OAuthContract,
    Rows,
    StatedListContract,
    Tokens,
    read,
    table_of,
    without_nulls,
)
from tests.libraries.rest.contract import QUICK, ROOT
from tests.libraries.rest.runs import Runs
from tests.libraries.rest.server import Answered, Api, App, Asked, serving

CONFIG = "src/teamster/code_locations/kipptaf/grow/config/assets-lists.yaml"
ENTRIES = config_from_files([ROOT / CONFIG])["assets"]


class GrowApi:
    """The external API: OAuth by Basic; limit, skip, archived and Mongo's operators on dates."""

    def __init__(
        self, lists: dict[str, Rows], cap: int, secret: str, uses: int = 10**9, allowed: bool = True
    ) -> None:
        self.lists, self.cap, self.allowed = lists, cap, allowed
        self.login = base64.b64encode(f"client:{secret}".encode()).decode()
        self.tokens = Tokens(uses)

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == "/auth/client/token":
            if asked.headers.get("authorization") != f"Basic {self.login}":
                return Answered({"message": "Client credentials are invalid"}, 401)
            return Answered({"access_token": self.tokens.give(), "token_type": "Bearer"})
        if not self.tokens.take(asked):
            return Answered({"message": "Unauthorized"}, 401)
        if not self.allowed:
            return Answered({"message": "Forbidden"}, 403)
        rows = self.lists.get(asked.path.removeprefix("/external/"))
        if rows is None:
            return Answered({"message": "Not found"}, 404)
        found = [row for row in rows if _matches(row, asked)]
        limit = min(asked.number("limit", 100), self.cap)
        skip = asked.number("skip", 0)
        return Answered(
            {"count": len(found), "limit": limit, "skip": skip, "data": found[skip : skip + limit]}
        )


def _matches(row: dict[str, Any], asked: Asked) -> bool:
    archived = {"true": True, "false": False}[asked.get("archived", "false")]
    if (row.get("archivedAt") is not None) != archived:
        return False
    since, until = (asked.get(f"lastModified[{edge}]") for edge in ("$gte", "$lte"))
    moment = datetime.fromisoformat(row.get("lastModified") or "2025-01-01T00:00:00.000Z")
    return not (since and moment < datetime.fromisoformat(since)) and not (
        until and moment > datetime.fromisoformat(until)
    )


def resource_of(api: Api, secret: str) -> RestResource:
    url = f"{api.url}/external"
    return get_grow_resource(base_url=url, client_id="client", client_secret=secret, **QUICK)


class TestObservations(StatedListContract, OAuthContract):
    config = CONFIG
    table = "observations"
    build = staticmethod(build_grow_asset)
    partition_key = "f|2026-02-03"

    def rows_of(self) -> Rows:
        return [self.row(number) for number in range(self.expected)]

    def api(self, rows: Rows, cap: int) -> App:
        return GrowApi({"observations": rows}, cap, self.secret)

    def app_of_tokens(self, uses: int) -> App:
        return GrowApi({"observations": self.rows_of()}, 7, self.secret, uses)

    def app_without_scope(self) -> App:
        return GrowApi({"observations": self.rows_of()}, 7, self.secret, allowed=False)

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)

    def row(self, number: int) -> dict[str, Any]:
        return {
            "_id": f"5f{number:022}",
            "archivedAt": None,
            "lastModified": "2026-02-03T15:00:00.000Z",
            "isPublished": True,
            "score": 2.5,
            "rubric": {"_id": "5c", "name": "Teaching"},
            "teacher": {"_id": "5d", "name": self.canary, "email": "t@example.org"},
            "tagNotes1": {"notes": None, "tags": ["5e"]},
            "meetings": [],
            "quickHits": [],
            "observationScores": [
                {
                    "measurement": "60",
                    "valueScore": 3,
                    "percentage": None,
                    "checkboxes": [{"label": "Yes", "value": True}],
                    "textBoxes": [{"key": "0", "label": "Notes", "value": "<p>Good</p>"}],
                }
            ],
            "videos": [],
        }

    def stored(self, number: int) -> dict[str, Any]:
        return {**without_nulls(self.row(number)), "quickHits": "[]"}  # text: no fact says more


WINDOWS = {
    "2026-02-02T23:59:59.999Z": False,
    "2026-02-03T00:00:00.000Z": True,
    "2026-02-03T23:59:59.999Z": True,
    "2026-02-04T00:00:00.000Z": False,
}


@pytest.mark.parametrize("archived", ["t", "f"])
@pytest.mark.parametrize("moment", WINDOWS)
def test_a_partition_is_a_day_of_what_is_archived_or_not(moment: str, archived: str) -> None:
    """Each moment belongs to one day alone."""
    rows = [
        {"_id": "live", "archivedAt": None, "lastModified": moment},
        {"_id": "gone", "archivedAt": moment, "lastModified": moment},
    ]
    asset = table_of(CONFIG, build_grow_asset, "assignments")
    with serving(GrowApi({"assignments": rows}, 100, "key")) as api:
        found = read(asset, resource_of(api, "key"), f"{archived}|2026-02-03")
    expected = {"t": ["gone"], "f": ["live"]}[archived] if WINDOWS[moment] else []
    assert [row["_id"] for row in found] == expected


def test_a_day_on_which_nothing_was_saved_is_an_object_without_rows(runs: Runs) -> None:
    asset = table_of(CONFIG, build_grow_asset, "observations")
    with serving(GrowApi({"observations": []}, 100, "key")) as api:
        runs.materialize(asset, "f|2026-02-03", {"rest_grow": resource_of(api, "key")})
    hive = ["_dagster_partition_archived=f", "_dagster_partition_last_modified=2026-02-03"]
    assert runs.rows(*hive, key=list(asset.key.path)) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["asset_key"][-1] for entry in ENTRIES])
def test_every_list_can_be_read(runs: Runs, entry: dict[str, Any]) -> None:
    asset: AssetsDefinition = build_grow_asset(**entry)
    row = {"_id": "1", "name": "One", "archivedAt": "2026-02-03T10:00:00.000Z"}
    row["lastModified"] = "2026-02-03T10:00:00.000Z"
    with serving(GrowApi({entry["endpoint"].strip("/"): [row]}, 100, "key")) as api:
        by_day = entry["partitions_def"]["type"] == "multi"
        key = "t|2026-02-03" if by_day else "t"
        result = runs.materialize(asset, key, {"rest_grow": resource_of(api, "key")})
    assert result.success
    hive = hive_parts(asset.partitions_def, key)
    (stored,) = runs.rows(*hive, key=list(asset.key.path))
    assert {"_id": "1", "name": "One"}.items() <= stored.items()


def test_windows_of_another_time_zone_are_refused() -> None:
    daily = {"type": "daily", "start_date": "2026-02-03", "timezone": "America/New_York"}
    parts = {"archived": {"type": "static", "partition_keys": ["t"]}, "last_modified": daily}
    with pytest.raises(ConfigError, match="last_modified must be windows of time in UTC"):
        build_grow_asset(
            ["kipptaf", "grow", "observations"],
            "/observations",
            "teamster.libraries.grow.schema:Observations",
            {"type": "multi", "partitions_defs": parts},
        )
