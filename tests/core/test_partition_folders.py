"""From a partition's folder back to its key."""

from datetime import datetime
from typing import Any

import pytest
from dagster import (
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    MultiPartitionsDefinition,
    PartitionsDefinition,
    StaticPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.partition_folders import partition_of, shown_partition
from teamster.core.partitions import FiscalYearPartitionsDefinition, hive_parts

KEYS = ["a", "2026", "ä b", "x=y", "a/../b", "100%", ""]
NEW_YORK = "America/New_York"
DEFINITIONS: list[PartitionsDefinition[Any]] = [
    StaticPartitionsDefinition(KEYS[:-1]),
    MultiPartitionsDefinition(
        {
            "year": StaticPartitionsDefinition(["2025", "2026"]),
            "subject=x": StaticPartitionsDefinition(["ela", "a/b"]),
        }
    ),
    MultiPartitionsDefinition(
        {
            "day": DailyPartitionsDefinition("2025-10-25", end_date="2025-11-05"),
            "x": StaticPartitionsDefinition(["1"]),
        }
    ),
    DailyPartitionsDefinition("2025-10-25", end_date="2025-11-05", timezone=NEW_YORK),
    HourlyPartitionsDefinition(
        datetime(2025, 11, 1), end_date=datetime(2025, 11, 4), timezone=NEW_YORK
    ),
    HourlyPartitionsDefinition(
        datetime(2026, 3, 7), end_date=datetime(2026, 3, 10), timezone=NEW_YORK
    ),
    WeeklyPartitionsDefinition("2025-01-01", end_date="2026-01-01"),
    MonthlyPartitionsDefinition("2020-01-01", end_date="2026-01-01", timezone=NEW_YORK),
    FiscalYearPartitionsDefinition("2019-07-01", timezone=NEW_YORK),
    FiscalYearPartitionsDefinition("01/10/2019", start_month=10, fmt="%d/%m/%Y"),
]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=[type(d).__name__ for d in DEFINITIONS])
def test_there_and_back(definition: PartitionsDefinition[Any]) -> None:
    keys = definition.get_partition_keys()
    assert keys
    for key in keys:
        parts = hive_parts(definition, key)
        assert partition_of(definition, parts) == key
        assert shown_partition(definition, parts) == key


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_key(key: str) -> None:
    definition = DynamicPartitionsDefinition(name="any")
    assert partition_of(definition, hive_parts(definition, key)) == key


def test_no_partitions() -> None:
    assert partition_of(None, []) == ""
    assert shown_partition(None, []) == "(not partitioned)"


@pytest.mark.parametrize("definition", [None, *DEFINITIONS])
@pytest.mark.parametrize(
    "parts",
    [
        ["_dagster_partition_other=1"],
        ["_dagster_partition_year=2026"],
        ["somewhere"],
        ["_dagster_partition_date=x", "_dagster_partition_hour=", "_dagster_partition_minute="],
        ["_dagster_partition_key"],
    ],
)
def test_what_lies_where_no_partition_of_these_does(
    definition: PartitionsDefinition[Any] | None, parts: list[str]
) -> None:
    assert partition_of(definition, parts) is None
    assert shown_partition(definition, parts) == "/".join(parts)


def test_no_partition_where_there_should_be_one() -> None:
    assert partition_of(DEFINITIONS[0], []) is None
