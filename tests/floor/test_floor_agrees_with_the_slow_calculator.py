"""The floor's day records against the slow calculator's, to the microsecond, on random floors."""

from dataclasses import asdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccd.floor.agents import AgentRules
from ccd.floor.crew import Owner, day_records
from ccd.floor.days import BusinessDays
from ccd.floor.events import Heard, PbxEvent
from ccd.floor.floor import Floor
from ccd.floor.rules import QueueRule, ReasonRule, SeatRules
from ccd.floor.segments import Segment
from ccd.org.roster import AFTER_ALL, BEFORE_ALL, Entry, Roster
from tests import slow_calculator
from tests.floor.random_floors import RandomFloor, random_floor
from tests.slow_seats import SECOND, Rules

SEEDS_A_PART = 100


def agent_rules(rules: Rules) -> AgentRules:
    queues = {
        queue: QueueRule(rules.wrap_up_s.get(queue, 0), queue not in rules.not_counting)
        for queue in {*rules.wrap_up_s, *rules.not_counting}
    }
    seats = SeatRules(rules.paused_in, rules.other_call_while_paused, queues)  # type: ignore[arg-type]  # plain strings
    reasons = {
        name: ReasonRule(*(None if s is None else s * SECOND for s in (reason.max_s, reason.max_s_day)))
        for name, reason in rules.reasons.items()
        if reason.exempt
    }
    return AgentRules(reasons, seats, BusinessDays(rules.timezone, rules.day_starts_at))


def segments(stream: list[PbxEvent], rules: SeatRules, until: int) -> list[Segment]:
    floor = Floor(rules)
    transitions = [transition for event in [*stream, Heard(until)] for transition in floor.apply(event)]
    return [each.closed for each in transitions if each.closed] + list(floor.state.open.values())


def by_the_floor(floor: RandomFloor) -> dict[tuple[str, str], dict[str, object]]:
    rules = agent_rules(floor.rules)
    roster = Roster(
        Entry(
            n, r.agent, r.interface or "", r.member_name or "", "team", r.pbx or "",
            BEFORE_ALL if r.starts is None else r.starts, AFTER_ALL if r.ends is None else r.ends,
        )
        for n, r in enumerate(floor.rules.roster)
    )  # fmt: skip

    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        entry = roster.owner(pbx, seat, name, at)
        return Owner(entry.agent, entry.unit, True) if entry else None

    lines = [
        (pbx, each) for pbx, stream in floor.streams.items() for each in segments(stream, rules.seats, floor.until)
    ]
    turns = roster.borders(BEFORE_ALL, AFTER_ALL)
    records = day_records(lines, owner, turns, lambda _: rules, floor.until)
    return {(record.day.isoformat(), record.agent): asdict(record) for record in records}


def check(floor: RandomFloor) -> None:
    slow = slow_calculator.day_records(floor.streams, floor.rules, floor.until)
    fast = by_the_floor(floor)
    assert fast.keys() == slow.keys()
    for key, record in slow.items():
        assert {name: fast[key][name] for name in record} == record, key


@pytest.mark.parametrize("part", range(20))
def test_on_two_thousand_random_floors_every_figure_is_the_same(part: int) -> None:
    for seed in range(part * SEEDS_A_PART, (part + 1) * SEEDS_A_PART):
        check(random_floor(Random(seed)))


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_a_floor_that_disagrees_would_be_shrunk(chance: Random, steps: int) -> None:
    check(random_floor(chance, steps))
