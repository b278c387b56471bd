"""Zip and gzip: what is unpacked, and what is refused, over a real server."""

import gzip
import io
import zipfile
from typing import Any

import pytest
from dagster import AssetsDefinition

from teamster.core.errors import ConfigError, SeveralMatchingFiles, UnreadableFile
from teamster.core.schema import text_model
from teamster.libraries.sftp.assets import build_sftp_archive_asset, build_sftp_file_asset
from tests.libraries.sftp.vendor import KEY, Vendor, zip_of
from tests.libraries.sftp.zipping import aes, deflate64, overlapping, stored_by_a_stream, zip_crypto

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


def lying_about_its_size() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", BOMB)
    return buffer.getvalue()


REFUSED = {
    "no archive": (lambda: f"id,{CANARY}\n".encode(), "no readable zip"),
    "cut short": (lambda: zip_of({"table.csv": CSV})[:-20], "no readable zip"),
    "encrypted": (lambda: zip_crypto({"table.csv": CSV}, "pw"), "archive_password_env"),
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


PASSWORD = "swordfish-and-chips"
VARIABLE = "VENDOR_ARCHIVE_PASSWORD"
ENCRYPTED: dict[str, Any] = {
    "ZipCrypto": zip_crypto,
    "ZipCrypto, written by a stream": stored_by_a_stream,
    "AES-128": lambda members, password: aes(members, password, 128),
    "AES-256": lambda members, password: aes(members, password, 256),
}


@pytest.mark.parametrize("kind", ENCRYPTED)
def test_an_encrypted_archive_is_read_with_the_password_of_a_variable(
    quick_vendor: Vendor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    members = {"readme.txt": "x", "table.csv": CSV, "other.csv": "y"}
    quick_vendor.put("/data/table.zip", ENCRYPTED[kind](members, PASSWORD))
    quick_vendor.run(archive_asset(archive_password_env=VARIABLE))
    assert [row["id"] for row in quick_vendor.rows()] == ["1", "2"]


@pytest.mark.parametrize("kind", ENCRYPTED)
def test_a_wrong_password_is_told_by_its_variable_and_never_shown(
    quick_vendor: Vendor,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    content = f"id,name\n1,{CANARY}\n" * 50
    quick_vendor.put("/data/table.zip", ENCRYPTED[kind]({"table.csv": content}, "another"))
    with pytest.raises(UnreadableFile, match=rf"table\.csv.*password in {VARIABLE}") as failure:
        quick_vendor.run(archive_asset(archive_password_env=VARIABLE))
    shown = str(failure.value) + caplog.text
    assert PASSWORD not in shown
    assert CANARY not in shown
    assert not quick_vendor.object_at().exists()


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(
    quick_vendor: Vendor, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, value)
    quick_vendor.put("/data/table.zip", aes({"table.csv": CSV}, PASSWORD, 256))
    with pytest.raises(ConfigError, match=f"the variable {VARIABLE}.*is not set"):
        quick_vendor.run(archive_asset(archive_password_env=VARIABLE))


def test_a_password_does_no_harm_to_an_archive_without_one(quick_vendor: Vendor) -> None:
    quick_vendor.put_zip("/data/table.zip", {"table.csv": CSV})
    quick_vendor.run(archive_asset(archive_password_env=VARIABLE))
    assert len(quick_vendor.rows()) == 2


@pytest.mark.parametrize("position", [-120, -150, -200])
def test_an_encrypted_member_that_was_changed_is_refused(
    quick_vendor: Vendor, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    content = "id\n" + "".join(f"{number * 7919 % 10_007}\n" for number in range(2000))
    data = bytearray(aes({"table.csv": content}, PASSWORD, 256))
    data[data.index(b"PK\x01\x02") + position] ^= 0xFF
    quick_vendor.put("/data/table.zip", bytes(data))
    with pytest.raises(UnreadableFile, match="corrupt"):
        quick_vendor.run(archive_asset(archive_password_env=VARIABLE))


def test_deflate64_which_windows_writes_is_read(quick_vendor: Vendor) -> None:
    quick_vendor.put("/data/table.zip", deflate64({"table.csv": CSV}))
    quick_vendor.run(archive_asset())
    assert [row["id"] for row in quick_vendor.rows()] == ["1", "2"]


def test_an_archive_may_list_only_so_many_members(quick_vendor: Vendor) -> None:
    members = {f"{number}.txt": "" for number in range(30)}
    quick_vendor.put_zip("/data/table.zip", {**members, "table.csv": CSV})
    quick_vendor.run(archive_asset(max_members=31))
    with pytest.raises(UnreadableFile, match=r"table\.zip lists more members .*raise max_members"):
        quick_vendor.run(archive_asset(max_members=30))


def test_a_directory_too_large_for_its_members_is_not_read_into_memory(
    quick_vendor: Vendor,
) -> None:
    members = {f"{number:0>40000}.txt": "" for number in range(30)}
    quick_vendor.put_zip("/data/table.zip", members)
    with pytest.raises(UnreadableFile, match="max_members"):
        quick_vendor.run(archive_asset(max_members=40))


def test_the_limit_holds_for_all_members_together(quick_vendor: Vendor) -> None:
    members = {f"table_{number}.csv": CSV for number in range(5)}
    quick_vendor.put_zip("/data/table.zip", members)
    quick_vendor.run(archive_asset(select="all", max_unpacked_bytes=5 * len(CSV)))
    with pytest.raises(UnreadableFile, match="max_unpacked_bytes"):
        quick_vendor.run(archive_asset(select="all", max_unpacked_bytes=5 * len(CSV) - 1))


def test_members_that_share_their_bytes_are_caught_by_what_comes_out(quick_vendor: Vendor) -> None:
    content = b"id\n" + b"1234567\n" * 1_000_000
    data = overlapping([f"table_{number:03}.csv" for number in range(60)], content)
    assert len(data) * 500 < len(content) * 60  # each alone is within the ratio, all are not
    quick_vendor.put("/data/table.zip", data)
    # Newer Pythons see it themselves: "Overlapped entries".
    with pytest.raises(UnreadableFile, match=r"more than it may|is corrupt"):
        quick_vendor.run(archive_asset(select="all"))


def test_an_archive_within_an_archive_is_not_unpacked(quick_vendor: Vendor) -> None:
    quick_vendor.put_zip("/data/table.zip", {"table.csv": zip_of({"table.csv": CSV})})
    with pytest.raises(UnreadableFile, match="zip archive by its first bytes"):
        quick_vendor.run(archive_asset())
