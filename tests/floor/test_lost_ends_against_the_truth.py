"""What a floor believes against what is really so, where ends of calls, offers and callers are never said."""

from random import Random

import pytest

from ccd.floor.floor import Floor
from ccd.floor.seats import State
from ccd.floor.segments import Segment
from tests.floor.fast_and_slow import check
from tests.floor.honest_floor import RULES, SEATS, Desk, HonestSwitch
from tests.floor.random_floors import RandomFloor
from tests.floor.rules_of_random_floors import agent_rules

FLOORS_A_PART = 60
STEPS = 60


class Watched:
    """A floor that hears a switch, and what was really so all along."""

    def __init__(self, seed: int) -> None:
        self.switch = HonestSwitch(Random(seed))
        self.floor = Floor(agent_rules(RULES).seats)
        self.segments: dict[tuple[str, int], Segment] = {}
        self.truth: list[tuple[int, dict[str, str]]] = []  # since when (µs), seat → what it really does
        self._heard = 0
        self.hear()

    def hear(self) -> None:
        for event in self.switch.said[self._heard :]:
            for transition in self.floor.apply(event):
                for segment in (transition.closed, transition.opened):
                    if segment:
                        self.segments[segment.seat, segment.number] = segment
        self._heard = len(self.switch.said)
        self.truth.append((self.switch.now, {desk.seat: what_it_does(desk) for desk in self.switch.desks}))

    def step(self) -> None:
        self.switch.step()
        self.hear()

    def moments(self, seat: str) -> list[tuple[State, str]]:
        """What the floor made of each stretch in which nothing happened, and what was really so."""
        found = []
        for (start, truth), (end, _) in zip(self.truth, self.truth[1:], strict=False):
            # A step's own words are microseconds apart: look right before the next step begins to say anything.
            middle = start + (end - start) / 4
            for (of, _), segment in self.segments.items():
                if of == seat and segment.start <= middle and (segment.end is None or middle < segment.end):
                    found.append((segment.view.state, truth[seat]))
        return found


def what_it_does(desk: Desk) -> str:
    return "talks" if desk.talks else "rings" if desk.rung else "paused" if desk.paused else "free"


@pytest.mark.parametrize("part", range(5))
def test_a_floor_knows_what_is_and_what_was_lost_until_it_is_denied_twice(part: int) -> None:
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        watched = Watched(seed)
        for _ in range(STEPS):
            watched.step()
            for desk in watched.switch.desks:
                seat = watched.floor.state.seats[desk.seat]
                assert {call.id for call in seat.calls} == {*desk.lost_calls, *([desk.talks[0]] if desk.talks else [])}
                assert set(seat.offers) == {*desk.lost_offers, *([desk.rung[0]] if desk.rung else [])}


@pytest.mark.parametrize("part", range(5))
def test_nobody_is_charged_for_a_pause_that_was_none_and_no_live_call_is_missed(part: int) -> None:
    believed = {"paused": 0, "talks": 0, "rings": 0}
    for seed in range(part * FLOORS_A_PART, (part + 1) * FLOORS_A_PART):
        watched = Watched(seed)
        for _ in range(STEPS):
            watched.step()
        for seat in SEATS:
            for state, truth in watched.moments(seat):
                believed[truth] = believed.get(truth, 0) + 1
                if state is State.PAUSED:
                    assert truth == "paused"
                if truth == "talks":
                    assert state in (State.ON_CALL, State.UNOBSERVED)
                if truth == "rings":
                    assert state in (State.RINGING, State.ON_CALL, State.UNOBSERVED)
    assert min(believed.values()) > 100


@pytest.mark.parametrize("part", range(5))
def test_the_slow_calculator_finds_the_same_figures(part: int) -> None:
    for seed in range(part * FLOORS_A_PART // 3, (part + 1) * FLOORS_A_PART // 3):
        watched = Watched(seed)
        for _ in range(STEPS):
            watched.step()
        check(RandomFloor({"honest": watched.switch.said}, RULES, watched.switch.now + 3_600_000_000))


def test_when_all_is_quiet_two_snapshots_leave_only_what_is_really_so() -> None:
    lost = 0
    for seed in range(200):
        watched = Watched(seed)
        for _ in range(STEPS):
            watched.step()
        switch = watched.switch
        lost += len(switch.lost_callers) + sum(len(desk.lost_calls) + len(desk.lost_offers) for desk in switch.desks)
        for desk in switch.desks:
            if desk.rung:
                del switch.waiting[desk.rung[0]]
            desk.talks = desk.rung = None
        for _ in range(3):
            switch.now += 1_000_000
            switch.snapshot()
        watched.hear()
        for seat in watched.floor.state.seats.values():
            assert (seat.calls, seat.offers) == ([], {})
        waiting = {call for callers in watched.floor.state.waiting.values() for call in callers}
        assert waiting == set(switch.waiting)
    assert lost > 100
