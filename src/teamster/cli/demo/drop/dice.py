"""Chance that falls the same way on every machine."""

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

# Four uniform numbers have a sum of variance 1/3: this factor gives it the variance 1.
_TO_UNIT_VARIANCE = 1.7320508075688772


class Dice:
    """A source of chance, named by a key: the same key gives the same throws, whatever else ran.

    Only ``random()`` is drawn on, and only IEEE arithmetic is done with it: of all methods it alone
    is promised to give the same sequence in later Python versions.
    Source: Python library reference, ``random``, "Notes on Reproducibility".

    Args:
        key: What the throws are for, e.g. a seed, a region and a purpose.
    """

    def __init__(self, *key: object) -> None:
        self._draw = random.Random("/".join(map(str, key))).random  # noqa: S311 (no secret)

    def below(self, count: int) -> int:
        """Returns an integer from 0 up to, not including, ``count``."""
        return int(self._draw() * count)

    def between(self, low: int, high: int) -> int:
        """Returns an integer from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def chance(self, probability: float) -> bool:
        """Returns True with a probability of 0 to 1."""
        return self._draw() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Returns one of the items."""
        return items[self.below(len(items))]

    def weighted(self, weights: Mapping[T, int]) -> T:
        """Returns one of the keys, each as often as its weight says."""
        rest = self.below(sum(weights.values()))
        for item, weight in weights.items():
            rest -= weight
            if rest < 0:
                return item
        raise ValueError("the weights are negative")

    def bell(self, mean: float = 0.0, spread: float = 1.0) -> float:
        """Returns a number near ``mean``, bell-shaped, never beyond 3.5 times ``spread``."""
        total = self._draw() + self._draw() + self._draw() + self._draw()
        return mean + spread * (total - 2.0) * _TO_UNIT_VARIANCE
