"""The floor's day records against the slow calculator's, to the microsecond, on random floors."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.floor.fast_and_slow import check
from tests.floor.random_floors import random_floor

FLOORS_A_PART = 100


@pytest.mark.parametrize("part", range(20))
def test_on_two_thousand_random_floors_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        check(random_floor(Random(seed)))


@pytest.mark.parametrize("part", range(2))
def test_where_seats_change_hands_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        check(random_floor(Random(seed), moves=True))


@pytest.mark.parametrize("part", range(2))
def test_where_no_snapshot_ends_a_gap_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        check(random_floor(Random(seed), gaps_stay=True))


@pytest.mark.parametrize("part", range(4))
def test_on_floors_of_more_hours_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * 10, part * 10 + 10):
        check(random_floor(Random(seed), steps=150))


@settings(max_examples=100)
@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_a_floor_on_which_they_disagree_shrinks(chance: Random, steps: int) -> None:
    check(random_floor(chance, steps))
