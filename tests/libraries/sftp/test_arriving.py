"""Files of a folder that are read while others arrive: the same outcome, and a bounded spool."""

import gzip
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetsDefinition, ExecuteInProcessResult

from teamster.core.errors import UnreadableFile
from teamster.core.schema import text_model
from teamster.libraries.sftp import materializing
from teamster.libraries.sftp.assets import build_sftp_archive_asset, build_sftp_folder_asset
from teamster.libraries.ssh import fetching
from teamster.libraries.ssh.files import LocalFile
from tests.libraries.sftp.vendor import KEY, Vendor, metadata_of, zip_of

SCHEMA = text_model("table", "id source_file_name")
MANY = 30
MOST = 4


@pytest.fixture
def patient_vendor(quick_vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """A vendor of whose files a few may wait, and who counts as distant."""
    monkeypatch.setattr(fetching, "_NEAR", 0)
    return replace(quick_vendor, resource=quick_vendor.login(max_ahead=MOST))


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files are in the spool, whatever they are, each time that one is read."""
    counts: list[int] = []
    read_records = materializing.read_records

    def counting(files: Iterable[LocalFile], *others: Any) -> Any:
        spool: Path = others[2]

        def counted() -> Iterator[LocalFile]:
            for file in files:
                counts.append(sum(path.is_file() for path in spool.rglob("*")))
                yield file

        return read_records(counted(), *others)

    monkeypatch.setattr(materializing, "read_records", counting)
    return counts


def folder_asset(**options: Any) -> AssetsDefinition:
    core = (KEY, "/data", r"table_\d+\.(csv|zip)", "ssh_vendor", SCHEMA)
    return build_sftp_folder_asset(*core, **options)


def version(result: ExecuteInProcessResult) -> str:
    (event,) = [event for event in result.all_events if event.is_step_materialization]
    return str((event.materialization.tags or {})["dagster/data_version"])


def put_many(vendor: Vendor) -> list[str]:
    """Puts files, some of them packed; returns the ids of their rows."""
    for number in range(MANY):
        content = f"id\n{number}\n".encode()
        vendor.put(
            f"/data/table_{number:02}.csv", content if number % 3 else gzip.compress(content)
        )
    return [str(number) for number in range(MANY)]


@pytest.mark.parametrize("near", [0, math.inf])
def test_the_outcome_is_that_of_fetching_all_files_first_and_the_spool_is_bounded(
    patient_vendor: Vendor, held: list[int], monkeypatch: pytest.MonkeyPatch, near: float
) -> None:
    monkeypatch.setattr(fetching, "_NEAR", near)
    ids = put_many(patient_vendor)
    whole = patient_vendor.run(folder_asset(when_missing="skip"))
    assert [row["id"] for row in patient_vendor.rows()] == ids
    assert max(held) > MANY, "all files, and some of them unpacked"
    held.clear()
    result = patient_vendor.run(folder_asset())
    assert [row["id"] for row in patient_vendor.rows()] == ids
    assert max(held) <= MOST + 2, "those that wait, and the one that is read, which was unpacked"
    assert len(held) == MANY
    assert version(result) == version(whole)
    both = (metadata_of(result), metadata_of(whole))
    shown = [[each.data for each in metadata.pop("source_files").records] for metadata in both]
    assert shown[0] == shown[1]
    assert len(shown[0]) == MANY
    assert both[0]["source_file_count"] == MANY
    assert both[0] == both[1]


def test_archives_are_unpacked_in_their_turn_and_removed(
    patient_vendor: Vendor, held: list[int]
) -> None:
    for number in range(9):
        members = {f"{member}.csv": f"id\n{number}{member}\n" for member in range(5)}
        patient_vendor.put(f"/data/table_{number}.zip", zip_of(members))
    core = (KEY, "/data", r"table_\d\.zip", r"\d\.csv", "ssh_vendor", SCHEMA)
    patient_vendor.run(build_sftp_archive_asset(*core, select="all"))
    ids = [f"{number}{member}" for number in range(9) for member in range(5)]
    assert [row["id"] for row in patient_vendor.rows()] == ids
    assert max(held) <= MOST + 1 + 5, "those that wait, the one that is read, and its members"


def test_a_failure_far_behind_leaves_the_last_object_and_nothing_else(
    patient_vendor: Vendor, tmp_path: Path
) -> None:
    put_many(patient_vendor)
    patient_vendor.run(folder_asset())
    before = patient_vendor.object_at().read_bytes()
    patient_vendor.put("/data/table_17.csv", b"id\n\xff\n")
    with pytest.raises(UnreadableFile, match=r"table_17\.csv"):
        patient_vendor.run(folder_asset())
    assert patient_vendor.object_at().read_bytes() == before
    assert not list((tmp_path / "spool").iterdir())
