"""Room for files that wait: never too many, and never none for good."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.libraries.ssh.room import Room


@given(
    max_files=st.integers(1, 6),
    max_bytes=st.integers(1, 30),
    refill_at=st.sampled_from([0.0, 0.5, 1.0]),
    sizes=st.lists(st.integers(0, 40), max_size=40),
    choices=st.randoms(use_true_random=False),
)
def test_no_more_wait_than_fit_and_all_get_through(
    max_files: int, max_bytes: int, refill_at: float, sizes: list[int], choices: random.Random
) -> None:
    room = Room(max_files, max_bytes, refill_at)
    waiting: list[int] = []
    coming = list(sizes)
    opened = True
    while coming or waiting:
        if coming and opened and (not waiting or choices.random() < 0.7):
            if room.enter(coming[0]):
                waiting.append(coming.pop(0))
            else:
                assert waiting, "an empty room takes any file"
                assert room.is_full
                opened = False
        else:
            was_full = room.is_full
            again = room.leave(waiting.pop(0))
            assert again == (was_full and not room.is_full)
            opened = opened or again
            assert opened or waiting, "an empty room is open"
        assert len(waiting) <= max_files
        assert len(waiting) < 2 or sum(waiting) <= max_bytes


@pytest.mark.parametrize(("refill_at", "left"), [(0, 0), (0.5, 4), (1, 8)])
def test_once_full_it_opens_again_when_enough_have_left(refill_at: float, left: int) -> None:
    room = Room(8, 1000, refill_at)
    assert [room.enter(1) for _ in range(9)] == [True] * 8 + [False]
    opened = [room.leave(1) for _ in range(8)]
    assert opened.index(True) == max(0, 7 - left)
    assert opened.count(True) == 1
    assert room.enter(1)


def test_bytes_that_were_not_expected_count() -> None:
    room = Room(8, 10)
    assert room.enter(1)
    room.correct(8)
    assert not room.enter(2)
    assert room.leave(9)
    assert room.enter(2)
