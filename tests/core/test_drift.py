"""Dotted names of what records have too much or too little."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.drift import FieldsSeen

PLACE = {
    "type": "record",
    "name": "Place",
    "fields": [
        {"name": "street", "type": ["null", "string"], "default": None},
        {"name": "tags", "type": {"type": "map", "values": "string"}, "default": {}},
    ],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "home", "type": ["null", PLACE], "default": None},
        {"name": "visited", "type": {"type": "array", "items": "Place"}, "default": []},
        {"name": "by_name", "type": ["null", {"type": "map", "values": "Place"}], "default": None},
        {
            "name": "grid",
            "type": {"type": "array", "items": {"type": "array", "items": ["null", "Place"]}},
            "default": [],
        },
        {"name": "note", "type": ["null", "string"], "default": None},
    ],
}
ALL = {"id": 1, "home": None, "visited": [], "by_name": {}, "grid": [], "note": None}


def seen(*records: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> FieldsSeen:
    fields = FieldsSeen(schema)
    for record in records:
        fields.record(record)
    return fields


def test_what_fits_shows_nothing() -> None:
    fields = seen(ALL)
    assert (fields.extras, fields.missing) == (set(), [])


def test_nothing_seen_is_nothing_missing() -> None:
    assert seen().missing == []


def test_an_empty_record_lacks_everything() -> None:
    assert seen({}).missing == sorted(ALL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("home", {"street": "x", "new": 1}),
        ("visited", [{"street": "x"}, {"street": "y", "new": 1}]),
        ("visited", ({"street": "y", "new": 1},)),
        ("by_name", {"Ann": {"street": "x", "new": 1}}),
        ("grid", [[], [None, {"street": "x", "new": 1}]]),
    ],
)
def test_nested_records_however_they_are_held(name: str, value: Any) -> None:
    fields = seen({**ALL, name: value})
    assert fields.extras == {f"{name}.new"}
    assert fields.missing == [f"{name}.tags"]


def test_keys_of_maps_are_data_and_never_named() -> None:
    fields = seen({**ALL, "home": {"tags": {"secret": "x"}}, "by_name": {"secret": {}}})
    assert fields.extras == set()
    assert "secret" not in repr((fields.extras, fields.seen, fields.missing))


def test_a_nested_field_is_missing_only_if_no_record_has_it() -> None:
    fields = seen({**ALL, "home": {"street": "x"}}, {**ALL, "home": {"tags": {}}})
    assert fields.missing == []


def test_what_the_schema_does_not_nest_is_not_looked_into() -> None:
    fields = seen({**ALL, "note": {"a": 1}, "other": {"b": 2}})
    assert fields.extras == {"other"}


def test_unions_of_records_have_the_fields_of_both() -> None:
    other = {"type": "record", "name": "Other", "fields": [{"name": "x", "type": "int"}]}
    schema = {"type": "record", "name": "Row", "fields": [{"name": "u", "type": [PLACE, other]}]}
    fields = seen({"u": {"x": 1}}, {"u": {"street": "s"}}, {"u": {"y": 1}}, schema=schema)
    assert fields.extras == {"u.y"}
    assert fields.missing == ["u.tags"]


def test_flat_names() -> None:
    fields = FieldsSeen(SCHEMA)
    fields.names(["id", "home", "visited", "by_name", "new"])
    fields.names(["grid"])
    assert fields.extras == {"new"}
    assert fields.missing == ["note"]


def test_a_header_without_columns_lacks_everything() -> None:
    fields = FieldsSeen(SCHEMA)
    fields.names([])
    assert fields.missing == sorted(ALL)


def test_the_field_for_unknown_columns_is_never_missing() -> None:
    extra = {"name": "_extra", "type": {"type": "map", "values": "string"}, "default": {}}
    schema = {"type": "record", "name": "Row", "fields": [{"name": "a", "type": "int"}, extra]}
    fields = seen({"a": 1}, {"a": 1, "_extra": {"b": "x"}}, schema=schema)
    assert (fields.extras, fields.missing) == (set(), [])
    assert seen({"a": 1}, schema=schema).missing == []


def test_a_type_that_holds_itself() -> None:
    schema = {
        "type": "record",
        "name": "Row",
        "fields": [{"name": "next", "type": ["null", "Row"]}, {"name": "x", "type": "int"}],
    }
    assert seen({"next": {"next": None, "x": 1}}, schema=schema).missing == ["x"]


COLUMNS = st.lists(st.sampled_from("abcdef"), unique=True)


@given(COLUMNS, st.lists(COLUMNS))
def test_law_of_flat_records(known: list[str], rows: list[list[str]]) -> None:
    schema = {
        "type": "record",
        "name": "Row",
        "fields": [{"name": name, "type": "int"} for name in known],
    }
    fields = seen(*(dict.fromkeys(row, 1) for row in rows), schema=schema)
    had = {name for row in rows for name in row}
    assert fields.extras == had - set(known)
    assert fields.missing == (sorted(set(known) - had) if rows else [])
