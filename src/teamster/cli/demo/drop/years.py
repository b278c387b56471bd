"""The school years of the drop, and when in them students are tested and vendors export."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which all students of a school take a diagnostic test.

    Attributes:
        name: The vendor's name of the season, with the dates that its norms hold for.
        month: The month in which it opens.
        day: The day of the month on which it opens.
        days: How many school days it stays open.
        progress: The part of the year's growth (0 to 1) that lies behind the students by then.
    """

    name: str
    month: int
    day: int
    days: int
    progress: float


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """A school year, July to June.

    Attributes:
        start: The calendar year in which it starts: 2026 for 2026-2027.
        folder: How i-Ready's server names the year's folder.
        exported: When the year's last export was put on the server, UTC.
        windows: The diagnostic windows that were over by then, in order.
    """

    start: int
    folder: str
    exported: datetime
    windows: tuple[Window, ...]

    @property
    def label(self) -> str:
        """How vendors write the year, e.g. ``2026-2027``."""
        return f"{self.start}-{self.start + 1}"

    def day(self, month: int, day: int) -> date:
        """Returns the date of a day of this school year."""
        return date(self.start if month >= 7 else self.start + 1, month, day)


_FALL = Window("Fall (Beginning of Year - November 15)", 9, 8, 12, 0.0)
_WHOLE_YEAR = (
    _FALL,
    Window("Winter (November 16 - March 1)", 1, 26, 10, 0.5),
    Window("Spring (March 2 - End of Year)", 5, 4, 10, 1.0),
)
# The current year is in its first autumn: the second test has only just been taken.
_SO_FAR = (_FALL, Window("Winter (November 16 - March 1)", 11, 16, 3, 0.3))

YEARS = (
    SchoolYear(2024, "2024", datetime(2025, 6, 20, 9, 15, tzinfo=UTC), _WHOLE_YEAR),
    SchoolYear(2025, "2025", datetime(2026, 6, 19, 9, 15, tzinfo=UTC), _WHOLE_YEAR),
    SchoolYear(2026, "Current_Year", datetime(2026, 11, 20, 9, 15, tzinfo=UTC), _SO_FAR),
)
"""All years of the drop, the current one last."""

CURRENT = YEARS[-1]


def school_day(first: date, days: int) -> date:
    """Returns the day that lies so many school days (Monday to Friday) after ``first``."""
    weeks, rest = divmod(first.weekday() + days, 5)
    monday = first - timedelta(days=first.weekday())
    return monday + timedelta(weeks=weeks, days=rest)
