"""The sensor over a real server, its runs in a real instance."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    Definitions,
    EnvVar,
    build_sensor_context,
    instance_for_test,
)

from teamster.core.errors import AuthenticationFailed, ConfigError, NoSuchDirectory
from teamster.core.resources import get_io_managers
from teamster.core.schema import text_model
from teamster.libraries.sftp.arrivals import build_sftp_checks
from teamster.libraries.sftp.assets import build_sftp_archive_asset, build_sftp_file_asset
from teamster.libraries.sftp.ledger import Ledger, Patience
from teamster.libraries.sftp.sensors import build_sftp_sensor
from teamster.libraries.ssh.remote import Remote
from teamster.libraries.ssh.resources import SSHResource
from tests.libraries.sftp.vendor import Vendor, zip_of

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
        self.cursor: str | None = None
        self.watch(ASSETS)

    def watch(
        self,
        assets: Sequence[AssetsDefinition],
        time_budget_seconds: float = 40,
        **resources: SSHResource,
    ) -> None:
        self.sensor = build_sftp_sensor(
            "vendor_sensor",
            assets,
            patience=Patience(3600, 2),
            time_budget_seconds=time_budget_seconds,
        )
        self.definitions = Definitions(
            assets=assets,
            sensors=[self.sensor],
            resources={"ssh_vendor": self.vendor.resource, **resources, **get_io_managers("any")},
        )

    def reported(self, table: str) -> list[str]:
        """Returns what was said of a feed's files, the newest first."""
        key = AssetCheckKey(AssetKey(["kipptaf", "vendor", table]), "files_arriving")
        history = self.instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
        return [str(record.event.asset_check_evaluation.description) for record in history]

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


def test_what_is_permanently_wrong_is_told_with_each_feed_once(sensing: Sensing) -> None:
    wrong = sensing.vendor.login(password="wrong")
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            sensing.tick(wrong)
    (only,) = sensing.reported("table")
    assert "password" in only
    sensing.tick()
    assert sensing.reported("table") == ["files come as expected", only]


def test_what_one_server_lacks_keeps_no_other_from_its_files(
    sensing: Sensing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOWHERE_SFTP_HOST", raising=False)
    other = build_sftp_file_asset(
        ["kipptaf", "nowhere", "table"], "/data", r"table\.csv", "ssh_nowhere", SCHEMA
    )
    sensing.watch(
        [other, *ASSETS], ssh_nowhere=SSHResource(remote_host=EnvVar("NOWHERE_SFTP_HOST"))
    )
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", NOW)  # young: settles at a later tick
    result = sensing.tick()
    assert "NOWHERE_SFTP_HOST" in result.skip_message
    assert sensing.tick_and_run() == [True]
    sensing.tick()  # it takes note of the success
    with pytest.raises(ConfigError, match="NOWHERE_SFTP_HOST"):
        sensing.tick()  # nothing new: now the trouble has its say


def test_a_folder_that_is_gone_fails_the_tick_unless_another_feed_has_news(
    sensing: Sensing,
) -> None:
    lost = build_sftp_file_asset(
        ["kipptaf", "vendor", "lost"], "/lost", r"lost\.csv", "ssh_vendor", SCHEMA
    )
    sensing.watch([lost, *ASSETS])
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    assert sensing.tick_and_run() == [True]
    assert "no folder /lost" in sensing.reported("lost")[0]
    sensing.tick()
    with pytest.raises(NoSuchDirectory):
        sensing.tick()


def test_a_renamed_file_is_reported_as_unmatched(sensing: Sensing) -> None:
    path = sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    sensing.tick_and_run()
    assert sensing.reported("table") == ["files come as expected"]
    path.rename(path.with_name("tabelle.csv"))
    assert sensing.asked() == set()
    sensing.tick()
    assert sensing.reported("table")[0] == "files that no feed takes: 1"
    assert len(sensing.reported("table")) == 2, "said once"


def test_a_half_uploaded_archive_waits_and_is_then_asked_for(sensing: Sensing) -> None:
    whole = zip_of({"one.csv": "id\n1\n"})
    sensing.vendor.put("/data/all.zip", whole[:30], NOW)
    assert sensing.asked() == set()
    assert "cannot be read: 1" in sensing.reported("member")[0]
    sensing.vendor.put("/data/all.zip", whole, NOW)
    assert sensing.asked() == set()
    assert sensing.tick_and_run() == [True]
    assert sensing.reported("member")[0] == "files come as expected"


def test_a_tick_out_of_time_goes_on_where_it_stopped(sensing: Sensing) -> None:
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    sensing.watch(ASSETS, time_budget_seconds=-1)
    assert not sensing.tick().run_requests
    assert Ledger.load(sensing.cursor).resume_at == "kipptaf/vendor/table"
    sensing.watch(ASSETS)
    assert sensing.asked() == {("table", "2026")}
    assert Ledger.load(sensing.cursor).resume_at == ""


def test_a_feed_that_is_slow_to_list_costs_no_other_its_turn(
    sensing: Sensing, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = build_sftp_file_asset(
        ["kipptaf", "vendor", "slow"], "/slow", r"slow\.csv", "ssh_vendor", SCHEMA
    )
    sensing.watch([slow, *ASSETS], time_budget_seconds=1)
    sensing.vendor.put("/slow/slow.csv", "id\n1\n", OLD)
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    quick = Remote.entries

    async def dawdling(self: Remote, folder: str) -> AsyncIterator[Any]:
        if folder == "/slow":
            await asyncio.sleep(30)
        async for entry in quick(self, folder):
            yield entry

    monkeypatch.setattr(Remote, "entries", dawdling)
    assert sensing.asked() == {("table", "2026")}
    assert Ledger.load(sensing.cursor).resume_at == "kipptaf/vendor/slow"
    sensing.vendor.put("/data/2025/table.csv", "id\n1\n", OLD)
    result = sensing.tick()  # it gets the tick to itself, which is not enough: this is said
    assert "time_budget_seconds" in result.skip_message
    assert sensing.asked() >= {("table", "2025")}
    monkeypatch.setattr(Remote, "entries", quick)
    assert ("slow", None) in sensing.asked()


def test_a_server_that_stalls_does_not_outlast_the_tick(
    sensing: Sensing, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensing.watch(ASSETS, time_budget_seconds=1.5)

    async def never(self: Remote, folder: str) -> AsyncIterator[Any]:
        await asyncio.sleep(30)
        yield None

    monkeypatch.setattr(Remote, "entries", never)
    began = time.monotonic()
    assert not sensing.tick().run_requests
    assert time.monotonic() - began < 10


def test_a_run_of_the_sensor_does_not_list_its_server_for_the_check_again(
    sensing: Sensing,
) -> None:
    definitions = Definitions.merge(
        sensing.definitions, Definitions(asset_checks=build_sftp_checks(ASSETS))
    )
    sensing.vendor.put("/data/2026/table.csv", "id\n1\n", OLD)
    (request,) = sensing.tick().run_requests
    assert [key.name for key in request.asset_check_keys] == ["avro_schema_valid"]
    job = definitions.resolve_job_def(request.job_name)
    assert [node.name for node in job.nodes] == ["kipptaf__vendor__table"]


def test_one_job_a_partitions_definition() -> None:
    sensor = build_sftp_sensor("vendor_sensor", ASSETS)
    assert [target.job_name for target in sensor.targets] == [
        f"vendor_sensor__by_{dimensions}" for dimensions in ("year", "date", "no_partition")
    ]


def test_jobs_of_like_partitions_are_told_apart_by_number() -> None:
    assets = [
        build_sftp_file_asset(
            ["kipptaf", "vendor", f"table_{number}"],
            *("/data", r"(?P<year>\d+)\.csv", "ssh_vendor", SCHEMA),
            {"type": "static", "partition_keys": [f"202{number % 3}"]},
        )
        for number in range(6)
    ]
    targets = build_sftp_sensor("watching", assets).targets
    names = [f"watching__by_year{ending}" for ending in ("", "_2", "_3")]
    assert [target.job_name for target in targets] == names


def test_only_sftp_assets_can_be_watched() -> None:
    with pytest.raises(ConfigError, match="at least one"):
        build_sftp_sensor("none", [])
