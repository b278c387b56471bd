"""Overgrad's lists, against an API written from the vendor's documentation."""

from typing import Any

import pytest
from dagster import SensorResult, SkipReason, build_sensor_context

from teamster.code_locations.kipptaf.overgrad.assets import assets
from teamster.core.errors import ConfigError
from teamster.core.resources import get_io_managers
from teamster.libraries.overgrad.assets import build_overgrad_asset
from teamster.libraries.overgrad.resources import get_overgrad_resource
from teamster.libraries.overgrad.sensors import build_overgrad_university_sensor
from teamster.libraries.rest.resources import RestResource
from tests.libraries.lists import Rows, StatedListContract, table_of, without_nulls
from tests.libraries.rest.contract import QUICK
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Answered, Api, App, Asked, serving

CONFIG = "src/teamster/code_locations/kipptaf/overgrad/config"
LISTS = f"{CONFIG}/assets-lists.yaml"


class OvergradApi:
    """Overgrad's API, version 1: a key in the header ApiKey; page and limit; counts in the body."""

    def __init__(self, lists: dict[str, Rows], cap: int, secret: str) -> None:
        self.lists, self.cap, self.secret = lists, cap, secret

    def __call__(self, asked: Asked) -> Answered:
        if asked.headers.get("apikey") != self.secret:
            return Answered({"error": "Unauthorized"}, 401)
        _, _, name, *rest = asked.path.split("/")
        if name not in self.lists:
            return Answered({"error": "Not Found"}, 404)
        rows = self.lists[name]
        if rest:
            found = [row for row in rows if str(row["id"]) == rest[0]]
            return Answered(found[0]) if found else Answered({"error": "Not Found"}, 404)
        size = min(asked.number("limit", 20), self.cap)
        start = (asked.number("page", 1) - 1) * size
        return Answered(
            {
                "total_count": len(rows),
                "total_pages": -(-len(rows) // size),
                "data": rows[start : start + size],
            }
        )


def resource_of(api: Api, secret: str) -> RestResource:
    return get_overgrad_resource(
        base_url=f"{api.url}/v1", api_key=secret, requests_per_minute=None, **QUICK
    )


class TestAdmissions(StatedListContract):
    config = LISTS
    table = "admissions"
    build = staticmethod(build_overgrad_asset)

    def api(self, rows: Rows, cap: int) -> App:
        return OvergradApi({self.table: rows}, cap, self.secret)

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)

    def row(self, number: int) -> dict[str, Any]:
        return {
            "id": number,
            "object": "admission",
            "applied_on": "2025-11-01",
            "status": None,
            "waitlisted": False,
            "probability_of_acceptance": 0.25,
            "student": {"id": 900 + number, "external_student_id": self.canary},
            "university": {"id": 7, "ipeds_id": 186131},
            "award_letter": {"status": "offered", "net_cost": 12500, "seog": 0.5},
            "custom_field_values": [{"custom_field_id": 3, "number": 1.5, "select": 4}],
        }

    def stored(self, number: int) -> dict[str, Any]:
        return dict(without_nulls(self.row(number)))


STUDENT = {
    "id": 1,
    "first_name": "Ana",
    "graduation_year": 2027,
    "telephone": "",
    "school": {"id": 1, "object": "school", "name": "Heights"},
    "academics": {"weighted_gpa": 4.1, "highest_sat": 1310},
    "assigned_counselor": None,
    "custom_field_values": [],
}
FOLLOWING = {"id": 1, "rank": 2, "university": {"id": 7, "ipeds_id": None}}
FIELD = {"id": 3, "name": "Essay", "custom_field_options": [{"id": 4, "label": "Done"}]}
UNIVERSITY = {"id": 7, "ipeds_id": 186131, "name": "Rutgers", "public_school": True}


@pytest.mark.parametrize(
    ("table", "row"),
    [("students", STUDENT), ("followings", FOLLOWING), ("custom_fields", FIELD)],
)
def test_the_other_lists(runs: Runs, table: str, row: dict[str, Any]) -> None:
    asset = table_of(LISTS, build_overgrad_asset, table)
    with serving(OvergradApi({table: [row]}, 5, "key")) as api:
        runs.materialize(asset, None, {"rest_overgrad": resource_of(api, "key")})
    (stored,) = runs.rows(key=["kipptaf", "overgrad", table])
    sent = {name: value for name, value in row.items() if value != ""}  # empty text is null
    assert without_nulls(stored) == without_nulls(sent)


def followed(*ids: int) -> Rows:
    return [{"id": number, "university": {"id": each}} for number, each in enumerate(ids)]


def test_the_sensor_adds_the_universities_that_lists_name(runs: Runs) -> None:
    by_table = {asset.key.path[-1]: asset for asset in assets}
    sources = [by_table["admissions"], by_table["followings"]]
    watching = build_overgrad_university_sensor(
        "universities", by_table["universities"], sources, most=2
    )
    lists = {
        "admissions": followed(9, 7),
        "followings": followed(7, 30),
        "universities": [UNIVERSITY],
    }
    avro = {"io_manager_gcs_avro": get_io_managers("kipptaf")["io_manager_gcs_avro"]}

    def tick(cursor: str | None) -> SensorResult | SkipReason:
        context = build_sensor_context(instance=runs.instance, cursor=cursor, resources=avro)
        found = watching(context)
        if isinstance(found, SkipReason):
            return found
        assert isinstance(found, SensorResult)
        for request in found.dynamic_partitions_requests or ():
            runs.instance.add_dynamic_partitions(
                request.partitions_def_name, request.partition_keys
            )
        return found

    with serving(OvergradApi(lists, 5, "key")) as api:
        rest = {"rest_overgrad": resource_of(api, "key")}
        runs.materialize(sources[0], None, rest)
        first = tick(None)
        assert isinstance(first, SensorResult)
        assert [request.partition_key for request in first.run_requests or ()] == ["7", "9"]
        assert isinstance(tick(first.cursor), SkipReason)
        runs.materialize(sources[1], None, rest)
        second = tick(first.cursor)
        assert isinstance(second, SensorResult)
        assert [request.partition_key for request in second.run_requests or ()] == ["30"]
        runs.materialize(by_table["universities"], "7", rest)
        failed = runs.materialize(by_table["universities"], "9", rest, raise_on_error=False)
    hive = "_dagster_partition_key=7"
    (stored,) = runs.rows(hive, key=["kipptaf", "overgrad", "universities"])
    assert without_nulls(stored) == UNIVERSITY
    assert error_of(failed)[0] == "RequestRefused"


def test_a_sensor_of_universities_needs_dynamic_partitions() -> None:
    (asset, *_) = assets
    with pytest.raises(ConfigError, match="must be dynamic"):
        build_overgrad_university_sensor("universities", asset, [])
