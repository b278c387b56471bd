"""DeansList: answers, options and schemas of another shape."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.errors import ConfigError, TeamsterError
from teamster.core.schema import field_names, resolve_schema
from teamster.libraries.deanslist import schema
from teamster.libraries.deanslist.endpoints import name_of, path_of
from teamster.libraries.rest.assets import endpoint_of
from tests.libraries.deanslist.feeds import SCHOOLS, build, read
from tests.libraries.rest.server import Answered, serving

VENDORS = Path(__file__).resolve().parents[4] / "shared" / "vendors" / "deanslist.json"


def test_an_answer_in_another_character_set_is_read(folder: Path) -> None:
    body = '{"rowcount": 1, "data": [{"DLSAID": "Zoë"}]}'.encode("latin-1")
    headers = {"Content-Type": "text/html; charset=ISO-8859-1"}
    asset = build(partitions_def=SCHOOLS, params={})
    with serving(lambda asked: Answered(body, headers=headers)) as api:
        assert read(api, folder, asset, "1") == [{"DLSAID": "Zoë"}]


@pytest.mark.parametrize(
    "body",
    [
        {"error": "no"},
        [{"DLSAID": "1"}],
        {"rowcount": 1, "data": [], "deleted_data": "x"},
        {"data": [{"DLSAID": "1"}]},
        {"rowcount": "many", "data": []},
        "text",
        None,
    ],
)
def test_an_answer_of_another_shape_is_told(folder: Path, body: Any) -> None:
    with serving(lambda asked: Answered(body)) as api, pytest.raises(TeamsterError) as told:
        read(api, folder, build(partitions_def=SCHOOLS), "1")
    assert "GET /v1/behavior" in str(told.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"api_version": "v3"}, "api_version"),
        ({"endpoint": "lists"}, "no placeholder carries dimension date"),
        ({"partitions_def": {"type": "sttic"}}, "has type 'sttic'"),
        (
            {"partitions_def": {"type": "daily", "start_date": "2025-07-01"}},
            "a key for each school",
        ),
    ],
)
def test_wrong_options_are_told_with_the_asset(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=f"kippnewark/deanslist/behavior: .*{told}"):
        build(**options)


def test_other_parameters_may_carry_the_dates() -> None:
    endpoint = endpoint_of(build(endpoint="daily-attendance", dates=["sdt", "edt"]))
    assert endpoint
    assert endpoint.request.params["edt"] == "{date.last:%Y-%m-%d}"


@given(st.from_regex(r"[a-z]+(-[a-z]+)*", fullmatch=True), st.sampled_from(["v1", "beta"]))
def test_a_path_tells_its_endpoint(name: str, version: Any) -> None:
    if not name.endswith("-data") and not name.startswith("get-"):
        assert name_of(path_of(name, version)) == name


MODELS = (
    *("Behavior", "CommLog", "Incidents", "RosterAssignments"),
    *("Rosters", "Students", "Terms", "Users"),
)


@pytest.mark.parametrize("name", MODELS)
def test_schema_has_exactly_the_vendors_fields(name: str) -> None:
    if not VENDORS.exists():
        pytest.skip("no vendors' facts beside this clone")
    found = resolve_schema(getattr(schema, name))
    facts = json.loads(VENDORS.read_text(encoding="utf-8"))[found["name"]]
    ours = {"is_deleted"} if name == "Incidents" else set()  # asked for by IncludeDeleted
    assert set(field_names(found)) == set(facts["fields"]) | ours
    for nested, each in facts.get("nested_records", {}).items():
        assert set(field_names(resolve_schema(getattr(schema, nested)))) == set(each["fields"])
