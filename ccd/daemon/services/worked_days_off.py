"""What was worked of days off all the same (docs/time-bank.md 3.6): by the day's record, and where there are shifts, by
what was seen inside those that begin on the day, up to their ends in the next."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

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
from ccd.history.day_rows import StoredDay, latest_days
from ccd.history.reading import stored_sources
from ccd.history.reckoned_against import ruled_in
from ccd.history.seen_days import seen_days
from ccd.ledger.books import Ledger
from ccd.org.ruling_rows import rulings_that_hold
from ccd.org.rulings import resolved
from ccd.org.shift_rows import shifts_from, shifts_of
from ccd.sql.turns import Patience, take_turn

LEFT_OUT: Final[Counts] = "left_out"  # of what a ruling says, all else is of somebody who was there


class WhereItCounts(NamedTuple):
    """In which of its shifts an agent's work on a day off counts, beside which leave; `ruled` where the record of a day
    without a shift says nothing of it."""

    planned: tuple[Shift, ...]
    leave: Sequence[Absence]
    ruled: tuple[Ruled, ...] | None


async def worked_on(ledger: Ledger, site: Site, day: date, off: Collection[Application]) -> dict[str, int]:
    """Seconds signed in, or ruled to have been, by agent, of those who are off: also of who was not there at all. Where
    there are shifts, inside those that begin on the day, up to their ends in the next: what is worked beside them is
    overtime, or another day's; where none begins, beside what is paid for otherwise. Of who is off from when to when,
    in that part alone; of who has leave that comes first, beside that."""

    async def worked(connection: AsyncConnection) -> dict[str, int]:
        found = await latest_days(connection, day, agents={one.agent for one in off})
        where = await connection.run_sync(lambda plain: _where_it_counts(plain, site, day, off, found))
        us = {agent: (each.record.ruled or each.record).signed_in for agent, each in found.items()}
        us |= await _worked_in(connection, site, day, where, found)
        return {one.agent: us.get(one.agent, 0) // SECOND for one in off}

    return await take_turn(ledger.engine, worked, Patience(), keep=False, writes=False)


def _where_it_counts(
    plain: Connection, site: Site, day: date, off: Collection[Application], found: Mapping[str, StoredDay]
) -> dict[str, WhereItCounts]:
    """By agent, of those of whom the day's record does not say it as a whole."""
    before = ComesFirst(site.units, site.policies, site.agent_days).leave(plain, off)
    on_duty = {agent for agent, each in found.items() if each.record.duty is not None}
    parts = {one.agent for one in off if one.start is not None}
    begun = shifts_begun(plain, site, day, on_duty | parts)
    where = {}
    for one in off:
        agent, leave = one.agent, before.get(one.id, ())
        if agent not in on_duty | parts and not (leave and agent in found):
            continue
        span = site.units.days(one.unit).of_date(day)
        planned, ruled = planned_shifts(one, begun.get(agent, ()), [span]), None
        if agent in on_duty and not begun.get(agent):
            planned = tuple(Shift(*each) for each in less(planned, _paid_otherwise(plain, site, one)))
            ruled = _ruled_on(plain, site, one)
        where[agent] = WhereItCounts(planned, leave, ruled)
    return where


async def _worked_in(
    connection: AsyncConnection,
    site: Site,
    day: date,
    where: Mapping[str, WhereItCounts],
    found: Mapping[str, StoredDay],
) -> Counter[str]:
    """µs, by agent, of the day and of the next, in which a shift may end."""
    later = over_the_end(site, day, {agent: each.planned for agent, each in where.items()})
    wanted = {
        (unit, each): theirs
        for each, agents in ((day, where.keys()), (day + ONE_DAY, later))
        for unit, theirs in _by_unit(site, each, agents).items()
    }
    seen = await seen_days(connection, site.measuring, await stored_sources(connection), wanted)
    stored = {day: found, day + ONE_DAY: await latest_days(connection, day + ONE_DAY, agents=later)}
    inside = Counter(dict.fromkeys(where, 0))
    for (unit, each), theirs in wanted.items():
        for agent in theirs:
            line = seen[unit, each][agent].line.spans if agent in seen[unit, each] else ()
            ruled = ruled_in(stored[each][agent].expected) if agent in stored[each] else ()
            own = where[agent]
            if own.ruled is not None and each == day:
                ruled = _reached(own.ruled, line)
            inside[agent] += _within(line, ruled, own.leave, own.planned)
    return inside


def shifts_begun(plain: Connection, site: Site, day: date, agents: Collection[str]) -> dict[str, tuple[Shift, ...]]:
    """By agent, the shifts that begin on the day of the agent's unit."""
    found: dict[str, tuple[Shift, ...]] = {}
    for unit, theirs in _by_unit(site, day, agents).items():
        found |= shifts_from(plain, theirs, site.units.days(unit).of_date(day))
    return found


def _paid_otherwise(plain: Connection, site: Site, one: Application) -> list[Span]:
    """Where no shift begins on the day: what is left of the night before, but of a part from when to when, and the
    emergencies that the agent takes part in."""
    day = site.units.days(one.unit).of_date(one.day)
    night = () if one.start is not None else shifts_of(plain, [one.agent], day.start, day.end).get(one.agent, ())
    emergencies = emergencies_within(plain, day.start, max(day.end, one.end or 0))
    theirs = [span_of(each) for each in emergencies if one.agent in participants(plain, site, each)]
    return [*map(span_of, night), *theirs]


def _ruled_on(plain: Connection, site: Site, one: Application) -> tuple[Ruled, ...]:
    """What is ruled of the day: where it has no shift, its record says only what reached its shifts."""
    day = site.units.days(one.unit).of_date(one.day)
    above = site.units.with_above(one.unit, one.day)
    return resolved(rulings_that_hold(plain, day.start, day.end), one.agent, above, day)


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
