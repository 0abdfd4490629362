"""What attendance is handed of agents' days, put together from records, leave, the ledger and what months came to."""

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.accounts import IDLE_ORIGIN, LEAVE, agent_owner
from ccd.bank.asking import Asking
from ccd.bank.attendance import HUNDREDTHS
from ccd.bank.loan import items_of
from ccd.bank.month_rows import Result, results_of
from ccd.daemon.services.attended import away_of
from ccd.daemon.services.months import calendar_of
from ccd.daemon.site import Site
from ccd.errors import ActNotAllowedError
from ccd.floor.days import SECOND
from ccd.floor.expected import Expected
from ccd.floor.records import DayRecord, OnDuty
from ccd.history.day_rows import StoredDay, agents_on, latest_days
from ccd.history.reckoned_against import expected_read
from ccd.history.unit_days import units_with_records
from ccd.ledger.chart import Chart
from ccd.ledger.model import Moved
from ccd.ledger.moved import moved_for
from ccd.org.acts import is_noted
from ccd.org.people import ALL_UNITS
from ccd.reports.attendance import DAY_OFF, OTHER, Row, kinds_of
from ccd.sql.turns import Patience, take_turn_at_once

AGENTS_AT_ONCE = 500


class LastRead(NamedTuple):
    """Behind which row a reader goes on."""

    day: date
    agent: str


class AttendanceRows:
    """Of a site, by day and agent: `units` with those below them on each day, ALL_UNITS among them is every unit."""

    def __init__(self, connection: AsyncConnection, site: Site, units: Collection[str]) -> None:
        self._connection, self._site, self._units = connection, site, units
        self._months = calendar_of(site.settings)
        self._given: dict[str, dict[str, Result]] = {}  # of one month

    async def between(
        self, first: date, last: date, after: LastRead | None = None, at_once: int = AGENTS_AT_ONCE
    ) -> AsyncGenerator[Row, None]:
        """`at_once` is of how many agents is read at a time."""
        recorded = await units_with_records(self._connection)
        day = max(first, after.day) if after else first
        while day <= last:
            units = recorded if ALL_UNITS in self._units else recorded & self._site.units.with_below(self._units, day)
            agents = await agents_on(self._connection, day, units)
            if after is not None and after.day == day:
                agents = [agent for agent in agents if agent > after.agent]
            for number in range(0, len(agents), at_once):
                for row in await self._of(day, units, agents[number : number + at_once]):
                    yield row
            day += timedelta(days=1)

    async def _of(self, day: date, units: Collection[str], agents: Sequence[str]) -> list[Row]:
        found = await latest_days(self._connection, day, agents=agents)
        here = {agent: found[agent] for agent in agents if agent in found and found[agent].record.unit in units}
        owed = await self._connection.run_sync(_owed, day, list(here))
        month = self._months.month_of(day)
        if month not in self._given:
            self._given = {month: await self._connection.run_sync(results_of, self._site.settings.site, month)}
        given = self._given[month]
        return [self._row(stored, owed[agent], month, given.get(agent)) for agent, stored in here.items()]

    def _row(self, stored: StoredDay, owed: tuple[int, int], month: str, result: Result | None) -> Row:
        personal_s, offset_s = owed
        return Row(
            **attendance_figures(self._site, stored.record, stored.revision, stored.expected),
            personal_leave_s=personal_s,
            offset_s=offset_s,
            month=month,
            full_attendance=result.month.full if result else None,
            points=result.month.points_100 / HUNDREDTHS if result else None,
            given=result.number if result else None,
        )


def readable(site: Site, whose: str, own: frozenset[str], unit: str | None, day: date) -> frozenset[str]:
    """The units that are asked for, of one's own: without `unit` all of these."""
    if unit is None:
        return own
    if ALL_UNITS not in own and unit not in site.units.with_below(own, day):
        raise ActNotAllowedError(whose, f"read attendance of {unit}", f"theirs are {', '.join(sorted(own))}")
    return frozenset((unit,))


async def note_attendance_read(
    engine: AsyncEngine, asks: Asking, units: Collection[str], first: date, last: date
) -> None:
    """Who reads of others leaves a record (docs/time-bank.md 6)."""
    said = {"units": sorted(units), "from": str(first), "to": str(last)}

    def note(connection: Connection) -> None:
        if not is_noted(connection, asks.act):
            asks.noted(connection, "read attendance", ALL_UNITS, said, "to hand it over")

    await take_turn_at_once(engine, note, Patience())


def attendance_figures(site: Site, record: DayRecord, revision: int, expected: str) -> dict[str, Any]:
    """Those of a row that follow from the measured day alone."""
    duty = record.duty or OnDuty()
    return {
        "agent": record.agent,
        "day": record.day,
        "unit": record.unit,
        "revision": revision,
        "scheduled_s": duty.scheduled // SECOND,
        "signed_in_s": record.signed_in // SECOND,
        "late_s": duty.late // SECOND,
        "early_leave_s": duty.early_leave // SECOND,
        "off_post_s": duty.off_post // SECOND,
        "leave_s": _leave_s(site, record, expected_read(expected)) if duty.on_leave else {},
    }


def _leave_s(site: Site, record: DayRecord, expected: Expected) -> dict[str, int]:
    """By kind, in the order of time, as far as the agent was away for it."""
    day = site.rules_of(record.unit).days.of_date(record.day)
    known = kinds_of(site.settings.leave.kinds)
    found: dict[str, int] = {}
    for each, us in away_of(expected, day, record.duty.on_leave if record.duty else 0):
        kind = DAY_OFF if each.origin == "withdrawal" else each.kind if each.kind in known else OTHER
        found[kind] = found.get(kind, 0) + us
    return {kind: us // SECOND for kind, us in found.items() if us >= SECOND}


def _owed(connection: Connection, day: date, agents: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By agent, what of the day was made leave beside the leave that was told, and what of both was offset."""
    by_owner = {agent_owner(agent): agent for agent in agents}
    chart = Chart()
    chart.read(connection, by_owner)
    moved: dict[str, list[Moved]] = {owner: [] for owner in by_owner}
    for one in moved_for(connection, chart, by_owner, [day], LEAVE):
        for owner in {one.debit.owner, one.credit.owner} & moved.keys():
            moved[owner].append(one)
    found = {}
    for owner, agent in by_owner.items():
        items = items_of(moved[owner], owner)
        personal_s = sum(item.made_s for item in items if item.origin != IDLE_ORIGIN)
        found[agent] = personal_s, sum(item.offset_s for item in items)
    return found
