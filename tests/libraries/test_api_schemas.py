"""The schemas of vendors' APIs have the vendors' fields, of the vendors' types, at every depth."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import fastavro
import pytest

from teamster.core.schema import expanded, non_null, resolve_schema

VENDORS = Path(__file__).resolve().parents[3] / "shared/vendors"

GENERIC_TAGS = """
    courses eventtag1 goaltypes grades measurementgroups observationtypes rubrictag1 schooltag1
    usertag1
"""
MODELS: dict[str, dict[str, str]] = {
    "overgrad": {
        "admissions": "schema:Admissions",
        "custom_fields": "schema:CustomFields",
        "followings": "schema:Followings",
        "students": "schema:Students",
        "universities": "schema:Universities",
    },
    "knowbe4": {"training_enrollments": "schema:TrainingEnrollments"},
    "smartrecruiters": {"applications": "schema:Applications"},
    "coupa": {"addresses": "schema:Addresses", "users": "schema:Users"},
    "grow": {
        "assignments": "schema:Assignments",
        **{f"generic_tags_{name}": "schema:GenericTags" for name in GENERIC_TAGS.split()},
        "generic_tags_assignmentpresets": "schema:AssignmentPresets",
        "generic_tags_meetingtypes": "rubrics:MeetingTypes",
        "generic_tags_tags": "schema:Tags",
        "generic_tags_usertypes": "schema:UserTypes",
        "measurements": "rubrics:Measurements",
        "observations": "schema:Observations",
        "roles": "schema:Roles",
        "rubrics": "rubrics:Rubrics",
        "schools": "schema:Schools",
        "users": "schema:Users",
    },
}
TABLES = [(vendor, table) for vendor, tables in MODELS.items() for table in tables]

# A registration's moments are declared as users there, which cannot be.
MENDED = {("coupa", "TaxRegistration"): {"created_at": "string", "updated_at": "string"}}


class Facts:
    """A table's fields as the vendor's facts have them."""

    def __init__(self, vendor: str, table: dict[str, Any]) -> None:
        self._vendor, self._records = vendor, table.get("nested_records", {})
        self._table = table

    def shape(self) -> dict[str, Any]:
        return self._record(self._table, "")

    def _record(self, record: dict[str, Any], name: str) -> dict[str, Any]:
        types = {**record.get("types_where_not_string", {}), **MENDED.get((self._vendor, name), {})}
        return {field: self._type(types.get(field, "string")) for field in record["fields"]}

    def _type(self, declared: Any) -> Any:
        match declared:
            case "string" | "long" | "boolean" | "double":
                return declared
            case {"array": item}:
                return [self._type(item)]
            case {"record": name}:
                return self._record(self._records[name], name)
            case list():  # one of several: text, an object as its JSON text
                return "string"
        name = declared.rpartition(".")[2]
        return self._record(self._records[name], name)


def shape_of(avro_type: Any) -> Any:
    avro_type = non_null(avro_type)
    if isinstance(avro_type, str):
        return avro_type
    if avro_type["type"] == "array":
        return [shape_of(avro_type["items"])]
    return {field["name"]: shape_of(field["type"]) for field in avro_type["fields"]}


@pytest.mark.parametrize(("vendor", "table"), TABLES)
def test_schema_is_the_vendors_fields_and_types(vendor: str, table: str) -> None:
    schema = resolve_schema(f"teamster.libraries.{vendor}.{MODELS[vendor][table]}")
    fastavro.parse_schema(deepcopy(schema))
    file = VENDORS / f"{vendor}.json"
    if not file.exists():
        pytest.skip("no vendors' facts beside this clone")
    facts = json.loads(file.read_text(encoding="utf-8"))
    assert shape_of(expanded(schema)) == Facts(vendor, facts[table]).shape()


@pytest.mark.parametrize("vendor", MODELS)
def test_no_table_of_a_vendor_is_left_out(vendor: str) -> None:
    file = VENDORS / f"{vendor}.json"
    if not file.exists():
        pytest.skip("no vendors' facts beside this clone")
    assert json.loads(file.read_text(encoding="utf-8")).keys() == MODELS[vendor].keys()


@pytest.mark.parametrize(("vendor", "table"), TABLES)
def test_every_field_can_be_null(vendor: str, table: str) -> None:
    schema = expanded(resolve_schema(f"teamster.libraries.{vendor}.{MODELS[vendor][table]}"))
    assert [field for field in fields_of(schema) if field["type"][0] != "null"] == []


def fields_of(avro_type: Any) -> list[dict[str, Any]]:
    avro_type = non_null(avro_type)
    if isinstance(avro_type, str):
        return []
    if avro_type["type"] == "array":
        return fields_of(avro_type["items"])
    fields: list[dict[str, Any]] = avro_type["fields"]
    return fields + [inner for field in fields for inner in fields_of(field["type"])]
