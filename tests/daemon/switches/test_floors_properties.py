"""What holds of the daemon's own path whatever switches say, and however it is cut into batches: the crew's clocks say
of today what the day records of the same segments say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.floor.crew import day_records
from ccd.floor.events import Heard, PbxEvent
from ccd.floor.floor_state import FloorState
from ccd.floor.owners import borders_between, owner_or_itself
from ccd.floor.records import DayRecord
from ccd.floor.seats import State
from ccd.floor.segments import Segment
from ccd.settings import Settings
from tests.floor.random_floors import RandomFloor, random_floor

FLOORS = 300
BATCH_MAX = 40
LATE = 30_000_001  # µs
QUEUES = {"support": {"wrap_up_s": 30}, "empty": {"counts": False}}
UNITS = {
    "early": {"timezone": "UTC"},
    "late": {"timezone": "Europe/Berlin", "day_starts_at": "04:00"},
    "far": {"timezone": "Asia/Shanghai"},
}


def roster_of(chance: Random, floor: RandomFloor) -> str:
    """Seats that are one's alone, hot desks, seats that are handed on and back, people who come, go and move."""
    begins = min(event.at for stream in floor.streams.values() for event in stream)
    first, second, third = sorted(chance.randint(begins, floor.until) // 1_000_000 for _ in range(3))
    one, two, three = (datetime.fromtimestamp(at, UTC).isoformat() for at in (first, second, third))
    lines = [
        "1001,PJSIP/1001,Ann,early,,",
        "1010,PJSIP/1001,,late,,",
        f"1002,Local/1002@agents/n,,early,,{one}",
        f"1003,Local/1002@agents/n,,late,{one},{three}",
        f"1002,Local/1002@agents/n,,early,{three},",
        f"1004,SIP/1004,,early,,{two}",
        f"1004,SIP/1004,,far,{two},",
        f"1005,Local/1005@agents/n,,far,,{one}",
        f"1005,Local/1005@agents/n,,far,{two},",
        f"1006,Local/1006@agents,,late,{one},{two}",
        "1006,Agent/1003,,late,,",
    ]
    taken = [line for line in lines if chance.random() < 0.8]
    return "agent,interface,member_name,unit,from,to\n" + "".join(f"{line}\n" for line in taken)


def with_pings(stream: Sequence[PbxEvent], moments: Sequence[int]) -> list[PbxEvent]:
    """As a switch that is asked all the time: what it says up to LATE later is not behind its answer."""
    pings = [Heard(moment - LATE) for moment in moments]
    pinged: list[PbxEvent] = []
    for event in stream:
        while pings and pings[0].at <= event.at - LATE:
            pinged.append(pings.pop(0))
        pinged.append(event)
    return pinged + pings


def batches_of(chance: Random, floor: RandomFloor) -> list[tuple[str, list[PbxEvent]]]:
    """What the switches said, in batches of any size, none of which goes on when another switch has spoken."""
    moments = sorted(event.at for stream in floor.streams.values() for event in stream)
    left = {pbx: with_pings(stream, moments) for pbx, stream in floor.streams.items()}
    batches: list[tuple[str, list[PbxEvent]]] = []
    while any(left.values()):
        pbx = min((pbx for pbx, stream in left.items() if stream), key=lambda pbx: left[pbx][0].at)
        others = min((stream[0].at for name, stream in left.items() if stream and name != pbx), default=floor.until)
        size = chance.choice((1, 2, 5, BATCH_MAX))
        batch = [left[pbx].pop(0)]
        while left[pbx] and len(batch) < size and left[pbx][0].at <= others:
            batch.append(left[pbx].pop(0))
        batches.append((pbx, batch))
    return batches + [(pbx, [Heard(floor.until)]) for pbx in floor.streams]


def today_of(floors: Floors, until: int) -> dict[str, DayRecord]:
    """What the crew's clocks say of the day that runs."""
    records = [
        record
        for agent, clock in floors.crew.clocks.items()
        for record in clock.records(until, floors.crew.units[agent])
        if record.day == clock.rules.days.at(until).day
    ]
    return {record.agent: replace(record, unit=None) for record in records}


def stored_of(site: Site, segments: list[tuple[str, Segment]], until: int) -> dict[str, DayRecord]:
    """What the day records of all that was told say of it."""
    found = {}
    for record in day_records(segments, site.owner_of, site.roster_borders, site.rules_of, until, site.own_days):
        days = site.own_days(record.agent) or site.rules_of(record.unit).days
        if record.day == days.at(until).day:
            found[record.agent] = replace(record, unit=None)  # the day's; the clocks know the one that holds now
    return found


def found_late(site: Site, pbx: str, found: Iterable[Segment], heard_at: int, confirmed_at: int) -> Iterator[str]:
    """Whose clocks have gone on when a snapshot finds what was not observed: before a border that has been passed, or
    before what all had confirmed. Only the day record will have it."""
    for segment in found:
        is_late = segment.start < confirmed_at or site.next_border(segment.start) <= heard_at
        if segment.view.state is State.UNOBSERVED and is_late:
            for at in (segment.start, *borders_between(site.roster_borders, segment.start, heard_at + 1)):
                yield owner_or_itself(site.owner_of, pbx, segment.seat, segment.view.name, at).agent


def test_however_it_is_cut_into_batches_the_clocks_say_of_today_what_its_records_say(tmp_path: Path) -> None:
    compared = left_out = 0
    for seed in range(FLOORS):
        chance = Random(20_000 + seed)
        floor = random_floor(chance, steps=60)
        roster = tmp_path / "roster.csv"
        roster.write_text(roster_of(chance, floor))
        site = Site(Settings.model_validate({"roster": roster, "units": UNITS, "queues": QUEUES}))
        floors = Floors(site, lambda: (), lambda: 0)
        for pbx in floor.streams:
            floors.resume(pbx, FloorState())
        segments: list[tuple[str, Segment]] = []
        late: set[str] = set()
        heard_at = 0
        for pbx, events in batches_of(chance, floor):
            confirmed_at = max(each.state.confirmed_at or 0 for each in floors.floors.values())
            heard_at = max(heard_at, *(event.at for event in events))
            transitions = floors.apply(pbx, events)
            late.update(found_late(site, pbx, (each.opened for each in transitions), heard_at, confirmed_at))
            segments += [(pbx, each.closed) for each in transitions if each.closed]
        segments += [(pbx, known) for pbx, each in floors.floors.items() for known in each.state.open.values()]
        live, stored = today_of(floors, floor.until), stored_of(site, segments, floor.until)
        for agent in live.keys() | stored.keys():
            if agent not in floors.crew.clocks:
                assert site.roster.unit(agent, floor.until) is None, "who is on the roster is on the board"
            elif agent in late:
                left_out += 1
            else:
                assert live.get(agent) == stored.get(agent), f"seed {seed}"
                compared += 1
    assert compared > 2 * FLOORS
    assert left_out < compared / 3, "a random floor has a gap, or a reload without a word, every few minutes"
