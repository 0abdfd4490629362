"""What agents are scheduled for today, for the meters of the day that runs (docs/time-bank.md 2.4)."""

from collections.abc import Callable, Iterable
from datetime import date

import structlog
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.services.ruling import About, reach
from ccd.daemon.site import Current, Site
from ccd.daemon.switches.floors import Floors
from ccd.floor.days import ONE_DAY, SECOND, BusinessDay
from ccd.floor.expected import Ruled, Shift
from ccd.floor.spans import Span, length_us, less, span_of, spans_within
from ccd.org.ruling_rows import rulings_that_hold
from ccd.org.rulings import resolved
from ccd.org.shift_rows import scheduled_of_agents_us, shifts_of
from ccd.sql.turns import Patience, take_turn

NO_BASE = ("exempt", "left_out")  # what is ruled so is none of a shift's base

log = structlog.get_logger("ccd.daemon")


class Plans:
    """Tells the floors. `now` gives the site's clock in µs."""

    def __init__(self, engine: AsyncEngine, current: Current, floors: Floors, now: Callable[[], int]) -> None:
        self._engine, self._current, self._floors, self._now = engine, current, floors, now

    async def look(self) -> None:
        """Of the days that run somewhere, and of those that are next: a day that begins has its plan already."""
        site = self._current.site
        if not site.policies.any_keeps_schedules:
            self._floors.plan({})
            return
        today = site.newest_day(self._now())

        async def read(connection: AsyncConnection) -> dict[tuple[str, date], int]:
            return await connection.run_sync(_planned_us, site, today - ONE_DAY, today + ONE_DAY)

        found = await take_turn(self._engine, read, Patience(), keep=False, writes=False)
        self._floors.plan({of: us // SECOND for of, us in found.items()})


def _planned_us(plain: Connection, site: Site, first: date, last: date) -> dict[tuple[str, date], int]:
    """By agent and business day, less what of the shifts is ruled to be no base."""
    planned = scheduled_of_agents_us(plain, site.agent_days, first, last)
    start, end = site.span_of_days(first, last)
    rulings = rulings_that_hold(plain, start, end)
    concerned = {
        each
        for one in rulings
        if one.counts in NO_BASE
        for each in reach(site, About(one.agent, one.unit, span_of(one)))
    }
    shifts = shifts_of(plain, {agent for agent, _ in concerned}, start, end)
    for agent, own in concerned:
        if (agent, own.day.day) in planned:
            above = site.units.with_above(own.unit, own.day.day)
            ruled = resolved(rulings, agent, above, own.day)
            planned[agent, own.day.day] = planned_us(shifts.get(agent, ()), ruled, own.day)
    return planned


def planned_us(shifts: Iterable[Shift], ruled: Iterable[Ruled], day: BusinessDay) -> int:
    """What base a day is expected to have by its shifts, µs: less their breaks, and what is ruled to be none."""
    none = [each for each in ruled if each.counts in NO_BASE]
    return length_us(less((part for shift in shifts for part in working(shift, day)), none))


def working(shift: Shift, day: BusinessDay) -> list[Span]:
    """The day's part of the shift, less its breaks."""
    return less(spans_within([shift], day), shift.breaks)
