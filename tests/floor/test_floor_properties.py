"""What holds of the floor whatever a switch says: on random floors (tests.floor.random_floors)."""

from copy import deepcopy
from random import Random

import pytest

from ccd.floor.agents import AgentRules
from ccd.floor.crew import Crew, day_records
from ccd.floor.events import (
    CallConnected,
    CallerJoined,
    CallerLeft,
    Device,
    Found,
    Heard,
    Lost,
    Member,
    PbxEvent,
    SeatEvent,
    Snapshot,
    Waiting,
)
from ccd.floor.floor import Floor
from ccd.floor.records import DayRecord
from ccd.floor.rules import SeatRules
from ccd.floor.segments import Segment, Transition
from tests.floor.fast_and_slow import segments_of
from tests.floor.random_floors import RandomFloor, random_floor
from tests.floor.rules_of_random_floors import agent_rules, owner_of

FLOORS = 300
CUTS = 4  # of a stream
WIDE = (1 << 62) - 1


def floors(count: int = FLOORS, steps: int = 40) -> list[RandomFloor]:
    return [random_floor(Random(10_000 + seed), steps) for seed in range(count)]


def told(rules: SeatRules, stream: list[PbxEvent]) -> list[Transition]:
    floor = Floor(rules)
    return [transition for event in stream for transition in floor.apply(event)]


def time_lines(segments: list[Segment]) -> dict[str, list[tuple[int, int | None, object, object]]]:
    """Each seat's segments without the numbers, which tell how the seats took turns."""
    lines: dict[str, list[tuple[int, int | None, object, object]]] = {}
    for s in sorted(segments, key=lambda each: each.number):
        counts = (s.told, s.offered, s.answered, s.missed)
        lines.setdefault(s.seat, []).append((s.start, s.end, s.view, counts))
    return lines


def records_of(floor: RandomFloor, rules: AgentRules) -> list[DayRecord]:
    lines = [(pbx, s) for pbx, stream in floor.streams.items() for s in segments_of(rules.seats, stream, floor.until)]
    owner, turns = owner_of(floor)
    return day_records(lines, owner, turns, lambda _: rules, floor.until)


def test_a_seats_segments_follow_each_other_without_a_hole_and_without_an_overlap() -> None:
    for floor in floors():
        rules = agent_rules(floor.rules)
        for stream in floor.streams.values():
            for line in time_lines(segments_of(rules.seats, stream, floor.until)).values():
                assert [end for _, end, *_ in line[:-1]] == [start for start, *_ in line[1:]]
                assert [start for start, *_ in line] == sorted(start for start, *_ in line)
                assert line[-1][1] is None


def test_the_states_seconds_add_up_to_the_signed_in_seconds() -> None:
    for floor in floors():
        for record in records_of(floor, agent_rules(floor.rules)):
            paused = sum(record.paused.values())
            states = (record.available, record.ringing, record.on_call, record.wrap_up, paused, record.unreachable)
            assert sum(states) == record.signed_in
            assert record.aux + record.exempt == paused
            assert 0 <= record.other_call <= record.on_call


def independent(event: PbxEvent, other: PbxEvent) -> bool:
    """Events of two seats, of which neither concerns a caller that the other is rung by; a connect may concern all."""
    if isinstance(event, CallConnected) or isinstance(other, CallConnected):
        return False
    if not isinstance(event, SeatEvent) or not isinstance(other, SeatEvent) or event.seat == other.seat:
        return False
    calls = {getattr(each, "call", None) for each in (event, other)} - {None}
    return len(calls) == len([each for each in (event, other) if getattr(each, "call", None) is not None])


def test_how_independent_seats_take_turns_changes_nothing() -> None:
    chance = Random(7)
    for floor in floors():
        rules = agent_rules(floor.rules).seats
        for stream in floor.streams.values():
            shuffled = list(stream)
            for _ in range(len(stream) * 4):
                i = chance.randrange(max(1, len(shuffled) - 1))
                if i + 1 < len(shuffled) and independent(shuffled[i], shuffled[i + 1]):
                    shuffled[i], shuffled[i + 1] = shuffled[i + 1], shuffled[i]
            assert time_lines(segments_of(rules, shuffled, WIDE)) == time_lines(segments_of(rules, stream, WIDE))


def answer(floor: Floor, at: int) -> Snapshot:
    """What a switch of which all is known would answer. Whose call is still offered waits there."""
    seats = floor.state.seats.values()
    members = tuple(
        Member(s.seat, s.name, queue, m.paused, m.reason, 0, m.device, bool(s.calls) or None, m.wrap_up_s)
        for s in seats
        for queue, m in s.queues.items()
    )
    waiting = tuple(Waiting(c, queue, t) for queue, callers in floor.state.waiting.items() for c, t in callers.items())
    waiting += tuple(Waiting(call, offer.queue, 0) for seat in seats for call, offer in seat.offers.items())
    return Snapshot(at, 0, members, waiting, frozenset(s.seat for s in seats if s.logged_in))


def test_a_snapshot_of_what_is_known_changes_nothing_anywhere_in_a_stream() -> None:
    for floor in floors():
        rules = agent_rules(floor.rules).seats
        for stream in floor.streams.values():
            asked = Floor(rules)
            at = 0
            for event in stream:
                asked.apply(event)
                at = max(at, event.at)
                if asked.state.gap_since is not None:
                    continue
                before = deepcopy((asked.state.open, asked.state.waiting))
                asked.apply(Heard(min(at, event.at)))
                expected = deepcopy((asked.state.open, asked.state.waiting))
                assert asked.apply(answer(asked, min(at, event.at))) == []
                assert (asked.state.open, asked.state.waiting) == expected
                assert before[1] == expected[1]


def test_a_stream_split_in_two_and_resumed_from_the_stored_state_equals_the_whole() -> None:
    chance = Random(3)
    for floor in floors():
        rules = agent_rules(floor.rules).seats
        for stream in floor.streams.values():
            cut = chance.randrange(len(stream) + 1)
            first = Floor(rules)
            transitions = [t for event in stream[:cut] for t in first.apply(event)]
            second = Floor(rules, deepcopy(first.state))
            transitions += [t for event in stream[cut:] for t in second.apply(event)]
            assert transitions == told(rules, stream)


@pytest.mark.parametrize("several", [True, False])
def test_the_crews_clocks_say_what_the_stored_segments_amount_to(several: bool) -> None:
    """Also read in the middle of the stream, which must not disturb anything."""
    for floor in floors():
        if several != (len(floor.streams) == 1):
            continue
        rules = agent_rules(floor.rules)
        owner, turns = owner_of(floor)
        crew = Crew(owner, lambda _, rules=rules: rules)  # type: ignore[misc]  # bound now, not when called
        events = [(event.at, pbx, event) for pbx, stream in floor.streams.items() for event in stream]
        parts = {pbx: Floor(rules.seats) for pbx in floor.streams}
        for _, pbx, event in events:
            for transition in parts[pbx].apply(event):
                crew.take(pbx, transition.opened)
            for agent in crew.changed:
                crew.clocks[agent].read()
            crew.changed.clear()
        for pbx, part in parts.items():
            for transition in part.apply(Heard(floor.until)):
                crew.take(pbx, transition.opened)
        crew.confirm(floor.until)
        found = [
            record for agent, clock in crew.clocks.items() for record in clock.records(floor.until, crew.units[agent])
        ]
        assert sorted(found, key=lambda r: (r.day, r.agent)) == records_of(floor, rules)
        assert turns == []


def test_callers_wait_from_joining_until_they_leave_or_are_connected() -> None:
    for floor in floors(60):
        for stream in floor.streams.values():
            if any(isinstance(event, Lost | Snapshot) for event in stream):
                continue
            part = Floor(agent_rules(floor.rules).seats)
            waiting: dict[str, str] = {}
            for event in stream:
                part.apply(event)
                if isinstance(event, CallerJoined):
                    waiting[event.call] = event.queue
                elif isinstance(event, CallerLeft | CallConnected):
                    waiting.pop(event.call, None)
            assert {c: queue for queue, callers in part.state.waiting.items() for c in callers} == waiting


def test_a_gap_that_is_found_again_is_none() -> None:
    """Anywhere in a stream where no gap runs, no telephone does anything, and nothing of before it is still to be told.
    Without later snapshots: where one shows that a change was not told, the seat was as it was known until the gap
    began."""
    chance = Random(11)
    compared = 0
    for floor in floors():
        rules = agent_rules(floor.rules)
        for stream in floor.streams.values():
            for cut in chance.sample(range(len(stream) + 1), min(CUTS, len(stream) + 1)):
                before, after = stream[:cut], stream[cut:]
                last = max([event.at for event in before], default=0)
                if any(e.at < last or isinstance(e, Snapshot) for e in after) or not all_at_rest(rules.seats, before):
                    continue
                whole, found = (
                    segments_of(rules.seats, [*before, *between, *after], floor.until)
                    for between in ([Heard(last)], [Lost(last), Found(last)])
                )
                assert day_records_of(whole, rules, floor.until) == day_records_of(found, rules, floor.until)
                compared += 1
    assert compared > FLOORS / 10


def all_at_rest(rules: SeatRules, stream: list[PbxEvent]) -> bool:
    """No gap runs, and no telephone does anything."""
    floor = Floor(rules)
    for event in stream:
        floor.apply(event)
    telephones = {member.device for seat in floor.state.seats.values() for member in seat.queues.values()}
    return floor.state.gap_since is None and telephones <= {Device.FREE}


def day_records_of(segments: list[Segment], rules: AgentRules, until: int) -> list[DayRecord]:
    """Each seat by itself."""
    return day_records([("pbx", each) for each in segments], lambda *_: None, [], lambda _: rules, until)
