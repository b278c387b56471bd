"""The demo's OneRoster API does what the standard says."""

import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from teamster.cli.demo.api_server import Call, Reply
from teamster.cli.demo.drop.oneroster_records import roster_records
from teamster.cli.demo.drop.population import build_population
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.environment import demo_environment
from teamster.cli.demo.oneroster_api import TOKEN_PATH, OneRosterApi, serve_oneroster
from teamster.libraries.oneroster.resources import OneRosterResource, scopes
from teamster.libraries.rest.origins import next_link

BASE = "/ims/oneroster/rostering/v1p2"
ROSTER = roster_records(build_population("camden", 4, seed=3), Staff(3))


@pytest.fixture
def api() -> OneRosterApi:
    return OneRosterApi(ROSTER, ("client", "secret"), cap=7)


def token(api: OneRosterApi, secret: str = "secret", **form: str) -> Reply:
    login = base64.b64encode(f"client:{secret}".encode()).decode()
    sent = {"grant_type": "client_credentials", "scope": scopes("1.2"), **form}
    return api(Call("POST", TOKEN_PATH, headers={"authorization": f"Basic {login}"}, form=sent))


def get(api: OneRosterApi, name: str, **query: str) -> Reply:
    headers = {"authorization": f"Bearer {token(api).body['access_token']}"}
    url = f"http://127.0.0.1:1{BASE}/{name}"
    return api(Call("GET", f"{BASE}/{name}", query, headers, url=url))


def ids(reply: Reply, name: str = "users") -> list[str]:
    assert reply.status == 200, reply.body
    return [record["sourcedId"] for record in reply.body[name]]


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "https://example.org/else"}, 400, "invalid_scope"),
        ({"scope": ""}, 400, "invalid_scope"),
    ],
)
def test_tokens_are_refused_as_oauth_says(
    api: OneRosterApi, given: dict[str, str], status: int, error: str
) -> None:
    reply = token(api, **given)
    assert (reply.status, reply.body) == (status, {"error": error})


def test_links_lead_through_all_pages_and_back(api: OneRosterApi) -> None:
    everyone = [user["sourcedId"] for user in ROSTER["users"]]
    found: list[str] = []
    query: dict[str, str] = {"limit": "5"}
    while True:
        reply = get(api, "users", **query)
        assert reply.headers["X-Total-Count"] == str(len(everyone))
        found += ids(reply)
        link = next_link(reply.headers["Link"], "next")
        if link is None:
            break
        query = dict(part.split("=") for part in link.partition("?")[2].split("&"))
    assert found == everyone
    last = next_link(get(api, "users", limit="5").headers["Link"], "last")
    assert last is not None
    assert f"offset={query['offset']}" in last
    assert next_link(reply.headers["Link"], "prev") is not None


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("identifier='{0}'", lambda user, first: user["identifier"] == first),
        ("identifier!='{0}'", lambda user, first: user["identifier"] != first),
        ("identifier>'{0}'", lambda user, first: user["identifier"] > first),
        ("identifier>='{0}'", lambda user, first: user["identifier"] >= first),
        ("identifier<'{0}'", lambda user, first: user["identifier"] < first),
        ("identifier<='{0}'", lambda user, first: user["identifier"] <= first),
        ("primaryOrg.sourcedId~'72011'", lambda user, _: "72011" in str(user["primaryOrg"])),
        (
            "identifier>'{0}' AND enabledUser='false'",
            lambda user, first: False,
        ),
        (
            "identifier='{0}' OR primaryOrg.sourcedId='school-72011'",
            lambda user, first: user["identifier"] == first or "72011" in str(user["primaryOrg"]),
        ),
    ],
)
def test_filters_let_through_what_they_say(api: OneRosterApi, text: str, chosen: Any) -> None:
    first = ROSTER["users"][9]["identifier"]
    api.cap = 1000
    found = ids(get(api, "users", filter=text.format(first), limit="1000"))
    assert found == [each["sourcedId"] for each in ROSTER["users"] if chosen(each, first)]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_records_are_sorted(api: OneRosterApi, order: str) -> None:
    api.cap = 1000
    found = ids(get(api, "users", sort="familyName", orderBy=order, limit="1000"))
    names = {user["sourcedId"]: user["familyName"] for user in ROSTER["users"]}
    told = [names[each] for each in found]
    assert told == sorted(told, reverse=order == "desc")
    assert len(found) == len(names)


@pytest.mark.parametrize(
    ("name", "query", "status", "code"),
    [
        ("users", {"limit": "0"}, 400, "invaliddata"),
        ("users", {"offset": "-1"}, 400, "invaliddata"),
        ("users", {"sort": "shoeSize"}, 400, "invalid_sort_field"),
        ("users", {"filter": "name is 'x'"}, 400, "invalid_filter_field"),
        ("users", {"filter": "a='1' AND b='2' AND c='3'"}, 400, "invalid_filter_field"),
        ("pupils", {}, 404, "unknownobject"),
    ],
)
def test_errors_are_the_standards(
    api: OneRosterApi, name: str, query: dict[str, str], status: int, code: str
) -> None:
    reply = get(api, name, **query)
    (field,) = reply.body["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert (reply.status, field["imsx_codeMinorFieldValue"]) == (status, code)


def test_a_view_shows_a_part_of_its_collection(api: OneRosterApi) -> None:
    api.cap = 1000
    every = {"limit": "1000"}
    students, teachers = (ids(get(api, name, **every)) for name in ("students", "teachers"))
    assert sorted(students + teachers) == sorted(user["sourcedId"] for user in ROSTER["users"])
    assert all(each.startswith("student-") for each in students)
    assert len(ids(get(api, "schools"), "orgs")) == 3


def test_links_between_records_lead_somewhere() -> None:
    known = {record["sourcedId"] for records in ROSTER.values() for record in records}

    def links(value: Any) -> list[str]:
        if isinstance(value, dict):
            inner = [each for item in value.values() for each in links(item)]
            return inner + ([value["sourcedId"]] if "href" in value else [])
        return [each for item in value for each in links(item)] if isinstance(value, list) else []

    found = links(ROSTER)
    assert len(found) > 500
    assert set(found) <= known


def test_each_region_has_a_server_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_oneroster("newark") as newark, serve_oneroster("camden") as camden:
        for name, value in {**newark, **camden}.items():
            monkeypatch.setenv(name, value)
        names = {}
        for region in ("NEWARK", "CAMDEN"):
            resource = OneRosterResource.from_env(f"ONEROSTER_{region}")
            with resource.process_config_and_initialize().session() as session:
                document = session.get_json(f"{BASE}/orgs", {"limit": "100"})
            names[region] = document["orgs"][0]["name"]
    assert names["NEWARK"] != names["CAMDEN"]


def test_a_given_drop_has_no_made_up_apis_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAMSTER_HOME", str(tmp_path))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "drop" / "iready").mkdir(parents=True)
    with demo_environment(tmp_path / "drop") as environment:
        assert environment.apis == frozenset()
    with serve_oneroster("camden") as variables:
        url = variables["ONEROSTER_CAMDEN_API_URL"]
        with (
            pytest.raises(urllib.error.HTTPError) as raised,
            urllib.request.urlopen(f"{url}{BASE}/users"),
        ):
            pass
        with raised.value as error:
            assert error.code == 401
            assert json.load(error)["imsx_codeMajor"] == "failure"
