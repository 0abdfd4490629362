"""What was worked of days off all the same (docs/time-bank.md 3.6): by the day's record, and where there are shifts, by
what was seen inside those that begin on the day, up to their ends in the next."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.comes_first import ComesFirst
from ccd.bank.emergency_rows import emergencies_within
from ccd.bank.withdrawal import Application, planned_shifts
from ccd.daemon.services.overtime_reckoning import participants
from ccd.daemon.site import Site
from ccd.floor.days import ONE_DAY, SECOND
from ccd.floor.expected import Absence, Counts, Ruled, Shift, work_within_us
from ccd.floor.seats import UNOBSERVED
from ccd.floor.spans import Span, less, span_of, spans_within
from ccd.floor.stretches import Stretch
from ccd.history.day_rows import latest_days
from ccd.history.reading import stored_sources
from ccd.history.reckoned_against import ruled_in
from ccd.history.seen_days import seen_days
from ccd.ledger.books import Ledger
from ccd.org.ruling_rows import rulings_that_hold
from ccd.org.rulings import resolved
from ccd.org.shift_rows import shifts_from, shifts_of
from ccd.sql.turns import Patience, take_turn

LEFT_OUT: Final[Counts] = "left_out"  # of what a ruling says, all else is of somebody who was there


async def worked_on(ledger: Ledger, site: Site, day: date, off: Collection[Application]) -> dict[str, int]:
    """Seconds signed in, or ruled to have been, by agent, of those who are off: also of who was not there at all. Where
    there are shifts, inside those that begin on the day, up to their ends in the next: what is worked beside them is
    overtime, or another day's; where none begins, beside what is paid for otherwise. Of who is off from when to when,
    in that part alone; of who has leave that comes first, beside that."""
    of_all = {one.agent: one for one in off}
    parts = {one.agent for one in off if one.start is not None}

    async def worked(connection: AsyncConnection) -> dict[str, int]:
        found = await latest_days(connection, day, agents=of_all.keys())
        whole = {agent: (each.record.ruled or each.record).signed_in for agent, each in found.items()}
        first = ComesFirst(site.units, site.policies, site.agent_days)
        before = await connection.run_sync(first.leave, off)
        leave = {agent: before[one.id] for agent, one in of_all.items() if one.id in before}
        on_duty = {agent for agent, each in found.items() if each.record.duty is not None}
        in_spans = on_duty | parts | (found.keys() & leave.keys())
        begun = await connection.run_sync(lambda plain: shifts_begun(plain, site, day, on_duty | parts))
        free = [of_all[agent] for agent in on_duty if not begun.get(agent)]
        otherwise = await connection.run_sync(lambda plain: _paid_otherwise(plain, site, free))
        no_shift = await connection.run_sync(lambda plain: _ruled_on(plain, site, free))
        for agent in in_spans:
            span = site.units.days(of_all[agent].unit).of_date(day)
            planned = planned_shifts(of_all[agent], begun.get(agent, ()), [span])
            if agent in otherwise:
                planned = tuple(Shift(*each) for each in less(planned, otherwise[agent]))
            begun[agent] = planned
        later = over_the_end(site, day, begun)
        wanted = {
            (unit, each): theirs
            for each, agents in ((day, begun.keys()), (day + ONE_DAY, later))
            for unit, theirs in _by_unit(site, each, agents).items()
        }
        inside: Counter[str] = Counter()
        seen = await seen_days(connection, site.measuring, await stored_sources(connection), wanted)
        stored = {day: found, day + ONE_DAY: await latest_days(connection, day + ONE_DAY, agents=later)}
        for (unit, each), theirs in wanted.items():
            for agent in theirs:
                line = seen[unit, each][agent].line.spans if agent in seen[unit, each] else ()
                ruled = ruled_in(stored[each][agent].expected) if agent in stored[each] else ()
                if agent in no_shift and each == day:
                    ruled = _reached(no_shift[agent], line)
                inside[agent] += _within(line, ruled, leave.get(agent, ()), begun[agent])
        return {agent: (inside[agent] if agent in in_spans else whole.get(agent, 0)) // SECOND for agent in of_all}

    return await take_turn(ledger.engine, worked, Patience(), keep=False, writes=False)


def shifts_begun(plain: Connection, site: Site, day: date, agents: Collection[str]) -> dict[str, tuple[Shift, ...]]:
    """By agent, the shifts that begin on the day of the agent's unit."""
    found: dict[str, tuple[Shift, ...]] = {}
    for unit, theirs in _by_unit(site, day, agents).items():
        found |= shifts_from(plain, theirs, site.units.days(unit).of_date(day))
    return found


def _paid_otherwise(plain: Connection, site: Site, free: Iterable[Application]) -> dict[str, list[Span]]:
    """By agent, of those on whose day no shift begins: what is left of the night before, but of a part from when to
    when, and the emergencies that the agent takes part in."""
    found = {}
    for one in free:
        day = site.units.days(one.unit).of_date(one.day)
        night = () if one.start is not None else shifts_of(plain, [one.agent], day.start, day.end).get(one.agent, ())
        emergencies = emergencies_within(plain, day.start, max(day.end, one.end or 0))
        theirs = [span_of(each) for each in emergencies if one.agent in participants(plain, site, each)]
        found[one.agent] = [*map(span_of, night), *theirs]
    return found


def _ruled_on(plain: Connection, site: Site, free: Iterable[Application]) -> dict[str, tuple[Ruled, ...]]:
    """By agent, what is ruled of the day: its record says only what reached its shifts."""
    found = {}
    for one in free:
        day = site.units.days(one.unit).of_date(one.day)
        above = site.units.with_above(one.unit, one.day)
        found[one.agent] = resolved(rulings_that_hold(plain, day.start, day.end), one.agent, above, day)
    return found


def _reached(ruled: Iterable[Ruled], line: Sequence[Stretch]) -> tuple[Ruled, ...]:
    """What is ruled of a unit is ruled of who was signed in or unobserved."""
    return tuple(
        each._replace(start=part.start, end=part.end)
        for each in ruled
        for part in (spans_within(line, each) if each.of_unit else [each])
    )


def over_the_end(site: Site, day: date, begun: Mapping[str, Sequence[Shift]]) -> frozenset[str]:
    """Of those with shifts that begin on the day, who has one that ends in the next."""
    ends = {agent: site.units.days(site.agent_days.unit(agent, day) or "").of_date(day).end for agent in begun}
    return frozenset(agent for agent, own in begun.items() if any(shift.end > ends[agent] for shift in own))


def _by_unit(site: Site, day: date, agents: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for agent in sorted(agents):
        if unit := site.agent_days.unit(agent, day):
            found.setdefault(unit, []).append(agent)
    return found


def _within(line: Iterable[Stretch], ruled: Sequence[Ruled], leave: Iterable[Absence], planned: Sequence[Shift]) -> int:
    """µs of the shifts less their breaks in which the agent was seen signed in, or ruled to have been; less leave."""
    worked = less((each for each in line if each.state is not UNOBSERVED), ruled)
    worked += [span_of(each) for each in ruled if each.counts != LEFT_OUT]
    worked = less(worked, leave)
    return sum(work_within_us(planned, each) for each in worked)
