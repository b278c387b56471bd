"""The same partition a year earlier."""

import pytest
from dagster import (
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    PartitionsDefinition,
    StaticPartitionsDefinition,
)

from teamster.core.partitions import FiscalYearPartitionsDefinition
from teamster.core.years import dimensions_of_years, year_before

YEARS = StaticPartitionsDefinition(["2024", "2025", "2026"])
SUBJECTS = StaticPartitionsDefinition(["ela", "math"])
FISCAL = FiscalYearPartitionsDefinition("2022-07-01")
DAYS = DailyPartitionsDefinition("2023-01-01", end_date="2025-01-01")


@pytest.mark.parametrize(
    ("definition", "key", "earlier"),
    [
        (YEARS, "2026", "2025"),
        (YEARS, "2024", None),
        (FISCAL, "2025-07-01", "2024-07-01"),
        (FISCAL, "2022-07-01", None),
        (DAYS, "2024-10-05", "2023-10-05"),
        (DAYS, "2024-02-29", "2023-02-28"),
        (DAYS, "2023-10-05", None),
        (SUBJECTS, "ela", None),
    ],
)
def test_of_one_dimension(definition: PartitionsDefinition, key: str, earlier: str | None) -> None:
    assert year_before(definition, key) == earlier


def test_of_several_dimensions_only_the_year_changes() -> None:
    definition = MultiPartitionsDefinition({"year": YEARS, "subject": SUBJECTS})
    key = MultiPartitionKey({"year": "2026", "subject": "math"})
    assert year_before(definition, key) == MultiPartitionKey({"year": "2025", "subject": "math"})


@pytest.mark.parametrize(
    ("definition", "dimensions"),
    [
        (None, []),
        (SUBJECTS, []),
        (DynamicPartitionsDefinition(name="x"), []),
        (YEARS, ["key"]),
        (MultiPartitionsDefinition({"year": YEARS, "start_date": FISCAL}), ["start_date", "year"]),
        (MultiPartitionsDefinition({"subject": SUBJECTS, "year": YEARS}), ["year"]),
    ],
)
def test_dimensions_of_years(
    definition: PartitionsDefinition | None, dimensions: list[str]
) -> None:
    assert dimensions_of_years(definition) == dimensions
