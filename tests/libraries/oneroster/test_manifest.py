"""The archive's manifest: what is absent is no failure, and no delta overwrites bulk data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastavro
import pytest
from dagster import AssetsDefinition
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.config import config_from_files
from teamster.core.errors import ConfigError, NoMatchingFile, UnreadableFile
from teamster.libraries.oneroster.archives import build_oneroster_archive_asset
from teamster.libraries.oneroster.manifest import modes_of
from tests.libraries.sftp.vendor import KEY, Vendor
from tests.libraries.sftp.zipping import aes

VERSIONS = {"manifest.version": "1.0", "oneroster.version": "1.2"}
ORGS = "sourcedId,status,dateLastModified,name\n1,,,North\n2,,,South\n"
DELTA = "sourcedId,status,dateLastModified,name\n2,tobedeleted,2026-11-01T00:00:00.000Z,South\n"


def manifest(properties: Mapping[str, str]) -> str:
    lines = [f"{name},{value}" for name, value in properties.items()]
    return "\n".join(["propertyName,value", *lines, ""])


def put(vendor: Vendor, mode: str | None, orgs: str | None = ORGS, **others: str) -> None:
    """Puts an archive on the server whose manifest calls `orgs.csv` this."""
    properties = {**VERSIONS, "file.users": "bulk", **others}
    if mode:
        properties["file.orgs"] = mode
    members = {"manifest.csv": manifest(properties), "users.csv": "sourcedId\n1\n"}
    vendor.put_zip("/data/oneroster.zip", members | ({"orgs.csv": orgs} if orgs else {}))


def feed(**options: Any) -> AssetsDefinition:
    return build_oneroster_archive_asset(
        **{
            "asset_key": KEY,
            "remote_dir_regex": "/data",
            "remote_file_regex": r"oneroster\.zip",
            "archive_file_regex": r"orgs\.csv",
            "ssh_resource_key": "ssh_vendor",
            "avro_schema": "teamster.libraries.oneroster.schema:Orgs",
            "slugify_cols": False,
            **options,
        }
    )


@pytest.mark.parametrize("mode", ["bulk", None])
def test_a_bulk_file_is_read_and_one_not_listed_too(quick_vendor: Vendor, mode: str | None) -> None:
    put(quick_vendor, mode)
    quick_vendor.run(feed())
    assert [row["name"] for row in quick_vendor.rows()] == ["North", "South"]


def test_an_absent_file_is_no_failure_and_leaves_the_last_object(quick_vendor: Vendor) -> None:
    put(quick_vendor, "bulk")
    quick_vendor.run(feed())
    before = quick_vendor.object_at().read_bytes()
    put(quick_vendor, "absent", None)
    result = quick_vendor.run(feed())
    assert result.success
    assert not [event for event in result.all_events if event.is_step_materialization]
    assert quick_vendor.object_at().read_bytes() == before


@pytest.mark.parametrize("when_missing", ["fail", "skip"])
@pytest.mark.parametrize(
    ("mode", "orgs", "said"),
    [
        ("absent", ORGS, r"oneroster\.zip/manifest\.csv says that orgs\.csv is absent, and yet"),
        ("bulk", None, r"says that orgs\.csv is there \(bulk\), and it is not"),
        ("delta", None, r"says that orgs\.csv is there \(delta\), and it is not"),
        ("delta", DELTA, r"orgs\.csv is a delta: .*set deltas: keep and a partition"),
        ("whole", ORGS, r"file\.orgs is neither bulk, delta nor absent"),
    ],
)
def test_what_the_manifest_speaks_against_is_an_error(
    quick_vendor: Vendor, mode: str, orgs: str | None, said: str, when_missing: str
) -> None:
    put(quick_vendor, "bulk")
    quick_vendor.run(feed())
    before = quick_vendor.object_at().read_bytes()
    put(quick_vendor, mode, orgs)
    with pytest.raises(UnreadableFile, match=said):
        quick_vendor.run(feed(when_missing=when_missing))
    assert quick_vendor.object_at().read_bytes() == before


def test_without_an_archive_a_run_fails_as_ever(quick_vendor: Vendor) -> None:
    (quick_vendor.root / "data").mkdir()
    with pytest.raises(NoMatchingFile):
        quick_vendor.run(feed())


def test_deltas_are_kept_each_in_the_partition_of_its_delivery(quick_vendor: Vendor) -> None:
    days = {"type": "daily", "start_date": "2026-10-01"}
    asset = feed(
        deltas="keep", remote_dir_regex=r"/data/(?P<day>\d{4}-\d\d-\d\d)/", partitions_def=days
    )
    for day, mode, rows in (("2026-10-14", "bulk", ORGS), ("2026-10-15", "delta", DELTA)):
        members = {"manifest.csv": manifest({**VERSIONS, "file.orgs": mode}), "orgs.csv": rows}
        quick_vendor.put_zip(f"/data/{day}/oneroster.zip", members)
        quick_vendor.run(asset, day)
    objects = sorted(quick_vendor.storage.rglob("data"))
    assert len(objects) == 2
    found = [list(_rows(path)) for path in objects]
    assert [row["sourcedId"] for row in found[0]] == ["1", "2"]
    assert [(row["sourcedId"], row["status"]) for row in found[1]] == [("2", "tobedeleted")]


def _rows(path: Path) -> Any:
    with path.open("rb") as file:
        yield from fastavro.reader(file)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"deltas": "keep"}, "deltas: keep takes a partition dimension of days or hours"),
        (
            {
                "deltas": "keep",
                "remote_dir_regex": r"/data/(?P<year>\d{4})",
                "partitions_def": {"type": "fiscal_year", "start_date": "2024-07-01"},
            },
            "deltas: keep takes a partition dimension of days or hours",
        ),
        ({"deltas": "merge"}, "deltas must be fail or keep"),
    ],
)
def test_deltas_need_a_place_of_their_own(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        feed(**options)


def test_the_error_names_the_place_in_the_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "assets:\n  - asset_key: [a, b, c]\n    remote_dir_regex: /x\n    remote_file_regex: y\n"
        "    archive_file_regex: z\n    ssh_resource_key: s\n    deltas: keep\n"
        "    avro_schema: teamster.libraries.oneroster.schema:Orgs\n"
    )
    (entry,) = config_from_files([tmp_path / "a.yaml"])["assets"]
    with pytest.raises(ConfigError, match=r"a\.yaml:2: a/b/c: deltas"):
        build_oneroster_archive_asset(**entry)


def test_a_manifest_may_be_demanded(quick_vendor: Vendor) -> None:
    quick_vendor.put_zip("/data/oneroster.zip", {"orgs.csv": ORGS})
    quick_vendor.run(feed())
    with pytest.raises(UnreadableFile, match=r"oneroster\.zip has no manifest\.csv"):
        quick_vendor.run(feed(manifest_required=True))


def test_a_manifest_in_a_folder_or_encrypted_is_read(
    quick_vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVE_PASSWORD", "pass")
    text = manifest({**VERSIONS, "file.orgs": "delta"})
    members = {"export/manifest.csv": text, "export/orgs.csv": DELTA}
    asset = feed(archive_password_env="ARCHIVE_PASSWORD")
    quick_vendor.put("/data/oneroster.zip", aes(members, "pass", 256))
    with pytest.raises(UnreadableFile, match=r"export/manifest\.csv says that orgs\.csv is a delt"):
        quick_vendor.run(asset)
    both = {**members, "manifest.csv": text}
    quick_vendor.put_zip("/data/oneroster.zip", both)
    with pytest.raises(UnreadableFile, match=r"has 2 members named manifest\.csv"):
        quick_vendor.run(asset)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sourcedId,name\n1,Jane Doe\n", "its first line is not propertyName,value"),
        ("", "its first line is not propertyName,value"),
        ("propertyName,value\noneroster.version,1.2\n", "manifest.version is missing or unknown"),
        (manifest({**VERSIONS, "manifest.version": "2.0"}), "manifest.version is missing or unkn"),
        (manifest({**VERSIONS, "oneroster.version": "1.0"}), "oneroster.version is missing or un"),
        (manifest(VERSIONS) + "file.orgs,bulk\nfile.orgs,delta\n", "line 5: a property stands tw"),
        (manifest(VERSIONS) + "file.orgs\n", "file.orgs is neither bulk, delta nor absent"),
        (b"propertyName,value\nx,\xff\n", "not UTF-8 at byte 21"),
        ('propertyName,value\n"x', "unexpected end of data"),
    ],
)
def test_a_broken_manifest_is_told_without_its_values(content: str | bytes, said: str) -> None:
    with pytest.raises(UnreadableFile) as raised:
        modes_of(content.encode() if isinstance(content, str) else content, "a.zip/manifest.csv")
    assert said in str(raised.value)
    assert str(raised.value).startswith("a.zip/manifest.csv")
    assert "Jane" not in str(raised.value)


@given(
    modes=st.dictionaries(
        st.sampled_from(["orgs", "users", "roles", "classes", "userProfiles"]),
        st.sampled_from(["bulk", "delta", "absent"]),
    ),
    version=st.sampled_from(["1.1", "1.2", "1.2.1"]),
    bom=st.booleans(),
    crlf=st.booleans(),
    quoted=st.booleans(),
    blank=st.integers(0, 2),
)
def test_a_manifest_is_read_however_it_is_spelled(
    modes: dict[str, str], version: str, bom: bool, crlf: bool, quoted: bool, blank: int
) -> None:
    properties = {f"file.{name}": mode for name, mode in modes.items()}
    rows = [
        ("propertyName", "value"),
        ("oneroster.version", version),
        *properties.items(),
        ("manifest.version", "1.0"),
        ("source.systemName", "SIS; of ours"),
    ]
    lines = [f'"{a}","{b}"' if quoted else f"{a},{b}" for a, b in rows] + [""] * blank
    text = ("\r\n" if crlf else "\n").join([*lines, ""])
    found = modes_of(text.encode("utf-8-sig" if bom else "utf-8"), "manifest.csv")
    assert found == {f"{name}.csv": mode for name, mode in modes.items()}
