"""Drops with suspect row counts: warned of, or held back until someone approves them."""

from typing import Any

import pytest
from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    ExecuteInProcessResult,
)

from teamster.core.errors import SuspectRowCount
from teamster.core.schema import text_model
from teamster.libraries.sftp.assets import build_sftp_file_asset
from tests.libraries.sftp.vendor import KEY, Vendor, metadata_of

SCHEMA = text_model("table", "id")
VOLUME = AssetCheckKey(AssetKey(KEY), "volume")


class Dropping:
    """A feed with a volume check, whose vendor drops files of so many rows."""

    def __init__(self, vendor: Vendor, instance: DagsterInstance, **volume: Any) -> None:
        self.vendor = vendor
        self.instance = instance
        self.asset: AssetsDefinition = build_sftp_file_asset(
            KEY,
            vendor.folder(r"/data/(?P<year>\d+)"),
            r"table\.csv",
            "ssh_vendor",
            SCHEMA,
            {"type": "static", "partition_keys": ["2025", "2026"]},
            volume=volume,
        )

    def __call__(
        self, rows: int, year: str = "2026", *, approve: bool = False
    ) -> ExecuteInProcessResult:
        text = "id\n" + "".join(f"{number}\n" for number in range(rows))
        self.vendor.put(f"/data/{year}/table.csv", text)
        config = {"ops": {"__".join(KEY): {"config": {"approve_volume": True}}}}
        return self.vendor.run(
            self.asset, year, instance=self.instance, run_config=config if approve else None
        )

    def rows(self) -> int:
        return len(self.vendor.rows("_dagster_partition_key=2026"))

    def said(self, result: ExecuteInProcessResult) -> tuple[bool, str | None]:
        (check,) = [
            check for check in result.get_asset_check_evaluations() if check.check_name == "volume"
        ]
        return check.passed, check.description


@pytest.fixture
def instance() -> Any:
    with DagsterInstance.ephemeral() as made:
        yield made


def test_a_fall_is_warned_of(quick_vendor: Vendor, instance: DagsterInstance) -> None:
    drop = Dropping(quick_vendor, instance)
    assert drop.said(drop(100)) == (True, "nothing earlier to compare with")
    assert drop.said(drop(60)) == (True, "as before")
    assert drop.said(drop(20)) == (False, "the rows fell by 67% (50% allowed)")
    assert drop.rows() == 20, "a warning lets it through"
    assert drop.said(drop(20)) == (True, "as before")


def test_a_blocked_drop_leaves_the_last_object_until_it_is_approved(
    quick_vendor: Vendor, instance: DagsterInstance
) -> None:
    drop = Dropping(quick_vendor, instance, on_breach="block", max_fall=0.3)
    drop(100)
    for _ in range(2):  # what was held back is nothing to compare with
        with pytest.raises(SuspectRowCount, match="60 rows against 100") as failure:
            drop(60)
        assert "approve_volume: true" in str(failure.value)
        assert drop.rows() == 100
        latest = instance.get_latest_asset_check_evaluation_record(VOLUME)
        assert latest
        assert latest.event
        check = latest.event.asset_check_evaluation
        assert check
        assert (check.passed, check.severity.value) == (False, "ERROR")
        assert check.description == "held back: the rows fell by 40% (30% allowed)"
    approved = drop(60, approve=True)
    assert drop.said(approved) == (True, "approved: the rows fell by 40% (30% allowed)")
    assert drop.rows() == 60
    assert drop.said(drop(60)) == (True, "as before")


def test_the_year_before_is_another_measure(
    quick_vendor: Vendor, instance: DagsterInstance
) -> None:
    drop = Dropping(
        quick_vendor, instance, compare_with="year_before", max_fall=0.2, on_breach="block"
    )
    assert drop.said(drop(100, "2025")) == (True, "nothing earlier to compare with")
    with pytest.raises(SuspectRowCount):
        drop(70)
    assert drop.said(drop(90)) == (True, "as before")
    assert drop.said(drop(80)) == (True, "as before")


def test_an_empty_file_is_a_fall(quick_vendor: Vendor, instance: DagsterInstance) -> None:
    drop = Dropping(quick_vendor, instance, on_breach="block")
    drop(3)
    with pytest.raises(SuspectRowCount, match="fell by 100%"):
        drop(0)
    assert drop.rows() == 3


def test_partitions_are_compared_with_themselves(
    quick_vendor: Vendor, instance: DagsterInstance
) -> None:
    drop = Dropping(quick_vendor, instance, max_rise=1, on_breach="block")
    drop(100, "2025")
    assert metadata_of(drop(1))["records"] == 1
    with pytest.raises(SuspectRowCount, match="rose by 200%"):
        drop(3)
