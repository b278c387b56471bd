"""Zip and gzip: what is unpacked, and what is refused, over a real server."""

import gzip
import io
import zipfile
from typing import Any

import pytest
from dagster import AssetsDefinition

from teamster.core.errors import SeveralMatchingFiles, UnreadableFile
from teamster.core.schema import text_model
from teamster.libraries.sftp.assets import build_sftp_archive_asset, build_sftp_file_asset
from tests.libraries.sftp.vendor import KEY, Vendor, zip_of

SCHEMA = text_model("table", "id source_file_name")
CSV = "id\n1\n2\n"
BOMB = b"id\n" + b"1\n" * 50_000_000
CANARY = "Zebedee"


def archive_asset(**options: Any) -> AssetsDefinition:
    core = (KEY, "/data", r"table\.zip", r"table\w*\.csv", "ssh_vendor", SCHEMA)
    return build_sftp_archive_asset(*core, **options)


def file_asset(**options: Any) -> AssetsDefinition:
    return build_sftp_file_asset(
        KEY, "/data", r"table\.csv(\.gz)?", "ssh_vendor", SCHEMA, **options
    )


@pytest.mark.parametrize(
    "name", ["table.csv", "inner/folder/table.csv", "../../table.csv", "/table.csv"]
)
def test_a_member_is_found_by_the_last_part_of_its_name_and_never_leaves_the_spool(
    quick_vendor: Vendor, name: str
) -> None:
    quick_vendor.put_zip("/data/table.zip", {name: CSV, "readme.txt": "x"})
    quick_vendor.run(archive_asset())
    assert [row["id"] for row in quick_vendor.rows()] == ["1", "2"]
    assert quick_vendor.rows()[0]["source_file_name"] == f"table.zip/{name}"


def test_of_several_members_one_all_or_the_newest(quick_vendor: Vendor) -> None:
    quick_vendor.put_zip("/data/table.zip", {"table_b.csv": "id\nb\n", "table_a.csv": "id\na\n"})
    with pytest.raises(SeveralMatchingFiles, match=r"table_a\.csv, table_b\.csv"):
        quick_vendor.run(archive_asset())
    quick_vendor.run(archive_asset(select="all"))
    assert [row["id"] for row in quick_vendor.rows()] == ["a", "b"]


def encrypted() -> bytes:
    data = bytearray(zip_of({"table.csv": CSV}))
    for signature in (b"PK\x03\x04", b"PK\x01\x02"):  # the flag's first bit, in both headers
        at = data.index(signature) + (6 if signature.endswith(b"\x03\x04") else 8)
        data[at] |= 1
    return bytes(data)


def lying_about_its_size() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", BOMB)
    return buffer.getvalue()


REFUSED = {
    "no archive": (lambda: f"id,{CANARY}\n".encode(), "no readable zip"),
    "cut short": (lambda: zip_of({"table.csv": CSV})[:-20], "no readable zip"),
    "encrypted": (encrypted, "encrypted"),
    "a bomb": (lying_about_its_size, "more than it may"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_archive_that_cannot_be_trusted_is_refused_and_the_last_object_stays(
    quick_vendor: Vendor, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    quick_vendor.put_zip("/data/table.zip", {"table.csv": CSV})
    quick_vendor.run(archive_asset())
    before = quick_vendor.object_at().read_bytes()
    make, said = REFUSED[case]
    quick_vendor.put("/data/table.zip", make())
    with pytest.raises(UnreadableFile, match=said) as failure:
        quick_vendor.run(archive_asset())
    assert "table.zip" in str(failure.value)
    assert CANARY not in str(failure.value) + caplog.text
    assert quick_vendor.object_at().read_bytes() == before


@pytest.mark.parametrize("position", [45, 60, 64])
def test_a_corrupt_member_is_refused(quick_vendor: Vendor, position: int) -> None:
    data = bytearray(zip_of({"table.csv": CSV * 1000}))
    data[position] ^= 0xFF
    quick_vendor.put("/data/table.zip", bytes(data))
    with pytest.raises(UnreadableFile):
        quick_vendor.run(archive_asset())


@pytest.mark.parametrize("name", ["table.csv.gz", "table.csv"])
def test_gzip_is_told_by_its_first_bytes(quick_vendor: Vendor, name: str) -> None:
    quick_vendor.put(f"/data/{name}", gzip.compress(CSV.encode()))
    quick_vendor.run(file_asset())
    assert [row["id"] for row in quick_vendor.rows()] == ["1", "2"]
    assert quick_vendor.rows()[0]["source_file_name"] == name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(CSV.encode() * 1000)[:-9], "no readable gzip"),
        (gzip.compress(CSV.encode())[:12] + b"\xff" * 30, "no readable gzip"),
        (gzip.compress(BOMB), "more than it may"),
    ],
    ids=["cut short", "corrupt", "a bomb"],  # the bytes hold the time: no name for a test
)
def test_a_gzip_file_that_cannot_be_trusted_is_refused(
    quick_vendor: Vendor, content: bytes, said: str
) -> None:
    quick_vendor.put("/data/table.csv.gz", content)
    with pytest.raises(UnreadableFile, match=said):
        quick_vendor.run(file_asset())
    assert not quick_vendor.object_at().exists()


def test_the_limit_can_be_set(quick_vendor: Vendor) -> None:
    quick_vendor.put_zip("/data/table.zip", {"table.csv": CSV})
    with pytest.raises(UnreadableFile, match="max_unpacked_bytes"):
        quick_vendor.run(archive_asset(max_unpacked_bytes=5))
