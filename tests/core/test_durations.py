"""Lengths of time, written and read."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.durations import overdue_after, parse_duration, shown_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1 day", timedelta(days=1)),
        ("36 hours", timedelta(hours=36)),
        ("2 Weeks", timedelta(weeks=2)),
        (" 90minutes ", timedelta(minutes=90)),
    ],
)
def test_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "day", "0 days", "1", "1 month", "-1 day", "1.5 days", "1 d"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="such as 1 day"):
        parse_duration(text)


@given(st.integers(1, 100_000))
def test_what_is_shown_reads_back(minutes: int) -> None:
    duration = timedelta(minutes=minutes)
    assert parse_duration(shown_duration(duration)) == duration


def test_a_quarter_longer_is_overdue() -> None:
    assert overdue_after(timedelta(days=1)) == timedelta(hours=30)
