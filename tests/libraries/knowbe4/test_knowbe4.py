"""KnowBe4's enrolments, against an API written from the vendor's documentation."""

from typing import Any

from teamster.libraries.knowbe4.assets import build_knowbe4_asset
from teamster.libraries.knowbe4.resources import REQUESTS_PER_MINUTE, get_knowbe4_resource
from teamster.libraries.rest.resources import RestResource
from tests.libraries.lists import ListContract, Rows, read, without_nulls
from tests.libraries.rest.contract import QUICK
from tests.libraries.rest.server import Answered, Api, App, Asked, serving

MOST = 500


class KnowBe4Api:
    """The Reporting API: a bearer token, bare arrays, page and per_page of at most 500."""

    def __init__(self, rows: Rows, cap: int, secret: str) -> None:
        self.rows, self.cap, self.secret = rows, min(cap, MOST), secret

    def __call__(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") != f"Bearer {self.secret}":
            return Answered({"message": "Unauthorized"}, 401)
        if asked.path != "/v1/training/enrollments":
            return Answered({"message": "Not Found"}, 404)
        size = min(asked.number("per_page", 100), self.cap)
        start = (asked.number("page", 1) - 1) * size
        found = self.rows[start : start + size]
        if asked.get("include_employee_number") == "true":
            return Answered(found)
        return Answered([{**row, "user": _without_number(row["user"])} for row in found])


def _without_number(user: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if name != "employee_number"}


def resource_of(api: Api, secret: str) -> RestResource:
    return get_knowbe4_resource(
        base_url=f"{api.url}/v1", token=secret, requests_per_minute=None, **QUICK
    )


class TestEnrollments(ListContract):
    config = "src/teamster/code_locations/kipptaf/knowbe4/config/assets-lists.yaml"
    table = "training_enrollments"
    build = staticmethod(build_knowbe4_asset)

    def api(self, rows: Rows, cap: int) -> App:
        return KnowBe4Api(rows, cap, self.secret)

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)

    def row(self, number: int) -> dict[str, Any]:
        return {
            "enrollment_id": 1425526 + number,
            "content_type": "Uploaded Policy",
            "module_name": "Acceptable Use Policy",
            "user": {
                "id": 667542,
                "first_name": self.canary,
                "last_name": "Marr",
                "email": "w.marr@example.org",
                "employee_number": "0012",
            },
            "campaign_name": "New Employee Policies",
            "enrollment_date": "2026-04-02T15:02:38.000Z",
            "start_date": None,
            "completion_date": None,
            "status": "Passed",
            "time_spent": 2340,
            "policy_acknowledged": False,
            "score": 97.5,
        }

    def stored(self, number: int) -> dict[str, Any]:
        return dict(without_nulls(self.row(number)))

    def test_archived_users_and_employee_numbers_are_asked_for(self) -> None:
        with serving(self.app()) as api:
            read(self.made(), resource_of(api, self.secret))
        assert {asked.get("exclude_archived_users") for asked in api.asked} == {"false"}
        assert {asked.get("include_employee_number") for asked in api.asked} == {"true"}
        assert {asked.get("per_page") for asked in api.asked} == {str(MOST)}

    def test_the_vendors_limit_is_kept(self) -> None:
        assert get_knowbe4_resource().requests_per_minute == REQUESTS_PER_MINUTE
