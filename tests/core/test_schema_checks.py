"""The check `avro_schemas_agree`: which partitions differ, in what, told by few requests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    DagsterInstance,
    Definitions,
    StaticPartitionsDefinition,
    asset,
    evaluate_automation_conditions,
    materialize,
)
from upath import UPath

import teamster.core.schema_history as schema_history_module
from teamster.core.asset_schemas import asset_folder, declare_schema, declared_schema
from teamster.core.errors import ConfigError
from teamster.core.fingerprint import fingerprint
from teamster.core.io_managers import AvroIOManager, FileIOManager
from teamster.core.schema_checks import build_schema_checks
from teamster.core.schema_history import schema_history
from teamster.core.storage import put_in_place, stored_under
from tests.core.places import KINDS, lay, place_of
from tests.core.schemas import record

KEY = AssetKey(["kippnewark", "vendor", "scores"])
OLD = record("Row", {"name": "n", "type": "int"}, {"name": "gone", "type": ["null", "string"]})
NEW = record(
    "Row",
    {"name": "n", "type": "long"},
    {"name": "fresh", "type": ["null", "string"], "default": None},
)
YEARS = StaticPartitionsDefinition([str(year) for year in range(2020, 2027)])


@pytest.fixture(params=KINDS)
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UPath:
    return place_of(request.param, request, tmp_path, monkeypatch)


def scores(schema: dict[str, Any], key: AssetKey = KEY) -> AssetsDefinition:
    @asset(key=key, io_manager_key="io_manager_gcs_avro", partitions_def=YEARS)
    def _asset() -> Any:
        return [{"n": 1}], schema

    declare_schema(_asset, schema)
    return _asset


def year(root: UPath, number: int) -> UPath:
    return root.joinpath(*KEY.path) / f"_dagster_partition_key={number}" / "data"


def checked(root: UPath, *assets: AssetsDefinition) -> list[AssetCheckEvaluation]:
    definitions = Definitions(
        asset_checks=build_schema_checks(assets),
        resources={"io_manager_gcs_avro": AvroIOManager(root=str(root))},
    )
    with DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=instance)
    assert result.success
    return list(result.get_asset_check_evaluations())


def rows_of(evaluation: AssetCheckEvaluation, name: str) -> list[dict[str, Any]]:
    return [dict(each.data) for each in evaluation.metadata[name].records]


def test_partitions_of_an_older_schema_are_told_with_what_differs(root: UPath) -> None:
    for number in (2024, 2020, 2021):
        lay(year(root, number), [{"n": 1, "gone": "canary"}], OLD)
    lay(year(root, 2026), [{"n": 1}], NEW)
    (found,) = checked(root, scores(NEW))
    assert (found.check_name, found.asset_key) == ("avro_schemas_agree", KEY)
    assert not found.passed
    assert found.severity == AssetCheckSeverity.WARN
    assert found.description == (
        "3 of 4 objects were written with another schema than the present one; "
        "`teamster reencode kippnewark/vendor/scores` shows what can be done"
    )
    old, new = fingerprint(OLD)[:8], fingerprint(NEW)[:8]
    assert rows_of(found, "schemas") == [
        {"schema": f"{new} (present)", "partitions": 1, "which": "2026"},
        {"schema": old, "partitions": 3, "which": "2020, 2021, 2024"},
    ]
    assert [tuple(row.values()) for row in rows_of(found, "differences")] == [
        (old, "n", "type changed", "int", "long"),
        (old, "fresh", "added", "", "null | string, default null"),
        (old, "gone", "removed", "null | string", ""),
    ]
    assert "canary" not in repr(found)


def test_a_schema_that_was_changed_is_told_before_anything_is_written_with_it(root: UPath) -> None:
    lay(year(root, 2026), [{"n": 1, "gone": None}], OLD)
    (found,) = checked(root, scores(NEW))
    assert not found.passed
    assert [row["which"] for row in rows_of(found, "schemas")] == ["2026"]


def test_partitions_of_one_schema_agree_however_it_is_spelled(root: UPath) -> None:
    lay(year(root, 2025), [{"n": 1}], {**NEW, "doc": "what it is"})
    lay(year(root, 2026), [{"n": 1}], NEW)
    (found,) = checked(root, scores(NEW))
    assert found.passed
    assert found.description == "all objects were written with the present schema"
    assert [row["partitions"] for row in rows_of(found, "schemas")] == [2]
    assert "differences" not in found.metadata


def test_no_objects_yet(root: UPath) -> None:
    (found,) = checked(root, scores(NEW))
    assert found.passed
    assert found.description == "there are no objects yet"


def test_what_is_no_avro_file_is_told(root: UPath, tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"canary,1\n")
    put_in_place(tmp_path / "broken", year(root, 2025))
    lay(year(root, 2026), [{"n": 1}], NEW)
    (found,) = checked(root, scores(NEW))
    assert not found.passed
    assert found.description == "objects that are no Avro files: 1"
    assert found.metadata["unreadable"].value == "2025"


def test_kept_copies_and_quarantined_rows_are_no_partitions(root: UPath) -> None:
    lay(year(root, 2026), [{"n": 1}], NEW)
    for name in ("data.before", "quarantine"):
        lay(year(root, 2026).with_name(name), [{"n": 1, "gone": None}], OLD)
    (found,) = checked(root, scores(NEW))
    assert found.passed


def test_objects_of_an_asset_whose_key_goes_on_are_its_own(root: UPath) -> None:
    below = root.joinpath(*KEY.path, "more")
    for place in (below / "data", below / "_dagster_partition_key=2026" / "data"):
        lay(place, [{"n": 1, "gone": None}], OLD)
    (found,) = checked(root, scores(NEW))
    assert found.description == "there are no objects yet"


def test_long_lists_are_cut_and_counted(root: UPath) -> None:
    folder = root.joinpath(*KEY.path)
    for number in range(23):
        lay(folder / f"_dagster_partition_key={number:02}" / "data", [], OLD)
    (found,) = checked(root, scores(NEW))
    (row,) = rows_of(found, "schemas")
    assert row["partitions"] == 23
    assert row["which"].endswith("18, 19 and 3 more")


def test_one_definition_checks_each_asset_by_itself(root: UPath) -> None:
    other = AssetKey(["kippnewark", "vendor", "other"])
    lay(year(root, 2026), [{"n": 1, "gone": None}], OLD)
    lay(root.joinpath(*other.path) / "data", [{"n": 1}], NEW)
    assets = [scores(NEW), scores(NEW, other)]
    assert len(build_schema_checks(assets)) == 1
    found = {each.asset_key: each.passed for each in checked(root, *assets)}
    assert found == {KEY: False, other: True}


def test_what_is_written_carries_the_fingerprint(root: UPath) -> None:
    with DagsterInstance.ephemeral() as instance:
        materialize(
            [scores(NEW)],
            resources={"io_manager_gcs_avro": AvroIOManager(root=str(root))},
            partition_key="2026",
            instance=instance,
        )
    (found,) = stored_under(root, "data")
    noted = {"teamster-schema": fingerprint(NEW)} if root.protocol == "gs" else {}
    assert dict(found.metadata).items() >= noted.items()
    (evaluation,) = checked(root, scores(NEW))
    assert evaluation.passed


# --- what it costs -------------------------------------------------------------------------------


def test_a_header_a_schema_where_the_listing_tells_which_is_which(
    root: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root.joinpath(*KEY.path)
    for number in range(13):
        schema = NEW if number % 2 else OLD
        lay(folder / f"_dagster_partition_key={number}" / "data", [], schema)
    opened: list[Any] = []
    real = schema_history_module.open_object

    def counted(path: UPath) -> Any:
        opened.append(real(path))
        return opened[-1]

    monkeypatch.setattr(schema_history_module, "open_object", counted)
    history = schema_history(folder, NEW)
    assert [len(group.objects) for group in history.groups] == [6, 7]
    assert len(opened) == (2 if root.protocol == "gs" else 13)


# --- when it runs --------------------------------------------------------------------------------


def test_it_is_asked_for_once_a_day_in_its_time_zone() -> None:
    definitions = Definitions(
        assets=[scores(NEW)],
        asset_checks=build_schema_checks([scores(NEW)], timezone="America/New_York"),
        resources={"io_manager_gcs_avro": AvroIOManager(root="unused")},
    )
    requested = []
    with DagsterInstance.ephemeral() as instance:
        cursor = None
        begin = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
        for hour in range(72):
            now = begin + timedelta(hours=hour)
            result = evaluate_automation_conditions(
                definitions,
                instance,
                asset_selection=AssetSelection.all_asset_checks(),
                cursor=cursor,
                evaluation_time=now,
            )
            cursor = result.cursor
            if result.total_requested:
                requested.append(now)
    # 6:00 in New York is 11:00 UTC; evaluated at half past.
    assert [(at.day, at.hour) for at in requested] == [(1, 11), (2, 11), (3, 11)]


def test_it_can_be_left_to_people() -> None:
    (check,) = build_schema_checks([scores(NEW)], cron_schedule=None)
    assert [spec.automation_condition for spec in check.check_specs] == [None]


# --- what an asset declares ----------------------------------------------------------------------


def test_an_asset_without_a_declared_schema_is_an_error() -> None:
    @asset(key=KEY)
    def _asset() -> None: ...

    assert declared_schema(_asset, KEY) is None
    with pytest.raises(ConfigError, match="kippnewark/vendor/scores: the asset declares no Avro"):
        build_schema_checks([_asset])


def test_an_asset_that_is_made_of_an_asset_declares_the_same() -> None:
    derived = scores(NEW).with_attributes(group_names_by_key={KEY: "other"})
    assert declared_schema(derived, KEY) == NEW


def test_an_io_manager_that_writes_no_avro() -> None:
    with pytest.raises(ConfigError, match="writes no Avro objects"):
        asset_folder(FileIOManager(root="unused"), KEY)


def test_the_code_location_is_filled_in() -> None:
    manager = AvroIOManager(root="gs://bucket/{code_location}/objects")
    assert (
        str(asset_folder(manager, KEY)) == "gs://bucket/kippnewark/objects/kippnewark/vendor/scores"
    )
