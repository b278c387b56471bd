import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest
from upath import UPath

from teamster.core.errors import ConfigError, UnreadableFile
from teamster.core.schema import text_model
from teamster.libraries.dbt.sources import AvroSource, needed_sources, source_key, stage

TEXT = ["null", "string"]


def record(name: str = "scores", **columns: Any) -> dict[str, Any]:
    fields = [
        {"name": column, "type": kind, "default": None}
        if isinstance(kind, list)
        else {"name": column, "type": kind}
        for column, kind in columns.items()
    ]
    return {"type": "record", "name": name, "fields": fields}


SCORES = record(student_id=TEXT, score=["null", "int"])


def source(schema: Any = SCORES, *partitions: str) -> AvroSource:
    return AvroSource("home_vendor", "scores", ("home", "vendor", "scores"), schema, partitions)


def staged(
    connection: duckdb.DuckDBPyConnection, root: Path | UPath, of: AvroSource
) -> list[tuple[Any, ...]]:
    stage(connection.execute, of, UPath(root))
    return connection.sql(f"select * from {of.relation} order by all").fetchall()


def columns(connection: duckdb.DuckDBPyConnection, of: AvroSource) -> dict[str, str]:
    described = connection.sql(f"describe {of.relation}").fetchall()
    return {name: kind for name, kind, *_ in described}


def test_without_objects_a_source_is_typed_and_empty(connection, tmp_path):
    of = source(SCORES, "year", "subject")
    assert staged(connection, tmp_path, of) == []
    assert columns(connection, of) == {
        "student_id": "VARCHAR",
        "score": "INTEGER",
        "_dagster_partition_year": "VARCHAR",
        "_dagster_partition_subject": "VARCHAR",
    }


def test_an_object_without_rows_is_typed_and_empty(connection, tmp_path, put_object):
    put_object(tmp_path, "home/vendor/scores", SCORES, [])
    assert staged(connection, tmp_path, source()) == []


def test_objects_of_different_writer_schemas_meet_in_the_declared_one(
    connection, tmp_path, put_object
):
    key = "home/vendor/scores"
    now = record(student_id=TEXT, score=["null", "int"])
    before = record(score=TEXT, student_id=TEXT, dropped=TEXT)
    long_before = record(student_id=TEXT)
    put_object(tmp_path, key, now, [{"student_id": "1", "score": 10}], year="2026")
    put_object(
        tmp_path,
        key,
        before,
        [
            {"student_id": "2", "score": "20", "dropped": "x"},
            {"student_id": "3", "score": "absent"},
        ],
        year="2025",
    )
    put_object(tmp_path, key, long_before, [{"student_id": "4"}], year="2024")

    assert staged(connection, tmp_path, source(SCORES, "year")) == [
        ("1", 10, "2026"),
        ("2", 20, "2025"),
        ("3", None, "2025"),  # text that is no number costs itself, not the build
        ("4", None, "2024"),
    ]


def test_a_renamed_column_is_found_by_its_alias(connection, tmp_path, put_object):
    put_object(tmp_path, "home/vendor/scores", record(sid=TEXT), [{"sid": "1"}])
    renamed = record(student_id=TEXT)
    renamed["fields"][0]["aliases"] = ["sid"]
    assert staged(connection, tmp_path, source(renamed)) == [("1",)]


@pytest.mark.parametrize(
    "value",
    ["007", "1e3", "2026-07-01", "a/b", "x=y", "../up", "100%", "ü", "o'k", 'q"t', "a b", "[*?]"],
)
def test_partition_values_stay_as_they_were(connection, tmp_path, put_object, value):
    put_object(tmp_path, "home/vendor/scores", SCORES, [{"student_id": "1"}], key=value)
    put_object(tmp_path, "home/vendor/scores", SCORES, [{"student_id": "2"}], key="1")
    rows = staged(connection, tmp_path, source(SCORES, "key"))
    assert rows == [("1", None, value), ("2", None, "1")]


def test_only_data_objects_of_this_asset_are_read(connection, tmp_path, put_object):
    key = "home/vendor/scores"
    put_object(tmp_path, key, SCORES, [{"student_id": "1"}], year="2026")
    put_object(tmp_path, key, record(line=TEXT), [{"line": "x"}], name="quarantine", year="2026")
    put_object(tmp_path, f"{key}/details", SCORES, [{"student_id": "2"}])
    put_object(tmp_path, f"{key}_old", SCORES, [{"student_id": "3"}], year="2026")
    assert staged(connection, tmp_path, source(SCORES, "year")) == [("1", None, "2026")]


def test_a_later_staging_sees_later_objects(connection, tmp_path, put_object):
    put_object(tmp_path, "home/vendor/scores", SCORES, [{"student_id": "1"}], year="2025")
    of = source(SCORES, "year")
    assert len(staged(connection, tmp_path, of)) == 1
    put_object(tmp_path, "home/vendor/scores", SCORES, [{"student_id": "2"}], year="2026")
    assert len(staged(connection, tmp_path, of)) == 2


def test_other_sources_views_are_left_alone(connection, tmp_path):
    connection.execute("create schema other; create view other.scores as select 1 as kept")
    staged(connection, tmp_path, source())
    assert connection.sql("select * from other.scores").fetchall() == [(1,)]


@pytest.mark.parametrize("folder", ["with [brackets] and *", "o'clock", "ü"])
def test_the_storages_own_name_is_no_pattern(connection, tmp_path, put_object, folder):
    put_object(tmp_path / folder, "home/vendor/scores", SCORES, [{"student_id": "1"}], key="a")
    assert staged(connection, tmp_path / folder, source(SCORES, "key")) == [("1", None, "a")]


def test_a_storage_path_that_duckdb_would_misread_is_refused(tmp_path, put_object, connection):
    root = tmp_path / "student_id=5"
    put_object(root, "home/vendor/scores", SCORES, [{"student_id": "1"}], key="a")
    with pytest.raises(ConfigError, match="'='"):
        staged(connection, root, source(SCORES, "key"))
    put_object(root, "home/vendor/plain", SCORES, [{"student_id": "1"}])
    plain = AvroSource("home_vendor", "plain", ("home", "vendor", "plain"), SCORES, ())
    assert staged(connection, root, plain) == [("1", None)]


def test_objects_of_another_layout_are_refused_not_read_twice(connection, tmp_path, put_object):
    put_object(tmp_path, "home/vendor/scores", SCORES, [{"student_id": "1"}])
    put_object(tmp_path, "home/vendor/scores", SCORES, [{"student_id": "1"}], year="2026")
    with pytest.raises(ConfigError, match=r"home/vendor/scores are partitioned by \[\]"):
        staged(connection, tmp_path, source(SCORES, "year"))


def test_an_object_that_is_no_avro_is_named_without_this_machines_path(connection, tmp_path):
    path = tmp_path / "home/vendor/scores/_dagster_partition_year=2026/data"
    path.parent.mkdir(parents=True)
    path.write_text("student_id,score\n1,2\n")
    with pytest.raises(UnreadableFile, match="scores/_dagster_partition_year=2026/data") as caught:
        staged(connection, tmp_path, source(SCORES, "year"))
    assert str(tmp_path) not in str(caught.value)


def test_objects_of_a_remote_file_system(connection, put_object, tmp_path):
    memory = fsspec.filesystem("memory")
    written = put_object(tmp_path, "home/vendor/scores", SCORES, [{"student_id": "1"}], key="a/b")
    target = f"/bucket/{written.relative_to(tmp_path)}"
    memory.makedirs(target.rpartition("/")[0])
    memory.pipe_file(target, written.read_bytes())
    connection.register_filesystem(memory)
    try:
        rows = staged(connection, UPath("memory:///bucket"), source(SCORES, "key"))
    finally:
        memory.rm("/bucket", recursive=True)
    assert rows == [("1", None, "a/b")]


def test_three_thousand_objects_are_staged_in_seconds(connection, tmp_path, put_object):
    model = text_model("wide", [f"column_{number}" for number in range(100)])
    first = put_object(tmp_path, "home/vendor/scores", model, [{"column_0": "1"}], key="0")
    for number in range(1, 3000):
        folder = first.parent.with_name(f"_dagster_partition_key={number}")
        folder.mkdir()
        (folder / "data").hardlink_to(first)
    from teamster.core.schema import resolve_schema

    of = source(resolve_schema(model), "key")
    started = time.monotonic()
    assert stage(connection.execute, of, UPath(tmp_path)) == 3000
    assert time.monotonic() - started < 5


# Types


def test_nested_and_logical_types(connection, tmp_path, put_object):
    inner = {
        "type": "record",
        "name": "inner",
        "fields": [
            {"name": "x", "type": ["null", "int"], "default": None},
            {"name": "y", "type": TEXT, "default": None},
        ],
    }
    schema = record(
        flag=["null", "boolean"],
        big=["null", "long"],
        real=["null", "double"],
        day=["null", {"type": "int", "logicalType": "date"}],
        moment=["null", {"type": "long", "logicalType": "timestamp-millis"}],
        one=["null", inner],
        many=["null", {"type": "array", "items": "inner"}],
        named=["null", {"type": "map", "values": "string"}],
        kind=["null", {"type": "enum", "name": "kind", "symbols": ["A", "B"]}],
        either=["null", "string", "long"],
    )
    put_object(tmp_path, "home/vendor/scores", schema, [{
        "flag": True, "big": 2**40, "real": 1.5, "day": 20000, "moment": 1_700_000_000_000,
        "one": {"x": 1, "y": None}, "many": [{"x": 2, "y": "b"}], "named": {"k": "v"},
        "kind": "B", "either": 7,
    }])  # fmt: skip
    of = source(schema)
    [row] = staged(connection, tmp_path, of)
    assert columns(connection, of) == {
        "flag": "BOOLEAN", "big": "BIGINT", "real": "DOUBLE", "day": "DATE", "moment": "TIMESTAMP",
        "one": "STRUCT(x INTEGER, y VARCHAR)", "many": "STRUCT(x INTEGER, y VARCHAR)[]",
        "named": "MAP(VARCHAR, VARCHAR)", "kind": "VARCHAR", "either": "VARCHAR",
    }  # fmt: skip
    assert row[:3] == (True, 2**40, 1.5)
    assert [str(value) for value in row[3:5]] == ["2024-10-04", "2023-11-14 22:13:20"]
    assert row[5:] == ({"x": 1, "y": None}, [{"x": 2, "y": "b"}], {"k": "v"}, "B", "7")

    empty = AvroSource("home_vendor", "none", ("home", "vendor", "none"), schema, ())
    staged(connection, tmp_path, empty)
    assert columns(connection, empty) == columns(connection, of)


def nested(*names: str) -> Any:
    fields = [{"name": name, "type": TEXT, "default": None} for name in names]
    return ["null", {"type": "record", "name": "nested", "fields": fields}]


def test_a_nested_record_grows_and_shrinks(connection, tmp_path, put_object):
    key = "home/vendor/scores"
    rows = [{"student": {"first": "Ada", "nick": "A"}}]
    put_object(tmp_path, key, record(student=nested("first", "nick")), rows, key="1")
    put_object(
        tmp_path, key, record(student=nested("other")), [{"student": {"other": "x"}}], key="2"
    )
    declared = source(record(student=nested("last", "first")), "key")
    assert staged(connection, tmp_path, declared) == [
        ({"last": None, "first": "Ada"}, "1"),
        (None, "2"),
    ]


DECIMALS = ["0", "1", "-1", "0.01", "-0.01", "1.27", "1.28", "-1.28", "-1.29", "99999999.99",
            "-99999999.99", None]  # fmt: skip


@pytest.mark.parametrize("physical", ["bytes", "fixed"])
def test_decimals_are_exact(connection, tmp_path, put_object, physical):
    kind: dict[str, Any] = {"logicalType": "decimal", "precision": 10, "scale": 2}
    kind |= {"type": "fixed", "name": "d", "size": 8} if physical == "fixed" else {"type": "bytes"}
    values = [None if text is None else Decimal(text) for text in DECIMALS]
    schema = record(amount=["null", kind])
    put_object(tmp_path, "home/vendor/scores", schema, [{"amount": value} for value in values])
    of = source(schema)
    rows = staged(connection, tmp_path, of)
    assert columns(connection, of) == {"amount": "DECIMAL(10,2)"}
    assert {row[0] for row in rows} == set(values)


def test_decimals_of_38_digits(connection, tmp_path, put_object):
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 0}
    values = [Decimal(10**38 - 1), Decimal(1 - 10**38), Decimal(2**64), Decimal(-(2**64))]
    put_object(tmp_path, "home/vendor/scores", record(n=kind), [{"n": value} for value in values])
    assert {row[0] for row in staged(connection, tmp_path, source(record(n=kind)))} == set(values)


def test_a_decimal_of_bytes_inside_another_type_is_refused(connection, tmp_path, put_object):
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
    schema = record(amounts=["null", {"type": "array", "items": kind}])
    put_object(tmp_path, "home/vendor/scores", schema, [{"amounts": [Decimal("1.25")]}])
    with pytest.raises(ConfigError, match="column amounts"):
        staged(connection, tmp_path, source(schema))


def test_a_type_that_contains_itself_is_refused(connection, tmp_path):
    schema = record("tree", leaf=TEXT)
    schema["fields"].append({"name": "branches", "type": {"type": "array", "items": "tree"}})
    with pytest.raises(ConfigError, match="'tree'"):
        staged(connection, tmp_path, source(schema))


# What dbt says


def properties(**given: Any) -> dict[str, Any]:
    return {
        "unique_id": "source.p.iready.lessons",
        "resource_type": "source",
        "source_name": "iready",
        "name": "lessons",
        "schema": "home_iready",
        "identifier": "lessons",
        **given,
    }


def test_a_source_as_dbt_has_it():
    meta = {
        "avro_schema": "teamster.libraries.iready.schema:DiagnosticResults",
        "partitions": ["academic_year", "subject"],
    }
    of = AvroSource.from_dbt("home", properties(config={"meta": {"teamster": meta}}))
    assert (of.key, of.relation) == (("home", "iready", "lessons"), '"home_iready"."lessons"')
    assert of.partitions == ("academic_year", "subject")
    assert of.avro_schema["name"] == "diagnostic_results"


@pytest.mark.parametrize(
    "meta",
    [{}, {"avro_schema": "a:b", "partition": ["x"]}, {"avro_schema": "a:b", "partitions": "year"}],
)
def test_a_wrong_declaration_names_the_source(meta):
    with pytest.raises(ConfigError, match=r"dbt source iready\.lessons"):
        AvroSource.from_dbt("home", properties(config={"meta": {"teamster": meta}}))


def test_keys_of_sources():
    assert source_key("home", properties()) == ("home", "iready", "lessons")
    named = {"meta": {"dagster": {"asset_key": ["other", "lessons"]}}}
    assert source_key("home", properties(config=named)) == ("other", "lessons")
    prefixed = {"meta": {"dagster": {"asset_key_prefix": ["other", "iready"]}}}
    assert source_key("home", properties(config=prefixed)) == ("other", "iready", "lessons")


def test_only_what_a_run_reads_is_staged():
    ours = {"config": {"meta": {"teamster": {}}}}
    sources = [
        {"unique_id": "source.a", **ours},
        {"unique_id": "source.b", **ours},
        {"unique_id": "source.not_ours"},
    ]
    parents = {"model.far": ["model.near"], "model.near": ["source.a", "source.not_ours"]}
    assert needed_sources(sources, parents, ["model.far"]) == sources[:1]
    assert needed_sources(sources, parents, ["model.none"]) == []
    assert needed_sources(sources, parents, []) == sources[:2]
