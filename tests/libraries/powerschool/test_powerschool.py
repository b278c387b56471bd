"""PowerSchool's tables: every row once, and what is wrong is said."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teamster.cli.demo.powerschool_api import PowerSchoolApi
from teamster.core.errors import (
    AuthenticationFailed,
    ConfigError,
    PermissionRefused,
    RequestRefused,
)
from teamster.core.schema import field_names, resolve_schema
from teamster.libraries.powerschool import schema
from teamster.libraries.powerschool.assets import build_powerschool_asset
from teamster.libraries.powerschool.resources import refused_fields
from teamster.libraries.rest.resources import RestResource
from tests.libraries.powerschool.server import app_of, powerschool, read, resource_of
from tests.libraries.rest.contract import RestContract
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Answered, Api, App, Asked, Fault, serving

KEY = "rest_powerschool"
CONFIG = "src/teamster/code_locations/kippnewark/powerschool/config/assets-tables.yaml"
FAULTS: list[Fault] = ["429", "429 date", "502", "html 503", "reset", "slow", "truncated", "short"]
FEWER = settings(max_examples=max(1, settings.default.max_examples // 3))
YEARS = {"type": "fiscal_year", "start_date": "2023-07-01"}


def students(count: int, **columns: str | None) -> list[dict[str, str | None]]:
    fields = dict.fromkeys(field_names(resolve_schema(schema.Students)))
    return [
        # Rows lie in another order than that of their keys.
        {**fields, "dcid": str(n), "id": str(n + 5), "first_name": f"Zoë {n}", **columns}
        for n in sorted(range(1, count + 1), key=lambda n: n * 7919 % 101)
    ]


def build(table: str = "students", **options: Any) -> Any:
    model = f"teamster.libraries.powerschool.schema:{table.title().replace('_', '')}"
    return build_powerschool_asset(
        **{
            "asset_key": ["kippnewark", "powerschool", table],
            "avro_schema": model,
            "rest_resource_key": KEY,
            **options,
        }
    )


def dcids(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["dcid"]) for row in rows]


class TestStudents(RestContract):
    config = CONFIG
    table = "students"
    build = staticmethod(build_powerschool_asset)
    expected = 23

    def app(self) -> App:
        rows = students(23, lastfirst=self.canary)
        return app_of(powerschool({"students": rows}, page_cap=5, client_secret=self.secret))

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)


class TestStoredGrades(TestStudents):
    table = "storedgrades"

    def app(self) -> App:
        fields = dict.fromkeys(field_names(resolve_schema(schema.Storedgrades)))
        rows = [{**fields, "dcid": str(n), "grade": self.canary} for n in range(23)]
        return app_of(powerschool({"storedgrades": rows}, page_cap=9, client_secret=self.secret))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@given(
    count=st.integers(0, 40),
    cap=st.integers(1, 12),
    size=st.none() | st.integers(1, 20),
    bare=st.booleans(),
    faults=st.dictionaries(st.integers(0, 12), st.sampled_from(FAULTS), max_size=5),
)
def test_every_row_comes_once(
    folder: Path, count: int, cap: int, size: int | None, bare: bool, faults: dict[int, Fault]
) -> None:
    rows = students(count)
    with serving(app_of(powerschool({"students": rows}, page_cap=cap, bare=bare))) as api:
        api.faults = faults
        options = {} if size is None else {"page_size": size}
        found = read(api, folder, build(**options), max_attempts=6)
    assert dcids(found) == list(range(1, count + 1))
    assert {row["first_name"] for row in found} == {row["first_name"] for row in rows}


def test_pages_go_by_the_column_that_is_sorted_by(folder: Path) -> None:
    with serving(app_of(powerschool({"students": students(7)}, page_cap=5))) as api:
        found = read(api, folder, build(q="id=gt=6", sort="ID", page_size=3))
        assert dcids(found) == list(range(2, 8))
        pages = [asked for asked in api.asked if asked.get("projection")]
    assert [asked.get("q") for asked in pages] == [
        "id=gt=6",
        *(f"id=gt=6;id=gt={last}" for last in (9, 12)),
    ]
    assert {asked.get("pagesize") for asked in pages} == {"3"}
    assert {asked.get("sort") for asked in pages} == {"ID"}


def test_a_token_that_ends_in_mid_read_is_renewed(folder: Path) -> None:
    def expiring(server: PowerSchoolApi, asked: Asked) -> None:
        if asked.get("q") in ends:
            ends.remove(asked.get("q"))
            server.expire()

    ends = {"dcid=gt=8", "dcid=gt=16"}
    with serving(app_of(powerschool({"students": students(20)}, page_cap=4), expiring)) as api:
        assert dcids(read(api, folder, build())) == list(range(1, 21))
        assert [asked.path for asked in api.asked].count("/oauth/access_token") == 3


def test_a_token_that_never_works_is_told(folder: Path) -> None:
    expiring = lambda server, asked: server.expire()  # noqa: E731
    with (
        serving(app_of(powerschool({"students": students(2)}), expiring)) as api,
        pytest.raises(AuthenticationFailed, match="invalid_token; The access token has expired"),
    ):
        read(api, folder, build())


def test_fields_that_the_plugin_may_not_see_are_named(folder: Path) -> None:
    hidden = frozenset({"students.dob", "students.lunchstatus"})
    rows = students(3, dob="2010-01-02", lunchstatus="F")
    with serving(app_of(powerschool({"students": rows}, hidden=hidden))) as api:
        with pytest.raises(
            PermissionRefused, match=r"these fields: dob, lunchstatus\. Add"
        ) as told:
            read(api, folder, build())
        assert "/ws/schema/table/students: status 403" in str(told.value)
        assert len(api.asked) == 3  # token, count, page: refusals are not tried again
        whole = read(api, folder, build(projection="*"))
        assert dcids(whole) == [1, 2, 3]
        assert not {"dob", "lunchstatus"} & whole[0].keys()
        narrow = read(api, folder, build(projection=["dcid", "first_name"]))
        assert narrow == [{"dcid": str(n), "first_name": f"Zoë {n}"} for n in (1, 2, 3)]


def test_a_refusal_that_is_a_web_page_is_told(folder: Path) -> None:
    app = app_of(powerschool({"students": []}))
    page = Answered(b"<html>Forbidden</html>", 403, {"Content-Type": "text/html"})
    with (
        serving(lambda asked: page if asked.get("projection") else app(asked)) as api,
        pytest.raises(PermissionRefused, match="no access to a field of the table"),
    ):
        read(api, folder, build())


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.sampled_from(["students.dob", "ssn", "dob"]),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_nothing_of_a_refusal_is_shown_but_what_we_asked_for(document: Any) -> None:
    assert set(refused_fields(document, ["dcid", "dob"])) <= {"dcid", "dob"}


def test_a_table_that_is_not_there_and_a_column_are_refused(folder: Path) -> None:
    with serving(app_of(powerschool({"students": students(1)}))) as api:
        with pytest.raises(RequestRefused, match="status 404"):
            read(api, folder, build(table="sections"))
        with pytest.raises(RequestRefused, match="status 400"):
            read(api, folder, build(projection="dcid,no_such_column"))
        with pytest.raises(RequestRefused, match="search expression is invalid"):
            read(api, folder, build(q="no_such_column==1"))


@FEWER
@given(days=st.lists(st.dates(date(2023, 1, 1), date(2025, 12, 31)), max_size=30))
def test_windows_part_the_rows_among_them(folder: Path, days: list[Any]) -> None:
    fields = dict.fromkeys(field_names(resolve_schema(schema.Attendance)))
    rows = [
        {**fields, "dcid": str(n), "att_date": day.isoformat()} for n, day in enumerate(days, 1)
    ]
    asset = build("attendance", window="att_date", partitions_def=YEARS)
    with serving(app_of(powerschool({"attendance": rows}, page_cap=7))) as api:
        for year in (2023, 2024):
            found = read(api, folder, asset, f"{year}-07-01")
            first, end = f"{year}-07-01", f"{year + 1}-07-01"
            wanted = [n for n, day in enumerate(days, 1) if first <= day.isoformat() < end]
            assert dcids(found) == wanted


def test_a_query_takes_partition_values_and_is_counted(folder: Path) -> None:
    rows = [*students(5, schoolid="71"), *({**s, "schoolid": "72"} for s in students(3))]
    rows = [{**row, "dcid": str(n)} for n, row in enumerate(rows)]
    schools = {"type": "static", "partition_keys": ["71", "72", "73"]}
    asset = build(q="schoolid=={school};enroll_status!=3", partitions_def=schools)
    rows = [{**row, "enroll_status": "0"} for row in rows]
    with serving(app_of(powerschool({"students": rows}, page_cap=2))) as api:
        assert [len(read(api, folder, asset, key)) for key in ("71", "72", "73")] == [5, 3, 0]
        counted = [asked for asked in api.asked if asked.path.endswith("/count")]
        assert {asked.get("q") for asked in counted} == {
            f"schoolid=={school};enroll_status!=3" for school in (71, 72, 73)
        }
        assert not any(asked.get("projection") for asked in counted)


def test_a_table_with_no_rows_is_written_empty_since_the_server_counts_none(runs: Runs) -> None:
    asset = build()
    with serving(app_of(powerschool({"students": []}, bare=True))) as api:
        assert runs.materialize(asset, None, {KEY: resource_of(api)}).success
    assert runs.rows(key=["kippnewark", "powerschool", "students"]) == []


def test_changes_are_laid_over_what_is_there(runs: Runs) -> None:
    since = {
        "params": {"q": "transaction_date=ge={since}"},
        "time_format": "%Y-%m-%d",
        "overlap": "2 days",
    }
    rows = students(9, transaction_date="2020-01-01")
    with serving(app_of(powerschool({"students": rows}, page_cap=4))) as api:
        run = lambda: runs.materialize(build(since=since), None, {KEY: resource_of(api)})  # noqa: E731
        assert run().success
        rows[0] |= {"transaction_date": "2999-01-01", "first_name": "New"}
        api.asked.clear()
        assert run().success
        first, last = [asked.get("q") for asked in api.asked if asked.get("projection")]
        assert last == f"{first};dcid=gt={rows[0]['dcid']}"
    found = runs.rows(key=["kippnewark", "powerschool", "students"])
    assert {row["dcid"]: row["first_name"] for row in found} == {
        row["dcid"]: row["first_name"] for row in rows
    }


def test_a_wrong_secret_is_told_once(runs: Runs) -> None:
    with serving(app_of(powerschool({"students": students(1)}))) as api:
        resource = resource_of(api, "another-s3cret")
        result = runs.materialize(build(), None, {KEY: resource}, raise_on_error=False)
        name, text = error_of(result)
        assert len(api.asked) == 1
    assert name == "AuthenticationFailed"
    assert "invalid_client" in text
    assert "another-s3cret" not in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"windw": "att_date"}, "windw is no option"),
        ({"page_size": 0}, "page_size"),
        ({"sort": "dcid;x"}, "sort"),
        ({"window": "att_date"}, "placeholder date"),
        ({"avro_schema": "teamster.libraries.powerschool.schema:Studnets"}, "cannot be imported"),
    ],
)
def test_wrong_options_are_told_with_the_asset(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=f"kippnewark/powerschool/students: .*{told}"):
        build(**options)


TABLES = [name for name in vars(schema) if name[0].isupper() and name != "AvroSchema"]


@pytest.mark.parametrize("name", TABLES)
def test_schemas_hold_no_secret_and_have_the_key(name: str) -> None:
    fields = field_names(resolve_schema(getattr(schema, name)))
    assert "dcid" in fields or name == "EnrollmentSubmissionRecords"
    assert [each for each in fields if "password" in each or "ssn" in each or each == "pw"] == []
