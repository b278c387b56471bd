"""The sensor over a real server, its runs in a real instance."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import (
    DagsterInstance,
    Definitions,
    build_sensor_context,
    instance_for_test,
)

from teamster.core.errors import AuthenticationFailed, ConfigError
from teamster.core.resources import get_io_managers
from teamster.core.schema import text_model
from teamster.libraries.sftp.assets import build_sftp_archive_asset, build_sftp_file_asset
from teamster.libraries.sftp.ledger import Ledger, Patience
from teamster.libraries.sftp.sensors import build_sftp_sensor
from teamster.libraries.ssh.resources import SSHResource
from tests.libraries.sftp.vendor import Vendor

SCHEMA = text_model("table", "id")
NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=1)

ASSETS = [
    build_sftp_file_asset(
        ["kipptaf", "vendor", "table"],
        r"/data/(?P<year>\d+)",
        r"table\.csv",
        "ssh_vendor",
        SCHEMA,
        {"type": "static", "partition_keys": ["2025", "2026"]},
    ),
    build_sftp_file_asset(
        ["kipptaf", "vendor", "daily"],
        r"/data",
        r"daily_(?P<date>)\.csv",
        "ssh_vendor",
        SCHEMA,
        {"type": "dynamic", "name": "dates"},
    ),
    build_sftp_archive_asset(
        ["kipptaf", "vendor", "member"], r"/data", r"all\.zip", r"one\.csv", "ssh_vendor", SCHEMA
    ),
]


class Sensing:
    """A sensor that keeps its cursor, and runs what it asks for."""

    def __init__(self, vendor: Vendor, instance: DagsterInstance) -> None:
        self.vendor = vendor
        self.instance = instance
        self.sensor = build_sftp_sensor("vendor_sensor", ASSETS, patience=Patience(3600, 2))
        self.definitions = Definitions(
            assets=ASSETS,
            sensors=[self.sensor],
            resources={"ssh_vendor": vendor.resource, **get_io_managers("any")},
        )
        self.cursor: str | None = None

    def tick(self, resource: SSHResource | None = None) -> Any:
        context = build_sensor_context(
            instance_ref=self.instance.get_ref(),
            cursor=self.cursor,
            resources={"ssh_vendor": resource or self.vendor.resource},
            definitions=self.definitions,
        )
        with context:
            result = self.sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return result

    def asked(self) -> set[tuple[str, str | None]]:
        return {
            (request.asset_selection[0].path[-1], request.partition_key)
            for request in self.tick().run_requests or ()
            if request.asset_selection
        }

    def tick_and_run(self) -> list[bool]:
        result = self.tick()
        for add in result.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(add.partitions_def_name, add.partition_keys)
        done = []
        for request in result.run_requests or ():
            assert request.job_name
            job = self.definitions.resolve_job_def(request.job_name)
            run = job.execute_in_process(
                instance=self.instance,
                partition_key=request.partition_key,
                asset_selection=request.asset_selection,
                tags=request.tags,
                raise_on_error=False,
            )
            done.append(run.success)
        return done


@pytest.fixture
def sensing(quick_vendor: Vendor) -> Iterator[Sensing]:
    (quick_vendor.root / "data").mkdir()
    with instance_for_test() as instance:
        yield Sensing(quick_vendor, instance)


def test_each_settled_file_is_asked_for_once(sensing: Sensing) -> None:
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    sensing.vendor.put("/data/2026/table.csv.filepart", "id\n1\n", OLD)
    sensing.vendor.put("/data/daily_2026-01-15.csv", "id\n1\n", OLD)
    sensing.vendor.put_zip("/data/all.zip", {"one.csv": "id\n1\n"})
    assert sensing.tick_and_run() == [True, True, True]
    assert sensing.instance.get_dynamic_partitions("dates") == ["2026-01-15"]
    assert sensing.asked() == set()
    sensing.cursor = None  # a restart that lost everything
    assert sensing.asked() == set()


def test_a_young_file_waits_until_it_has_not_changed_for_a_tick(sensing: Sensing) -> None:
    sensing.vendor.put("/data/2026/table.csv", "id\n", NOW)
    assert sensing.asked() == set()
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", NOW)
    assert sensing.asked() == set()
    assert sensing.asked() == {("table", "2026")}


def test_a_late_file_with_an_old_mtime_and_a_replaced_one_are_seen(sensing: Sensing) -> None:
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    sensing.tick_and_run()
    sensing.vendor.put("/data/2025/table.csv", "id\n1\n", OLD - timedelta(days=300))
    assert sensing.asked() == {("table", "2025")}
    sensing.tick_and_run()
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n2\n", OLD)
    assert sensing.asked() == {("table", "2026")}


def test_a_failed_run_is_asked_for_again_a_bounded_number_of_times(sensing: Sensing) -> None:
    sensing.vendor.put("/data/2026/table.csv", "another header\n1\n", OLD)
    assert sensing.tick_and_run() == [False]
    assert sensing.tick_and_run() == [False]
    assert sensing.tick_and_run() == []
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    assert sensing.tick_and_run() == [True]


def test_a_server_that_is_down_skips_the_tick_and_forgets_nothing(sensing: Sensing) -> None:
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    sensing.tick_and_run()
    before = Ledger.load(sensing.cursor).entries
    result = sensing.tick(sensing.vendor.login(remote_port=1, attempts=1, timeout=2.0))
    assert "127.0.0.1:1" in result.skip_message
    assert Ledger.load(sensing.cursor).entries == before


def test_a_wrong_password_fails_the_tick(sensing: Sensing) -> None:
    with pytest.raises(AuthenticationFailed):
        sensing.tick(sensing.vendor.login(password="wrong"))


def test_a_tick_out_of_time_goes_on_where_it_stopped(sensing: Sensing) -> None:
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    sensing.sensor = build_sftp_sensor("vendor_sensor", ASSETS, time_budget_seconds=-1)
    assert not sensing.tick().run_requests
    assert Ledger.load(sensing.cursor).resume_at == "ssh_vendor"


def test_one_job_a_partitions_definition() -> None:
    sensor = build_sftp_sensor("vendor_sensor", ASSETS)
    assert [target.job_name for target in sensor.targets] == [
        f"vendor_sensor__job_{number}" for number in (1, 2, 3)
    ]


def test_only_sftp_assets_can_be_watched() -> None:
    with pytest.raises(ConfigError, match="at least one"):
        build_sftp_sensor("none", [])
