"""Definitions of 3,000 feeds loaded, against plain Dagster's for assets of the same shape.

Each figure is the processor's time in a process of its own, which has everything imported. Both
make multi-partitioned assets with a check and metadata, and Dagster's repository of them. What
comes apart: Avro schemas of the Pydantic models, once each; a sensor and checks over all the feeds.
"""

import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from dagster import (
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetOut,
    AssetsDefinition,
    Definitions,
    FreshnessPolicy,
    MultiPartitionsDefinition,
    Output,
    StaticPartitionsDefinition,
    TableSchema,
    multi_asset,
)
from pydantic import BaseModel

from benchmarks.report import print_header, print_row
from teamster.core.io_managers import column_schema
from teamster.core.partitions import FiscalYearPartitionsDefinition
from teamster.core.resources import get_io_managers
from teamster.core.schema import resolve_schema
from teamster.libraries.collegeboard import schema as collegeboard
from teamster.libraries.iready import schema as iready
from teamster.libraries.oneroster import schema as oneroster
from teamster.libraries.renlearn import schema as renlearn
from teamster.libraries.sftp.arrivals import build_sftp_checks
from teamster.libraries.sftp.assets import build_sftp_file_asset
from teamster.libraries.sftp.sensors import build_sftp_sensor
from teamster.libraries.ssh.resources import SSHResource

FEEDS = 3000
SERVERS = 30
REPEATS = 5
VENDORS = (collegeboard, iready, oneroster, renlearn)
SCHEMAS = [
    f"{module.__name__}:{name}"
    for module in VENDORS
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, BaseModel)
]
SUBJECTS = ["ela", "math"]


def run(*, quick: bool = False) -> None:
    """Measures and prints a table."""
    n_feeds = FEEDS // 100 if quick else FEEDS
    print_header([f"{n_feeds} assets", "time", "ratio"])
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    parts: list[dict[str, float]] = []
    for _ in range(REPEATS):
        for way in WAYS:
            took = in_process(way, n_feeds)
            times[way].append(took["assets"] + took["definitions"])
            if way == "teamster":
                parts.append(took)
    plain = median(times["dagster"])
    rows = {way: median(of_way) for way, of_way in times.items()}
    rows |= {f"{part}, apart": median(each[part] for each in parts) for part in BESIDE}
    for what, taken in rows.items():
        print_row([what, f"{taken:.2f} s", f"{taken / plain:.2f}"])


def in_process(way: str, n_feeds: int) -> dict[str, float]:
    """Loads them in a fresh process; returns the seconds of each part."""
    command = [sys.executable, "-m", "benchmarks.definitions", way, str(n_feeds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    parts: dict[str, float] = json.loads(done.stdout)
    return parts


def partitions() -> dict[str, Any]:
    return {
        "type": "multi",
        "partitions_defs": {
            "academic_year": {"type": "fiscal_year", "start_date": "2020-07-01", "start_month": 7},
            "subject": {"type": "static", "partition_keys": SUBJECTS},
        },
    }


def our_asset(number: int) -> AssetsDefinition:
    """Makes a feed as a code location's YAML does."""
    return build_sftp_file_asset(
        asset_key=["location", f"vendor_{number % SERVERS}", f"table_{number}"],
        remote_dir_regex=rf"/exports/table_{number}/(?P<academic_year>\d{{4}})",
        remote_file_regex=rf"table_{number}_(?P<subject>\w+)\.csv",
        ssh_resource_key=f"ssh_vendor_{number % SERVERS}",
        avro_schema=SCHEMAS[number % len(SCHEMAS)],
        partitions_def=partitions(),
        slugify_replacements=[["%", "percent"], ["#", "number"]],
        partition_aliases={"academic_year": {"2026": "Current_Year"}},
        expected_every="1 day",
    )


FRESHNESS = FreshnessPolicy.time_window(timedelta(days=2), timedelta(hours=30))
PARTITIONS = MultiPartitionsDefinition(
    {
        "academic_year": FiscalYearPartitionsDefinition(start_date="2020-07-01", start_month=7),
        "subject": StaticPartitionsDefinition(SUBJECTS),
    }
)


@functools.cache
def tables() -> list[TableSchema]:
    return [column_schema(resolve_schema(name)) for name in SCHEMAS]


def plain_asset(number: int) -> AssetsDefinition:
    """Makes an asset that looks the same to Dagster, and shares whatever it can with others."""
    key = AssetKey(["location", f"vendor_{number % SERVERS}", f"table_{number}"])

    @multi_asset(
        name="__".join(key.path),
        outs={
            "result": AssetOut(
                key=key,
                group_name=f"vendor_{number % SERVERS}",
                io_manager_key="io_manager_gcs_avro",
                kinds={"file", "avro"},
                is_required=False,
                freshness_policy=FRESHNESS,
                metadata={
                    "dagster/column_schema": tables()[number % len(SCHEMAS)],
                    "ssh_resource_key": f"ssh_vendor_{number % SERVERS}",
                    "remote_dir_regex": "/exports",
                    "remote_file_regex": "table",
                },
            )
        },
        partitions_def=PARTITIONS,
        required_resource_keys={f"ssh_vendor_{number % SERVERS}"},
        check_specs=[AssetCheckSpec("avro_schema_valid", asset=key, description="Fields.")],
        can_subset=True,
    )
    def _asset(context: AssetExecutionContext) -> Iterator[Output[Any]]:
        yield Output(None)

    return _asset


WAYS: dict[str, Callable[[int], AssetsDefinition]] = {
    "dagster": plain_asset,
    "teamster": our_asset,
}
BESIDE = ("schemas", "sensor", "checks")


def loaded(way: str, n_feeds: int) -> dict[str, float]:
    """Loads them here; returns the seconds of each part."""
    resources = {
        **{f"ssh_vendor_{n}": SSHResource(remote_host="localhost") for n in range(SERVERS)},
        **get_io_managers("location"),
    }
    assets: list[AssetsDefinition] = []
    times: dict[str, float] = {}

    def timed(part: str, call: Callable[[], object]) -> None:
        began = time.process_time()
        call()
        times[part] = time.process_time() - began

    def made() -> None:
        assets.extend(map(WAYS[way], range(n_feeds)))

    def repository() -> None:
        Definitions(assets=assets, resources=resources).get_repository_def()

    timed("schemas", lambda: [resolve_schema(name) for name in SCHEMAS])
    if way == "dagster":
        tables()
    timed("assets", made)
    timed("definitions", repository)
    if way == "teamster":
        timed("sensor", lambda: build_sftp_sensor("watching", assets))
        timed("checks", lambda: build_sftp_checks(assets))
    return times


def main(arguments: Sequence[str]) -> None:
    way, n_feeds = arguments
    print(json.dumps(loaded(way, int(n_feeds))))


if __name__ == "__main__":
    main(sys.argv[1:])
