"""What all tests share: percentiles and bounds."""

# The share of a normal distribution below -2.5, -2.25 … 2.5 standard deviations, in percent.
_PERCENTILES = (1, 1, 2, 4, 7, 11, 16, 23, 31, 40, 50, 60, 69, 77, 84, 89, 93, 96, 98, 99, 99)


def percentile(deviations: float) -> int:
    """Returns the percentile (1 to 99) of a score so many standard deviations above the mean."""
    return _PERCENTILES[clamp(int(deviations * 4 + 10.5), 0, len(_PERCENTILES) - 1)]


def clamp(value: int, low: int, high: int) -> int:
    """Returns the value, or the bound that it is beyond."""
    return min(max(value, low), high)
