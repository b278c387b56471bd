"""Fiscal years, partitions of plain data, and where a partition's object lies."""

import os
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
import yaml
from dagster import (
    AssetExecutionContext,
    DagsterInstance,
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    MultiPartitionsDefinition,
    PartitionsDefinition,
    StaticPartitionsDefinition,
    TimeWindowPartitionsDefinition,
    WeeklyPartitionsDefinition,
    asset,
    materialize,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from teamster.core.config import config_from_files
from teamster.core.errors import ConfigError
from teamster.core.partitions import (
    SINGLE,
    FiscalYear,
    FiscalYearPartitionsDefinition,
    dimension_definitions,
    fiscal_start_month,
    hive_parts,
    join_key,
    resolve_partitions_def,
    split_key,
    window_of,
)

NEW_YORK = ZoneInfo("America/New_York")
STATIC = StaticPartitionsDefinition(["a", "b"])
THIS_FISCAL_YEAR = FiscalYear(datetime.now(UTC))


# --- FiscalYear --------------------------------------------------------------------------------


def test_example_of_the_design() -> None:
    year = FiscalYear(datetime(2025, 9, 1), start_month=7)
    assert year.fiscal_year == 2026
    assert (year.start, year.end) == (date(2025, 7, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("day", "start_month", "fiscal_year"),
    [
        (date(2025, 6, 30), 7, 2025),
        (date(2025, 7, 1), 7, 2026),
        (date(2025, 12, 31), 1, 2025),
        (date(2026, 1, 1), 1, 2026),
        (date(2025, 11, 30), 12, 2025),
        (date(2025, 12, 1), 12, 2026),
        (date(2024, 2, 29), 3, 2024),
        (date(2024, 3, 1), 3, 2025),
    ],
)
def test_edge_days(day: date, start_month: int, fiscal_year: int) -> None:
    assert FiscalYear(day, start_month).fiscal_year == fiscal_year


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)), st.integers(1, 12))
def test_every_day_lies_in_one_fiscal_year(day: date, start_month: int) -> None:
    year = FiscalYear(day, start_month)
    assert year.start <= day <= year.end
    assert year.start.month == start_month
    assert year.start.day == 1
    after = FiscalYear(year.end + timedelta(days=1), start_month)
    assert after.start == year.end + timedelta(days=1)
    assert after.fiscal_year == year.fiscal_year + 1
    assert year.fiscal_year == year.end.year
    assert FiscalYear.of_number(year.fiscal_year, start_month).start == year.start


# --- FiscalYearPartitionsDefinition ------------------------------------------------------------


@pytest.mark.parametrize("start_month", range(1, 13))
@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_keys_reach_to_the_year_under_way(start_month: int, timezone: str) -> None:
    first = date(2020, start_month, 1)
    made = FiscalYearPartitionsDefinition(first.isoformat(), timezone, start_month)
    now = datetime.now(ZoneInfo(timezone))
    last = FiscalYear(now, start_month).start
    assert made.get_partition_keys() == [
        f"{year}-{start_month:02}-01" for year in range(2020, last.year + 1)
    ]
    assert window_of(made, now) == last.isoformat()
    assert fiscal_start_month(made) == start_month


def test_end_offset_and_format() -> None:
    made = FiscalYearPartitionsDefinition("2020", fmt="%Y", start_month=1, end_offset=0)
    assert made.get_partition_keys() == [str(y) for y in range(2020, datetime.now(UTC).year)]


def test_fiscal_start_month_of_others() -> None:
    assert fiscal_start_month(DailyPartitionsDefinition("2025-01-01")) is None
    assert fiscal_start_month(MonthlyPartitionsDefinition("2025-01-01")) is None
    assert fiscal_start_month(STATIC) is None


YAML = """
static: { type: static, partition_keys: [2024, "2025", x, 1.0, 2026-07-01] }
dynamic: { type: dynamic, name: files }
hourly: { type: hourly, start_date: 2025-01-01 05:00:00, timezone: America/New_York }
daily: { type: daily, start_date: 2025-01-01, end_date: 2025-01-04 }
weekly: { type: weekly, start_date: "2025-01-05", day_offset: 1 }
monthly: { type: monthly, start_date: "2025-01-01" }
fiscal_year: { type: fiscal_year, start_date: 2023-07-01, timezone: America/New_York }
time_window:
  { type: time_window, start: 2020-01-01, end: 2023-01-01, fmt: "%Y", cron_schedule: 0 0 1 1 * }
multi:
  type: multi
  partitions_defs:
    year: { type: fiscal_year, start_date: 2023-07-01 }
    subject: { type: static, partition_keys: [ela, math] }
"""
"""One definition of each type, as feeds have them."""


def yaml_partitions(folder: Path) -> dict[str, PartitionsDefinition[Any]]:
    file = folder / "assets.yaml"
    file.write_text(YAML, encoding="utf-8")
    return {
        name: resolve_partitions_def(given) for name, given in config_from_files([file]).items()
    }


def test_every_type_from_yaml(tmp_path: Path) -> None:
    made = yaml_partitions(tmp_path)
    assert {name: type(definition) for name, definition in made.items()} == {
        "static": StaticPartitionsDefinition,
        "dynamic": DynamicPartitionsDefinition,
        "hourly": HourlyPartitionsDefinition,
        "daily": DailyPartitionsDefinition,
        "weekly": WeeklyPartitionsDefinition,
        "monthly": MonthlyPartitionsDefinition,
        "fiscal_year": FiscalYearPartitionsDefinition,
        "time_window": TimeWindowPartitionsDefinition,
        "multi": MultiPartitionsDefinition,
    }
    keys = {name: part.get_partition_keys() for name, part in made.items() if name != "dynamic"}
    assert keys["static"] == ["2024", "2025", "x", "1.0", "2026-07-01"]
    assert keys["hourly"][0] == "2025-01-01-05:00"
    assert keys["daily"] == ["2025-01-01", "2025-01-02", "2025-01-03"]
    assert keys["weekly"][0] == "2025-01-06"
    assert keys["monthly"][:2] == ["2025-01-01", "2025-02-01"]
    assert keys["fiscal_year"][0] == "2023-07-01"
    assert keys["fiscal_year"][-1] == THIS_FISCAL_YEAR.start.isoformat()
    assert keys["time_window"] == ["2020", "2021", "2022"]
    assert "ela|2023-07-01" in keys["multi"]


def test_every_type_goes_between_processes(tmp_path: Path) -> None:
    for definition in yaml_partitions(tmp_path).values():
        assert pickle.loads(pickle.dumps(definition)) == definition


CODE_LOCATION = """
from dagster import Definitions, asset
from teamster.core.config import config_from_files
from teamster.core.partitions import resolve_partitions_def

def make(name, given):
    @asset(name=name, partitions_def=resolve_partitions_def(given))
    def made(): ...
    return made

defs = Definitions([make(*item) for item in config_from_files(["assets.yaml"]).items()])
"""


@pytest.mark.slow
def test_dagsters_code_server_ships_every_type(tmp_path: Path) -> None:
    """A code server of its own serializes the definitions, as for the web server and daemon."""
    (tmp_path / "assets.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "definitions.py").write_text(CODE_LOCATION, encoding="utf-8")
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-f", "definitions.py"]
    home = {"DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "1"}
    run = subprocess.run(
        command, cwd=tmp_path, env=os.environ | home, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "Validation successful for code location definitions.py" in run.stdout + run.stderr


def test_a_fiscal_year_materializes() -> None:
    @asset(partitions_def=FiscalYearPartitionsDefinition("2023-07-01"))
    def scores(context: AssetExecutionContext) -> None:
        assert context.partition_time_window.start.date() == date(2024, 7, 1)
        assert context.partition_time_window.end.date() == date(2025, 7, 1)

    with DagsterInstance.ephemeral() as instance:
        assert materialize([scores], partition_key="2024-07-01", instance=instance).success


# --- resolve_partitions_def --------------------------------------------------------------------


def test_a_definition_stays_as_it_is() -> None:
    assert resolve_partitions_def(STATIC) is STATIC


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("daily", "must be a definition, or a mapping"),
        ("[a, b]", "must be a definition, or a mapping"),
        ("{}", "has type 'None'; known: static, dynamic"),
        ("{type: yearly}", "has type 'yearly'; known: static, dynamic"),
        ("{type: [x]}", "known: static"),
        ("{type: static}", "partition_keys"),
        ("{type: static, partition_keys: []}", "must be a list of keys"),
        ("{type: static, partition_keys: abc}", "must be a list of keys"),
        ("{type: static, partition_keys: {a: 1}}", "must be a list of keys"),
        ("{type: static, partition_keys: [a, null]}", "must be a list of keys"),
        ("{type: static, partition_keys: [a, a]}", "must be unique"),
        ("{type: static, partition_keys: [a], more: 1}", "more"),
        ("{type: dynamic}", "name"),
        ("{type: daily}", "start_date"),
        ("{type: daily, start_date: nonsense}", "nonsense"),
        ("{type: daily, start_date: 2025-01-01, timezone: Nowhere/X}", "Nowhere/X"),
        ("{type: fiscal_year, start_date: 2025-07-01, start_month: 13}", "cron"),
        ("{type: multi}", "partitions_defs"),
        ("{type: multi, partitions_defs: [a]}", "type multi"),
        ("{type: multi, partitions_defs: {a: {type: static, partition_keys: [x]}}}", "2 part"),
        (
            "{type: multi, partitions_defs: {a: {type: new}, b: {type: dynamic, name: x}}}",
            "has type 'new'",
        ),
        (
            "{type: multi, partitions_defs: {a: {type: static, partition_keys: ['x|y']}, "
            "b: {type: dynamic, name: x}}}",
            "Invalid character",
        ),
    ],
)
def test_errors(given: str, words: str) -> None:
    with pytest.raises(ConfigError, match="partition") as raised:
        resolve_partitions_def(yaml.safe_load(given))
    assert words in str(raised.value)


# --- keys --------------------------------------------------------------------------------------

MULTI = MultiPartitionsDefinition({"subject": STATIC, "year": STATIC})


def test_dimensions() -> None:
    assert dimension_definitions(None) == {}
    assert dimension_definitions(STATIC) == {SINGLE: STATIC}
    assert dimension_definitions(MULTI) == {"subject": STATIC, "year": STATIC}


def test_split_and_join() -> None:
    assert split_key(STATIC, "a") == {SINGLE: "a"}
    assert join_key(STATIC, {SINGLE: "a"}) == "a"
    for key in MULTI.get_partition_keys():
        assert join_key(MULTI, split_key(MULTI, key)) == key
    assert split_key(MULTI, "a|b") == {"subject": "a", "year": "b"}


# --- where objects lie -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "key", "parts"),
    [
        (STATIC, "a", ["key=a"]),
        (None, "a", ["key=a"]),
        (STATIC, "..", ["key=.."]),
        (STATIC, "a/b", ["key=a%2Fb"]),
        (STATIC, "100% = x?", ["key=100%25%20%3D%20x%3F"]),
        (STATIC, "é", ["key=%C3%A9"]),
        (MULTI, "b|a", ["subject=b", "year=a"]),
        (
            DailyPartitionsDefinition("2025-01-01"),
            "2025-06-30",
            ["fiscal_year=2025", "date=2025-06-30", "hour=00", "minute=00"],
        ),
        (
            HourlyPartitionsDefinition("2025-01-01-00:00"),
            "2025-07-01-23:00",
            ["fiscal_year=2026", "date=2025-07-01", "hour=23", "minute=00"],
        ),
        (
            FiscalYearPartitionsDefinition("2023-03-01", start_month=3),
            "2025-03-01",
            ["fiscal_year=2026", "date=2025-03-01", "hour=00", "minute=00"],
        ),
        (
            MultiPartitionsDefinition(
                {"year": FiscalYearPartitionsDefinition("2023-07-01"), "subject": STATIC}
            ),
            "a|2025-07-01",
            ["subject=a", "year=2025-07-01"],
        ),
    ],
)
def test_hive_parts(
    definition: PartitionsDefinition[Any] | None, key: str, parts: list[str]
) -> None:
    assert hive_parts(definition, key) == [f"_dagster_partition_{part}" for part in parts]


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["", ".", "..", "/", "../../x", "/etc", "a=b", "%2F", "%2e%2e", "\\", "x\0y", "~", "*?["]
)


@given(ANY_TEXT, ANY_TEXT)
def test_a_key_never_leaves_its_folder_nor_meets_another(key: str, other: str) -> None:
    (part,) = hive_parts(DynamicPartitionsDefinition(name="x"), key)
    path = PurePosixPath("/root") / part / "data"
    assert path.parts == ("/", "root", part, "data")
    assert part not in (".", "..")
    assert not set(part) & set("\0\\*?[")
    name, _, value = part.partition("=")
    assert (name, unquote(value)) == ("_dagster_partition_key", key)
    assume(key != other)
    assert hive_parts(None, other) != [part]


def test_a_dimension_never_leaves_its_folder_either() -> None:
    odd = MultiPartitionsDefinition({"../x": STATIC, "y": STATIC})
    assert hive_parts(odd, "a|b") == ["_dagster_partition_..%2Fx=a", "_dagster_partition_y=b"]


def test_the_hour_that_comes_twice_has_two_folders() -> None:
    hours = HourlyPartitionsDefinition(
        "2024-11-02-22:00", end_date="2024-11-03-05:00", timezone="America/New_York"
    )
    keys = hours.get_partition_keys()
    assert len({tuple(hive_parts(hours, key)) for key in keys}) == len(keys) == 8


# --- window_of ---------------------------------------------------------------------------------

WINDOWS: list[TimeWindowPartitionsDefinition] = [
    DailyPartitionsDefinition("2024-10-30", end_date="2024-11-08", timezone="America/New_York"),
    DailyPartitionsDefinition("2025-03-05", end_date="2025-03-14", timezone="America/New_York"),
    HourlyPartitionsDefinition(
        "2024-11-02-20:00", end_date="2024-11-03-08:00", timezone="America/New_York"
    ),
    HourlyPartitionsDefinition(
        "2025-03-08-20:00", end_date="2025-03-09-08:00", timezone="America/New_York"
    ),
    WeeklyPartitionsDefinition("2024-10-01", end_date="2024-12-01", timezone="Europe/Berlin"),
    FiscalYearPartitionsDefinition("2022-07-01", "America/New_York"),
    DailyPartitionsDefinition("2025-01-01", end_date="2025-01-15", exclusions=["0 0 * * 6,0"]),
]


@given(st.sampled_from(WINDOWS), st.data())
def test_window_of_agrees_with_the_windows_themselves(
    definition: TimeWindowPartitionsDefinition, data: st.DataObject
) -> None:
    windows = {
        key: definition.time_window_for_partition_key(key)
        for key in definition.get_partition_keys()
    }
    starts = [int(window.start.timestamp()) for window in windows.values()]
    ends = [int(window.end.timestamp()) for window in windows.values()]
    border = data.draw(st.sampled_from([*starts, *ends]))
    timestamp = data.draw(
        st.sampled_from([border - 1, border, border + 1])
        | st.integers(starts[0] - 100_000, ends[-1] + 100_000)
    )
    zone = data.draw(st.sampled_from([UTC, NEW_YORK]))
    expected = [
        key
        for key, window in windows.items()
        if window.start.timestamp() <= timestamp < window.end.timestamp()
    ]
    assert window_of(definition, datetime.fromtimestamp(timestamp, zone)) == (
        expected[0] if expected else None
    )


def test_only_time_windows_have_one() -> None:
    assert window_of(STATIC, datetime.now(UTC)) is None
    assert window_of(MULTI, datetime.now(UTC)) is None
