"""The floor's day records against the slow calculator's, to the microsecond, on random floors."""

from dataclasses import asdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccd.floor.crew import day_records
from ccd.floor.events import Heard, PbxEvent
from ccd.floor.floor import Floor
from ccd.floor.rules import SeatRules
from ccd.floor.segments import Segment
from tests import slow_calculator
from tests.floor.random_floors import RandomFloor, random_floor
from tests.floor.rules_of_random_floors import agent_rules, owner_of

FLOORS_A_PART = 100


def segments(stream: list[PbxEvent], rules: SeatRules, until: int) -> list[Segment]:
    floor = Floor(rules)
    transitions = [transition for event in [*stream, Heard(until)] for transition in floor.apply(event)]
    return [each.closed for each in transitions if each.closed] + list(floor.state.open.values())


def by_the_floor(floor: RandomFloor) -> dict[tuple[str, str], dict[str, object]]:
    rules = agent_rules(floor.rules)
    owner, turns = owner_of(floor)
    lines = [(pbx, each) for pbx, said in floor.streams.items() for each in segments(said, rules.seats, floor.until)]
    records = day_records(lines, owner, turns, lambda _: rules, floor.until)
    return {(record.day.isoformat(), record.agent): asdict(record) for record in records}


def check(floor: RandomFloor) -> None:
    slow = slow_calculator.day_records(floor.streams, floor.rules, floor.until)
    fast = by_the_floor(floor)
    assert fast.keys() == slow.keys()
    for key, record in slow.items():
        assert {figure: fast[key][figure] for figure in record} == record, key


@pytest.mark.parametrize("part", range(20))
def test_on_two_thousand_random_floors_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        check(random_floor(Random(seed)))


@pytest.mark.parametrize("part", range(5))
def test_where_seats_change_hands_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        check(random_floor(Random(seed), moves=True))


@pytest.mark.parametrize("part", range(5))
def test_where_no_snapshot_ends_a_gap_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        check(random_floor(Random(seed), gaps_stay=True))


@pytest.mark.parametrize("part", range(10))
def test_on_floors_of_more_hours_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * 10, part * 10 + 10):
        check(random_floor(Random(seed), steps=150))


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_a_floor_on_which_they_disagree_shrinks(chance: Random, steps: int) -> None:
    check(random_floor(chance, steps))
