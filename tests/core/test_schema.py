"""Schemas of every origin, and names: valid, distinct, none lost."""

import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from slugify import slugify

from teamster.core.config import config_from_files
from teamster.core.errors import ConfigError
from teamster.core.schema import (
    avro_name,
    column_name,
    column_names,
    distinct,
    expanded,
    field_names,
    has_extra,
    non_null,
    record_model,
    resolve_schema,
    text_model,
)

VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # Apache Avro 1.12 specification, "Names"
NAMES = st.from_regex(VALID, fullmatch=True)


def record(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "Row", "fields": list(fields), **more}


class Address(BaseModel):
    street: str | None = None


class Person(BaseModel):
    name: str
    score: int | None = None
    born: date | None = None
    home: Address | None = None
    others: list[Address] = []


# --- models ------------------------------------------------------------------------------------


def test_text_model() -> None:
    schema = resolve_schema(text_model("Scores", "student_id  score\n  source_file_name"))
    text = ["null", "string"]
    assert schema == {
        "type": "record",
        "name": "Scores",
        "fields": [
            {"name": "student_id", "type": text, "default": None},
            {"name": "score", "type": text, "default": None},
            {"name": "source_file_name", "type": text, "default": None},
        ],
    }


@given(st.lists(NAMES, max_size=8, unique=True))
def test_every_valid_name_survives_in_its_place(names: list[str]) -> None:
    schema = resolve_schema(text_model("Scores", names))
    assert field_names(schema) == names
    fastavro.parse_schema(schema)


def test_names_that_pydantic_has_of_its_own() -> None:
    names = "_a column_a __ column_ schema column_schema model_config model_dump_x json class self"
    assert field_names(resolve_schema(text_model("Odd", names))) == names.split()


@pytest.mark.parametrize(
    ("columns", "words"), [("a b a", "twice: a"), (["a b"], "'a b'"), (["1"], "'1'")]
)
def test_text_model_refuses(columns: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        text_model("Scores", columns)


def test_text_model_of_columns_that_are_not_all_text() -> None:
    inner = text_model("inner", "a")
    types = {"n": int, "one": inner, "many": [inner], "texts": [str], "_flag": bool}
    schema = resolve_schema(text_model("Mixed", "t n one many texts _flag", types))
    named = {"type": "record", "name": "inner"}
    shapes = [field["type"] for field in expanded(schema)["fields"]]
    assert [shape[0] for shape in shapes] == ["null"] * 6
    assert field_names(schema) == ["t", "n", "one", "many", "texts", "_flag"]
    assert [shapes[0][1], shapes[1][1], shapes[5][1]] == ["string", "long", "boolean"]
    assert named.items() <= shapes[2][1].items()
    assert named.items() <= shapes[3][1]["items"].items()
    assert shapes[4][1] == {"type": "array", "items": "string"}


def test_text_model_refuses_a_type_of_no_column() -> None:
    with pytest.raises(ConfigError, match="types of no column: b"):
        text_model("Scores", "a", {"b": int})


def test_record_model_keeps_types() -> None:
    schema = resolve_schema(record_model("Scores", {"n": int | None, "_x": list[str] | None}))
    assert [field["type"] for field in schema["fields"]] == [
        ["null", "long"],
        ["null", {"type": "array", "items": "string"}],
    ]


def test_a_written_model() -> None:
    schema = resolve_schema(Person)
    assert field_names(schema) == ["name", "score", "born", "home", "others"]
    assert schema is resolve_schema(Person)
    assert resolve_schema(dict(schema)) == schema


# --- resolve_schema ----------------------------------------------------------------------------


def test_a_name_leads_to_a_model_or_to_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
from teamster.core.schema import text_model
Model = text_model("Model", "a")
DATA = {"type": "record", "name": "Data", "fields": []}
NUMBER = 3
"""
    (tmp_path / "schemas_of_this_test.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert resolve_schema("schemas_of_this_test:Model")["name"] == "Model"
    assert resolve_schema("schemas_of_this_test:DATA")["name"] == "Data"
    assert resolve_schema("schemas_of_this_test:DATA") is resolve_schema(
        "schemas_of_this_test:DATA"
    )
    with pytest.raises(ConfigError, match="not int"):
        resolve_schema("schemas_of_this_test:NUMBER")
    del sys.modules["schemas_of_this_test"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("teamster.core.schema", "'package.module:Name'"),
        (":Name", "'package.module:Name'"),
        ("teamster.core.schema:", "'package.module:Name'"),
        ("teamster.core.schema:Missing", "cannot be imported"),
        ("teamster.no_such_module:Missing", "cannot be imported"),
        ({"type": "array", "items": "string"}, "not dict"),
        (int, "not type"),
        (None, "not NoneType"),
        ({"type": "record", "name": "Row"}, "'Row': KeyError: 'fields'"),
        ({"type": "record", "fields": []}, "name"),
        (record("a"), "must be a dict"),
        (record({"name": "a"}), "missing 'type'"),
        (record({"name": "a", "type": "strin"}), "strin"),
        (record({"name": "a", "type": {"type": "enum", "name": "e"}}), "symbols"),
        (record({"name": "a b", "type": "int"}), "valid Avro name: a b"),
        (record({"name": "a", "type": "int"}, {"name": "a", "type": "int"}), "twice"),
        (record(name="my row"), "valid Avro name: my row"),
        (record(fields=None), "TypeError"),
        (type("Odd", (BaseModel,), {"__annotations__": {"x": complex}}), "complex"),
    ],
)
def test_what_is_no_schema(given: Any, words: str) -> None:
    with pytest.raises(ConfigError, match="avro_schema") as raised:
        resolve_schema(given)
    assert words in str(raised.value)


def test_data_stays_as_given_and_is_not_changed() -> None:
    given = record({"doc": "d", "name": "a", "type": "int", "x-unit": "points"}, namespace="a.b")
    before = repr(given)
    assert resolve_schema(given) == given
    assert repr(given) == before


def test_schema_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "schema:\n  type: record\n  name: Row\n  fields: [{name: a, type: ['null', string]}]\n",
        encoding="utf-8",
    )
    schema = resolve_schema(config_from_files([file])["schema"])
    assert field_names(schema) == ["a"]


def test_expanded_writes_out_every_use_of_a_named_type() -> None:
    street = {"name": "street", "type": ["null", "string"], "default": None}
    others = expanded(resolve_schema(Person))["fields"][-1]["type"]
    assert others["items"]["fields"] == [street]
    linked = record({"name": "next", "type": ["null", "Row"]})
    assert expanded(linked)["fields"][0]["type"] == ["null", "Row"]


def test_small_questions() -> None:
    extra = {"name": "_extra", "type": {"type": "map", "values": "string"}}
    assert has_extra(record(extra))
    assert not has_extra(record())
    assert non_null(["null", "int"]) == "int"
    assert non_null(["null", "int", "string"]) == ["int", "string"]
    assert non_null("int") == "int"


# --- names -------------------------------------------------------------------------------------


@given(st.text())
def test_avro_name_is_valid_and_stable(text: str) -> None:
    name = avro_name(text)
    assert VALID.fullmatch(name)
    assert avro_name(name) == name


@given(NAMES)
def test_a_valid_name_stays(name: str) -> None:
    assert avro_name(name) == name
    assert column_name(name, slugify_cols=False) == name


@given(st.from_regex(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", fullmatch=True))
def test_a_slug_stays(name: str) -> None:
    assert column_name(name) == slugify(name, separator="_") == name


@pytest.mark.parametrize(
    ("cell", "slugged", "kept"),
    [
        ("Student ID", "student_id", "Student_ID"),
        ("% Correct", "percent_correct", "_Correct"),
        ("Año", "ano", "A_o"),
        ("2024 Score", "_2024_score", "_2024_Score"),
        ("  ", "", ""),
        ("", "", ""),
        ("!!!", "", "_"),
        ("sourcedId", "sourcedid", "sourcedId"),
    ],
)
def test_column_name(cell: str, slugged: str, kept: str) -> None:
    assert column_name(cell, replacements=[["%", "percent"]]) == slugged
    assert column_name(cell, slugify_cols=False) == kept


@given(st.lists(st.sampled_from(["a", "b", "a_2", "a_3", "", "column_2", "column_1"]) | st.text()))
def test_distinct_loses_nothing_and_leaves_each_its_own_name(given: list[str]) -> None:
    names = distinct(given)
    assert len(set(names)) == len(names) == len(given)
    for position, (name, own) in enumerate(zip(names, given, strict=True)):
        if own and own not in given[:position]:
            assert name == own


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["a_2", "a", "a"], ["a_2", "a", "a_3"]),
        (["", "x", ""], ["column_1", "x", "column_3"]),
        (["", "column_1"], ["column_1_2", "column_1"]),
    ],
)
def test_distinct(given: list[str], names: list[str]) -> None:
    assert distinct(given) == names


@given(st.lists(st.text(), max_size=6), st.booleans())
def test_any_header_makes_a_valid_schema(header: list[str], slugify_cols: bool) -> None:
    names = column_names(header, slugify_cols=slugify_cols)
    assert len(names) == len(header)
    assert field_names(resolve_schema(text_model("Row", names))) == names


def test_replacements_are_read_for_every_column() -> None:
    once = iter([("%", "percent")])
    assert column_names(["% a", "% b"], replacements=once) == ["percent_a", "percent_b"]
