"""What is said to BigQuery, word by word, and by Google's own parser and analyzer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath

from teamster.core.errors import ConfigError
from teamster.core.storage import StoredObject
from teamster.libraries.dbt.avro_sql import fields_of
from teamster.libraries.dbt.bigquery_sql import (
    column_sql,
    columns_of,
    empty_select,
    external_table_sql,
    insert_sql,
    loads_table_sql,
    native_table_sql,
    quoted,
    relation,
    select_from,
    sql_type,
    text_literal,
    view_sql,
)
from teamster.libraries.dbt.objects import SourceObject
from teamster.libraries.dbt.sources import AvroSource
from tests import googlesql

TEXT = ["null", "string"]


def record(**columns: Any) -> dict[str, Any]:
    fields = [{"name": name, "type": kind} for name, kind in columns.items()]
    return {"type": "record", "name": "scores", "fields": fields}


DAY = ["null", {"type": "int", "logicalType": "date"}]
SCORES = record(student_id=TEXT, score=["null", "int"], taken=DAY)


def source(schema: Any = SCORES, *partitions: str) -> AvroSource:
    key = ("home", "vendor", "scores")
    return AvroSource("home_vendor", "scores", key, schema, partitions, "", "a-project")


PARTITIONED = source(SCORES, "academic_year", "subject")

EXTERNAL = """\
create or replace external table `a-project`.`home_vendor`.`scores__external` (
  `student_id` STRING,
  `score` INT64,
  `taken` DATE
)
with partition columns (
  `_dagster_partition_academic_year` STRING,
  `_dagster_partition_subject` STRING
)
options (
  format = 'AVRO',
  uris = ['gs://bucket/home/home/vendor/scores/_dagster_partition_academic_year=*/data'],
  hive_partition_uri_prefix = 'gs://bucket/home/home/vendor/scores',
  require_hive_partition_filter = false,
  enable_logical_types = true
)"""

UNPARTITIONED = """\
create or replace external table `a-project`.`home_vendor`.`scores__external` (
  `amount` NUMERIC
)
options (
  format = 'AVRO',
  uris = ['gs://bucket/home/home/vendor/scores/data'],
  decimal_target_types = ['NUMERIC', 'BIGNUMERIC'],
  enable_logical_types = true
)"""

VIEW = """\
create or replace view `a-project`.`home_vendor`.`scores` as
select
  `student_id`,
  `score`,
  `taken`,
  `_dagster_partition_academic_year`,
  `_dagster_partition_subject`
from `a-project`.`home_vendor`.`scores__external`"""

EMPTY = """\
create or replace view `a-project`.`home_vendor`.`scores` as
select
  cast(null as STRING) as `student_id`,
  cast(null as INT64) as `score`,
  cast(null as DATE) as `taken`
from unnest([1])
where false"""

NATIVE = """\
create table if not exists `a-project`.`home_vendor`.`scores__1` (
  `student_id` STRING,
  `score` INT64,
  `taken` DATE,
  `_dagster_partition_academic_year` STRING,
  `_dagster_partition_subject` STRING,
  `_teamster_partition` STRING NOT NULL
)
cluster by `_teamster_partition`"""

LOADS = """\
create table if not exists `a-project`.`home_vendor`.`teamster_loads` (
  table_id STRING NOT NULL,
  `partition` STRING NOT NULL,
  version STRING NOT NULL,
  loaded_at TIMESTAMP NOT NULL
)"""


def statements() -> dict[str, tuple[str, str, str]]:
    """Name -> what is said, what should be, and what Google's parser takes it for."""
    folder = "gs://bucket/home/home/vendor/scores"
    external = relation(PARTITIONED, "__external")
    money = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    plain = external_table_sql(source(record(amount=money)), external, folder)
    native = native_table_sql(PARTITIONED, relation(PARTITIONED, "__1"))
    partitioned = external_table_sql(PARTITIONED, external, folder)
    view = view_sql(PARTITIONED, select_from(PARTITIONED, external))
    return {
        "external": (partitioned, EXTERNAL, "CreateExternalTable"),
        "unpartitioned": (plain, UNPARTITIONED, "CreateExternalTable"),
        "view": (view, VIEW, "CreateView"),
        "empty": (view_sql(source(), empty_select(source())), EMPTY, "CreateView"),
        "native": (native, NATIVE, "CreateTable"),
        "loads": (loads_table_sql(source()), LOADS, "CreateTable"),
    }


@pytest.mark.parametrize("name", statements())
def test_statements(name):
    said, expected, kind = statements()[name]
    assert said == expected
    assert googlesql.parse(said) == kind


def test_a_source_without_objects_has_its_columns():
    every_type = source(record(**{f"c{n}": kind for n, (kind, _) in enumerate(TYPES)}))
    assert googlesql.analyze(empty_select(every_type), {}) == "Query"


# Types

LIST = {"type": "array", "items": "string"}
INNER = {"type": "record", "name": "inner", "fields": [{"name": "x", "type": ["null", "int"]}]}


def logical(kind: str, of: str = "long", **more: Any) -> dict[str, Any]:
    return {"type": of, "logicalType": kind, **more}


TYPES: list[tuple[Any, str]] = [
    ("null", "STRING"),
    (["null", "boolean"], "BOOL"),
    ("int", "INT64"),
    (["null", "long"], "INT64"),
    ("float", "FLOAT64"),
    ("double", "FLOAT64"),
    ("bytes", "BYTES"),
    ({"type": "string"}, "STRING"),
    ({"type": "enum", "name": "e", "symbols": ["A"]}, "STRING"),
    ({"type": "fixed", "name": "f", "size": 2}, "BYTES"),
    (logical("date", "int"), "DATE"),
    (logical("time-millis", "int"), "TIME"),
    (logical("timestamp-millis"), "TIMESTAMP"),
    (logical("timestamp-micros"), "TIMESTAMP"),
    (logical("local-timestamp-micros"), "DATETIME"),
    (logical("uuid", "string"), "STRING"),
    (logical("decimal", "bytes", precision=38, scale=9), "NUMERIC"),
    (logical("decimal", "bytes", precision=30), "BIGNUMERIC"),
    (logical("decimal", "bytes", precision=20, scale=10), "BIGNUMERIC"),
    (["null", LIST], "ARRAY<STRING>"),
    ({"type": "map", "values": "long"}, "ARRAY<STRUCT<key STRING, value INT64>>"),
    (["null", INNER], "STRUCT<`x` INT64>"),
    ({"type": "array", "items": {**INNER, "name": "other"}}, "ARRAY<STRUCT<`x` INT64>>"),
]


@pytest.mark.parametrize(("avro_type", "expected"), TYPES)
def test_types(avro_type, expected):
    assert sql_type(avro_type) == expected


@pytest.mark.parametrize(
    ("avro_type", "words"),
    [
        (["null", "string", "long"], "a union of several types"),
        ({"type": "array", "items": LIST}, "a list of lists"),
        ({"type": "array", "items": {"type": "map", "values": "int"}}, "a list of lists"),
        (logical("decimal", "bytes", precision=77, scale=0), "77 digits"),
        ({"type": "array", "items": "scores"}, "'scores'"),
    ],
)
def test_a_type_that_bigquery_lacks_is_named_with_its_column(avro_type, words):
    with pytest.raises(ConfigError, match=f"column answers: .*{words}"):
        columns_of(fields_of(record(answers=avro_type)).values() if words != "'scores'" else [
            {"name": "answers", "type": avro_type}
        ])  # fmt: skip


@pytest.mark.parametrize("name", ["a`b", "a.b", "", "ä", "a b", "a;b"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ConfigError):
        quoted("project", name)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_every_text_stays_what_it_is(text):
    assert googlesql.evaluate(f"select {text_literal(text)}") == [(text,)]


# Loaded objects


def loaded(*folders: str) -> SourceObject:
    path = UPath("gs://bucket").joinpath(*folders, "data")
    return SourceObject(StoredObject(path, "7", 10), folders)


def test_columns_meet_by_name_alias_and_cast():
    declared = fields_of(record(id=TEXT, score=["null", "long"], more=TEXT))
    declared["id"] = {**declared["id"], "aliases": ["sid"]}
    written = fields_of(record(sid=TEXT, score=TEXT))
    assert [column_sql(field, written) for field in declared.values()] == [
        "`sid`",
        "safe_cast(`score` as INT64)",
        "cast(null as STRING)",
    ]


def test_a_record_of_another_shape_is_refused():
    declared, written = fields_of(record(one=INNER)), fields_of(record(one=TEXT))
    with pytest.raises(ConfigError, match=r"column one: .*teamster reencode"):
        column_sql(declared["one"], written)


def test_objects_are_taken_in_by_one_statement_that_bigquery_understands():
    now, before = fields_of(SCORES), fields_of(record(score=TEXT, student_id=TEXT))
    year = "_dagster_partition_academic_year=2026"
    each = [
        (
            f"`a-project`.`home_vendor`.`s_{number}`",
            loaded(year, f"_dagster_partition_subject={subject}"),
            schema,
        )
        for number, (subject, schema) in enumerate([("o%27k", now), ("b", now), ("c", before)])
    ]
    said = insert_sql(PARTITIONED, "`a-project`.`home_vendor`.`t`", each)
    assert said.count("union all") == 2
    assert "'2026' as `_dagster_partition_academic_year`, 'o\\'k' as" in said
    dimensions = ("_dagster_partition_academic_year", "_dagster_partition_subject")
    texts = dict.fromkeys([*dimensions, "_teamster_partition"], "STRING")
    scores = {"student_id": "STRING", "score": "INTEGER", "taken": "DATE"}
    tables = {
        ("a-project", "home_vendor", "t"): {**scores, **texts},
        ("a-project", "home_vendor", "s_0"): scores,
        ("a-project", "home_vendor", "s_1"): scores,
        ("a-project", "home_vendor", "s_2"): {"score": "STRING", "student_id": "STRING"},
    }
    assert googlesql.analyze(said, tables) == "Insert"
