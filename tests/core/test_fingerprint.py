"""A fingerprint is of what a schema means, not of how it is spelled."""

import random
import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.differences import differences
from teamster.core.fingerprint import fingerprint, header_metadata, object_metadata
from tests.core.schemas import PLAIN, evolutions, record, schemas

ANY_SEED = st.integers(0, 2**32)


def respelled(value: Any, dice: random.Random) -> Any:
    """The same schema: keys in another order, docs, plain types in an object of their own."""
    if isinstance(value, list):
        return [respelled(each, dice) for each in value]
    if not isinstance(value, dict):
        return value
    nested = ("type", "fields", "items", "values")
    items = {key: respelled(value[key], dice) if key in nested else value[key] for key in value}
    if "name" in items:
        items["doc"] = f"what it is {dice.random()}"
        if items["type"] in PLAIN and dice.random() < 0.5:
            items["type"] = {"type": items["type"]}
    shuffled = list(items.items())
    dice.shuffle(shuffled)
    return dict(shuffled)


@given(schemas(), ANY_SEED)
def test_spelling_does_not_count(schema: dict[str, Any], seed: int) -> None:
    other = respelled(schema, random.Random(seed))
    assert fingerprint(other) == fingerprint(schema)
    assert differences(other, schema) == []


@given(evolutions())
def test_a_schema_that_differs_has_another_and_says_how(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    written, present = both
    assert (fingerprint(written) == fingerprint(present)) is (written == present)
    assert (differences(written, present) == []) is (written == present)


SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "a", "type": ["null", "int"], "default": None},
        {"name": "b", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {
            "name": "c",
            "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        },
        {"name": "d", "type": {"type": "array", "items": "string"}},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["x", "y"]}},
        {
            "name": "f",
            "type": ["null", record("Place", {"name": "street", "type": "string"})],
        },
        {"name": "g", "type": {"type": "map", "values": "Place"}},
    ],
}  # fmt: skip


def changed(index: int, **entries: Any) -> dict[str, Any]:
    schema = deepcopy(SCHEMA)
    schema["fields"][index].update(entries)
    return schema


def fields(*given: dict[str, Any]) -> dict[str, Any]:
    return {**SCHEMA, "fields": list(given)}


FIELDS: list[dict[str, Any]] = SCHEMA["fields"]
PLACE = record("Place", {"name": "street", "type": "string"})
TELLING = {
    "name": changed(0, name="z"),
    "type": changed(0, type=["null", "long"]),
    "order of branches": changed(0, type=["int", "null"], default=1),
    "default": changed(0, default=0, type=["int", "null"]),
    "no default": fields({"name": "a", "type": ["null", "int"]}, *FIELDS[1:]),
    "alias": changed(0, aliases=["z"]),
    "logical type": changed(1, type={"type": "long", "logicalType": "timestamp-millis"}),
    "no logical type": changed(1, type="long"),
    "precision": changed(2, type={**FIELDS[2]["type"], "precision": 10}),
    "scale": changed(2, type={**FIELDS[2]["type"], "scale": 3}),
    "items": changed(3, type={"type": "array", "items": ["null", "string"]}),
    "symbols": changed(4, type={"type": "enum", "name": "E", "symbols": ["y", "x"]}),
    "enum default": changed(4, type={**FIELDS[4]["type"], "default": "x"}),
    "nested": changed(5, type=["null", {**PLACE, "fields": [{"name": "street", "type": "bytes"}]}]),
    "nested name": fields(
        *FIELDS[:5],
        {"name": "f", "type": ["null", {**PLACE, "name": "P"}]},
        {"name": "g", "type": {"type": "map", "values": "P"}},
    ),
    "nested alias": changed(5, type=["null", {**PLACE, "aliases": ["Home"]}]),
    "order of fields": fields(FIELDS[1], FIELDS[0], *FIELDS[2:]),
    "one less": fields(*FIELDS[:-1]),
    "the record's name": {**SCHEMA, "name": "Other"},
    "the namespace": {**SCHEMA, "namespace": "org.example"},
    "the record's alias": {**SCHEMA, "aliases": ["Old"]},
    "a warehouse's attribute": changed(3, type={"type": "string", "sqlType": "JSON"}),
    "a field's attribute": changed(3, **{"x-unit": "points"}),
}  # fmt: skip


@pytest.mark.parametrize("what", TELLING)
def test_what_counts(what: str) -> None:
    other = TELLING[what]
    assert fingerprint(other) != fingerprint(SCHEMA)
    assert differences(other, SCHEMA)
    assert differences(SCHEMA, other)


def test_every_one_of_them_has_its_own() -> None:
    assert len({fingerprint(each) for each in [SCHEMA, *TELLING.values()]}) == len(TELLING) + 1


SAME = [
    (
        {**record("Row", {"name": "a", "type": "Row2"}), "namespace": "x"},
        {**record("x.Row", {"name": "a", "type": "x.Row2"})},
    ),
    (
        {**record("Row"), "namespace": "x", "aliases": ["b", "a"]},
        {**record("x.Row"), "aliases": ["x.a", "b"]},
    ),
    (
        record("Row", {"name": "a", "type": {"type": "string"}}),
        record("Row", {"type": "string", "name": "a", "doc": "x"}),
    ),
    (record("Row", {"name": "a", "type": "int", "aliases": ["x", "y"]}),
     record("Row", {"name": "a", "type": "int", "aliases": ["y", "x"]})),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_are_compared_in_full(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_a_default_is_data() -> None:
    def with_default(default: Any) -> dict[str, Any]:
        kind = {"type": "map", "values": "string"}
        return record("Row", {"name": "a", "type": kind, "default": default})

    assert fingerprint(with_default({"doc": "x"})) != fingerprint(with_default({"doc": "y"}))
    assert fingerprint(with_default({"a": "", "b": ""})) == fingerprint(
        with_default({"b": "", "a": ""})
    )


def test_its_form_and_its_names() -> None:
    value = fingerprint(SCHEMA)
    assert re.fullmatch("[0-9a-f]{64}", value)
    assert header_metadata(SCHEMA) == {"teamster.schema": value}
    assert object_metadata(SCHEMA) == {"teamster-schema": value}


def test_it_is_the_same_tomorrow() -> None:
    """Objects carry it: were it to change, each of them would seem to differ."""
    pinned = "acdff5c18de622da869e8c09f7630dd5bb01d62fd501fcde9b39fd63ac39a37f"
    assert fingerprint(SCHEMA) == pinned
