"""Silence and breakage: what the check `files_arriving` says of what lies on a server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetsDefinition,
    AssetSelection,
    Definitions,
    FreshnessPolicy,
    define_asset_job,
    materialize,
)

from teamster.core.errors import ConfigError
from teamster.core.resources import get_io_managers
from teamster.core.schema import text_model
from teamster.libraries.sftp.arrivals import CHECK_NAME, Arrivals, arrivals_of, build_sftp_checks
from teamster.libraries.sftp.assets import (
    build_sftp_archive_asset,
    build_sftp_file_asset,
    feed_of,
)
from teamster.libraries.sftp.survey import Directories, survey
from tests.libraries.sftp.vendor import KEY, MTIME, Vendor, zip_of

SCHEMA = text_model("table", "id")
YEARS = {"type": "static", "partition_keys": ["2025", "2026"]}
NOW = MTIME.timestamp() + 3600


def file_asset(
    vendor: Vendor, table: str = "table", file: str = r"table_\w+\.csv", **options: Any
) -> AssetsDefinition:
    folder = vendor.folder(options.pop("folder", r"/data/(?P<year>\w+)"))
    options.setdefault("partitions_def", YEARS)
    return build_sftp_file_asset([*KEY[:2], table], folder, file, "ssh_vendor", SCHEMA, **options)


def looked_at(
    vendor: Vendor, *assets: AssetsDefinition, now: float = NOW, seen_at: float | None = None
) -> Arrivals:
    """Returns how it stands with the first asset's files."""
    feeds = [feed for feed in map(feed_of, assets) if feed]
    with vendor.resource.session() as session:
        found = survey(feeds, session)[0]
    assert found is not None
    return arrivals_of(feeds[0], found, now, seen_at)


def unmatched(vendor: Vendor, arrivals: Arrivals) -> list[str]:
    text = str(arrivals.metadata.get("unmatched_files", ""))
    return [path.removeprefix(vendor.prefix) for path in text.splitlines()]


def test_all_is_well(vendor: Vendor) -> None:
    vendor.put("/data/2026/table_a.csv", "id\n1\n")
    vendor.put("/data/2025/table_a.csv", "id\n1\n", MTIME - timedelta(days=300))
    arrivals = looked_at(vendor, file_asset(vendor, expected_every="1 day"))
    assert arrivals.passed
    assert arrivals.metadata["last_file"] == f"{vendor.prefix}/data/2026/table_a.csv"
    assert arrivals.metadata["last_file_came"].value == MTIME.timestamp()
    assert (arrivals.metadata["files"], arrivals.metadata["partitions"]) == (2, 2)


def test_a_renamed_file_is_left_over_and_named(vendor: Vendor) -> None:
    vendor.put("/data/2026/tabelle_a.csv", "id\n1\n")
    vendor.put("/data/2026/table_a.csv", "id\n1\n")
    vendor.put("/data/2026/.hidden", "")
    vendor.put("/data/2026/table_b.csv.filepart", "")
    vendor.put("/elsewhere/x.csv", "")
    arrivals = looked_at(vendor, file_asset(vendor))
    assert not arrivals.passed
    assert unmatched(vendor, arrivals) == ["/data/2026/tabelle_a.csv"]
    assert "files that no feed takes: 1" in arrivals.description


def test_what_another_feed_takes_or_nobody_should_miss_is_not_left_over(vendor: Vendor) -> None:
    vendor.put("/data/2026/table_a.csv", "id\n1\n")
    vendor.put("/data/2026/other.csv", "id\n1\n")
    vendor.put("/data/2026/README.txt", "")
    table = file_asset(vendor, ignore_files=[r"(?i)readme\..*"])
    other = file_asset(vendor, "other", r"other\.csv")
    assert looked_at(vendor, table, other).passed
    assert unmatched(vendor, looked_at(vendor, table)) == ["/data/2026/other.csv"]


def test_a_new_years_folder_that_no_partition_stands_for_is_told(vendor: Vendor) -> None:
    vendor.put("/data/2026/table_a.csv", "id\n1\n")
    vendor.put("/data/2027/table_a.csv", "id\n1\n")
    vendor.put("/data/not a year/table_a.csv", "id\n1\n")
    assert unmatched(vendor, looked_at(vendor, file_asset(vendor))) == ["/data/2027/"]


def test_silence_is_told_after_a_quarter_longer_than_expected(vendor: Vendor) -> None:
    vendor.put("/data/2026/table_a.csv", "id\n1\n")
    asset = file_asset(vendor, expected_every="1 day")
    came = MTIME.timestamp()
    assert looked_at(vendor, asset, now=came + 29 * 3600).passed
    late = looked_at(vendor, asset, now=came + 31 * 3600)
    assert late.description == (
        f"no new file since {MTIME:%Y-%m-%d %H:%M} UTC, one is expected every 1 day"
    )
    # A file with an old date that was first seen lately came lately.
    assert looked_at(vendor, asset, now=came + 31 * 3600, seen_at=came + 3600 * 24).passed
    assert looked_at(vendor, file_asset(vendor), now=came + 1e9).passed, "nothing is expected"


def test_nothing_has_ever_come(vendor: Vendor) -> None:
    (vendor.root / "data").mkdir()
    arrivals = looked_at(vendor, file_asset(vendor, expected_every="1 week"))
    assert arrivals.description == "there is no file, one is expected every 1 week"


def test_a_folder_that_is_gone_is_told(vendor: Vendor) -> None:
    assert "there is no folder" in looked_at(vendor, file_asset(vendor)).description


def archive_asset(vendor: Vendor, member: str = r"table\.csv", **options: Any) -> AssetsDefinition:
    return build_sftp_archive_asset(
        KEY, vendor.folder("/data"), r"all_\w+\.zip", member, "ssh_vendor", SCHEMA, **options
    )


def test_an_archive_without_the_member_is_told_unless_it_may_be_missing(vendor: Vendor) -> None:
    vendor.put_zip("/data/all_1.zip", {"other.csv": "id\n1\n"})
    arrivals = looked_at(vendor, archive_asset(vendor))
    assert arrivals.metadata["without_member"].endswith("/data/all_1.zip")
    assert looked_at(vendor, archive_asset(vendor, when_missing="skip")).passed


def test_an_unfinished_archive_is_told_and_keeps_no_other_from_its_partition(
    vendor: Vendor,
) -> None:
    vendor.put("/data/all_1.zip", zip_of({"2025.csv": "id\n1\n" * 100})[:60])
    vendor.put_zip("/data/all_2.zip", {"2026.csv": "id\n1\n"})
    asset = archive_asset(vendor, r"(?P<year>\d+)\.csv", partitions_def=YEARS)
    arrivals = looked_at(vendor, asset)
    assert arrivals.metadata["unreadable"].endswith("/data/all_1.zip")
    assert arrivals.metadata["partitions"] == 1


def test_an_archives_directory_is_read_once_while_it_is_unchanged(
    quick_vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = archive_asset(quick_vendor)
    quick_vendor.put_zip("/data/all_1.zip", {"table.csv": "id\n1\n"})
    feed = feed_of(asset)
    assert feed
    directories = Directories()
    with quick_vendor.resource.session() as session:
        opened: list[str] = []
        original = session.open
        monkeypatch.setattr(
            session, "open", lambda file: opened.append(file.path) or original(file)
        )
        for _ in range(3):
            survey([feed], session, directories=directories)
        assert opened == ["/data/all_1.zip"]
        quick_vendor.put_zip("/data/all_1.zip", {"table.csv": "id\n1\n2\n3\n"})
        survey([feed], session, directories=directories)
        assert len(opened) == 2


def executed(vendor: Vendor, *assets: AssetsDefinition) -> dict[str, AssetCheckEvaluation]:
    """Runs the checks by hand, as people do in the UI."""
    checks = build_sftp_checks(assets)
    definitions = Definitions(
        assets=assets,
        asset_checks=checks,
        resources={"ssh_vendor": vendor.resource, **get_io_managers("any")},
        jobs=[define_asset_job("checks", AssetSelection.checks(*checks))],
    )
    result = definitions.resolve_job_def("checks").execute_in_process()
    return {
        evaluation.asset_key.path[-1]: evaluation
        for evaluation in result.get_asset_check_evaluations()
    }


def test_the_checks_of_a_server_run_by_hand(vendor: Vendor) -> None:
    vendor.put("/data/2026/table_a.csv", "id\n1\n", datetime.now(UTC))
    vendor.put("/data/2026/renamed.csv", "id\n1\n")
    table = file_asset(vendor, expected_every="1 day")
    gone = file_asset(vendor, "gone", folder="/gone", partitions_def=None)
    evaluations = executed(vendor, table, gone)
    assert {evaluation.check_name for evaluation in evaluations.values()} == {CHECK_NAME}
    assert not evaluations["table"].passed
    assert evaluations["table"].metadata["unmatched_files"].text.endswith("/2026/renamed.csv")
    assert "there is no folder" in (evaluations["gone"].description or "")


def test_a_materialization_by_hand_runs_the_check_behind_it(quick_vendor: Vendor) -> None:
    quick_vendor.put("/data/2026/table_a.csv", "id\n1\n")
    asset = file_asset(quick_vendor)
    result = materialize(
        [asset, *build_sftp_checks([asset])],
        partition_key="2026",
        resources={"ssh_vendor": quick_vendor.resource, **get_io_managers("any")},
    )
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks == {"avro_schema_valid": True, CHECK_NAME: True}


def test_the_expectation_is_a_freshness_policy_too(quick_vendor: Vendor) -> None:
    asset = file_asset(quick_vendor, expected_every="2 days")
    policy = asset.get_asset_spec(asset.key).freshness_policy
    assert policy == FreshnessPolicy.time_window(
        fail_window=timedelta(days=4), warn_window=timedelta(hours=60)
    )
    Definitions.validate_loadable(
        Definitions(
            assets=[asset],
            resources={"ssh_vendor": quick_vendor.resource, **get_io_managers("any")},
        )
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"expected_every": "sometimes"}, "such as 1 day"),
        ({"ignore_files": ["("]}, "missing"),
        ({"volume": {"max_drop": 1}}, "max_drop"),
        ({"volume": {"compare_with": "year_before"}, "partitions_def": None}, "dimension of years"),
    ],
)
def test_wrong_options(quick_vendor: Vendor, options: dict[str, Any], message: str) -> None:
    folder = {"folder": "/data"} if "partitions_def" in options else {}
    with pytest.raises(ConfigError, match=message):
        file_asset(quick_vendor, **options, **folder)
