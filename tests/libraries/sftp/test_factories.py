"""The three factories, with and without partitions, over asyncssh's server and OpenSSH's.

Each row of the table "What the factories do" (docs/sftp.md) is a test here.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import AssetsDefinition, MultiPartitionKey, StaticPartitionsDefinition

from teamster.core.errors import NoMatchingFile, SeveralMatchingFiles
from teamster.core.partitions import FiscalYearPartitionsDefinition
from teamster.core.schema import text_model
from teamster.libraries.sftp.assets import (
    build_sftp_archive_asset,
    build_sftp_file_asset,
    build_sftp_folder_asset,
)
from tests.libraries.sftp.vendor import KEY, MTIME, Vendor, check_of, metadata_of, zip_of

SCHEMA = text_model("table", "id name source_file_name")
FILE = "Id,Name\n1,Ann\n2,\n"
ROWS = [("1", "Ann"), ("2", None)]


class Case:
    """One factory: how its asset is made, and how a file of its kind is put on the server."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.build: Callable[..., AssetsDefinition] = {
            "file": build_sftp_file_asset,
            "archive": build_sftp_archive_asset,
            "folder": build_sftp_folder_asset,
        }[kind]

    @property
    def suffix(self) -> str:
        return "zip" if self.kind == "archive" else "csv"

    def asset(self, vendor: Vendor, folder: str = "/data", **options: Any) -> AssetsDefinition:
        if self.kind == "archive":
            options.setdefault("archive_file_regex", r"table\.csv")
        return self.build(
            asset_key=KEY,
            remote_dir_regex=vendor.folder(folder),
            remote_file_regex=options.pop("file", rf"table\w*\.{self.suffix}"),
            ssh_resource_key="ssh_vendor",
            avro_schema=SCHEMA,
            **options,
        )

    def put(
        self, vendor: Vendor, path: str, content: str | bytes = FILE, mtime: datetime = MTIME
    ) -> None:
        if self.kind == "archive":
            vendor.put(f"{path}.zip", zip_of({"table.csv": content}), mtime)
        else:
            vendor.put(f"{path}.csv", content, mtime)

    def source(self, path: str) -> str:
        return f"{path}.zip/table.csv" if self.kind == "archive" else f"{path}.csv"


@pytest.fixture(params=["file", "archive", "folder"])
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


def pairs(rows: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(row["id"], row["name"]) for row in rows]


def test_exactly_one_match_is_read(vendor: Vendor, case: Case) -> None:
    case.put(vendor, "/data/table")
    vendor.put(f"/data/table.{case.suffix}.bak", "not this")
    vendor.put(f"/data/table.{case.suffix}.filepart", "nor this")
    vendor.put(f"/elsewhere/table.{case.suffix}", "nor this")
    result = vendor.run(case.asset(vendor))
    assert pairs(vendor.rows()) == ROWS
    assert {row["source_file_name"] for row in vendor.rows()} == {case.source("table")}
    metadata = metadata_of(result)
    assert metadata["records"] == metadata["dagster/row_count"] == 2
    (source,) = metadata["source_files"].records
    assert source.data["path"].endswith(f"/data/table.{case.suffix}")
    assert source.data["mtime"] == MTIME.isoformat()
    assert source.data["size"] == metadata["source_size"]
    assert check_of(result).passed


def test_several_matches_fail_by_name_or_are_all_read(vendor: Vendor, case: Case) -> None:
    case.put(vendor, "/data/table_b", "Id,Name\n3,Bo\n")
    case.put(vendor, "/data/table_a")
    asset = case.asset(vendor)
    if case.kind == "folder":
        vendor.run(asset)
        assert pairs(vendor.rows()) == [*ROWS, ("3", "Bo")]  # in the order of the paths
        return
    with pytest.raises(SeveralMatchingFiles, match=r"table_a\.\w+, .*table_b\."):
        vendor.run(asset)
    assert not vendor.object_at().exists()


@pytest.mark.parametrize(("select", "expected"), [("newest", [("3", "Bo")]), ("all", None)])
def test_select_says_which_of_several_are_taken(
    vendor: Vendor, case: Case, select: str, expected: list[tuple[str, str | None]] | None
) -> None:
    case.put(vendor, "/data/table_a", "Id,Name\n3,Bo\n", MTIME + timedelta(days=1))
    case.put(vendor, "/data/table_b")
    vendor.run(case.asset(vendor, select=select))
    assert pairs(vendor.rows()) == (expected or [("3", "Bo"), *ROWS])


def test_no_match_fails_with_the_nearest_names(vendor: Vendor, case: Case) -> None:
    case.put(vendor, "/data/tabel")
    with pytest.raises(NoMatchingFile, match=r"nearest seen: .*tabel") as failure:
        vendor.run(case.asset(vendor))
    assert isinstance(failure.value, FileNotFoundError)
    assert not vendor.object_at().exists()


def test_when_missing_skip_writes_nothing_and_leaves_the_last_object_alone(
    vendor: Vendor, case: Case
) -> None:
    asset = case.asset(vendor, when_missing="skip")
    (vendor.root / "data").mkdir()
    assert vendor.run(asset).success
    assert not vendor.object_at().exists()
    case.put(vendor, "/data/table")
    vendor.run(asset)
    before = vendor.object_at().read_bytes()
    (vendor.root / "data" / f"table.{case.suffix}").unlink()
    result = vendor.run(asset)
    assert result.success
    assert not [event for event in result.all_events if event.is_step_materialization]
    assert vendor.object_at().read_bytes() == before


@pytest.mark.parametrize("content", ["", "Id,Name\n", "\ufeffId,Name\r\n\r\n"])
def test_an_empty_file_gives_zero_rows_and_a_warning(
    vendor: Vendor, case: Case, content: str
) -> None:
    case.put(vendor, "/data/table", content)
    result = vendor.run(case.asset(vendor))
    assert vendor.rows() == []
    assert metadata_of(result)["records"] == 0
    (warning,) = metadata_of(result)["warnings"]
    assert warning.startswith(case.source("table"))


def test_in_a_folder_an_empty_file_stands_for_itself(vendor: Vendor) -> None:
    case = Case("folder")
    case.put(vendor, "/data/table_a", "")
    case.put(vendor, "/data/table_b")
    result = vendor.run(case.asset(vendor))
    assert pairs(vendor.rows()) == ROWS
    assert metadata_of(result)["warnings"] == ["table_a.csv is empty"]


def test_a_missing_member_fails_naming_the_members(vendor: Vendor) -> None:
    vendor.put_zip("/data/table.zip", {"other.csv": FILE, "readme.txt": "x"})
    case = Case("archive")
    with pytest.raises(NoMatchingFile, match=r"other\.csv, readme\.txt"):
        vendor.run(case.asset(vendor))
    assert vendor.run(case.asset(vendor, when_missing="skip")).success
    assert not vendor.object_at().exists()


def test_a_zip_of_0_bytes_is_no_archive(vendor: Vendor) -> None:
    vendor.put("/data/table.zip", "")
    result = vendor.run(Case("archive").asset(vendor), raise_on_error=False)
    assert not result.success
    assert not vendor.object_at().exists()


YEARS = StaticPartitionsDefinition(["202", "2025", "2026"])


@pytest.mark.parametrize("folder", [r"/reports/(?P<fiscal_year>\d+)/", r"/reports/(?P<x>)"])
def test_a_static_partition_fills_the_one_group(vendor: Vendor, case: Case, folder: str) -> None:
    case.put(vendor, "/reports/2025/table", "Id,Name\n25,\n")
    case.put(vendor, "/reports/2026/table", "Id,Name\n26,\n")
    asset = case.asset(vendor, folder, partitions_def=YEARS)
    vendor.run(asset, "2026")
    assert pairs(vendor.rows("_dagster_partition_key=2026")) == [("26", None)]
    with pytest.raises(FileNotFoundError):
        vendor.run(asset, "202")


def test_a_fiscal_year_is_spelled_by_its_number(vendor: Vendor, case: Case) -> None:
    case.put(vendor, "/reports/2025/table", "Id,Name\n25,\n")
    case.put(vendor, "/reports/2026/table", "Id,Name\n26,\n")
    years = FiscalYearPartitionsDefinition(start_date="2023-07-01")
    asset = case.asset(vendor, r"/reports/(?P<fiscal_year>\d{4})/", partitions_def=years)
    vendor.run(asset, "2025-07-01")
    hive = ["fiscal_year=2026", "date=2025-07-01", "hour=00", "minute=00"]
    rows = vendor.rows(*(f"_dagster_partition_{part}" for part in hive))
    assert pairs(rows) == [("26", None)]


MULTI = {
    "type": "multi",
    "partitions_defs": {
        "academic_year": {"type": "static", "partition_keys": ["2025", "2026"]},
        "subject": {"type": "static", "partition_keys": ["ela", "math"]},
    },
}


def test_dimensions_fill_groups_of_folder_and_file(vendor: Vendor, case: Case) -> None:
    for year in ("2025", "Current_Year"):
        for subject in ("ela", "math"):
            name = f"/exports/{year}/table_{subject}"
            case.put(vendor, name, f"Id,Name\n{year},{subject}\n")
    asset = case.asset(
        vendor,
        r"/exports/(?P<academic_year>\w+)",
        file=rf"table_(?P<subject>ela|math)\.{case.suffix}",
        partitions_def=MULTI,
        partition_aliases={"academic_year": {"2026": "Current_Year"}},
    )
    vendor.run(asset, MultiPartitionKey({"academic_year": "2026", "subject": "math"}))
    hive = ("_dagster_partition_academic_year=2026", "_dagster_partition_subject=math")
    assert pairs(vendor.rows(*hive)) == [("Current_Year", "math")]
    vendor.run(asset, MultiPartitionKey({"academic_year": "2025", "subject": "ela"}))
    hive = ("_dagster_partition_academic_year=2025", "_dagster_partition_subject=ela")
    assert pairs(vendor.rows(*hive)) == [("2025", "ela")]


def test_a_member_carries_a_dimension_and_the_mtime_another(vendor: Vendor) -> None:
    vendor.put_zip("/table.zip", {"SM.csv": "Id,Name\n1,\n", "SR.csv": "Id,Name\n2,\n"})
    asset = build_sftp_archive_asset(
        asset_key=KEY,
        remote_dir_regex=r"\.",
        remote_file_regex=r"table\.zip",
        archive_file_regex=r"(?P<subject>)\.csv",
        ssh_resource_key="ssh_vendor",
        avro_schema=SCHEMA,
        partitions_def={
            "type": "multi",
            "partitions_defs": {
                "start_date": {"type": "fiscal_year", "start_date": "2023-07-01"},
                "subject": {"type": "static", "partition_keys": ["SM", "SR"]},
            },
        },
        partition_sources={"start_date": "mtime"},
    )
    vendor.run(asset, MultiPartitionKey({"start_date": "2026-07-01", "subject": "SR"}))
    hive = ("_dagster_partition_start_date=2026-07-01", "_dagster_partition_subject=SR")
    assert pairs(vendor.rows(*hive)) == [("2", None)]
    with pytest.raises(FileNotFoundError):  # this year's file is never last year's
        vendor.run(asset, MultiPartitionKey({"start_date": "2025-07-01", "subject": "SR"}))


def test_unchanged_content_has_the_same_data_version(vendor: Vendor, case: Case) -> None:

    def version() -> str:
        result = vendor.run(case.asset(vendor))
        (event,) = [event for event in result.all_events if event.is_step_materialization]
        return str((event.materialization.tags or {})["dagster/data_version"])

    case.put(vendor, "/data/table")
    first = version()
    case.put(vendor, "/data/table", mtime=datetime(2026, 11, 1, tzinfo=UTC))
    assert version() == first
    case.put(vendor, "/data/table", FILE + "3,Bo\n")
    assert version() != first
