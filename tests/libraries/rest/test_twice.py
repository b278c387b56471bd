"""Marks of two readings: what was there must still be there."""

from collections import Counter

import numpy
from hypothesis import given
from hypothesis import strategies as st

from teamster.libraries.rest.spool import Marks
from teamster.libraries.rest.twice import are_among

NUMBERS = st.lists(st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 1]), max_size=8)


def marks(numbers: list[int]) -> Marks:
    return numpy.array(sorted(numbers), dtype=numpy.uint64)


@given(some=NUMBERS, more=NUMBERS, others=NUMBERS)
def test_marks_are_among_others_as_often_as_they_come(
    some: list[int], more: list[int], others: list[int]
) -> None:
    assert are_among(marks(some), marks([*some, *more]))
    assert are_among(marks(some), marks(others)) == (Counter(some) <= Counter(others))
