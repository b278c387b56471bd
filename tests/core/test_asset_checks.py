"""The check `avro_schema_valid`, as the specification declares and yields it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetKey,
    DagsterInstance,
    MetadataValue,
    Output,
    asset,
    materialize,
)

from teamster.core.asset_checks import build_check_spec_avro_schema_valid, check_avro_schema_valid
from teamster.core.io_managers import AvroIOManager
from teamster.core.records import Records
from teamster.core.schema import resolve_schema, text_model

KEY = ["kippnewark", "iready", "scores"]
MODEL = text_model("Scores", "a b c")
PLACE = {
    "type": "record",
    "name": "Place",
    "fields": [{"name": "street", "type": ["null", "string"], "default": None}],
}
NESTED = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "home", "type": ["null", PLACE], "default": None},
        {"name": "visited", "type": {"type": "array", "items": "Place"}, "default": []},
        {"name": "by_name", "type": {"type": "map", "values": "Place"}, "default": {}},
    ],
}


def stream(rows: list[dict[str, Any]]) -> Records:
    records = Records(iter(rows), resolve_schema(MODEL))
    list(records)
    return records


def shown(result: AssetCheckResult) -> dict[str, Any]:
    return {name: value.value for name, value in result.metadata.items()}


@pytest.mark.parametrize("key", [KEY, tuple(KEY), AssetKey(KEY)])
def test_spec(key: Any) -> None:
    spec = build_check_spec_avro_schema_valid(key)
    assert spec.name == "avro_schema_valid"
    assert spec.asset_key == AssetKey(KEY)
    assert not spec.blocking
    assert spec.description


def test_a_key_of_one_part() -> None:
    assert build_check_spec_avro_schema_valid("scores").asset_key == AssetKey("scores")
    assert check_avro_schema_valid("scores", [], MODEL).asset_key == AssetKey("scores")


@pytest.mark.parametrize("of", [list, stream])
@pytest.mark.parametrize(
    ("rows", "extras", "missing"),
    [
        ([{"a": "1", "b": "2", "c": "3"}], "", ""),
        ([{"a": "1"}, {"b": "2", "c": None}], "", ""),
        ([{"a": "1", "z": "", "d": None}, {"b": "x"}], "d, z", "c"),
        ([{"x": "1"}], "x", "a, b, c"),
        ([{}], "", "a, b, c"),
        ([], "", ""),
    ],
)
def test_extras_and_missing(of: Any, rows: list[dict[str, Any]], extras: str, missing: str) -> None:
    for key in (KEY, AssetKey(KEY)):
        result = check_avro_schema_valid(key, of(rows), MODEL)
        assert result.check_name == "avro_schema_valid"
        assert result.asset_key == AssetKey(KEY)
        assert result.severity == AssetCheckSeverity.WARN
        assert result.passed is (extras == "")
        assert shown(result) == {"extras": extras, "missing": missing}


def test_schemas_of_every_kind() -> None:
    data = resolve_schema(MODEL)
    for schema in (MODEL, data, "teamster.libraries.oneroster.schema:Orgs"):
        assert not check_avro_schema_valid(KEY, [{"no_column": "x"}], schema).passed
    assert check_avro_schema_valid(KEY, [{"a": "x"}], data).passed


def test_nested_records_by_dotted_names() -> None:
    records = [
        {"id": 1, "home": {"street": "x", "zip": "1"}, "visited": [], "by_name": {}},
        {"id": 2, "home": None, "visited": [{"street": "x"}, {"town": "y"}], "by_name": {}},
        {"id": 3, "home": None, "visited": [], "by_name": {"Ann": {"house": 1}}, "more": 1},
    ]
    result = check_avro_schema_valid(KEY, records, NESTED)
    assert shown(result) == {
        "extras": "by_name.house, home.zip, more, visited.town",
        "missing": "by_name.street",
    }


def test_the_result_says_it_in_words_and_without_values() -> None:
    result = check_avro_schema_valid(KEY, [{"a": "canary", "z": "canary"}], MODEL)
    assert result.description == (
        "fields that the schema lacks: 1; fields of the schema that are absent: 2"
    )
    assert "canary" not in repr(result)
    fits = check_avro_schema_valid(KEY, [{"a": "1", "b": "2", "c": "3"}], MODEL)
    assert fits.description == "the fields are those of the schema"


def test_a_stream_that_was_not_read_has_no_answer() -> None:
    with pytest.raises(RuntimeError, match="not been read to their end"):
        check_avro_schema_valid(KEY, Records([], resolve_schema(MODEL)), MODEL)


# --- in an asset, as the specification shows ---------------------------------------------------


def evaluated(records: Any, avro_schema: Any, root: Path) -> tuple[bool, AssetCheckEvaluation]:
    asset_key = KEY
    check_specs = [build_check_spec_avro_schema_valid(asset_key)]

    @asset(key=asset_key, check_specs=check_specs, io_manager_key="io_manager_gcs_avro")
    def _asset() -> Iterator[Any]:
        yield Output((records, avro_schema))
        yield check_avro_schema_valid(asset_key, records, avro_schema)

    with DagsterInstance.ephemeral() as instance:
        result = materialize(
            [_asset],
            resources={"io_manager_gcs_avro": AvroIOManager(root=str(root))},
            instance=instance,
        )
    (evaluation,) = result.get_asset_check_evaluations()
    return result.success, evaluation


@pytest.mark.parametrize("of", [list, lambda rows: Records(iter(rows), resolve_schema(MODEL))])
def test_drift_warns_and_does_not_fail(of: Any, tmp_path: Path) -> None:
    success, evaluation = evaluated(of([{"a": "1", "new": "x"}]), MODEL, tmp_path)
    assert success
    assert not evaluation.passed
    assert evaluation.severity == AssetCheckSeverity.WARN
    assert not evaluation.blocking
    assert evaluation.check_name == "avro_schema_valid"
    assert evaluation.metadata == {
        "extras": MetadataValue.text("new"),
        "missing": MetadataValue.text("b, c"),
    }


def test_no_drift_passes(tmp_path: Path) -> None:
    success, evaluation = evaluated([{"a": "1", "b": "2", "c": "3"}], MODEL, tmp_path)
    assert success
    assert evaluation.passed
