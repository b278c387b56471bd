"""Ed-Fi's resources, against an ODS/API written from its documentation."""

import json
from typing import Any

import pytest
from dagster import AssetsDefinition
from hypothesis import given, settings
from hypothesis import strategies as st

from teamster.core.config import config_from_files
from teamster.libraries.edfi.assets import LATE, build_edfi_asset
from teamster.libraries.edfi.resources import get_edfi_resource
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.rest.resources import RestResource
from tests.libraries.edfi.ods import Ods
from tests.libraries.lists import (
    OAuthContract,
    Rows,
    StatedListContract,
    read,
    table_of,
)
from tests.libraries.rest.contract import QUICK, ROOT
from tests.libraries.rest.runs import Runs, data_version, error_of, runs_in
from tests.libraries.rest.server import Answered, Api, App, Asked, serving
from tests.libraries.sftp.vendor import metadata_of

CONFIG = "src/teamster/code_locations/kipptaf/edfi/config/assets-resources.yaml"
ENTRIES = config_from_files([ROOT / CONFIG])["assets"]
STUDENTS, DELETES = ["kipptaf", "edfi", "students"], ["kipptaf", "edfi", "students_deletes"]


def resource_of(api: Api, secret: str = "key", **fields: Any) -> RestResource:
    quick = {**QUICK, **fields}
    return get_edfi_resource(base_url=api.url, client_id="client", client_secret=secret, **quick)


class TestSchools(StatedListContract, OAuthContract):
    config = CONFIG
    table = "schools"
    build = staticmethod(build_edfi_asset)

    def ods(self, rows: Rows, **options: Any) -> App:
        """The rows are looked at anew for each answer: the law changes them meanwhile."""
        server = Ods(self.secret, **options)

        def answer(asked: Asked) -> Answered:
            server.resource("ed-fi/schools").records = {row["id"]: row for row in rows}
            server.resource("ed-fi/schools").versions = {row["id"]: 1 for row in rows}
            return server(asked)

        return answer

    def api(self, rows: Rows, cap: int) -> App:
        return self.ods(rows, cap=cap)

    def all_of_them(self) -> Rows:
        return [self.row(number) for number in range(self.expected)]

    def app_of_tokens(self, uses: int) -> App:
        return self.ods(self.all_of_them(), uses=uses, cap=7)

    def app_without_scope(self) -> App:
        return self.ods(self.all_of_them(), allowed=False)

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)

    def row(self, number: int) -> dict[str, Any]:
        return {
            "id": f"{number:032x}",
            "localEducationAgencyReference": {
                "localEducationAgencyId": 255901,
                "link": {"rel": "LocalEducationAgency", "href": "/ed-fi/localEducationAgencies/8"},
            },
            "schoolId": 255901000 + number,
            "nameOfInstitution": self.canary,
            "addresses": [
                {"addressTypeDescriptor": "uri://ed-fi.org/A#Physical", "city": "X", "periods": []}
            ],
            "educationOrganizationCategories": [],
            "gradeLevels": [{"gradeLevelDescriptor": "uri://ed-fi.org/G#Ninth grade"}],
            "_ext": {"tpdm": {}},
            "_etag": "5249589134163111301",
            "_lastModifiedDate": "2026-02-03T10:00:00Z",
        }

    def stored(self, number: int) -> dict[str, Any]:
        row = self.row(number)
        row["addresses"][0]["periods"] = "[]"
        return {**row, "educationOrganizationCategories": "[]", "_ext": '{"tpdm":{}}'}


def student(number: int, name: str = "Ana") -> dict[str, Any]:
    return {"id": f"{number:032x}", "studentUniqueId": str(number), "firstName": name}


def made(table: str) -> AssetsDefinition:
    return table_of(CONFIG, build_edfi_asset, table)


def run(runs: Runs, api: Api, asset: AssetsDefinition, **options: Any) -> Any:
    return runs.materialize(asset, None, {"rest_edfi": resource_of(api)}, **options)


def names(runs: Runs) -> dict[str, str]:
    rows = runs.rows(key=STUDENTS)
    found = {row["studentUniqueId"]: row["firstName"] for row in rows}
    assert len(found) == len(rows), "a student stands twice"
    return found


def test_only_what_changed_is_asked_for_and_laid_over_the_last_object(runs: Runs) -> None:
    ods, asset = Ods("key"), made("students")
    for number in range(60):
        ods.save("ed-fi/students", student(number))
    with serving(ods) as api:
        run(runs, api, asset)
        ods.save("ed-fi/students", student(7, "Ben"))
        ods.save("ed-fi/students", student(60))
        result = run(runs, api, asset)
        listings = [asked for asked in api.asked if asked.path.endswith("/ed-fi/students")]
    assert names(runs) == {**{str(number): "Ana" for number in range(61)}, "7": "Ben"}
    assert metadata_of(result)["changes"] == 61  # all of them are late enough to be asked again
    assert listings[-1].get("minChangeVersion") == "0"
    assert "minChangeVersion" not in listings[0].query


def test_a_transaction_that_ends_late_is_taken_by_the_next_run(runs: Runs) -> None:
    """It took its number before the mark, and could be seen only after it."""
    ods, asset = Ods("key"), made("students")
    ods.save("ed-fi/students", student(1))
    ods.newest = 5 * LATE
    with serving(ods) as api:
        first = run(runs, api, asset)
        ods.save_late("ed-fi/students", student(2), ods.newest - LATE)
        second = run(runs, api, asset)
        third = run(runs, api, asset)
        assert api.asked[-1].get("minChangeVersion") == str(4 * LATE)
    assert names(runs) == {"1": "Ana", "2": "Ana"}
    assert [metadata_of(each)["changes"] for each in (first, second, third)] == [1, 1, 1]
    assert data_version(first) != data_version(second) == data_version(third)


def test_what_is_saved_while_a_run_reads_is_taken_by_the_next(runs: Runs) -> None:
    ods, asset = Ods("key"), made("students")
    ods.save("ed-fi/students", student(1))
    with serving(ods) as api:
        run(runs, api, asset)
        ods.meanwhile = lambda: ods.save("ed-fi/students", student(1, "Ben"))  # after the mark
        run(runs, api, asset)
        ods.meanwhile = lambda: None
        ods.save("ed-fi/students", student(2))
        run(runs, api, asset)
    assert names(runs) == {"1": "Ben", "2": "Ana"}


def test_what_was_deleted_is_a_table_by_whose_ids_the_students_are_what_they_are(
    runs: Runs,
) -> None:
    """Between two full reads a deleted student stays; its id is among the deletes, for good."""
    ods, students, deletes = Ods("key"), made("students"), made("students_deletes")
    for number in range(5):
        ods.save("ed-fi/students", student(number))
    with serving(ods) as api:
        for asset in (students, deletes):
            run(runs, api, asset)
        assert runs.rows(key=DELETES) == []
        ods.delete("ed-fi/students", student(3)["id"], studentUniqueId="3")
        ods.save("ed-fi/students", {**student(3, "Cleo"), "id": "anew"})
        for asset in (students, deletes):
            run(runs, api, asset)
        ods.delete("ed-fi/students", student(4)["id"], studentUniqueId="4")
        run(runs, api, deletes)
    gone = {row["id"]: row for row in runs.rows(key=DELETES)}
    assert json.loads(gone[student(3)["id"]]["keyValues"]) == {"studentUniqueId": "3"}
    left = [row for row in runs.rows(key=STUDENTS) if row["id"] not in gone]
    assert sorted((row["studentUniqueId"], row["firstName"]) for row in left) == [
        ("0", "Ana"),
        ("1", "Ana"),
        ("2", "Ana"),
        ("3", "Cleo"),
    ]


STEPS = st.lists(
    st.tuples(st.sampled_from(["save", "delete", "run"]), st.integers(0, 6)), max_size=8
)


@settings(max_examples=max(1, settings.default.max_examples // 12))
@given(steps=STEPS, cap=st.integers(1, 4))
def test_after_any_changes_students_less_deletes_are_the_ods(
    tmp_path_factory: pytest.TempPathFactory, steps: Any, cap: int
) -> None:
    ods, assets = Ods("key", cap=cap), [made("students"), made("students_deletes")]
    ids: dict[int, str] = {}
    ods.resource("ed-fi/students")
    with runs_in(tmp_path_factory.mktemp("runs")) as runs, serving(ods) as api:
        for step, (kind, number) in enumerate([*steps, ("run", 0)]):
            if kind == "save":
                ids.setdefault(number, f"id-{step}")  # made anew it has another id
                ods.save("ed-fi/students", {**student(number, f"N{step}"), "id": ids[number]})
            elif kind == "delete" and number in ids:
                ods.delete("ed-fi/students", ids.pop(number))
            elif kind == "run":
                for asset in assets:
                    run(runs, api, asset)
        gone = {row["id"] for row in runs.rows(key=DELETES)}
        found = {row["id"]: row["firstName"] for row in runs.rows(key=STUDENTS)}
    left = {identity: name for identity, name in found.items() if identity not in gone}
    expected = ods.resource("ed-fi/students").records
    assert left == {identity: row["firstName"] for identity, row in expected.items()}


def test_key_changes(runs: Runs) -> None:
    ods = Ods("key")
    ods.save("ed-fi/sessions", {"id": "a", "sessionName": "Fall"})
    ods.rename("ed-fi/sessions", "a", {"sessionName": "Fall"}, {"sessionName": "Autumn"})
    ods.rename("ed-fi/sessions", "a", {"sessionName": "Autumn"}, {"sessionName": "Fall 1"})
    asset = build_edfi_asset(
        ["kipptaf", "edfi", "sessions_key_changes"],
        "/ed-fi/sessions/keyChanges",
        "teamster.libraries.edfi.schema:KeyChanges",
    )
    with serving(ods) as api:
        run(runs, api, asset)
    rows = runs.rows(key=["kipptaf", "edfi", "sessions_key_changes"])
    assert [json.loads(row["newKeyValues"])["sessionName"] for row in rows] == ["Autumn", "Fall 1"]
    assert [row["changeVersion"] for row in rows] == [2, 3]


def test_an_instance_of_several_and_a_snapshot(runs: Runs) -> None:
    ods = Ods("key", instance="2026")
    ods.save("ed-fi/students", student(1))
    asset = build_edfi_asset(
        STUDENTS,
        "ed-fi/students",
        "teamster.libraries.edfi.people:Students",
        instance="2026",
        only_changes=True,
        headers={"Use-Snapshot": "true"},
        params={"schoolYear": 2026},
    )
    with serving(ods) as api:
        # The mark is asked for without the header: only the listing needs the snapshot.
        name, text = error_of(run(runs, api, asset, raise_on_error=False))
        assert (name, "status 404" in text) == ("RequestRefused", True)
        ods.has_snapshot = True
        run(runs, api, asset)
    assert names(runs) == {"1": "Ana"}
    asked = api.asked[-1]
    assert asked.path == "/data/v3/2026/ed-fi/students"
    assert asked.headers["use-snapshot"] == "true"
    assert (asked.get("schoolYear"), asked.get("totalCount")) == ("2026", "true")


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["asset_key"][-1] for entry in ENTRIES])
def test_every_table_asks_for_its_resource(entry: dict[str, Any]) -> None:
    asset = build_edfi_asset(**entry)
    endpoint = endpoint_of(asset)
    assert endpoint
    ods = Ods("key")
    name = entry["endpoint"].strip("/").removesuffix("/deletes")
    ods.save(name, {"id": "a"})
    ods.delete(name, "a")
    ods.save(name, {"id": "b"})
    with serving(ods) as api:
        (found,) = read(asset, resource_of(api))
    assert found["id"] == ("a" if "deletes" in entry["endpoint"] else "b")
