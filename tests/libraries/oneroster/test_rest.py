"""OneRoster over REST: every record once and as it is, or a clear error."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance
from hypothesis import given, settings
from hypothesis import strategies as st

from teamster.cli.demo.oneroster_api import OneRosterApi
from teamster.core.config import config_from_files
from teamster.core.errors import (
    AnswerIncomplete,
    AuthenticationFailed,
    ConfigError,
    PermissionRefused,
    RequestRefused,
    UnexpectedAnswer,
)
from teamster.libraries.oneroster.assets import build_oneroster_asset
from teamster.libraries.oneroster.resources import OneRosterResource, Version
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.rest.resources import RestResource
from tests.libraries.oneroster.service import (
    CANARY,
    MOMENT,
    SECRET,
    Service,
    build,
    read,
    resource_of,
    roster,
)
from tests.libraries.rest.contract import FAULTS, RestContract
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Answered, Api, App, Asked, Fault, serving

FEWER = settings(max_examples=max(1, settings.default.max_examples // 2))


# The contract of all REST assets, by the YAML of a region


class OneRosterContract(RestContract):
    config = "src/teamster/code_locations/kippnewark/oneroster_api/config/assets-endpoints.yaml"
    build = staticmethod(build_oneroster_asset)
    secret = SECRET
    canary = CANARY

    def app(self) -> App:
        records = roster()
        for record in records[self.table]:  # all of them changed: a second run reads all again
            record["dateLastModified"] = datetime.now(UTC).strftime(MOMENT)
        return Service(records, cap=3 if self.expected < 50 else 30)

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)


class TestOrgs(OneRosterContract):
    table = "orgs"
    expected = 7


class TestUsers(OneRosterContract):
    table = "users"
    expected = len(roster()["users"])


class TestEnrollments(OneRosterContract):
    table = "enrollments"
    expected = len(roster()["enrollments"])


class TestDemographics(OneRosterContract):
    table = "demographics"
    expected = len(roster()["demographics"])


# Every record once


@FEWER
@given(
    count=st.integers(0, 40),
    cap=st.integers(1, 12),
    size=st.integers(1, 50),
    version=st.sampled_from(["1.1", "1.2"]),
    by_link=st.booleans(),
    faults=st.dictionaries(st.integers(0, 12), st.sampled_from(FAULTS), max_size=5),
)
def test_every_record_comes_once(
    folder: Path,
    count: int,
    cap: int,
    size: int,
    version: Version,
    by_link: bool,
    faults: dict[int, Fault],
) -> None:
    states = ("active", "tobedeleted")
    records = [
        {"sourcedId": f"{number:02}", "status": states[number % 2], "type": "school"}
        for number in range(count)
    ]
    pages = {"pagination": "link" if by_link else {"type": "offset", "size": size}}
    asset = build("/schools", version=version, **pages)
    with serving(Service({"orgs": records[::-1]}, version=version, cap=cap)) as api:
        api.faults = faults
        found = read(asset, resource_of(api, version=version, max_attempts=8), folder)
        asked = [each for each in api.asked if each.method == "GET"]
    assert found == records
    assert {each.get("sort") for each in asked} == {"sourcedId"}


@FEWER
@given(
    count=st.integers(1, 30),
    cap=st.integers(1, 8),
    when=st.integers(1, 8),
    where=st.integers(0, 30),
    grows=st.booleans(),
)
def test_records_that_move_meanwhile_are_read_anew(
    folder: Path, count: int, cap: int, when: int, where: int, grows: bool
) -> None:
    records = [{"sourcedId": f"{number:02}", "status": "active"} for number in range(count)]
    before = list(records)
    service = Service({"orgs": records}, cap=cap)
    served = 0

    def answer(asked: Asked) -> Answered:
        nonlocal served
        served += asked.method == "GET"
        if asked.method == "GET" and served == when:
            if grows:
                records.insert(0, {"sourcedId": "!", "status": "active"})
            else:
                del records[min(where, len(records) - 1)]
        return service(asked)

    with serving(answer) as api:
        found = read(build(), resource_of(api), folder)
    assert found in (before, records)


# What can be wrong


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_scopes_of_the_version_are_asked_for(folder: Path, version: Version) -> None:
    asset = build("/demographics", version=version)
    with serving(Service(roster(), version=version)) as api:
        read(asset, resource_of(api, version=version), folder)
        (token,) = [each for each in api.asked if each.method == "POST"]
    part = {"1.1": "v1p1", "1.2": "v1p2"}[version]
    base = f"https://purl.imsglobal.org/spec/or/{part}/scope"
    assert token.form["scope"] == [
        f"{base}/roster-core.readonly {base}/roster-demographics.readonly"
    ]


def test_a_missing_scope_is_told(folder: Path) -> None:
    with serving(Service(roster(), granted=["roster-core.readonly"])) as api:
        assert len(read(build("/orgs"), resource_of(api), folder)) == 7
        with pytest.raises(PermissionRefused, match="scope"):
            read(build("/demographics"), resource_of(api), folder)


def test_an_expired_token_is_renewed(folder: Path) -> None:
    service = Service(roster(), cap=2)
    pages = 0

    def forgetful(asked: Asked) -> Answered:
        nonlocal pages
        pages += asked.method == "GET"
        if pages == 3:
            service.api.tokens.clear()
        return service(asked)

    with serving(forgetful) as api:
        assert len(read(build(), resource_of(api), folder)) == 7
        assert sum(each.method == "POST" for each in api.asked) == 2
        assert pages == 5


@pytest.mark.parametrize("fields", [{"secret": "wrong"}, {"scope": "https://example.org/other"}])
def test_a_wrong_credential_is_told(folder: Path, fields: dict[str, Any]) -> None:
    with serving(Service(roster())) as api, pytest.raises(AuthenticationFailed) as raised:
        read(build(), resource_of(api, **fields), folder)
    assert "client_secret" in str(raised.value)
    assert "wrong" not in str(raised.value).partition("Check")[0]


def test_a_fixed_token_is_refused_with_a_clear_error(folder: Path) -> None:
    with serving(Service(roster())) as api, pytest.raises(AuthenticationFailed, match="token"):
        read(build(), resource_of(api, auth="bearer", token="expired-token"), folder)


def test_a_server_without_a_total_is_read_only_where_that_is_said(folder: Path) -> None:
    service = Service(roster(), cap=2)

    def silent(asked: Asked) -> Answered:
        answered = service(asked)
        answered.headers = {}
        return answered

    with serving(silent) as api:
        with pytest.raises(UnexpectedAnswer, match="states no total"):
            read(build(), resource_of(api), folder)
        assert len(read(build(total=None), resource_of(api), folder)) == 7


def test_a_short_read_is_a_failure(folder: Path) -> None:
    """The server states more than it gives, as one does whose filter is after its paging."""

    class Losing(OneRosterApi):
        def __call__(self, call: Any) -> Any:
            reply = super().__call__(call)
            if call.method == "GET":
                reply.body["orgs"][:] = reply.body["orgs"][1:]
            return reply

    service = Service(roster(), Losing)
    with serving(service) as api, pytest.raises(AnswerIncomplete, match="6 records came"):
        read(build(max_reads=1), resource_of(api), folder)


def test_a_filter_that_the_server_does_not_know_is_told(folder: Path) -> None:
    with serving(Service(roster())) as api, pytest.raises(RequestRefused, match="status 400"):
        read(build(params={"filter": "name has 'x'"}), resource_of(api), folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("endpoint: /pupils", "'/pupils' ends in no collection of OneRoster; there are: academic"),
        ('{endpoint: /orgs, version: "1.0"}', 'there is no \'1.0\'; give "1.1" or "1.2"'),
        ("{endpoint: /orgs, limit: 5}", "limit is no option of this factory"),
    ],
)
def test_a_wrong_entry_is_told_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    body = line if line.startswith("{") else f"{{{line}}}"
    body = f"{{name: orgs, code_location: kipptaf, {body[1:]}"
    (tmp_path / "api.yaml").write_text(f"assets:\n  - {body}\n")
    (entry,) = config_from_files([tmp_path / "api.yaml"])["assets"]
    with pytest.raises(ConfigError) as raised:
        build_oneroster_asset(**entry)
    assert said in str(raised.value)
    assert "api.yaml:2" in str(raised.value)
    assert "kipptaf/oneroster/orgs" in str(raised.value)


def test_partitions_fill_placeholders() -> None:
    schools = {"type": "static", "partition_keys": ["71011", "71012"]}
    aliases = {"school": {"71011": "school-71011"}}
    asset = build("/schools/{school}/classes", partitions_def=schools, partition_aliases=aliases)
    endpoint = endpoint_of(asset)
    assert endpoint
    assert endpoint.request.records == ("classes",)
    values = endpoint.placeholders_of_key("71011")
    path = "/ims/oneroster/rostering/v1p2/schools/school-71011/classes"
    assert endpoint.path.fill_path(values) == path


def test_the_environment_holds_urls_and_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = OneRosterResource.from_env("ROSTER", version="1.1", requests_per_minute=60)
    with serving(Service(roster(), version="1.1")) as api:
        for name, value in {
            "URL": api.url,
            "TOKEN_URL": f"{api.url}/oauth/token",
            "CLIENT_ID": "our-client",
            "CLIENT_SECRET": SECRET,
        }.items():
            monkeypatch.setenv(f"ROSTER_API_{name}", value)
        built = resource.process_config_and_initialize()
        with built.session() as session:
            found = session.get_json("/ims/oneroster/v1p1/orgs")
    assert len(found["orgs"]) == 7
    assert "v1p1" in str(built.scope)
    with DagsterInstance.ephemeral(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROSTER_API_TOKEN", "fixed")
        fixed = OneRosterResource.from_env("ROSTER", "bearer").process_config_and_initialize()
        assert (fixed.token, fixed.scope) == ("fixed", None)


def test_a_failed_run_says_nothing_of_a_record(runs: Runs) -> None:
    records = roster()
    records["users"][4]["roles"] = CANARY
    with serving(Service(records)) as api:
        result = runs.materialize(
            build("/users"), None, {"rest_oneroster": resource_of(api)}, raise_on_error=False
        )
    name, text = error_of(result)
    assert name == "TooManyRejectedRows"
    assert "roles" in text
    assert CANARY not in text
