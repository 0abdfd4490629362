"""What an agent's running day counts so far, measured against the shift (docs/time-bank.md 2.4).

Many pages ask at once. Who has which seats is asked for all of them together, and again when that is some seconds old;
an agent's own time line is short.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.measured import Measured
from ccd.bank.worth import base_of
from ccd.daemon.site import Current
from ccd.floor.days import SECOND, BusinessDay
from ccd.floor.expected import Shift
from ccd.floor.own_days import OwnDay
from ccd.history.days import heard_until, measured_days
from ccd.history.expected_days import told_of_agent
from ccd.history.reading import reading, seen_between, stored_sources
from ccd.history.whose import Holder, holders
from ccd.web.today_api import TodaySaid

KEPT_S = 30


class Today:
    """`now` gives the site's clock in µs."""

    def __init__(self, engine: AsyncEngine, current: Current, now: Callable[[], int]) -> None:
        self._engine, self._current, self._now = engine, current, now
        self._asking = asyncio.Lock()
        self._holders: dict[BusinessDay, tuple[int, Mapping[str, Holder]]] = {}  # with when that was asked

    async def of(self, agent: str) -> TodaySaid | None:
        """None in a unit that keeps no schedules, and of who is in no unit."""
        site, now = self._current.site, self._now()
        own = next(iter(site.agent_days.met(agent, now, now + 1)), None)
        if own is None or not (policy := site.policies.policy_at(own.unit, own.day.day)).schedules:
            return None
        async with reading(self._engine) as connection:
            holder = await self._holder(connection, agent, own)
            sources = await stored_sources(connection)
            expected = await told_of_agent(connection, agent, holder, site.measuring, policy)
            found = await measured_days(
                connection, {agent: holder}, site.measuring, sources, whole=False, expected={agent: expected}
            )
        until = heard_until(own.day, sources, {pbx for pbx, _ in holder.seats})
        base = aux = unobserved = 0
        if found:
            measured = Measured.of(found[0].record, 1)
            base, aux, unobserved = base_of(measured, policy), measured.aux, measured.unobserved
        working = [span for shift in expected.shifts for span in _working(shift, own.day)]
        return TodaySaid(
            until=until / SECOND, base=base / SECOND, aux=aux / SECOND, unobserved=unobserved / SECOND, working=working
        )

    async def _holder(self, connection: AsyncConnection, agent: str, own: OwnDay) -> Holder:
        measuring = self._current.site.measuring
        async with self._asking:
            asked_at, found = self._holders.get(own.day, (0, {}))
            if self._now() - asked_at >= KEPT_S * SECOND:
                seen = await seen_between(connection, measuring.reaches_back(own.day), own.day.end)
                found = holders(seen, measuring, own.day)
                self._holders = {day: kept for day, kept in self._holders.items() if day.end > self._now()}
                self._holders[own.day] = self._now(), found
        return found.get(agent) or Holder(own.unit, own.came_from, own.day, set())


def _working(shift: Shift, day: BusinessDay) -> Iterator[tuple[float, float]]:
    """The day's part of the shift, less its breaks, in seconds since the epoch."""
    start, end = max(shift.start, day.start), min(shift.end, day.end)
    for rest in sorted(shift.breaks):
        if start < min(rest.start, end):
            yield start / SECOND, min(rest.start, end) / SECOND
        start = max(start, rest.end)
    if start < end:
        yield start / SECOND, end / SECOND
