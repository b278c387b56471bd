"""``teamster reencode`` over a real asset: old and new years in one source, before and after."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import pytest
from click.testing import CliRunner, Result
from upath import UPath

import teamster.cli.reencode as reencode_module
from teamster.cli.main import main
from teamster.core.fingerprint import fingerprint
from teamster.core.schema import AvroSchema, resolve_schema
from teamster.core.storage import open_object, put_in_place, stored, stored_under
from teamster.libraries.dbt.sources import AvroSource, stage
from teamster.libraries.dbt.warehouse import load_avro_extension
from tests.core.places import KINDS, at, lay, place_of

ASSET = "kippnewark/iready/diagnostic_results"
PRESENT = resolve_schema("teamster.libraries.iready.schema:DiagnosticResults")
NEW_COLUMN, OLD_COLUMN = "mid_on_grade_level_scale_score", "dropped_by_the_vendor"
TEXT = ["null", "string"]


def of_last_year() -> AvroSchema:
    """The schema before a column came, before another went, and in the order of then."""
    fields = [field for field in PRESENT["fields"] if field["name"] != NEW_COLUMN]
    return {**PRESENT, "fields": [{"name": OLD_COLUMN, "type": TEXT}, *reversed(fields)]}


LAST_YEAR = of_last_year()
OLD_ROWS = [{"student_id": f"{n:03}", OLD_COLUMN: "canary"} for n in range(3)]
NEW_ROWS = [{"student_id": f"{n:03}", NEW_COLUMN: f"{n}"} for n in range(2)]


@pytest.fixture(params=KINDS)
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UPath:
    """A storage with objects of last year's schema and of this year's."""
    root = place_of(request.param, request, tmp_path, monkeypatch)
    _leads_to(root, monkeypatch)
    for year in ("2024", "2025"):
        lay(place(root, year), OLD_ROWS, LAST_YEAR)
    lay(place(root, "2026"), NEW_ROWS, PRESENT)
    return root


def _leads_to(root: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code locations read the environment when they are loaded."""
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", str(root))
    for name in [name for name in sys.modules if name.startswith("teamster.code_locations.kipp")]:
        monkeypatch.delitem(sys.modules, name)


def place(root: UPath, year: str) -> UPath:
    parts = [f"_dagster_partition_academic_year={year}", "_dagster_partition_subject=ela"]
    return root.joinpath(*ASSET.split("/"), *parts, "data")


def teamster(*words: str) -> Result:
    return CliRunner().invoke(main, ["reencode", *words])


def read(path: UPath, schema: AvroSchema | None = None) -> list[Any]:
    with open_object(path) as file:
        return list(fastavro.reader(file, schema))


def versions(root: UPath) -> dict[str, str]:
    return {
        found.path.path: found.version
        for name in ("data", "data.before")
        for found in stored_under(root, name)
    }


def test_old_and_new_in_one_source_before_and_after(root: UPath) -> None:
    before = {year: read(place(root, year), PRESENT) for year in ("2024", "2025", "2026")}
    if root.protocol != "gs":
        expected = [
            *((year, f"{n:03}", None) for year in ("2024", "2025") for n in range(3)),
            *(("2026", f"{n:03}", f"{n}") for n in range(2)),
        ]
        assert rows_of_source(root) == expected
    result = teamster(ASSET, "--apply")
    assert result.exit_code == 0, result.output
    assert result.output.endswith(
        "  1/2 2024|ela: 3 records rewritten and verified\n"
        "  2/2 2025|ela: 3 records rewritten and verified\n"
    )
    # By one schema alone: that of any object is that of every one.
    objects = [found.path for found in stored_under(root, "data")]
    assert len(objects) == 3
    for path in objects:
        with open_object(path) as file:
            assert fastavro.reader(file).metadata["teamster.schema"] == fingerprint(PRESENT)
    together = [row for path in objects for row in read(path)]
    assert together == [row for rows in before.values() for row in rows]
    assert [row[NEW_COLUMN] for row in together] == [None] * 6 + ["0", "1"]
    assert not any(OLD_COLUMN in row for row in together)
    if root.protocol != "gs":
        assert rows_of_source(root) == expected
        with duckdb.connect() as connection:
            load_avro_extension(connection)
            paths = [path.path for path in objects]
            found = connection.execute(
                f"select {NEW_COLUMN} from read_avro(?, hive_partitioning = false)", [paths]
            ).fetchall()
        assert found == [(row[NEW_COLUMN],) for row in together]
    again = versions(root)
    result = teamster(ASSET, "--apply")
    assert result.exit_code == 0
    assert result.output == f"{ASSET}: 3 objects, 0 to be rewritten to schema {short(PRESENT)}\n"
    assert versions(root) == again


def rows_of_source(root: UPath) -> list[tuple[Any, ...]]:
    """What the dbt source of the asset holds, as its view in the warehouse has it."""
    source = AvroSource(
        "kippnewark_iready",
        "diagnostic_results",
        tuple(ASSET.split("/")),
        PRESENT,
        ("academic_year", "subject"),
    )
    with duckdb.connect() as connection:
        load_avro_extension(connection)
        stage(connection.execute, source, root)
        columns = f"_dagster_partition_academic_year, student_id, {NEW_COLUMN}"
        return connection.sql(f"select {columns} from {source.relation} order by all").fetchall()


def short(schema: AvroSchema) -> str:
    return fingerprint(schema)[:8]


def test_without_apply_it_shows_what_would_be_done_and_does_nothing(root: UPath) -> None:
    before = versions(root)
    result = teamster(ASSET)
    assert result.exit_code == 0, result.output
    assert versions(root) == before
    words = " ".join(result.output.replace("│", " ").split())
    assert f"{ASSET}: 3 objects, 2 to be rewritten to schema {short(PRESENT)}" in words
    assert f"Schema {short(LAST_YEAR)}: 2 objects" in words
    assert f"{NEW_COLUMN} added null | string, default null" in words
    assert f"{OLD_COLUMN} removed null | string" in words
    assert "(record) order changed" in words
    assert "2024|ela " in words
    assert words.endswith("Nothing was written: --apply rewrites these objects.")
    assert "canary" not in words


def test_partitions_one_by_one(root: UPath) -> None:
    before = versions(root)
    result = teamster(ASSET, "--partition", "2025|ela", "--partition", "2026|ela", "--apply")
    assert result.exit_code == 0, result.output
    after = versions(root)
    assert [path for path in before if before[path] != after[path]] == [place(root, "2025").path]
    result = teamster(ASSET, "--partition", "2025|eal")
    assert result.exit_code == 1
    assert "there is no object of the partition 2025|eal; there are objects of 2025|ela" in (
        result.output
    )


def with_percentile(kind: Any) -> AvroSchema:
    fields = [f for f in LAST_YEAR["fields"] if f["name"] != "percentile"]
    return {**LAST_YEAR, "fields": [*fields, {"name": "percentile", "type": kind}]}


def test_what_cannot_be_resolved_is_said_by_field_before_anything_is_written(root: UPath) -> None:
    lay(place(root, "2023"), [{"percentile": 4711}], with_percentile("long"))
    before = versions(root)
    for words in ((ASSET,), (ASSET, "--apply")):
        result = teamster(*words)
        assert result.exit_code == 1
        assert "cannot be resolved: field percentile: long cannot become string" in result.output
        assert result.output.endswith(
            "Nothing was written. Correct the schema, or choose others by --partition.\n"
        )
        assert "4711" not in result.output
        assert versions(root) == before
    result = teamster(ASSET, "--apply", "--partition", "2024|ela")
    assert result.exit_code == 0, result.output


def test_what_depends_on_the_values_is_said_and_tried(root: UPath) -> None:
    mixed = with_percentile(["null", "string", "long"])
    lay(place(root, "2022"), [{"percentile": "99"}, {"percentile": None}], mixed)
    bad = lay(place(root, "2023"), [{"percentile": "99"}, {"percentile": 4711}], mixed)
    result = teamster(ASSET, "--apply")
    assert result.exit_code == 1
    said = "field percentile: a long has no place in null | string (if a record has one)"
    assert said in result.output
    assert "2022|ela: 2 records rewritten and verified" in result.output
    assert "2023|ela: FAILED, the object stays as it was: record 2 cannot be read" in result.output
    assert "4711" not in result.output
    assert at(place(root, "2023")) == bad
    assert list(stored_under(root, "data.before")) == []


def test_an_interrupted_run_is_completed(root: UPath) -> None:
    kept = place(root, "2024").with_name("data.before")
    lay(kept, OLD_ROWS, LAST_YEAR)
    lay(place(root, "2024"), [{"student_id": row["student_id"]} for row in OLD_ROWS], PRESENT)
    result = teamster(ASSET)
    assert result.exit_code == 0
    assert "A run was interrupted at 1 objects: --apply completes it." in result.output
    assert stored(kept)
    result = teamster(ASSET, "--apply")
    assert result.exit_code == 0, result.output
    assert "1/1 2024|ela: the object had been replaced and is verified now" in result.output
    assert "1/1 2025|ela: 3 records rewritten and verified" in result.output
    assert stored(kept) is None


def test_an_object_that_changes_meanwhile_is_said_and_the_others_are_done(
    root: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reencode_module.rewrite

    def rewrite(found: Any, schema: AvroSchema) -> int:
        if "2024" in found.path.path:
            lay(found.path, OLD_ROWS[:1], LAST_YEAR)  # the nightly run
        return real(found, schema)

    monkeypatch.setattr(reencode_module, "rewrite", rewrite)
    result = teamster(ASSET, "--apply")
    assert result.exit_code == 1
    assert "1/2 2024|ela: FAILED, the object stays as it was: another run wrote" in result.output
    assert "2/2 2025|ela: 3 records rewritten and verified" in result.output
    assert len(read(place(root, "2024"))) == 1


def test_what_is_no_avro_file_is_said(root: UPath, tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"canary")
    put_in_place(tmp_path / "broken", place(root, "2025"))
    before = versions(root)
    result = teamster(ASSET, "--apply")
    assert result.exit_code == 1
    assert "2025|ela: the object is no Avro file" in result.output
    assert versions(root) == before
    result = teamster(ASSET, "--apply", "--partition", "2024|ela")
    assert result.exit_code == 0, result.output
    assert at(place(root, "2024")).version != before[place(root, "2024").path]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            "nowhere/iready/x",
            "its first part is no code location; there are kippcamden, kippnewark",
        ),
        ("kippnewark/iready/x", "the code location kippnewark has no such asset"),
        (
            "kippnewark/iready/stg_iready__diagnostic_results",
            "the asset declares no Avro schema",
        ),
    ],
)
def test_assets_that_are_none_of_these(
    key: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leads_to(UPath(tmp_path), monkeypatch)
    result = teamster(key)
    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.slow
def test_as_people_run_it(tmp_path: Path) -> None:
    lay(place(UPath(tmp_path), "2024"), OLD_ROWS, LAST_YEAR)
    command = Path(sys.executable).with_name("teamster")
    done = subprocess.run(
        [command, "reencode", ASSET, "--apply"],
        env={**os.environ, "TEAMSTER_STORAGE_URL": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "1/1 2024|ela: 3 records rewritten and verified" in done.stdout
    assert str(tmp_path) not in done.stdout
