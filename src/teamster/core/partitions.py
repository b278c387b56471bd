"""Fiscal years, partitions from plain data, and where a partition's object lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from urllib.parse import quote

from dagster import (
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    PartitionsDefinition,
    StaticPartitionsDefinition,
    TimeWindowPartitionsDefinition,
    WeeklyPartitionsDefinition,
)

from teamster.core.errors import ConfigError

SINGLE = "key"
"""The dimension's name of a partition key that has one dimension only."""

DATE_FORMAT = "%Y-%m-%d"

PartitionsLike: TypeAlias = PartitionsDefinition[Any] | Mapping[str, Any]
"""What a factory takes for partitions: a definition, or plain data as it stands in YAML."""


@dataclass(frozen=True)
class FiscalYear:
    """The fiscal year that a moment lies in, named by the calendar year in which it ends.

    September 2025 is fiscal year 2026: ``FiscalYear(datetime(2025, 9, 1)).fiscal_year == 2026``.

    Attributes:
        datetime: A moment, or a day.
        start_month: The fiscal year's first month, 1 to 12; 7 in most of the United States.
    """

    datetime: datetime | date
    start_month: int = 7

    @property
    def fiscal_year(self) -> int:
        """The calendar year in which the fiscal year ends."""
        return self.start.year + (self.start_month > 1)

    @property
    def start(self) -> date:
        """The first day."""
        year = self.datetime.year - (self.datetime.month < self.start_month)
        return date(year, self.start_month, 1)

    @property
    def end(self) -> date:
        """The last day."""
        return date.fromordinal(self.start.replace(year=self.start.year + 1).toordinal() - 1)

    @classmethod
    def of_number(cls, fiscal_year: int, start_month: int = 7) -> "FiscalYear":
        """Returns the fiscal year of a number: 2026 begins on 1 July 2025."""
        return cls(date(fiscal_year - (start_month > 1), start_month, 1), start_month)


class FiscalYearPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition a fiscal year, its key the year's first day; the year under way included.

    In a remote path the key is spelled as the fiscal year's number (``2025-07-01`` is ``2026``)
    unless the feed gives a format of its own.

    Args:
        start_date: The first day of the first fiscal year, as a date or in ``fmt``.
        timezone: An IANA time zone, UTC by default.
        start_month: The fiscal year's first month.
        fmt: The ``strftime`` format of the keys.
        end_offset: How many partitions beyond the last completed one there are.
    """

    def __new__(
        cls,
        start_date: datetime | str,
        timezone: str | None = None,
        start_month: int = 7,
        fmt: str = DATE_FORMAT,
        end_offset: int = 1,
    ) -> "FiscalYearPartitionsDefinition":
        """Makes a yearly time window that begins on the first of ``start_month``."""
        definition: FiscalYearPartitionsDefinition = super().__new__(
            cls,
            start=start_date,
            fmt=fmt,
            timezone=timezone,
            cron_schedule=f"0 0 1 {start_month} *",
            end_offset=end_offset,
        )
        return definition


def fiscal_start_month(definition: PartitionsDefinition[Any]) -> int | None:
    """Returns the first month of yearly windows, or None for any other definition."""
    if isinstance(definition, TimeWindowPartitionsDefinition):
        match definition.cron_schedule.split():
            case ["0", "0", "1", month, "*"] if month.isdigit():
                return int(month)
    return None


@dataclass(frozen=True)
class FiscalYearSpelling:
    """Keys of fiscal-year windows, spelled as the fiscal year's number.

    Attributes:
        start_month: The fiscal year's first month.
        key_format: The ``strftime`` format of the keys.
    """

    start_month: int = 7
    key_format: str = DATE_FORMAT

    def spell(self, value: str) -> str:
        """Returns the number of the fiscal year whose first day is ``value``."""
        first_day = datetime.strptime(value, self.key_format)
        return str(FiscalYear(first_day, self.start_month).fiscal_year)

    def read(self, text: str) -> str | None:
        """Returns the first day of the fiscal year of a four-digit number."""
        if not (len(text) == 4 and text.isascii() and text.isdigit() and text >= "1001"):
            return None  # strftime writes years before 1000 in a way that strptime does not read
        return FiscalYear.of_number(int(text), self.start_month).start.strftime(self.key_format)

    def expression(self, body: str) -> str:
        """Returns the group's own body."""
        return body or r"\d{4}"


_SINGLE_KINDS: dict[str, type[PartitionsDefinition[Any]]] = {
    "static": StaticPartitionsDefinition,
    "dynamic": DynamicPartitionsDefinition,
    "hourly": HourlyPartitionsDefinition,
    "daily": DailyPartitionsDefinition,
    "weekly": WeeklyPartitionsDefinition,
    "monthly": MonthlyPartitionsDefinition,
    "fiscal_year": FiscalYearPartitionsDefinition,
    "time_window": TimeWindowPartitionsDefinition,
}


def resolve_partitions_def(given: PartitionsLike) -> PartitionsDefinition[Any]:
    """Makes a partitions definition of plain data; returns a definition as it is.

    Args:
        given: ``{"type": "static", "partition_keys": [...]}``; ``daily``, ``weekly``, ``monthly``,
            ``hourly``, ``fiscal_year`` and ``time_window`` with the arguments of Dagster's class of
            that name; ``{"type": "dynamic", "name": ...}``; or ``{"type": "multi",
            "partitions_defs": {dimension: ...}}``.

    Raises:
        ConfigError: The type is unknown, or its arguments do not fit it.
    """
    if isinstance(given, PartitionsDefinition):
        return given
    if not isinstance(given, Mapping):
        raise ConfigError("partitions_def must be a definition, or a mapping that has a type")
    arguments = dict(given)
    kind = str(arguments.pop("type", None))
    try:
        if kind == "multi":
            return _multi(**arguments)
        if kind in _SINGLE_KINDS:
            return _SINGLE_KINDS[kind](**_converted(arguments))
    except ConfigError:
        raise
    except Exception as error:  # Dagster's own checks raise several unrelated types
        raise ConfigError(f"partitions_def of type {kind}: {error}") from error
    raise ConfigError(
        f"partitions_def has type {kind!r}; known: {', '.join([*_SINGLE_KINDS, 'multi'])}"
    )


def _multi(partitions_defs: Mapping[str, PartitionsLike]) -> MultiPartitionsDefinition:
    parts = {str(name): resolve_partitions_def(part) for name, part in partitions_defs.items()}
    return MultiPartitionsDefinition(parts)


def _converted(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a definition's arguments of what YAML makes of them: dates, numbers."""
    converted = dict(arguments)
    for name in ("start_date", "end_date", "start", "end"):
        if isinstance(converted.get(name), date) and not isinstance(converted[name], datetime):
            converted[name] = datetime.combine(converted[name], datetime.min.time())
    if "partition_keys" in converted:
        keys = converted["partition_keys"]
        if not keys or not isinstance(keys, Sequence) or isinstance(keys, str) or None in keys:
            raise ConfigError("partition_keys must be a list of keys, such as [ela, math]")
        converted["partition_keys"] = [str(key) for key in keys]
    return converted


def dimension_definitions(
    definition: PartitionsDefinition[Any] | None,
) -> dict[str, PartitionsDefinition[Any]]:
    """Returns dimension -> definition; a single definition's dimension is named :data:`SINGLE`."""
    if definition is None:
        return {}
    if isinstance(definition, MultiPartitionsDefinition):
        return {part.name: part.partitions_def for part in definition.partitions_defs}
    return {SINGLE: definition}


def split_key(definition: PartitionsDefinition[Any] | None, partition_key: str) -> dict[str, str]:
    """Returns a partition key's values by dimension."""
    if isinstance(definition, MultiPartitionsDefinition):
        return dict(definition.get_partition_key_from_str(partition_key).keys_by_dimension)
    return {SINGLE: partition_key}


def join_key(definition: PartitionsDefinition[Any], values: Mapping[str, str]) -> str:
    """Returns the partition key of values by dimension: the inverse of :func:`split_key`."""
    if isinstance(definition, MultiPartitionsDefinition):
        return MultiPartitionKey(values)
    return values[SINGLE]


def hive_parts(definition: PartitionsDefinition[Any] | None, partition_key: str) -> list[str]:
    """Returns the folders, ``name=value``, of a partition's object.

    Args:
        definition: The asset's partitions definition; None for a key of unknown origin.
        partition_key: The key.

    Returns:
        One folder a dimension, sorted by name; for a date key the fiscal year, date, hour and
        minute. Values are percent-quoted: a key can never leave its folder.
    """
    if isinstance(definition, TimeWindowPartitionsDefinition):
        parts = _date_parts(definition, partition_key)
    else:
        parts = dict(sorted(split_key(definition, partition_key).items()))
    return [f"_dagster_partition_{quote(n, safe='')}={quote(v, safe='')}" for n, v in parts.items()]


def _date_parts(definition: TimeWindowPartitionsDefinition, partition_key: str) -> dict[str, str]:
    moment = definition.start_time_for_partition_key(partition_key)
    return {
        "fiscal_year": str(FiscalYear(moment, fiscal_start_month(definition) or 7).fiscal_year),
        "date": moment.strftime(DATE_FORMAT),
        # When clocks go back an hour comes twice: the second has its offset too, as in Dagster.
        "hour": moment.strftime("%H%z" if moment.fold else "%H"),
        "minute": moment.strftime("%M"),
    }


def window_of(definition: PartitionsDefinition[Any], moment: datetime) -> str | None:
    """Returns the key of the time window that a moment lies in.

    Args:
        definition: Any definition; only time windows have an answer.
        moment: A moment with a time zone.

    Returns:
        The key, or None if the definition has no window there.
    """
    if not isinstance(definition, TimeWindowPartitionsDefinition):
        return None
    timestamp = moment.timestamp()
    key = definition.get_partition_key_for_timestamp(timestamp)
    if not definition.has_partition_key(key):
        return None
    window = definition.time_window_for_partition_key(key)
    return key if timestamp < window.end.timestamp() else None
