"""What stands in the way of reading old records by a new schema, and what differs, by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.avro import write_avro
from teamster.core.differences import Difference, differences
from teamster.core.errors import UnreadableFile
from teamster.core.raw_avro import raw_records, write_raw
from teamster.core.resolution import gains_logical_type, obstacles, shown_type
from teamster.core.storage import private_spool
from tests.core.schemas import (
    DATE,
    DECIMAL,
    MICROS,
    MILLIS,
    UUID,
    enum,
    evolutions,
    record,
    records_of,
    schemas,
)

FIXED = {"type": "fixed", "name": "F", "size": 4}
PLACE = record("Place", {"name": "street", "type": "string"})


def of(kind: Any, **entries: Any) -> dict[str, Any]:
    return record("Row", {"name": "a", "type": kind, **entries})


def list_of(kind: Any) -> dict[str, Any]:
    return {"type": "array", "items": kind}


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


RESOLVED: list[tuple[Any, Any]] = [
    ("int", "long"),
    ("int", ["null", "double"]),
    ("long", "float"),
    ("float", "double"),
    ("string", "bytes"),
    ("bytes", ["null", "string"]),
    ("string", ["null", "string"]),
    (["null", "string"], ["string", "null"]),
    (["null", "int"], ["null", "long", "string"]),
    (list_of("int"), list_of(["null", "long"])),
    ({"type": "map", "values": "int"}, {"type": "map", "values": "long"}),
    (enum("E", "x"), enum("E", "y", "x")),
    (enum("E", "x", "y"), {**enum("E", "x"), "default": "x"}),
    (enum("E", "x"), {**enum("G", "x"), "aliases": ["E"]}),
    (DATE, ["null", DATE]),
    (DATE, "int"),
    ("long", MICROS),
    ("string", UUID),
    (decimal(9, 2), decimal(12, 2)),
    (FIXED, ["null", FIXED]),
    (PLACE, ["null", record("Place", {"name": "street", "type": ["null", "string"]})]),
    (PLACE, record("Place", {"name": "zip", "type": ["null", "int"]})),
]


@pytest.mark.parametrize(("written", "present"), RESOLVED)
def test_what_can_be_resolved(written: Any, present: Any) -> None:
    assert obstacles(of(written), of(present)) == []


UNRESOLVED: list[tuple[Any, Any, str]] = [
    ("string", "long", "field a: string cannot become long"),
    ("long", "int", "field a: long cannot become int"),
    ("string", ["null", "long"], "field a: string cannot become long"),
    (["null", "string"], ["null", "long"], "field a: a string has no place in null | long"),
    (["null", "string"], "long", "field a: string cannot become long"),
    ("string", ["null", "long", "int"], "field a: string cannot become null | long | int"),
    (["null", "string"], "string", "field a: a null has no place in string"),
    (["string", "long"], "string", "field a: a long has no place in string"),
    (list_of("string"), list_of("int"), "field a: string cannot become int"),
    (list_of("string"), "string", "field a: array<string> cannot become string"),
    (MILLIS, MICROS, "field a: timestamp-millis cannot become timestamp-micros"),
    (DATE, "long", "field a: date cannot become long"),
    (DECIMAL, "string", "field a: decimal(12, 2) cannot become string"),
    (decimal(9, 2), decimal(9, 3), "field a: decimal(9, 2) cannot become decimal(9, 3)"),
    (decimal(9, 2), decimal(8, 2), "field a: decimal(9, 2) cannot become decimal(8, 2)"),
    (enum("E", "x"), enum("G", "x"), "field a: enum E cannot become enum G"),
    (enum("E", "x", "y"), enum("E", "x"), "field a: symbols are gone: y"),
    (FIXED, {**FIXED, "size": 5}, "field a: its size was 4 bytes and is 5"),
    (PLACE, record("Home", {"name": "street", "type": "string"}),
     "field a: record Place cannot become record Home"),
    (PLACE, record("Place", {"name": "street", "type": "long"}),
     "field a.street: string cannot become long"),
    (list_of(PLACE), list_of(record("Place", {"name": "zip", "type": "int"})),
     "field a.zip: is new, has no default and cannot be null"),
    (["null", PLACE], ["null", PLACE, {"type": "map", "values": "string"}],
     "field a: the branches of null | record Place | map<string> cannot be told apart"),
]  # fmt: skip
DEPENDS = {"a null has no place in string", "a long has no place in string",
           "symbols are gone: y", "a string has no place in null | long"}  # fmt: skip


@pytest.mark.parametrize(("written", "present", "said"), UNRESOLVED, ids=[u[2] for u in UNRESOLVED])
def test_what_cannot_be_resolved_is_told_by_field(written: Any, present: Any, said: str) -> None:
    (found,) = obstacles(of(written), of(present))
    assert str(found) == said
    assert found.certain is (found.problem not in DEPENDS)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({"type": "string"}, ["field n: is new, has no default and cannot be null"]),
        ({"type": "string", "default": "x"}, []),
        ({"type": ["null", "string"]}, []),
        ({"type": "null"}, []),
        (
            {"type": "bytes", "default": "x"},
            ["field n: is new and has a default of bytes, which is not supported"],
        ),
        ({"type": ["null", "bytes"], "default": None}, []),
    ],
)
def test_new_fields(new: dict[str, Any], said: list[str]) -> None:
    present = record("Row", {"name": "a", "type": "int"}, {"name": "n", **new})
    assert [str(found) for found in obstacles(of("int"), present)] == said


def test_several_fields_for_one_alias() -> None:
    written = record("Row", {"name": "a", "type": "int"}, {"name": "b", "type": "int"})
    present = record("Row", {"name": "b", "type": "int", "aliases": ["a"]})
    (found,) = obstacles(written, present)
    assert str(found) == "field b: several fields have its name or alias: a, b"


@given(st.data())
def test_without_an_obstacle_every_record_is_read(data: st.DataObject) -> None:
    """Two schemas that have nothing to do with each other but some names of fields."""
    written, present = data.draw(schemas()), data.draw(schemas())
    rows = data.draw(st.lists(records_of(written), min_size=1, max_size=3))
    found = obstacles(written, present)
    with private_spool() as spool:
        write_avro(spool / "old", rows, written)
        try:
            with (spool / "old").open("rb") as file:
                assert write_raw(spool / "new", raw_records(file, present), present) == len(rows)
        except UnreadableFile:
            assert found


@given(evolutions())
def test_differences_name_what_was_added_and_removed(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    written, present = both
    found = differences(written, present)
    was = {field["name"] for field in written["fields"]}
    is_now = {field["name"] for field in present["fields"]}
    renamed = {each.field: each.written for each in found if each.change == "renamed"}
    top = [each for each in found if "." not in each.field]
    assert {each.field for each in top if each.change == "added"} == is_now - was - set(renamed)
    gone = {each.field for each in top if each.change == "removed"}
    assert gone == was - is_now - set(renamed.values())


def test_differences_in_words() -> None:
    written = record(
        "Row",
        {"name": "kept", "type": "int"},
        {"name": "grown", "type": "int"},
        {"name": "old", "type": ["null", PLACE]},
        {"name": "gone", "type": DECIMAL},
        {"name": "e", "type": enum("E", "x")},
    )
    home = record("Place", {"name": "zip", "type": ["null", "int"], "default": None})
    present = record(
        "Row",
        {"name": "home", "type": ["null", home], "aliases": ["old"], "default": None},
        {"name": "grown", "type": ["null", "long"]},
        {"name": "fresh", "type": "string", "default": "x"},
        {"name": "kept", "type": "int"},
        {"name": "e", "type": enum("E", "x", "y")},
    )
    assert differences(written, present) == [
        Difference("home", "renamed", "old", "home"),
        Difference("home.zip", "added", present="null | int, default null"),
        Difference("home.street", "removed", "string"),
        Difference("home", "attributes changed", "none", 'aliases ["old"], default null'),
        Difference("grown", "type changed", "int", "null | long"),
        Difference("fresh", "added", present='string, default "x"'),
        Difference(
            "e",
            "type changed",
            '{"type": "enum", "name": "E", "symbols": ["x"]}',
            '{"type": "enum", "name": "E", "symbols": ["x", "y"]}',
        ),
        Difference("gone", "removed", "decimal(12, 2)"),
        Difference("(record)", "order changed"),
    ]
    assert str(differences(written, present)[4]) == "grown: type changed (int -> null | long)"
    assert differences(present, present) == []


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (["null", list_of(DECIMAL)], "null | array<decimal(12, 2)>"),
        ({"type": "map", "values": PLACE}, "map<record Place>"),
        ({"type": "string"}, "string"),
        (FIXED, "fixed F"),
    ],
)
def test_types_as_people_read_them(kind: Any, shown: str) -> None:
    assert shown_type(kind) == shown


def test_logical_types_gained() -> None:
    assert gains_logical_type(of("string"), of(["null", UUID]))
    assert gains_logical_type(of(list_of("long")), of(list_of(MICROS)))
    assert not gains_logical_type(of(UUID), of(["null", UUID]))
    assert not gains_logical_type(of(DATE), of("int"))


def test_a_type_that_holds_itself() -> None:
    tree = record("Tree", {"name": "n", "type": "int"}, {"name": "left", "type": ["null", "Tree"]})
    grown = record(
        "Tree", {"name": "n", "type": "long"}, {"name": "left", "type": ["null", "Tree"]}
    )
    assert obstacles(of(tree), of(grown)) == []
    assert [str(each) for each in differences(of(tree), of(grown))] == [
        "a.n: type changed (int -> long)"
    ]
