"""OneRoster's records over REST: as they are told, and only what changed of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from teamster.core.errors import ConfigError
from teamster.libraries.rest.resources import RestResource
from tests.libraries.oneroster.service import (
    CANARY,
    KEY,
    MOMENT,
    SECRET,
    Service,
    build,
    moment,
    read,
    resource_of,
    roster,
)
from tests.libraries.rest.runs import Runs
from tests.libraries.rest.server import serving
from tests.libraries.sftp.vendor import check_of, metadata_of

COLLECTIONS = (
    "orgs",
    "users",
    "classes",
    "courses",
    "enrollments",
    "academicSessions",
    "demographics",
)


# Values


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_records_arrive_as_they_are(runs: Runs, collection: str) -> None:
    records = roster()
    asset = build(f"/{collection}")
    with serving(Service(records, cap=25)) as api:
        result = runs.materialize(asset, None, {"rest_oneroster": resource_of(api)})
    assert check_of(result).passed
    rows = runs.rows(key=KEY)
    told = sorted(records[collection], key=lambda record: record["sourcedId"])
    assert [present(row) for row in rows] == [expected(record) for record in told]
    assert metadata_of(result)["stated_total"] == len(told)


def present(value: Any) -> Any:
    """Returns a row without its nulls, at every depth: the server leaves out what it has not."""
    if isinstance(value, dict):
        return {name: present(each) for name, each in value.items() if each is not None}
    return [present(each) for each in value] if isinstance(value, list) else value


def expected(record: dict[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in record.items() if name != "password"}
    row["dateLastModified"] = moment(record["dateLastModified"])
    for name in ("enabledUser", "primary"):
        if name in row:
            row[name] = {"true": True, "false": False}[row[name]]
    if "internet" in row.get("metadata", {}):
        row["metadata"]["internet"] = '{"mbps":1000}'
    if "note" in row.get("metadata", {}):
        row["metadata"] = {"note": CANARY, "rooms": "[1,2.5]", "open": "true"}
    return row


def test_a_user_of_version_1_1_arrives_too(runs: Runs) -> None:
    org = {"href": "https://sis.example.org/orgs/1", "sourcedId": "1", "type": "org"}
    user = {
        "sourcedId": "7",
        "status": "inactive",
        "dateLastModified": "2026-09-01T06:00:00.250Z",
        "username": "t7",
        "userIds": [{"type": "LDAP", "identifier": "uid=7"}],
        "enabledUser": "false",
        "givenName": "Given",
        "familyName": "Family",
        "role": "teacher",
        "orgs": [org, {**org, "sourcedId": "2"}],
        "agents": [],
        "grades": ["KG", "01"],
    }
    asset = build("/users", version="1.1")
    with serving(Service({"users": [user]}, version="1.1")) as api:
        resource = resource_of(api, version="1.1")
        result = runs.materialize(asset, None, {"rest_oneroster": resource})
    assert check_of(result).passed
    when = moment("2026-09-01T06:00:00.250Z")
    (row,) = runs.rows(key=KEY)
    assert present(row) == {**user, "dateLastModified": when, "enabledUser": False}


def test_passwords_never_arrive(runs: Runs) -> None:
    records = roster()
    for user in records["users"]:
        user |= {"password": SECRET, "userProfiles": [{"credentials": [{"password": SECRET}]}]}
    asset = build("/users", ignore_cols=["pronouns"])
    with serving(Service(records)) as api:
        result = runs.materialize(asset, None, {"rest_oneroster": resource_of(api)})
    assert check_of(result).passed
    assert SECRET not in str(runs.rows(key=KEY))


@pytest.mark.parametrize(
    ("endpoint", "collection"),
    [("/schools", "orgs"), ("students", "users"), ("/teachers", "users"), ("/terms", None)],
)
def test_views_are_read_as_the_collection_they_are_of(
    folder: Path, endpoint: str, collection: str | None
) -> None:
    records = roster()
    with serving(Service(records)) as api:
        if collection is None:
            assert read(build(endpoint), resource_of(api), folder) == []
            return
        found = read(build(endpoint), resource_of(api), folder)
    ids = {record["sourcedId"] for record in records[collection]}
    assert 0 < len(found) < len(ids)
    assert {record["sourcedId"] for record in found} < ids


# Only what changed


def test_only_what_changed_is_asked_for_and_what_is_deleted_is_kept_as_a_record(
    runs: Runs,
) -> None:
    records = roster()["orgs"]
    for record in records:
        record["dateLastModified"] = "2020-01-01T00:00:00.000Z"
    asset = build(only_changes=True)
    with serving(Service({"orgs": records})) as api:
        resources: dict[str, RestResource] = {"rest_oneroster": resource_of(api)}
        runs.materialize(asset, None, resources)
        whole = runs.rows(key=KEY)
        yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime(MOMENT)
        records[1] |= {"name": "A new name", "dateLastModified": yesterday}
        records[2] |= {"status": "tobedeleted", "dateLastModified": yesterday}
        del api.asked[:]
        result = runs.materialize(asset, None, resources)
        (asked,) = [each for each in api.asked if each.method == "GET"]
    since = moment(asked.get("filter").removeprefix("dateLastModified>='").removesuffix("'"))
    assert timedelta(days=2) <= datetime.now(UTC) - since < timedelta(days=2, minutes=5)
    assert metadata_of(result)["stated_total"] == 2
    rows = {row["sourcedId"]: row for row in runs.rows(key=KEY)}
    assert len(rows) == len(whole) == 7
    assert rows[records[1]["sourcedId"]]["name"] == "A new name"
    assert rows[records[2]["sourcedId"]]["status"] == "tobedeleted"
    untouched = [row for row in whole if row["sourcedId"] not in changed(records)]
    assert [rows[row["sourcedId"]] for row in untouched] == untouched


def changed(records: list[dict[str, Any]]) -> set[str]:
    return {records[1]["sourcedId"], records[2]["sourcedId"]}


def test_nothing_changed_leaves_everything(runs: Runs) -> None:
    records = roster()["orgs"]
    for record in records:
        record["dateLastModified"] = "2020-01-01T00:00:00.000Z"
    asset = build(only_changes={"overlap": "1 hour"})
    with serving(Service({"orgs": records})) as api:
        resources: dict[str, RestResource] = {"rest_oneroster": resource_of(api)}
        runs.materialize(asset, None, resources)
        before = runs.rows(key=KEY)
        runs.materialize(asset, None, resources)
    assert runs.rows(key=KEY) == before


def test_a_filter_of_ones_own_is_joined(runs: Runs) -> None:
    asset = build(only_changes=True, params={"filter": "type='school'"})
    with serving(Service(roster())) as api:
        resources: dict[str, RestResource] = {"rest_oneroster": resource_of(api)}
        runs.materialize(asset, None, resources)
        assert len(runs.rows(key=KEY)) == 6
        runs.materialize(asset, None, resources)
        filters = [each.get("filter") for each in api.asked if each.method == "GET"]
    assert filters[0] == "type='school'"
    assert filters[1].startswith("type='school' AND dateLastModified>='2")
    with pytest.raises(ConfigError, match="OneRoster joins two conditions at most"):
        build(only_changes=True, params={"filter": "type='school' AND status='active'"})
