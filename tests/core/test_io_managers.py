"""Real runs of Dagster over a folder and over an object store: what lies where, and what stays."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import fastavro
import pytest
from dagster import (
    AssetIn,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    DagsterInstance,
    DailyPartitionsDefinition,
    DynamicOut,
    DynamicOutput,
    ExecuteInProcessResult,
    HourlyPartitionsDefinition,
    In,
    MultiPartitionsDefinition,
    Out,
    PartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
    graph_asset,
    job,
    materialize,
    op,
)
from upath import UPath

from teamster.core import folders
from teamster.core.avro import read_avro, write_avro
from teamster.core.drift import FieldsSeen
from teamster.core.errors import ConfigError
from teamster.core.fingerprint import fingerprint
from teamster.core.io_managers import (
    AvroIOManager,
    FileIOManager,
    ObjectIOManager,
    PickleIOManager,
    column_schema,
)
from teamster.core.partitions import FiscalYearPartitionsDefinition
from teamster.core.quarantine import Quarantine
from teamster.core.records import Records, Tally
from teamster.core.schema import resolve_schema, text_model
from teamster.core.storage import open_object, private_spool, remove, stored
from tests.core.faults import faults_before
from tests.core.lying import content, names_under
from tests.emulators import GcsEmulator

CANARY = "canary-4711"
SCHEMA = resolve_schema(text_model("Row", "a b"))
ROWS = [{"a": "1", "b": "x"}, {"a": "2"}]
KEY = ["kippnewark", "iready", "scores"]
STATIC = StaticPartitionsDefinition(["ela", "math", "a/b"])


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def managers(root: UPath | str) -> dict[str, ObjectIOManager]:
    return {
        "io_manager": PickleIOManager(root=str(root)),
        "io_manager_gcs_avro": AvroIOManager(root=str(root)),
        "io_manager_gcs_file": FileIOManager(root=str(root)),
    }


def avro_asset(
    rows: Any, partitions_def: PartitionsDefinition[Any] | None = None, **options: Any
) -> AssetsDefinition:
    """An asset of records; ``rows`` is what it returns, or makes it."""

    @asset(key=KEY, partitions_def=partitions_def, io_manager_key="io_manager_gcs_avro", **options)
    def scores() -> tuple[Any, Any]:
        return (rows() if callable(rows) else rows), SCHEMA

    return scores


def run(
    assets: Any, root: UPath | str, partition_key: str | None = None, **options: Any
) -> ExecuteInProcessResult:
    with DagsterInstance.ephemeral() as instance:
        options.setdefault("instance", instance)
        return materialize(
            assets if isinstance(assets, list) else [assets],
            resources=managers(root),
            partition_key=partition_key,
            **options,
        )


def rows_at(path: UPath) -> list[Mapping[str, Any]]:
    return list(read_avro(path))


def metadata_of(result: ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    return {key: value.value for key, value in event.materialization.metadata.items()}


# --- layout ------------------------------------------------------------------------------------

DATE = "_dagster_partition_fiscal_year={}/_dagster_partition_date={}"
TIME = "_dagster_partition_hour={}/_dagster_partition_minute=00"
MULTI = MultiPartitionsDefinition(
    {"subject": STATIC, "academic_year": FiscalYearPartitionsDefinition("2023-07-01")}
)


@pytest.mark.parametrize(
    ("partitions_def", "partition_key", "folder"),
    [
        (None, None, ""),
        (STATIC, "ela", "/_dagster_partition_key=ela"),
        (STATIC, "a/b", "/_dagster_partition_key=a%2Fb"),
        (
            DailyPartitionsDefinition("2025-01-01"),
            "2025-07-01",
            f"/{DATE.format(2026, '2025-07-01')}/{TIME.format('00')}",
        ),
        (
            HourlyPartitionsDefinition("2025-01-01-00:00"),
            "2025-06-30-23:00",
            f"/{DATE.format(2025, '2025-06-30')}/{TIME.format('23')}",
        ),
        (
            MULTI,
            "2025-07-01|ela",
            "/_dagster_partition_academic_year=2025-07-01/_dagster_partition_subject=ela",
        ),
    ],
)
def test_where_an_object_lies(
    root: UPath,
    partitions_def: PartitionsDefinition[Any] | None,
    partition_key: str | None,
    folder: str,
) -> None:
    assert run(avro_asset(ROWS, partitions_def), root, partition_key).success
    assert names_under(root) == [f"kippnewark/iready/scores{folder}/data"]
    written = root.joinpath(names_under(root)[0])
    assert rows_at(written) == [{"a": "1", "b": "x"}, {"a": "2", "b": None}]
    assert read_avro(written).schema == SCHEMA


def test_the_code_location_is_the_first_part_of_the_key(tmp_path: Path) -> None:
    run(avro_asset(ROWS), f"{tmp_path}/{{code_location}}/x")
    assert names_under(UPath(tmp_path)) == ["kippnewark/x/kippnewark/iready/scores/data"]


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
def test_one_run_writes_one_partition(root: UPath) -> None:
    scores = avro_asset(ROWS, STATIC, backfill_policy=BackfillPolicy.single_run())
    both = {
        "dagster/asset_partition_range_start": "ela",
        "dagster/asset_partition_range_end": "math",
    }
    result = run(scores, root, tags=both, raise_on_error=False)
    assert not result.success
    (failure,) = result.get_step_failure_events()
    assert "kippnewark/iready/scores: a run writes one partition, not 2" in str(
        failure.step_failure_data.error
    )
    assert names_under(root) == []


# --- loading -----------------------------------------------------------------------------------


def loaded(
    root: UPath,
    partition_keys: list[str],
    partitions_def: PartitionsDefinition[Any] | None = None,
    partition_key: str | None = None,
    look: Callable[[], None] = lambda: None,
    **metadata: Any,
) -> Any:
    """What an asset gets of a partitioned upstream asset of which some partitions are there."""
    upstream = avro_asset(ROWS, STATIC)
    for key in partition_keys:
        run(upstream, root, key)
    got = []

    @asset(
        ins={"scores": AssetIn(AssetKey(KEY), metadata=metadata)},
        partitions_def=partitions_def,
        io_manager_key="io_manager",
    )
    def downstream(scores: Any) -> None:
        many = scores if isinstance(scores, dict) else {"": scores}
        got.append({key: value and ([*value[0]], value[1]) for key, value in many.items()})

    look()
    run([downstream, upstream], root, partition_key, selection=[downstream])
    return got[0]


WRITTEN = ([{"a": "1", "b": "x"}, {"a": "2", "b": None}], SCHEMA)


def test_one_partition(root: UPath) -> None:
    assert loaded(root, ["ela", "math"], STATIC, "math") == {"": WRITTEN}


def test_several_partitions(root: UPath) -> None:
    every = loaded(root, ["ela", "math", "a/b"])
    assert every == {"ela": WRITTEN, "math": WRITTEN, "a/b": WRITTEN}


def test_many_partitions_are_opened_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of a thousand before it is asked for, and none longer than it is read."""
    root = UPath(tmp_path / "root")
    keys = [f"key-{number}" for number in range(1000)]
    with private_spool() as spool:
        write_avro(spool / "data", ROWS, SCHEMA)
        for key in keys:
            folder = Path(root.joinpath(*KEY, f"_dagster_partition_key={key}").path)
            folder.mkdir(parents=True)
            shutil.copyfile(spool / "data", folder / "data")
    opened, most_open, counted = [], [], []
    open_in_folder = folders.open_object

    def noted(path: UPath) -> Any:
        opened.append(path)
        return open_in_folder(path)

    monkeypatch.setattr(folders, "open_object", noted)

    @asset(key=KEY, partitions_def=StaticPartitionsDefinition(keys))
    def scores() -> None: ...

    @asset(
        ins={"scores": AssetIn(AssetKey(KEY), input_manager_key="io_manager_gcs_avro")},
        io_manager_key="io_manager",
    )
    def downstream(scores: Any) -> None:
        assert opened == []
        streams = {key: records for key, (records, _) in scores.items()}
        assert len(opened) == 1000
        most_open.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
        for records in streams.values():
            counted.append(sum(1 for _ in records))
            most_open.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))

    run([scores, downstream], root, selection=[downstream])
    assert counted == [2] * 1000
    assert max(most_open) - min(most_open) < 10


def test_many_partitions_in_the_cloud_take_one_listing(
    gcs: GcsEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = UPath(f"gs://{gcs.bucket}/{uuid.uuid4().hex}")
    with faults_before(gcs.endpoint) as proxy:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.endpoint)
        assert loaded(root, ["ela", "math", "a/b"], look=proxy.asked.clear) == {
            "ela": WRITTEN,
            "math": WRITTEN,
            "a/b": WRITTEN,
        }
        listings = [
            asked for asked in proxy.asked if "/o?" in asked.path and "prefix" in asked.path
        ]
        assert len(listings) == 1


def test_a_missing_partition_fails_without_a_path_of_this_machine(
    root: UPath, tmp_path: Path, instance: DagsterInstance
) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no object .*root/kippnewark/.*ela/data"):
        loaded(root, ["math"])
    upstream = avro_asset(ROWS)

    @asset(ins={"scores": AssetIn(AssetKey(KEY))}, io_manager_key="io_manager")
    def downstream(scores: Any) -> None: ...

    with pytest.raises(FileNotFoundError) as raised:
        run([downstream, upstream], root, selection=[downstream])
    assert str(tmp_path) not in str(raised.value)
    assert raised.value.__suppress_context__


def test_missing_partitions_may_be_allowed(root: UPath) -> None:
    assert loaded(root, ["math"], allow_missing_partitions=True) == {"math": WRITTEN}
    assert loaded(root, [], STATIC, "ela", allow_missing_partitions=True) == {"": None}


def test_unpartitioned(root: UPath) -> None:
    upstream = avro_asset(ROWS)

    @asset(ins={"scores": AssetIn(AssetKey(KEY))}, io_manager_key="io_manager")
    def downstream(scores: tuple[Records, Any]) -> int:
        return len(list(scores[0]))

    result = run([upstream, downstream], root)
    assert result.output_for_node("downstream") == 2
    assert names_under(root) == ["downstream/data", "kippnewark/iready/scores/data"]


# --- metadata ----------------------------------------------------------------------------------


def test_metadata(root: UPath, tmp_path: Path) -> None:
    metadata = metadata_of(run(avro_asset(ROWS), root))
    assert metadata.pop("dagster/column_schema") == column_schema(SCHEMA)
    uri = metadata.pop("dagster/uri")
    assert uri.endswith("root/kippnewark/iready/scores/data")
    assert metadata == {
        "records": 2,
        "dagster/row_count": 2,
        "rejected_rows": 0,
        "short_rows": 0,
    }


def test_metadata_holds_no_path_of_this_machine(root: UPath, tmp_path: Path, spool: Path) -> None:
    shown = repr(metadata_of(run(avro_asset(ROWS), root)))
    assert str(tmp_path) not in shown
    assert "/tmp" not in shown


def test_warnings_are_metadata_too(tmp_path: Path) -> None:
    tally = Tally(FieldsSeen(SCHEMA), warnings=["x.csv is empty"], short_rows=3)
    metadata = metadata_of(run(avro_asset(Records([], SCHEMA, tally=tally)), tmp_path))
    assert metadata["warnings"] == ["x.csv is empty"]
    assert (metadata["records"], metadata["short_rows"]) == (0, 3)


def test_column_schemas_are_each_schemas_own() -> None:
    for number in range(100):  # whose dictionaries take each other's place in memory
        fields = [{"name": f"column_{number}", "type": "string"}]
        columns = column_schema({"type": "record", "name": "Row", "fields": fields}).columns
        assert [column.name for column in columns] == [f"column_{number}"]


def test_column_schema_shows_types_as_people_read_them() -> None:
    place = {"type": "record", "name": "Place", "fields": []}
    types = {
        "a": ["null", "string"],
        "b": {"type": "array", "items": ["null", "int"]},
        "c": {"type": "long", "logicalType": "timestamp-millis"},
        "d": ["null", "int", place],
        "e": {"type": "map", "values": "string"},
    }
    fields = [{"name": name, "type": kind, "doc": f"the {name}"} for name, kind in types.items()]
    columns = column_schema({"type": "record", "name": "Row", "fields": fields}).columns
    assert {column.name: column.type for column in columns} == {
        "a": "string",
        "b": "array<int>",
        "c": "timestamp-millis",
        "d": "int | Place",
        "e": "map",
    }
    assert columns[0].description == "the a"


# --- failures leave things as they were --------------------------------------------------------


def all_that_dagster_keeps(result: ExecuteInProcessResult, instance: DagsterInstance) -> str:
    entries = [repr(event) for event in result.all_events]
    entries += [log.to_json() for log in instance.all_logs(result.run_id)]
    return "\n".join(entries)


def unfit() -> Iterator[dict[str, Any]]:
    yield {"a": "1", "b": CANARY}
    yield {"a": "2", "b": [CANARY]}


def broken() -> Iterator[dict[str, Any]]:
    yield {"a": "new"}
    raise OSError("connection reset")


@pytest.mark.parametrize(
    ("rows", "message"),
    [(unfit, "record 2, field b: list does not fit"), (broken, "connection reset")],
)
def test_a_failing_stream_leaves_the_previous_object(
    root: UPath,
    spool: Path,
    instance: DagsterInstance,
    rows: Any,
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run(avro_asset(ROWS), root)
    before = content(root.joinpath(*KEY, "data"))
    result = run(avro_asset(rows), root, raise_on_error=False, instance=instance)
    assert not result.success
    assert content(root.joinpath(*KEY, "data")) == before
    assert names_under(root) == ["kippnewark/iready/scores/data"]
    assert list(spool.iterdir()) == []
    kept = all_that_dagster_keeps(result, instance)
    assert message in kept
    assert CANARY not in kept + "".join(capfd.readouterr())


# --- quarantine --------------------------------------------------------------------------------


def with_rejects(count: int, allowed: int, error: Exception | None = None) -> Records:
    """Records of a file of which some rows were rejected while it was read."""
    resources = ExitStack()
    quarantine = Quarantine(resources.enter_context(private_spool()), allowed)
    resources.enter_context(quarantine)

    def rows() -> Iterator[dict[str, str]]:
        yield {"a": "1"}
        for number in range(count):
            quarantine.add("scores.csv", number + 2, "not of type int", [CANARY, "x"], "b")
        yield {"a": "2"}
        if error:
            raise error

    tally = Tally(FieldsSeen(SCHEMA), quarantine)
    return Records(rows(), SCHEMA, tally=tally, resources=resources)


QUARANTINE = "kippnewark/iready/scores/quarantine"
REJECTED = {
    "source_file_name": "scores.csv",
    "column": "b",
    "reason": "not of type int",
    "cells": [CANARY, "x"],
}


def test_allowed_rejects_lie_beside_the_output(
    root: UPath, spool: Path, instance: DagsterInstance
) -> None:
    result = run(avro_asset(with_rejects(2, allowed=2)), root, instance=instance)
    assert names_under(root) == ["kippnewark/iready/scores/data", QUARANTINE]
    assert rows_at(root / QUARANTINE) == [{**REJECTED, "line": 2}, {**REJECTED, "line": 3}]
    assert len(rows_at(root.joinpath(*KEY, "data"))) == 2
    metadata = metadata_of(result)
    assert (metadata["records"], metadata["rejected_rows"]) == (2, 2)
    assert CANARY not in all_that_dagster_keeps(result, instance)
    assert list(spool.iterdir()) == []


def test_too_many_rejects_fail_and_lie_there_to_be_looked_at(
    root: UPath, spool: Path, instance: DagsterInstance
) -> None:
    run(avro_asset(ROWS), root)
    before = content(root.joinpath(*KEY, "data"))
    result = run(
        avro_asset(with_rejects(2, allowed=1)), root, instance=instance, raise_on_error=False
    )
    assert not result.success
    assert content(root.joinpath(*KEY, "data")) == before
    assert len(rows_at(root / QUARANTINE)) == 2
    kept = all_that_dagster_keeps(result, instance)
    assert "rejected rows: 2, allowed: 1" in kept
    assert CANARY not in kept
    assert list(spool.iterdir()) == []


def test_a_clean_run_removes_the_quarantine_of_an_earlier_one(root: UPath) -> None:
    run(avro_asset(with_rejects(2, allowed=2)), root)
    run(avro_asset(ROWS), root)
    assert names_under(root) == ["kippnewark/iready/scores/data"]


def test_a_failed_run_without_rejects_leaves_the_quarantine_with_its_object(root: UPath) -> None:
    run(avro_asset(with_rejects(1, allowed=1)), root)
    assert not run(avro_asset(broken), root, raise_on_error=False).success
    assert names_under(root) == ["kippnewark/iready/scores/data", QUARANTINE]


def test_rejects_of_a_run_that_failed_otherwise_are_kept_too(root: UPath) -> None:
    records = with_rejects(1, allowed=5, error=OSError("connection reset"))
    assert not run(avro_asset(records), root, raise_on_error=False).success
    assert names_under(root) == [QUARANTINE]


def test_an_object_carries_its_schemas_fingerprint(
    gcs: GcsEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside it where the storage keeps notes, and in the file itself everywhere."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.endpoint)
    root = UPath(f"gs://{gcs.bucket}/{uuid.uuid4().hex}")
    run(avro_asset(ROWS), root)
    found = stored(root.joinpath(*KEY, "data"))
    assert found
    assert found.metadata["teamster-schema"] == fingerprint(SCHEMA)
    with open_object(found.path) as file:
        header = fastavro.reader(file).metadata
    assert header["teamster.schema"] == fingerprint(SCHEMA)


def test_what_the_storage_refuses_names_the_object_as_people_know_it(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    folder = tmp_path.joinpath("root", *KEY)
    folder.mkdir(parents=True)
    (folder / "data").mkdir()
    result = run(avro_asset(ROWS), tmp_path / "root", instance=instance, raise_on_error=False)
    (failure,) = result.get_step_failure_events()
    said = str(failure.step_failure_data.error)
    assert "root/kippnewark/iready/scores/data: " in said
    assert str(tmp_path) not in said


# --- files and pickles -------------------------------------------------------------------------


def test_files(root: UPath, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    got = []

    @asset(key=["kippnewark", "report"], io_manager_key="io_manager_gcs_file")
    def report() -> Path:
        return tmp_path / "report.pdf"

    @asset(ins={"report": AssetIn(key_prefix="kippnewark")}, io_manager_key="io_manager")
    def downstream(report: UPath) -> None:
        got.append(content(report))

    result = run([report, downstream], root)
    assert got == [b"%PDF"]
    assert names_under(root) == ["kippnewark/report/data"]
    (event,) = result.asset_materializations_for_node("kippnewark__report")
    assert event.metadata["size"].value == 4
    assert str(tmp_path) not in repr(event.metadata)
    remove(root / "kippnewark/report/data")
    with pytest.raises(FileNotFoundError, match=r"no object .*root/kippnewark/report/data"):
        run([report, downstream], root, selection=[downstream])


@pytest.mark.parametrize("value", [None, 3, {"a": [1, (2, "x")]}, b"\0" * 1000])
def test_pickles(root: UPath, value: Any) -> None:
    @asset(key_prefix="kippnewark", io_manager_key="io_manager")
    def first() -> Any:
        return value

    @asset(ins={"first": AssetIn(key_prefix="kippnewark")}, io_manager_key="io_manager")
    def second(first: Any) -> Any:
        return [first]

    assert run([first, second], root).output_for_node("second") == [value]
    assert names_under(root) == ["kippnewark/first/data", "second/data"]


# --- outputs that belong to no asset -----------------------------------------------------------


@op
def one() -> int:
    return 1


@op
def plus(number: int) -> int:
    return number + 1


@op(out=DynamicOut())
def pieces(number: int) -> Iterator[DynamicOutput[int]]:
    for piece in range(number):
        yield DynamicOutput(piece, mapping_key=f"n{piece}")


@op
def total(numbers: list[int]) -> int:
    return sum(numbers)


def test_ops_that_belong_to_no_asset(root: UPath, instance: DagsterInstance) -> None:
    @job(resource_defs=dict(managers(root)))
    def adding() -> None:
        total(pieces(plus(plus(one()))).map(plus).collect())

    result = adding.execute_in_process(instance=instance)
    assert result.success
    assert result.output_for_node("total") == 6
    folders = {path.split("/", 2)[1] for path in names_under(root)}
    assert folders == {result.run_id}
    assert f"_ops/{result.run_id}/one/result/data" in names_under(root)
    assert len(names_under(root)) == 10
    again = adding.execute_in_process(instance=instance)
    assert len(names_under(root)) == 20
    assert again.success


def test_an_op_between_ops_may_stream_records(root: UPath, instance: DagsterInstance) -> None:
    @op(out=Out(io_manager_key="io_manager_gcs_avro"))
    def fetch() -> tuple[Any, Any]:
        return ROWS, SCHEMA

    @op(ins={"fetched": In()}, out=Out(io_manager_key="io_manager"))
    def count(fetched: tuple[Records, Any]) -> int:
        return len(list(fetched[0]))

    @job(resource_defs=dict(managers(root)))
    def counting() -> None:
        count(fetch())

    assert counting.execute_in_process(instance=instance).output_for_node("count") == 2


def test_the_ops_inside_a_graph_asset(root: UPath) -> None:
    @graph_asset
    def three() -> Any:
        return plus(plus(one()))

    result = run([three], root)
    assert [path for path in names_under(root) if not path.startswith("_ops/")] == ["three/data"]
    assert len(names_under(root)) == 3
    assert result.output_for_node("three") == 3


def test_ops_of_no_code_location_have_no_place_where_each_has_its_own(tmp_path: Path) -> None:
    @job(resource_defs=dict(managers(f"{tmp_path}/{{code_location}}")))
    def adding() -> None:
        plus(one())

    with (
        DagsterInstance.ephemeral() as instance,
        pytest.raises(ConfigError, match=r"get_io_managers\(code_location\)"),
    ):
        adding.execute_in_process(instance=instance)
    assert names_under(UPath(tmp_path)) == []
