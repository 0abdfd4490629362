"""Agents' months as they were measured, out of the days' records: what full attendance and leave of idle days go by."""

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.appeal_rows import open_appeals
from ccd.bank.attendance import AttendedDay
from ccd.bank.idle_leave import OnLeave
from ccd.bank.month_close import Attended
from ccd.daemon.site import Site
from ccd.floor.days import SECOND, dates
from ccd.floor.expected import Absence, Expected, Span
from ccd.floor.records import Duty
from ccd.history.day_rows import StoredDay, ever_on_leave, latest_days
from ccd.history.expected_days import read_back


async def attended(
    connection: AsyncConnection, site: Site, first: date, last: date, agents: Collection[str] | None = None
) -> list[Attended]:
    """Of these agents, or of all who have a place on the roster on one of the days, or a record; by name. With the days
    of which a line is under appeal."""
    appeals = await connection.run_sync(lambda plain: open_appeals(plain, first, last, agents))
    days: dict[str, list[AttendedDay]] = {}
    every = list(dates(first, last))
    for day in every:
        for agent, stored in (await latest_days(connection, day, agents=agents)).items():
            if stored.record.unit is not None:
                days.setdefault(agent, []).append(_attended_day(site, stored))
    found = []
    for agent in sorted(days.keys() | set(site.roster.agents if agents is None else agents)):
        units = {day: site.agent_days.unit(agent, day) for day in every}
        here = [unit for unit in units.values() if unit is not None]
        if here or agent in days:
            absent_on = tuple(day for day, unit in units.items() if unit is None)
            unit = here[-1] if here else days[agent][-1].unit
            disputed = frozenset(one.day for one in appeals if one.agent == agent)
            contract_ppm = site.staff.contract_ppm(agent)
            found.append(Attended(agent, unit, tuple(days.get(agent, ())), absent_on, disputed, contract_ppm))
    return found


async def on_leave(connection: AsyncConnection, site: Site, unit_days: Iterable[tuple[str, date]]) -> list[OnLeave]:
    """What of these units' days was leave that can be offset, of who was ever measured to be on leave there."""
    units: dict[date, set[str]] = {}
    for unit, day in unit_days:
        units.setdefault(day, set()).add(unit)
    told = []
    for day, wanted in sorted(units.items()):
        agents = await ever_on_leave(connection, day)
        found = await latest_days(connection, day, agents=agents) if agents else {}
        for agent, stored in sorted(found.items()):
            if (of := stored.record.unit) is not None and of in wanted:
                told.append(OnLeave(agent, of, day, _leave_s(site, stored), stored.revision))
    return told


def _attended_day(site: Site, stored: StoredDay) -> AttendedDay:
    record, duty = stored.record, stored.record.duty or Duty()
    assert record.unit is not None
    return AttendedDay(
        record.day,
        record.unit,
        scheduled_s=duty.scheduled // SECOND,
        late_s=duty.late // SECOND,
        early_s=duty.early_leave // SECOND,
        off_post_s=duty.off_post // SECOND,
        on_leave_s=duty.on_leave // SECOND,
        leave_s=_leave_s(site, stored),
        signed_in_s=record.signed_in // SECOND,
    )


def _leave_s(site: Site, stored: StoredDay) -> int:
    """No more than the record says the agent was away; what was worked all the same is no leave."""
    record = stored.record
    if record.duty is None or not record.duty.on_leave or record.unit is None:
        return 0
    kinds = site.policies.policy_at(record.unit, record.day).loan.kinds
    day = site.rules_of(record.unit).days.of_date(record.day)
    told = leave_us(read_back(stored.expected), Span(day.start, day.end), kinds)
    return min(told, record.duty.on_leave) // SECOND


def leave_us(expected: Expected, day: Span, kinds: Collection[str]) -> int:
    """Leave of these kinds inside the day's shifts, less their breaks."""
    return away_us(expected, day, [each for each in expected.absences if each.origin == "leave" and each.kind in kinds])


def away_us(expected: Expected, day: Span, absences: Iterable[Absence]) -> int:
    """What of these absences lies inside the day's shifts, less their breaks."""
    total = 0
    for shift in expected.shifts:
        for each in absences:
            span = Span(max(shift.start, each.start, day.start), min(shift.end, each.end, day.end))
            rests = sum(max(0, min(span.end, rest.end) - max(span.start, rest.start)) for rest in shift.breaks)
            total += max(0, span.end - span.start - rests)
    return total
