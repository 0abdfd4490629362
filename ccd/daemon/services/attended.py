"""Agents' months as they were measured, out of the days' records: what full attendance and leave of idle days go by."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.appeal_rows import open_appeals
from ccd.bank.attendance import AttendedDay
from ccd.bank.idle_leave import OnLeave
from ccd.bank.month_close import Attended
from ccd.daemon.site import Site
from ccd.floor.days import SECOND, BusinessDay, dates
from ccd.floor.expected import Absence, Expected, work_within_us
from ccd.floor.spans import spans_within
from ccd.history.day_rows import DayDuty, ever_on_leave, latest_duties
from ccd.history.reckoned_against import expected_read
from ccd.org.shift_rows import shifts_of


async def attended(
    connection: AsyncConnection, site: Site, first: date, last: date, today: date, agents: Collection[str] | None = None
) -> list[Attended]:
    """Of these agents, or of all who have a place on the roster on one of the days, or a record; by name. With the days
    of which a line is under appeal. Of days after `today` it is known who has a place, which contract, and shifts."""
    appeals = await connection.run_sync(lambda plain: open_appeals(plain, first, last, agents))
    days: dict[str, list[AttendedDay]] = {}
    every = list(dates(first, last))
    for day in (day for day in every if day <= today):
        for one in await latest_duties(connection, day, agents=agents):
            days.setdefault(one.agent, []).append(_attended_day(site, day, one))
    found = []
    whose = sorted(days.keys() | set(site.roster.agents if agents is None else agents))
    more_shifts: frozenset[str] = frozenset()
    if today <= last:
        more_shifts = await connection.run_sync(_with_shifts, site, today, last, whose)
    for agent in whose:
        units = {day: site.agent_days.unit(agent, day) for day in every}
        here = [unit for unit in units.values() if unit is not None]
        if here or agent in days:
            absent_on = tuple(day for day, unit in units.items() if unit is None)
            unit = here[-1] if here else days[agent][-1].unit
            disputed = frozenset(one.day for one in appeals if one.agent == agent)
            contract_ppm = site.staff.contract_ppm_of(agent, every)
            own = tuple(days.get(agent, ()))
            found.append(Attended(agent, unit, own, absent_on, disputed, contract_ppm, agent in more_shifts))
    return found


def _with_shifts(
    connection: Connection, site: Site, first: date, last: date, agents: Collection[str]
) -> frozenset[str]:
    """Who of them has a shift on one of the days."""
    return frozenset(shifts_of(connection, agents, *site.span_of_days(first, last)))


async def on_leave(connection: AsyncConnection, site: Site, unit_days: Iterable[tuple[str, date]]) -> list[OnLeave]:
    """What of these units' days was leave that can be offset, of who was ever measured to be on leave there."""
    units: dict[date, set[str]] = {}
    for unit, day in unit_days:
        units.setdefault(day, set()).add(unit)
    told = []
    for day, wanted in sorted(units.items()):
        agents = await ever_on_leave(connection, day)
        for one in sorted(await latest_duties(connection, day, agents=agents)) if agents else ():
            if one.unit in wanted:
                told.append(OnLeave(one.agent, one.unit, day, _leave_s(site, day, one), one.revision))
    return told


def _attended_day(site: Site, day: date, one: DayDuty) -> AttendedDay:
    return AttendedDay(
        day,
        one.unit,
        scheduled_s=one.scheduled // SECOND,
        late_s=one.late // SECOND,
        early_s=one.early_leave // SECOND,
        off_post_s=one.off_post // SECOND,
        on_leave_s=one.on_leave // SECOND,
        leave_s=_leave_s(site, day, one),
        signed_in_s=one.signed_in // SECOND,
    )


def _leave_s(site: Site, day: date, one: DayDuty) -> int:
    """As far as the agent was away for it; what was worked all the same is no leave."""
    if not one.on_leave:
        return 0
    kinds = site.policies.policy_at(one.unit, day).loan.kinds
    told = away_of(expected_read(one.expected), site.rules_of(one.unit).days.of_date(day), one.on_leave)
    return sum(us for each, us in told if each.origin == "leave" and each.kind in kinds) // SECOND


def away_of(expected: Expected, day: BusinessDay, on_leave: int) -> Iterator[tuple[Absence, int]]:
    """Each absence of a record, and how long the agent was away for it, µs. A record that was made before records said
    so says how long for all of them: then it was for the first ones."""
    for each in expected.absences:
        in_shifts = (work_within_us(expected.shifts, part) for part in spans_within([each], day))
        away = min(on_leave, sum(in_shifts)) if each.away is None else each.away
        on_leave -= away
        yield each, away
