"""Real builds of the three projects over small objects, by Dagster and by dbt's own command."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dagster import (
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    ExecuteInProcessResult,
    materialize,
)
from dagster_dbt import DagsterDbtCliRuntimeError

from teamster.code_locations.kippcamden.definitions import defs as kippcamden
from teamster.code_locations.kippnewark.definitions import defs as kippnewark
from teamster.code_locations.kipptaf.definitions import defs as kipptaf
from teamster.core.automation_conditions import on_new_upstream_data
from teamster.core.partitions import hive_parts
from teamster.core.schema import text_model
from teamster.libraries.dbt.assets import build_dbt_assets
from teamster.libraries.dbt.project import dbt_resource_key, get_dbt_cli_resource, get_dbt_project
from teamster.libraries.dbt.settings import dbt_dir, dbt_executable
from teamster.libraries.dbt.warehouse import connect_warehouse
from teamster.libraries.sftp.assets import feed_of

pytestmark = pytest.mark.slow

LOCATIONS = {"kippnewark": kippnewark, "kippcamden": kippcamden, "kipptaf": kipptaf}


def dbt_assets_of(code_location: str) -> AssetsDefinition:
    [found] = [
        asset
        for asset in LOCATIONS[code_location].assets or ()
        if isinstance(asset, AssetsDefinition)
        and asset.node_def.name == f"{code_location}__dbt_assets"
    ]
    return found


def build(code_location: str, instance: DagsterInstance, **options: Any) -> ExecuteInProcessResult:
    return materialize(
        [dbt_assets_of(code_location)],
        resources={dbt_resource_key(code_location): get_dbt_cli_resource(code_location)},
        instance=instance,
        **options,
    )


# A small network

IREADY = "teamster.libraries.iready.schema:DiagnosticResults"
ONEROSTER = "teamster.libraries.oneroster.schema:"
OLD_LAYOUT = text_model(
    "diagnostic_results",
    """academic_year school student_id completion_date most_recent_diagnostic_y_n
    overall_scale_score annual_typical_growth_measure
    reading_comprehension_literature_scale_score source_file_name""",
)


def test_of(student: str, date: str, score: str, **more: str) -> dict[str, str]:
    return {
        "student_id": student,
        "completion_date": date,
        "overall_scale_score": score,
        "school": "Elm",
        "academic_year": "2026-2027",
        "annual_typical_growth_measure": "25",
        **more,
    }


test_of.__test__ = False


def put_iready(root: Path, put_object: Any) -> None:
    first = {"baseline_diagnostic_y_n": "Y", "most_recent_diagnostic_ytd_y_n": "N"}
    last = {"baseline_diagnostic_y_n": "N", "most_recent_diagnostic_ytd_y_n": "Y"}
    newark = "kippnewark/iready/diagnostic_results"
    rows = [
        test_of("007", "8/27/2026", "400", **first, percentile="n/a"),
        test_of("007", "1/13/2027", "430", **last, percentile="55"),
        test_of("008", "8/27/2026", "500", **first),
        test_of("008", "1/13/2027", "510", **last),
        test_of("009", "8/27/2026", "450", **first),
        test_of("009", "someday", "460", **last),
        # The vendor still delivers last year's rows, too.
        test_of("010", "08/20/2025", "300", academic_year="2025-2026", **first),
    ]
    put_object(root, newark, IREADY, rows, academic_year="2026", subject="ela")
    before = {"academic_year": "2025-2026"}
    rows = [
        test_of("010", "08/20/2025", "300", most_recent_diagnostic_y_n="N", **before),
        test_of("010", "05/20/2026", "340", most_recent_diagnostic_y_n="Y", **before)
        | {"reading_comprehension_literature_scale_score": "333"},
    ]
    put_object(root, newark, OLD_LAYOUT, rows, academic_year="2025", subject="ela")
    rows = [test_of("11", "8/27/2026", "300", **first), test_of("11", "1/13/2027", "320", **last)]
    camden = "kippcamden/iready/diagnostic_results"
    put_object(root, camden, IREADY, rows, academic_year="2026", subject="math")


def put_roster(root: Path, put_object: Any, region: str, files: dict[str, list[Any]]) -> None:
    for name, rows in files.items():
        model = "".join(word.capitalize() for word in name.split("_"))
        put_object(root, f"{region}/oneroster/{name}", ONEROSTER + model, rows)


def put_oneroster(root: Path, put_object: Any) -> None:
    elm = {"sourcedId": "s1", "name": "Elm", "type": "school"}
    student = {"role": "student", "orgSourcedId": "s1", "roleType": "primary"}
    standard = {  # 1.2, and one person of 1.1
        "orgs": [elm],
        "academic_sessions": [{"sourcedId": "y", "endDate": "2999-06-30"}],
        "users": [
            {"sourcedId": "a", "grades": "09,10"},
            {"sourcedId": "b", "grades": "09", "enabledUser": "false"},
            {"sourcedId": "c", "grades": "10"},
            {"sourcedId": "d", "grades": "10", "status": "tobedeleted"},
            {"sourcedId": "e", "grades": "10", "role": "student", "orgSourcedIds": "s1,s2"},
            {"sourcedId": "t"},
        ],
        "roles": [
            {"userSourcedId": "a", **student},
            {"userSourcedId": "a", **student, "orgSourcedId": "s2", "roleType": "secondary"},
            {"userSourcedId": "b", **student},
            {"userSourcedId": "c", **student, "endDate": "2020-06-30"},
            {"userSourcedId": "d", **student},
            {"userSourcedId": "t", **student, "role": "teacher"},
        ],
    }
    put_roster(root, put_object, "kippnewark", standard)
    student = {"role": "student", "orgSourcedId": "s1", "isPrimary": "TRUE", "grade": "5"}
    microsoft = {
        "orgs": [elm],
        "academic_sessions": [{"sourcedId": "y", "endDate": "2022-06-11"}],
        "users": [{"sourcedId": "a"}, {"sourcedId": "b"}, {"sourcedId": "c"}],
        "roles": [
            {"userSourcedId": "a", **student, "roleEndDate": "2022-06-11"},
            {"userSourcedId": "b", **student},
            {"userSourcedId": "c", **student, "roleEndDate": "2021-12-01"},
        ],
    }
    put_roster(root, put_object, "kippcamden", microsoft)


def put_collegeboard(root: Path, put_object: Any) -> None:
    """Writes all schools' files into both regions, as the vendor's one folder gives them."""
    row = {"ai_name": "Elm High", "latest_sat_date": "10/12/2025", "ebrw_ccr_benchmark": "Y"}
    newark = {"source_file_name": "312345_SAT_20251104_1.csv", **row}
    camden = {"source_file_name": "sat/331210_SAT_20251104_1.csv", **row}
    met = {"cb_id": "1", "latest_sat_total": "1200", "math_ccr_benchmark": "Y"}
    rows = [
        {**newark, **met},
        {**newark, **met, "source_file_name": "312345_SAT_20251104_2.csv"},
        {**newark, "cb_id": "2", "latest_sat_total": "1000", "math_ccr_benchmark": "N"},
        {**camden, "cb_id": "3", "latest_sat_total": "900", "latest_sat_date": "2025-11-02"},
    ]
    for region in ("kippnewark", "kippcamden"):
        sat = "teamster.libraries.collegeboard.schema:Sat"
        put_object(root, f"{region}/collegeboard/sat", sat, rows)


@dataclass(frozen=True)
class Built:
    home: Path
    instance: DagsterInstance
    newark: ExecuteInProcessResult
    network: ExecuteInProcessResult
    camden_output: str

    def metadata(self, key: str) -> dict[str, Any]:
        event = self.instance.get_latest_materialization_event(AssetKey(key.split("/")))
        assert event is not None
        assert event.asset_materialization is not None
        return {k: v.value for k, v in event.asset_materialization.metadata.items()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, put_object: Any) -> Iterator[Built]:
    home = tmp_path_factory.mktemp("home")
    storage = home / ".teamster/storage"
    put_iready(storage, put_object)
    put_oneroster(storage, put_object)
    put_collegeboard(storage, put_object)
    with pytest.MonkeyPatch.context() as patch, DagsterInstance.ephemeral() as instance:
        patch.setenv("TEAMSTER_HOME", str(home))
        for name in ("TEAMSTER_WAREHOUSE", "TEAMSTER_STORAGE_URL"):
            patch.delenv(name, raising=False)
        newark = build("kippnewark", instance)
        folders = {
            "--project-dir": dbt_dir() / "kippcamden",
            "--profiles-dir": dbt_dir(),
            "--target-path": home / "target",
            "--log-path": home / "logs",
        }
        camden = subprocess.run(
            [dbt_executable(), "build", *(f"{flag}={path}" for flag, path in folders.items())],
            cwd=home,
            capture_output=True,
            text=True,
        )
        network = build("kipptaf", instance)
        yield Built(home, instance, newark, network, camden.stdout)


def ask(sql: str) -> list[tuple[Any, ...]]:
    with connect_warehouse() as warehouse:
        return warehouse.sql(sql).fetchall()


# Lineage


@pytest.mark.parametrize("region", ["kippnewark", "kippcamden"])
def test_dbt_sources_are_the_ingestion_assets(region):
    tables = dbt_assets_of(region)
    ingested = {
        key: asset
        for asset in LOCATIONS[region].assets or ()
        if isinstance(asset, AssetsDefinition) and asset is not tables
        for key in asset.keys
    }
    files = {key for key, asset in ingested.items() if feed_of(asset)}
    assert files <= set(tables.dependency_keys) - set(tables.keys) <= set(ingested)

    manifest = json.loads(get_dbt_project(region).manifest_path.read_text())
    for source in manifest["sources"].values():
        declared = source["config"]["meta"]["teamster"].get("partitions", [])
        asset = ingested[AssetKey([region, source["source_name"], source["name"]])]
        definition = asset.partitions_def
        folders = hive_parts(definition, definition.get_partition_keys()[0]) if definition else []
        names = [part.removeprefix("_dagster_partition_").split("=")[0] for part in folders]
        assert names == declared


def test_the_networks_sources_are_the_regions_tables():
    network = dbt_assets_of("kipptaf")
    regions = {key for name in ("kippnewark", "kippcamden") for key in dbt_assets_of(name).keys}
    sources = set(network.dependency_keys) - set(network.keys)
    # PowerSchool's tables are a region's own so far.
    assert sources == {key for key in regions if key.path[1] != "powerschool"}


def test_every_table_is_built_when_there_is_new_data_upstream_unless_told_otherwise():
    tables = dbt_assets_of("kippnewark")
    conditions = {spec.automation_condition for spec in tables.specs}
    assert conditions == {on_new_upstream_data()}
    left_alone = build_dbt_assets("kippnewark", automation_condition=None)
    assert left_alone.keys == tables.keys
    assert {spec.automation_condition for spec in left_alone.specs} == {None}


def test_keys_and_groups():
    assert {key.path[0] for key in dbt_assets_of("kippnewark").keys} == {"kippnewark"}
    groups = dbt_assets_of("kipptaf").group_names_by_key
    assert groups[AssetKey(["kipptaf", "iready", "stg_iready__diagnostic_results"])] == "iready"
    assert set(groups.values()) == {
        "collegeboard", "iready", "oneroster", "renlearn", "reporting",
    }  # fmt: skip


# Builds


def test_plain_dbt_builds_the_same_from_any_folder(built):
    assert "Completed" in built.camden_output, built.camden_output
    assert "ERROR=0" in built.camden_output, built.camden_output
    assert not (built.home / "warehouse.duckdb").exists()
    [(rows,)] = ask("select count(*) from kippcamden_iready.stg_iready__diagnostic_results")
    assert rows == 2


def test_materializations_carry_row_counts_and_column_schemas(built):
    assert built.newark.success
    metadata = built.metadata("kippnewark/iready/stg_iready__diagnostic_results")
    assert metadata["dagster/row_count"] == 9
    columns = {column.name: column for column in metadata["dagster/column_schema"].columns}
    assert columns["student_id"].type == "VARCHAR"
    assert columns["completion_date"].type == "DATE"
    assert columns["is_baseline_diagnostic"].type == "BOOLEAN"
    assert columns["student_id"].description.startswith("The student's identifier")
    for code_location in ("kippnewark", "kipptaf"):
        for key in dbt_assets_of(code_location).keys:
            metadata = built.metadata(key.to_user_string())
            assert metadata["dagster/row_count"] >= 0
            assert metadata["dagster/column_schema"].columns


def test_dbt_tests_are_checks_and_a_vendors_slip_is_a_warning(built):
    evaluations = built.newark.get_asset_check_evaluations()
    assert len(evaluations) == len(list(dbt_assets_of("kippnewark").check_keys))
    failed = {e.check_name: e for e in evaluations if not e.passed}
    # Of last year's rows in this year's folder.
    year = "teamster_agrees_with_partition_stg_iready__diagnostic_results_academic_year"
    [check] = [evaluation for name, evaluation in failed.items() if name.startswith(year)]
    assert check.asset_key.path == ["kippnewark", "iready", "stg_iready__diagnostic_results"]
    assert {evaluation.severity.name for evaluation in failed.values()} == {"WARN"}
    assert all(evaluation.passed for evaluation in built.network.get_asset_check_evaluations())


def test_sources_without_objects_are_typed_empty_tables(built):
    assert built.metadata("kippnewark/renlearn/stg_renlearn__star")["dagster/row_count"] == 0
    described = ask("describe kippnewark_renlearn.stg_renlearn__star")
    types = {name: kind for name, kind, *_ in described}
    assert types["scaled_score"] == "BIGINT"
    assert types["completed_date"] == "TIMESTAMP"
    assert types["white"] == "BOOLEAN"


def test_what_does_not_fit_its_type_is_null_and_text_stays_text(built):
    rows = ask(
        "select student_id, percentile, subject from kippnewark_iready"
        ".stg_iready__diagnostic_results where student_id = '007' order by completion_date"
    )
    assert rows == [("007", None, "Reading"), ("007", 55, "Reading")]


def test_years_layouts_meet_in_one_table(built):
    rows = ask(
        "select comprehension_literature_scale_score, academic_year from kippnewark_iready"
        ".stg_iready__diagnostic_results where _dagster_partition_academic_year = '2025' order by 1"
    )
    assert rows == [(333, 2025), (None, 2025)]


def test_no_table_has_a_password(built):
    found = ask("select * from duckdb_columns() where column_name ilike '%password%'")
    assert found == []


def test_growth_by_school(built):
    rows = ask(
        "select code_location, academic_year, subject, school, students, mean_gain, median_gain, "
        "percent_met_typical_growth from kipptaf_reporting.rpt_iready_growth_by_school order by all"
    )
    assert rows == [
        ("kippcamden", 2026, "Math", "Elm", 1, 20.0, 20.0, 0.0),
        # No baseline flag in the old layout; the same row in two folders counts once.
        ("kippnewark", 2025, "Reading", "Elm", 1, 40.0, 40.0, 100.0),
        ("kippnewark", 2026, "Reading", "Elm", 2, 20.0, 20.0, 50.0),
    ]


def test_enrollment_by_school_and_grade(built):
    rows = ask(
        "select code_location, school_name, grade, students, as_of_date = current_date, "
        "cast(as_of_date as varchar) from kipptaf_reporting.rpt_enrollment_by_school_and_grade "
        "order by all"
    )
    assert [row[:5] for row in rows] == [
        ("kippcamden", "Elm", "5", 2, False),
        ("kippnewark", "Elm", "09", 1, True),
        ("kippnewark", "Elm", "10", 1, True),
    ]
    assert rows[0][5] == "2022-06-11"


def test_college_readiness_counts_each_student_once(built):
    rows = ask(
        "select code_location, academic_year, test_type, school, students, mean_total, "
        "percent_met_both_benchmarks from kipptaf_reporting.rpt_college_readiness_by_school "
        "order by all"
    )
    assert rows == [
        ("kippcamden", 2025, "SAT", "Elm High", 1, 900.0, 0.0),
        ("kippnewark", 2025, "SAT", "Elm High", 2, 1100.0, 50.0),
    ]


def test_the_warehouse_is_free_after_a_run(built):
    # In this process, too: DuckDB refuses a writer beside an open reader.
    with duckdb.connect(built.home / ".teamster/warehouse.duckdb") as writer:
        assert writer.sql("select 1").fetchall() == [(1,)]


def run_folders(code_location: str) -> set[Path]:
    target = get_dbt_project(code_location).manifest_path.parent
    return {path for path in target.iterdir() if "dbt_assets" in path.name}


def test_a_failed_build_names_the_object_and_leaves_the_rest_alone(built):
    star = built.home / ".teamster/storage/kippnewark/renlearn/star"
    folder = star / "_dagster_partition_start_date=2026-07-01/_dagster_partition_subject=SR"
    folder.mkdir(parents=True)
    (folder / "data").write_text("no Avro")
    left_before = run_folders("kippnewark")
    prefix = "kippnewark/renlearn/stg_renlearn__star"
    with pytest.raises(DagsterDbtCliRuntimeError) as caught:
        build("kippnewark", built.instance, selection=[AssetKey(prefix.split("/"))])
    assert (
        "star/_dagster_partition_start_date=2026-07-01/_dagster_partition_subject=SR/data"
        in str(caught.value)
    )
    [kept] = run_folders("kippnewark") - left_before  # to be looked at
    assert (kept / "dbt.log").is_file()
    shutil.rmtree(kept)

    # A run that does not read the broken object does not even look at it.
    area = f"{prefix}_skill_area"
    result = build("kippnewark", built.instance, selection=[AssetKey(area.split("/"))])
    assert result.success
    assert run_folders("kippnewark") == left_before
