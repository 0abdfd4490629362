"""Day records twice: as the floor makes them, and as the slow calculator does, which shares no code with it."""

from dataclasses import asdict

from ccd.floor.crew import day_records
from ccd.floor.events import Heard, PbxEvent
from ccd.floor.floor import Floor
from ccd.floor.rules import SeatRules
from ccd.floor.segments import Segment
from tests import slow_calculator
from tests.floor.random_floors import RandomFloor
from tests.floor.rules_of_random_floors import agent_rules, owner_of


def segments_of(rules: SeatRules, stream: list[PbxEvent], until: int) -> list[Segment]:
    floor = Floor(rules)
    transitions = [transition for event in [*stream, Heard(until)] for transition in floor.apply(event)]
    return [each.closed for each in transitions if each.closed] + list(floor.state.open.values())


def by_the_floor(floor: RandomFloor) -> dict[tuple[str, str], dict[str, object]]:
    rules = agent_rules(floor.rules)
    owner, borders = owner_of(floor)
    lines = [(pbx, each) for pbx, said in floor.streams.items() for each in segments_of(rules.seats, said, floor.until)]
    records = day_records(lines, owner, borders, lambda _: rules, floor.until)
    return {(record.day.isoformat(), record.agent): asdict(record) for record in records}


def check(floor: RandomFloor) -> None:
    slow = slow_calculator.day_records(floor.streams, floor.rules, floor.until)
    fast = by_the_floor(floor)
    assert fast.keys() == slow.keys()
    for key, record in slow.items():
        assert {figure: fast[key][figure] for figure in record} == record, key
