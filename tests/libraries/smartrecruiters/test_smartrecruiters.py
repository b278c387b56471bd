"""SmartRecruiters' reports, against an API written from the vendor's documentation."""

import csv
import io
from typing import Any

import pytest
from dagster import AssetsDefinition
from hypothesis import given
from hypothesis import strategies as st

from teamster.libraries.rest.resources import RestResource
from teamster.libraries.smartrecruiters.assets import build_smartrecruiters_asset
from teamster.libraries.smartrecruiters.resources import get_smartrecruiters_resource
from tests.libraries.lists import FEWER, read, table_of
from tests.libraries.rest.contract import FAULTS, QUICK, RestContract
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Answered, Api, App, Asked, Fault, serving
from tests.libraries.sftp.vendor import check_of

CONFIG = "src/teamster/code_locations/kipptaf/smartrecruiters/config/assets-reports.yaml"
REPORT = "/reporting-api/v201804/reports/00000000-0000-0000-0000-000000000000"
HEADER = ["Application ID", "Candidate First Name", "Application Status (In Review: Resume Review)"]


class ReportingApi:
    """The Reporting API: a report is ordered, made in a while, and then its newest file is given.

    Args:
        rows: The report's rows as they are now.
        secret: The key.
        looks: How often a file is not ready yet.
        state: What becomes of files.
    """

    def __init__(
        self, rows: list[list[str]], secret: str, looks: int = 2, state: str = "COMPLETED"
    ) -> None:
        self.rows, self.secret, self.looks, self.state = rows, secret, looks, state
        self.header = list(HEADER)
        self.files: list[dict[str, Any]] = []

    def __call__(self, asked: Asked) -> Answered:
        if asked.headers.get("x-smarttoken") != self.secret:
            return Answered({"message": "Wrong X-SmartToken", "errors": []}, 401)
        match asked.method, asked.path.removeprefix(REPORT):
            case "POST", "/files":
                name = f"file-{len(self.files)}"
                self.files.append({"id": name, "rows": list(self.rows), "looks": self.looks})
                return Answered(self._told(self.files[-1]), 201)
            case "GET", "/files/recent" if self.files:
                self.files[-1]["looks"] -= 1
                return Answered(self._told(self.files[-1]))
            case "GET", "/files/recent/data" if self._ready():
                content = _csv([self.header, *self._ready()[-1]["rows"]])
                return Answered(content, headers={"Content-Type": "text/csv;charset=UTF-8"})
        return Answered({"message": "Not found", "errors": []}, 404)

    def _ready(self) -> list[dict[str, Any]]:
        return [file for file in self.files if file["looks"] <= 0]

    def _told(self, file: dict[str, Any]) -> dict[str, str]:
        state = "PENDING" if file["looks"] > 0 else self.state
        return {"reportFileId": file["id"], "reportFileStatus": state, "scheduleType": "AD_HOC"}


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def resource_of(api: Api, secret: str, **fields: Any) -> RestResource:
    quick = {**QUICK, "report_pause": 0.001, **fields}
    return get_smartrecruiters_resource(base_url=api.url, api_key=secret, **quick)


class TestApplications(RestContract):
    config = CONFIG
    table = "applications"
    build = staticmethod(build_smartrecruiters_asset)
    expected = 23

    def app(self) -> App:
        rows = [[str(number), self.canary, "2026-02-03"] for number in range(self.expected)]
        return ReportingApi(rows, self.secret)

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)

    def test_every_record_arrives_once(self, runs: Runs, asset: AssetsDefinition) -> None:
        app = self.app()
        assert isinstance(app, ReportingApi)
        app.header[2] = "Application Status In Review Resume Review Date"
        with serving(app) as api:
            result = self.run(runs, api, asset)
        assert check_of(result).passed
        rows = self.rows(runs, asset)
        assert [row["application_id"] for row in rows] == [str(each) for each in range(23)]
        assert {row["candidate_first_name"] for row in rows} == {self.canary}
        dates = {row["application_status_in_review_resume_review_date"] for row in rows}
        assert dates == {"2026-02-03"}

    def test_a_new_field_is_a_warning_by_its_name(
        self, runs: Runs, asset: AssetsDefinition
    ) -> None:
        with serving(self.app()) as api:
            result = self.run(runs, api, asset)
        extras = check_of(result).metadata["extras"].value
        assert extras == "application_status_in_review_resume_review"


def made() -> AssetsDefinition:
    return table_of(CONFIG, build_smartrecruiters_asset, "applications")


# A CSV that is cut short under a Content-Length of its own cannot be told from a shorter one.
SEEN: list[Fault] = [fault for fault in FAULTS if fault != "truncated"]


@FEWER
@given(
    count=st.integers(0, 20),
    looks=st.integers(0, 4),
    faults=st.dictionaries(st.integers(0, 10), st.sampled_from(SEEN), max_size=5),
)
def test_every_row_comes_once_whatever_lies_in_the_way(count: int, looks: int, faults: Any) -> None:
    rows = [[str(number), 'Ana, "A"', "a\nb"] for number in range(count)]
    with serving(ReportingApi(rows, "key", looks)) as api:
        api.faults = faults
        found = read(made(), resource_of(api, "key", max_attempts=7))
    assert [list(row.values()) for row in found] == rows


def test_each_run_has_the_report_made_anew(runs: Runs) -> None:
    app = ReportingApi([["1", "Ana", ""]], "key")
    with serving(app) as api:
        resources = {"rest_smartrecruiters": resource_of(api, "key")}
        runs.materialize(made(), None, resources)
        app.rows.append(["2", "Ben", ""])
        runs.materialize(made(), None, resources)
    rows = runs.rows(key=["kipptaf", "smartrecruiters", "applications"])
    assert [row["application_id"] for row in rows] == ["1", "2"]
    assert len(app.files) == 2


@pytest.mark.parametrize(
    ("looks", "state", "error", "said"),
    [
        (0, "FAILED", "UnexpectedAnswer", "could not make the report"),
        (0, "", "UnexpectedAnswer", "no reportFileStatus"),
        (10**6, "COMPLETED", "ServerUnavailable", "not made after 0.05 seconds"),
    ],
)
def test_a_report_that_is_not_made_leaves_the_last_object(
    runs: Runs, looks: int, state: str, error: str, said: str
) -> None:
    app = ReportingApi([["1", "Ana", ""]], "key")
    with serving(app) as api:
        resources = {"rest_smartrecruiters": resource_of(api, "key", report_timeout=0.05)}
        runs.materialize(made(), None, resources)
        app.looks, app.state = looks, state
        result = runs.materialize(made(), None, resources, raise_on_error=False)
    name, text = error_of(result)
    assert name == error
    assert said in text
    assert len(runs.rows(key=["kipptaf", "smartrecruiters", "applications"])) == 1
