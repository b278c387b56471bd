"""Lengths of time as people write them."""

import re
from datetime import timedelta

_UNITS = {"minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}
_DURATION = re.compile(rf"([0-9]+)\s*({'|'.join(_UNITS)})s?")


def parse_duration(text: str) -> timedelta:
    """Reads a length of time.

    Args:
        text: A whole number from 1 and a unit: ``1 day``, ``36 hours``, ``2 weeks``.

    Raises:
        ValueError: It is not written so.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not int(match[1]):
        raise ValueError(f"write a number and a unit, such as 1 day; units: {', '.join(_UNITS)}")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def shown_duration(duration: timedelta) -> str:
    """Returns a length of time in the largest whole unit: ``1 day``, ``36 hours``."""
    seconds = round(duration.total_seconds())
    for unit, length in (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % length == 0:
            number = seconds // length
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{seconds} seconds"


def overdue_after(expected_every: timedelta) -> timedelta:
    """Returns how long to wait for what comes so often: a quarter longer, nights differ."""
    return expected_every * 5 / 4
