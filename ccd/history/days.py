"""Agents' days out of stored segments: what `ccd.floor.crew.day_records` makes of them, agent by agent.

Reading and reckoning go in slices of agents, and the reckoning in a thread, so that whoever shares the event loop is
not held up by a floor of thousands.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.crew import day_records
from ccd.floor.days import BusinessDay
from ccd.floor.expected import Expected, Ruled
from ccd.floor.on_duty import away_for, on_duty, reached
from ccd.floor.records import DayRecord, OnDuty, Tally
from ccd.floor.seats import State
from ccd.floor.segments import Segment
from ccd.floor.stretches import Stretches
from ccd.floor.values import value
from ccd.history.expected_days import PeopleOfDay
from ccd.history.look_back import by_seat, looked_back, shifts_looked_back, with_earlier_seats
from ccd.history.reading import Source, numbers_of, seat_lines
from ccd.history.reckoned_against import expected_spelled
from ccd.history.whose import Holder, Measuring
from ccd.org.staff import WHOLE_PPM

AGENTS_AT_ONCE = 200


@value
class MeasuredDay:
    """A day record, and the numbers (lowest, highest) of the segments that it is made of, by PBX."""

    record: DayRecord
    numbers: Mapping[str, tuple[int, int]]
    expected: str = ""  # what was expected of the agent, and ruled, as the record keeps it


async def measured_days(
    connection: AsyncConnection,
    people: PeopleOfDay,
    measuring: Measuring,
    sources: Mapping[str, Source],
    whole: bool,
) -> list[MeasuredDay]:
    """The agents' days that they hold, of those for whom anything was seen, in the order of their names. Of whom
    something is `expected`, the day is held against it, and is there though nothing was seen: where there is a shift,
    a ruling that says what some of the day was, or overtime that is base. To what agents are `entitled`, their
    `shares`, and that overtime are kept with the record.

    `whole`: measured to the end of the day; of a PBX whose watermark is not there yet, whoever was signed in is
    unobserved from the watermark on. Otherwise each agent is measured up to the watermark of the own PBXs.
    """
    found: list[MeasuredDay] = []
    for own, at_once in _slices(people.agents):
        slice_ = with_earlier_seats(at_once, measuring, sources, own.start, people.expected)
        seats = {seat for holder in slice_.values() for seat in holder.seats}
        line = await seat_lines(connection, seats, own.start, own.end)
        line = await looked_back(connection, slice_, measuring, line, own.start)
        line = await shifts_looked_back(connection, slice_, measuring, line, own.start, people.expected)
        some = people._replace(agents=slice_)
        found += await asyncio.to_thread(reckon, some, measuring, own, sources, whole, line.values())
    return sorted(found, key=lambda each: each.record.agent)


def _slices(agents: Mapping[str, Holder]) -> Iterator[tuple[BusinessDay, dict[str, Holder]]]:
    """Agents whose day is the same, some at a time."""
    by_day: dict[BusinessDay, list[str]] = {}
    for name in sorted(agents):
        by_day.setdefault(agents[name].day, []).append(name)
    for day, names in by_day.items():
        for first in range(0, len(names), AGENTS_AT_ONCE):
            yield day, {name: agents[name] for name in names[first : first + AGENTS_AT_ONCE]}


def unseen(line: Iterable[tuple[str, Segment]], sources: Mapping[str, Source], end: int) -> list[tuple[str, Segment]]:
    """Where a PBX was not heard up to `end`: a segment from its watermark on for each seat that was signed in."""
    found: list[tuple[str, Segment]] = []
    for pbx, segment in line:
        if segment.end is not None:  # nearly all of a day's
            continue
        source = sources[pbx]
        heard_at = source.heard_at if source.heard_at is not None else segment.start
        if heard_at >= end or segment.view.state is State.SIGNED_OUT:
            continue
        start = max(heard_at, segment.start)
        view = segment.view._replace(state=State.UNOBSERVED)
        number = source.number + 1 + len(found)
        found.append((pbx, Segment(segment.seat, number, start, None, view, False, 0, 0, 0, 0, 0)))
    return found


def reckon(
    people: PeopleOfDay,
    measuring: Measuring,
    day: BusinessDay,
    sources: Mapping[str, Source],
    whole: bool,
    line: Iterable[tuple[str, Segment]],
) -> list[MeasuredDay]:
    seats = by_seat(line)
    found = []
    for agent, holder in people.agents.items():
        own = [each for seat in holder.seats for each in seats.get(seat, ())]
        until = day.end if whole else heard_until(day, sources, {pbx for pbx, _ in own})
        added = unseen(own, sources, day.end) if whole else []
        asked, overtime_s = people.expected.get(agent), people.overtime_s.get(agent, 0)
        stretches = None if asked is None else Stretches()
        record = day_record(agent, holder, measuring, day, until, own + added, stretches)
        ruled: tuple[Ruled, ...] = ()
        if stretches is not None and asked is not None:
            so_far = day if until == day.end else replace(day, end=until)
            ruled = reached(stretches, so_far, asked)
            if record is not None or asked.shifts or ruled or overtime_s:
                record = record or Tally().record(agent, holder.unit, day.day)
                record = _against(record, on_duty(stretches, so_far, asked), asked, ruled)
                if asked.absences:
                    asked = asked._replace(absences=away_for(stretches, so_far, asked))
        if record is not None:
            share_ppm = people.shares.get(agent, WHOLE_PPM)
            text = expected_spelled(asked, ruled, people.entitled.get(agent), share_ppm, overtime_s)
            found.append(MeasuredDay(record, numbers_of(own, day.start, until), text))
    return found


def _against(record: DayRecord, duty: OnDuty, expected: Expected, reached: Collection[Ruled]) -> DayRecord:
    if expected.schedules:
        return record.against(duty)
    return replace(record, ruled=duty.counted) if reached else record


def heard_until(day: BusinessDay, sources: Mapping[str, Source], pbxs: Collection[str]) -> int:
    """How far these have told of a day, µs. Of whom nothing was seen yet, any PBX could have told something."""
    heard = (sources[pbx].heard_at for pbx in pbxs or sources)
    return min([day.end, *(day.start if at is None else at for at in heard)])


def day_record(
    agent: str,
    holder: Holder,
    measuring: Measuring,
    day: BusinessDay,
    until: int,
    own: list[tuple[str, Segment]],
    stretches: Stretches | None = None,
) -> DayRecord | None:
    """The agent's day up to `until`, µs, out of all segments of the agent's seats; None where nothing was seen.
    `stretches` are filled with what the agent was seen in."""
    rules = measuring.agent_rules(agent, holder.unit)
    began = [each for each in own if each[1].start <= until]
    borders = measuring.borders_between(min((s.start for _, s in began), default=until), until)
    kept = {} if stretches is None else {agent: stretches}
    for record in day_records(began, measuring.owner_of, borders, lambda _: rules, until, lines=kept):
        if record.agent == agent and record.day == day.day:
            return record if record.unit == holder.unit else replace(record, unit=holder.unit)
    return None
