"""OneRoster against what vendors themselves say of their API, in OpenAPI, and Prism makes of it.

The mock answers with whatever the document allows; as a proxy it refuses requests, and answers of
our own server, that the document does not allow.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from teamster.core.errors import RequestRefused
from teamster.core.schema import field_names, resolve_schema, text_model
from teamster.libraries.oneroster import api_schema
from tests.libraries.oneroster.prism import Relay, fetched, needed, running
from tests.libraries.oneroster.service import KEY, Service, build, read, resource_of
from tests.libraries.rest.contract import FAULTS
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Answered, App, Asked, serving
from tests.libraries.sftp.vendor import check_of

BASE = "/ims/oneroster/rostering/v1p2"
TRILOGY, ED_FI = "openapi.yaml", "swagger.yml"
DYNAMIC = ("-d", "--json-schema-faker-fillProperties=false")

# What a vendor has beyond the standard: the schema check must name these and no others.
TRILOGYS = {
    "academicSessions": {"org"},
    "classes": set(),
    "courses": {"academicSession", "gradingScheme", "level"},
    "demographics": set(),
    "enrollments": set(),
    "orgs": set(),
    "users": set(),
}
ED_FIS = {
    "academicSessions": set(),
    "classes": {"grade"},
    "courses": {"grade"},
    "demographics": set(),
    "enrollments": set(),
    "orgs": set(),
    "users": {"demographics", "grade", "preferredFamilyName", "preferredGivenName"},
}
OF_THE_STANDARD = {
    "academicSessions": api_schema.AcademicSessions,
    "classes": api_schema.Classes,
    "courses": api_schema.Courses,
    "demographics": api_schema.Demographics,
    "enrollments": api_schema.Enrollments,
    "orgs": api_schema.Orgs,
    "users": api_schema.Users,
}


@pytest.fixture(scope="module")
def trilogy(folder: Path) -> Iterator[str]:
    with running("mock", needed(TRILOGY), *DYNAMIC, log=folder / "trilogy.log") as url:
        yield url


@pytest.fixture(scope="module")
def ed_fi(folder: Path) -> Iterator[str]:
    with running("mock", needed(ED_FI), *DYNAMIC, log=folder / "ed_fi.log") as url:
        yield url


# Trilogy: the standard's types


@pytest.mark.parametrize("collection", TRILOGYS)
def test_what_trilogys_document_allows_arrives(runs: Runs, trilogy: str, collection: str) -> None:
    relay = Relay(trilogy)
    asset = build(f"/{collection}/", pagination="single", total=None, key=[])
    with serving(until_there_are(collection, relay)) as api:
        result = runs.materialize(asset, None, {"rest_oneroster": resource_of(api)})
    records = relay.answers[-1][collection]
    assert [each for each in compared(runs.rows(key=KEY), records) if each] == []
    extras = check_of(result).metadata["extras"].value
    assert set(filter(None, str(extras or "").split(", "))) <= TRILOGYS[collection]


def until_there_are(collection: str, relay: Relay) -> App:
    """Asks a mock again as long as what it made up has no records."""

    def answer(asked: Asked) -> Answered:
        answered = relay(asked)
        while relay.answers and not relay.answers[-1][collection]:
            answered = relay(asked)
        return answered

    return answer


def compared(rows: list[dict[str, Any]], records: list[dict[str, Any]]) -> Iterator[str]:
    """Yields the fields in which rows differ from records."""
    if len(rows) != len(records):
        yield f"{len(rows)} rows of {len(records)} records"
    for row, record in zip(rows, records, strict=False):
        for name, value in row.items():
            if not is_same(value, record.get(name)):
                yield f"{name}: {value!r} of {record.get(name)!r}"


def is_same(value: Any, told: Any) -> bool:
    if value is None:
        return told is None or told == ""
    if isinstance(value, datetime):
        return abs((value - datetime.fromisoformat(told)).total_seconds()) < 0.001
    if isinstance(value, dict):
        # What is told beyond the schema is named by the check; a map has no schema.
        return all(is_same(each, told.get(name)) for name, each in value.items())
    if isinstance(value, list):
        return len(value) == len(told) and all(map(is_same, value, told))
    if isinstance(value, str) and not isinstance(told, str):
        return bool(json.loads(value) == told)
    return bool(value == told)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "RequestRefused"),
        (401, "AuthenticationFailed"),
        (403, "PermissionRefused"),
        (404, "RequestRefused"),
        (422, "RequestRefused"),
        (429, "ServerUnavailable"),
        (500, "ServerUnavailable"),
    ],
)
def test_trilogys_errors_are_told_for_what_they_are(
    runs: Runs, trilogy: str, status: int, error: str
) -> None:
    asset = build("/users/", headers={"Prefer": f"code={status}"}, pagination="single")
    with serving(Relay(trilogy)) as api:
        resource = resource_of(api, max_attempts=2)
        result = runs.materialize(asset, None, {"rest_oneroster": resource}, raise_on_error=False)
    name, text = error_of(result)
    assert name == error
    assert f"status {status}" in text


def test_trilogy_wants_a_token(runs: Runs, trilogy: str) -> None:
    with serving(Relay(trilogy)) as api:
        resource = resource_of(api, auth="none")
        result = runs.materialize(
            build("/users/"), None, {"rest_oneroster": resource}, raise_on_error=False
        )
    assert error_of(result)[0] == "AuthenticationFailed"


class Trilogy(Service):
    """The standard's API as Trilogy has it: the total is in the body, paths end in a slash."""

    def __call__(self, asked: Asked) -> Answered:
        plain = Asked(
            asked.method,
            asked.path if asked.method == "POST" else asked.path.rstrip("/"),
            asked.query,
            asked.headers,
            asked.form,
            asked.url,
        )
        answered = super().__call__(plain)
        if asked.method == "GET" and answered.status == 200:
            total = int(answered.headers["X-Total-Count"])
            limit, offset = asked.number("limit", 100), asked.number("offset", 0)
            pages = {"pageCount": -(-total // limit), "pageNumber": offset // limit + 1}
            answered.body |= {"totalCount": total, "limit": limit, "offset": offset, **pages}
            answered.headers = {}
        return answered


@pytest.fixture(scope="module")
def trilogys_records(trilogy: str) -> dict[str, list[dict[str, Any]]]:
    return generated(trilogy, TRILOGYS, "/")


def generated(url: str, collections: Any, ending: str) -> dict[str, list[dict[str, Any]]]:
    """Returns distinct records that a mock made up."""
    records: dict[str, dict[str, dict[str, Any]]] = {}
    for name in collections:
        found = records.setdefault(name, {})
        for _ in range(8):
            document = fetched(url, f"{BASE}/{name}{ending}")
            found |= {each["sourcedId"]: each for each in document[name] if "sourcedId" in each}
    return {name: list(each.values()) for name, each in records.items()}


def test_pages_by_trilogys_document(
    folder: Path, trilogys_records: dict[str, list[dict[str, Any]]]
) -> None:
    """Each request, and each answer of ours, is as the document says, or Prism answers itself."""
    service = Trilogy(trilogys_records, cap=5)
    with (
        serving(service) as upstream,
        running(
            "proxy", needed(TRILOGY), upstream.url, "--errors", log=folder / "proxy.log"
        ) as url,
        serving(Relay(url, tokens=service)) as api,
    ):
        resource = resource_of(api, max_attempts=8)
        for number, (name, records) in enumerate(trilogys_records.items()):
            total = {"type": "body", "path": "totalCount"}
            asset = build(
                f"/{name}/", total=total, pagination={"type": "offset", "size": 3 + number}
            )
            start = len(api.asked)
            api.faults = {start + 1 + 3 * each: fault for each, fault in enumerate(FAULTS)}
            found = read(asset, resource, folder)
            assert len(found) > 5
            assert found == sorted(records, key=lambda record: record["sourcedId"])
        api.faults = {}
        with pytest.raises(RequestRefused, match="status 422"):  # Prism's own: it does look
            read(build("/orgs/", params={"orderBy": "upwards"}), resource, folder)


# Ed-Fi: the standard's names, types left open


def as_text(collection: str) -> Any:
    """Returns the standard's schema without nesting: the document says object for any list."""
    names = field_names(resolve_schema(OF_THE_STANDARD[collection]))
    return text_model("table", names)


@pytest.mark.parametrize("collection", ED_FIS)
def test_what_ed_fis_document_allows_arrives(runs: Runs, ed_fi: str, collection: str) -> None:
    relay = Relay(ed_fi)
    asset = build(
        f"/{collection}",
        avro_schema=as_text(collection),
        pagination="single",
        total=None,
        key=[],
    )
    with serving(until_there_are(collection, relay)) as api:
        result = runs.materialize(asset, None, {"rest_oneroster": resource_of(api)})
    records = relay.answers[-1][collection]
    assert [each for each in compared(runs.rows(key=KEY), records) if each] == []
    extras = check_of(result).metadata["extras"].value
    assert set(filter(None, str(extras or "").split(", "))) <= ED_FIS[collection]


def test_pages_by_ed_fis_document(folder: Path, ed_fi: str) -> None:
    """With the factory's defaults, nothing added."""
    made = generated(ed_fi, ED_FIS, "")
    service = Service(made, cap=4)
    with (
        serving(service) as upstream,
        running(
            "proxy", needed(ED_FI), upstream.url, "--errors", log=folder / "ed_fi_proxy.log"
        ) as url,
        serving(Relay(url, tokens=service)) as api,
    ):
        resource = resource_of(api, max_attempts=8)
        for name, records in made.items():
            api.faults = {len(api.asked) + 1 + 3 * each: f for each, f in enumerate(FAULTS)}
            found = read(build(f"/{name}"), resource, folder)
            assert found == sorted(records, key=lambda record: record["sourcedId"])
