"""DeansList: every record of a school once, deleted ones among them, by its own key."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetsDefinition, MultiPartitionKey
from hypothesis import given, settings
from hypothesis import strategies as st

from teamster.core.errors import (
    AnswerIncomplete,
    AuthenticationFailed,
    ConfigError,
    UnexpectedAnswer,
)
from teamster.core.partitions import hive_parts
from teamster.libraries.deanslist.assets import build_deanslist_asset
from teamster.libraries.rest.resources import RestResource
from tests.libraries.deanslist.feeds import KEYS, SCHOOLS, build, read, resource_of
from tests.libraries.deanslist.server import DeansList, day_of
from tests.libraries.rest.contract import RestContract
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Api, App, Fault, serving

CONFIG = "src/teamster/code_locations/kippnewark/deanslist/config/assets-endpoints.yaml"
FAULTS: list[Fault] = ["429", "429 date", "502", "html 503", "reset", "slow", "truncated", "short"]
FEWER = settings(max_examples=max(1, settings.default.max_examples // 2))


def behaviors(days: list[date], first: int = 0) -> list[dict[str, Any]]:
    return [
        {"DLSAID": str(n), "BehaviorDate": day.isoformat(), "Notes": f"N\n{n} é"}
        for n, day in enumerate(days, first)
    ]


def year(start: int, school: str) -> str:
    return str(MultiPartitionKey({"date": f"{start}-07-01", "school": school}))


class TestBehavior(RestContract):
    config = CONFIG
    table = "behavior"
    build = staticmethod(build_deanslist_asset)
    partition_key = year(2025, "9101")
    expected = 23

    def app(self) -> App:
        rows = [
            {"DLSAID": n, "BehaviorDate": "2025-10-01", "Behavior": self.canary} for n in range(23)
        ]
        kept = {"9101": {"behavior": rows[:20]}}
        return DeansList({self.secret: "9101"}, kept, {"9101": {"behavior": rows[20:]}})

    def resource(self, api: Api, secret: str) -> RestResource:
        os.environ["DEANSLIST_API_KEY_9101"] = secret
        return resource_of(api)

    def test_a_run_that_failed_leaves_the_last_object(
        self, runs: Runs, asset: AssetsDefinition
    ) -> None:
        with serving(self.app()) as api:  # as the contract has it, for one request a run
            self.run(runs, api, asset)
            before = self.rows(runs, asset)
            api.faults = {len(api.asked) + number: "502" for number in range(99)}
            assert error_of(self.run(runs, api, asset))[0] == "ServerUnavailable"
            assert self.rows(runs, asset) == before


class TestRosterAssignments(TestBehavior):
    table = "roster_assignments"
    partition_key = "9101"

    def app(self) -> App:
        rows = [{"DLRosterID": n, "LastName": self.canary} for n in range(23)]
        return DeansList({self.secret: "9101"}, {"9101": {"roster-assignments": rows}})


DAYS = st.lists(st.dates(date(2023, 1, 1), date(2026, 12, 31)), max_size=25)


@FEWER
@given(
    kept=DAYS,
    gone=DAYS,
    wanted=st.booleans(),
    faults=st.dictionaries(st.integers(0, 8), st.sampled_from(FAULTS), max_size=4),
)
def test_every_record_comes_once_in_its_own_partition(
    folder: Path, kept: list[date], gone: list[date], wanted: bool, faults: dict[int, Fault]
) -> None:
    rows, deleted = behaviors(kept), behaviors(gone, 1000)
    server = DeansList(KEYS, {"1": {"behavior": rows}}, {"1": {"behavior": deleted}})
    asset = build(params={"IncludeDeleted": "Y"} if wanted else {})
    with serving(server) as api:
        api.faults = faults
        for start in (2023, 2025):
            found = read(api, folder, asset, year(start, "1"))
            first, last = f"{start}-07-01", f"{start + 1}-06-30"
            expected = [row for row in rows if first <= day_of(row) <= last]
            if wanted:
                expected = [{**row, "is_deleted": False} for row in expected] + [
                    {**row, "is_deleted": True} for row in deleted if first <= day_of(row) <= last
                ]
            assert found == expected
        assert read(api, folder, asset, year(2025, "2")) == []


@pytest.mark.parametrize("name", ["rowcount", "deleted_rowcount"])
@pytest.mark.parametrize("more", [-1, 1])
def test_a_count_that_does_not_agree_is_told(folder: Path, name: str, more: int) -> None:
    day = [date(2025, 10, 1)]
    rows = {"1": {"behavior": behaviors(day)}}
    server = DeansList(KEYS, rows, {"1": {"behavior": behaviors(day, 9)}}, counts={name: more})
    with serving(server) as api, pytest.raises(AnswerIncomplete, match="in 3 reads"):
        read(api, folder, build(), year(2025, "1"))


@pytest.mark.parametrize("table", ["behavior", "comm_log", "incidents"])
def test_a_server_that_ignores_the_dates_is_told(folder: Path, table: str) -> None:
    days = [date(start, 10, 1) for start in (2023, 2024, 2025)]
    stamps = [{"date": f"{day} 08:00:00.000000", "timezone_type": 3} for day in days]
    made = {
        "behavior": behaviors(days),
        "comm_log": [{"CallDateTime": f"{day} 08:00:00"} for day in days],
        "incidents": [{"IssueTS": stamp, "CreateTS": stamp, "CloseTS": None} for stamp in stamps],
    }
    asset = build(table)
    rows = {"1": {table.replace("_", "-"): made[table]}}
    with serving(DeansList(KEYS, rows)) as api:
        assert len(read(api, folder, asset, year(2025, "1"))) == 1
    with (
        serving(DeansList(KEYS, rows, knows_dates=False)) as api,
        pytest.raises(UnexpectedAnswer, match="2 of 3 records lie outside the dates") as told,
    ):
        read(api, folder, asset, year(2025, "1"))
    assert "2024" not in str(told.value)


def test_each_school_has_its_own_key(folder: Path) -> None:
    days = [date(2025, 10, 1)]
    rows = {"1": {"behavior": behaviors(days)}, "2": {"behavior": behaviors(days * 2)}}
    with serving(DeansList(KEYS, rows)) as api:
        assert len(read(api, folder, build(), year(2025, "1"))) == 1
        assert len(read(api, folder, build(), year(2025, "2"))) == 2
        with pytest.raises(ConfigError, match="DEANSLIST_API_KEY_3, the key of school 3, is not"):
            read(api, folder, build(), year(2025, "3"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DEANSLIST_API_KEY_1", "another-s3cret")
            with pytest.raises(AuthenticationFailed) as told:
                read(api, folder, build(), year(2025, "1"))
        assert "another-s3cret" not in str(told.value)
        own = resource_of(api, key_variables={"1": "A_KEY"})
        with pytest.raises(ConfigError, match="A_KEY"), own.session({"school": "1"}):
            pass
        with pytest.raises(ConfigError, match="partition the asset by school"), own.session({}):
            pass
    assert "key-of-one" not in repr(own)


def test_nested_records_arrive_as_they_nest(runs: Runs) -> None:
    stamp = {"date": "2025-10-02 00:00:00.000000", "timezone_type": 3, "timezone": "UTC"}
    student = {
        "StudentID": 12,
        "Is504": "N",
        "BirthDate": 20140102,
        "HallPassDailyLimit": "3",
        "Enrollment": {"EnrollmentID": "5", "StartDate": stamp, "EndDate": None},
        "Parents": [
            {"FirstName": "P", "CanPickup": True, "PhoneNumbers": [{"AutoDial": "Y", "Label": "h"}]}
        ],
        "CustomFields": [{"FieldName": "f", "NumValue": 1, "SelectedOptions": ["a", "b"]}],
        "Notes": [],
    }
    asset = build("students", partitions_def=SCHOOLS, params={"IncludeParents": "Y"})
    with serving(DeansList(KEYS, {"1": {"students": [student]}})) as api:
        resources: dict[str, RestResource] = {"rest_deanslist": resource_of(api)}
        assert runs.materialize(asset, "1", resources).success
    (row,) = runs.rows(
        *hive_parts(asset.partitions_def, "1"), key=["kippnewark", "deanslist", "students"]
    )
    assert (row["StudentID"], row["Is504"], row["BirthDate"]) == ("12", False, "20140102")
    assert row["HallPassDailyLimit"] == 3
    assert row["Enrollment"]["StartDate"] == stamp
    assert row["Enrollment"]["EndDate"] is None
    assert row["Parents"][0]["PhoneNumbers"][0]["AutoDial"] is True
    assert row["CustomFields"][0]["NumValue"] == 1.0
    assert row["CustomFields"][0]["SelectedOptions"] == ["a", "b"]


def test_a_flag_of_the_servers_own_wins_and_an_empty_record_has_one(folder: Path) -> None:
    rows: list[dict[str, Any]] = [{"is_deleted": True, "DLSAID": "1"}, {}]
    asset = build(partitions_def=SCHOOLS)
    with serving(DeansList(KEYS, {"1": {"behavior": rows}})) as api:
        found = read(api, folder, asset, "1")
    assert found == [{"is_deleted": True, "DLSAID": "1"}, {"is_deleted": False}]
