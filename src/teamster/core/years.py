"""The same partition a year earlier."""

import re
from typing import Any

from dagster import (
    PartitionsDefinition,
    StaticPartitionsDefinition,
    TimeWindowPartitionsDefinition,
)

from teamster.core.partitions import dimension_definitions, join_key, split_key, window_of

_YEAR = re.compile("[0-9]{4}")


def dimensions_of_years(definition: PartitionsDefinition[Any] | None) -> list[str]:
    """Returns the dimensions in which one can go back a year.

    Returns:
        Names of time-window dimensions and, behind them, of static ones whose keys are all years
        of four digits.
    """
    parts = dimension_definitions(definition)
    windows = [n for n, part in parts.items() if isinstance(part, TimeWindowPartitionsDefinition)]
    years = [
        name
        for name, part in parts.items()
        if isinstance(part, StaticPartitionsDefinition)
        and all(_YEAR.fullmatch(key) for key in part.get_partition_keys())
    ]
    return windows + years


def year_before(definition: PartitionsDefinition[Any], partition_key: str) -> str | None:
    """Returns the partition key of the same partition a year earlier.

    Args:
        definition: The partitions, with a dimension of years.
        partition_key: The key.

    Returns:
        The key, or None if there is no dimension of years, or no such partition.
    """
    name = next(iter(dimensions_of_years(definition)), None)
    if name is None:
        return None
    values = split_key(definition, partition_key)
    part = dimension_definitions(definition)[name]
    if isinstance(part, TimeWindowPartitionsDefinition):
        start = part.start_time_for_partition_key(values[name])
        # 29 February has no day a year earlier: the day before stands in for it.
        day = min(start.day, 28) if start.month == 2 else start.day
        earlier = window_of(part, start.replace(year=start.year - 1, day=day))
    else:
        earlier = f"{int(values[name]) - 1:04}"
    if earlier is None or not part.has_partition_key(earlier):
        return None
    return join_key(definition, {**values, name: earlier})
