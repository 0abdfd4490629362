"""What an agent's running day counts so far, measured against the shift and what was ruled (docs/time-bank.md 2.4).

Many pages ask at once. Who has which seats is asked for all of them together, and again when that is some seconds old;
an agent's own time line is short.
"""

import asyncio
from collections.abc import Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.measured import Measured
from ccd.bank.policy import Policy
from ccd.bank.worth import base_of, protected_of
from ccd.daemon.site import Current
from ccd.daemon.switches.plans import planned_us, working
from ccd.floor.days import SECOND, BusinessDay
from ccd.floor.expected import Expected
from ccd.floor.own_days import OwnDay
from ccd.floor.spans import less, span_of
from ccd.history.days import heard_until, measured_days
from ccd.history.expected_days import PeopleOfDay, told_of_agent
from ccd.history.reading import reading, seen_between, stored_sources
from ccd.history.reckoned_against import overtime_us_in, ruled_to_work_us
from ccd.history.whose import Holder, holders
from ccd.org.entitlements import Entitlement
from ccd.org.staff import WHOLE_PPM
from ccd.web.today_api import TodaySaid

KEPT_S = 30


class Today:
    """`now` gives the site's clock in µs."""

    def __init__(self, engine: AsyncEngine, current: Current, now: Callable[[], int]) -> None:
        self._engine, self._current, self._now = engine, current, now
        self._asking = asyncio.Lock()
        self._holders: dict[BusinessDay, tuple[int, Mapping[str, Holder]]] = {}  # with when that was asked

    async def of(self, agent: str) -> TodaySaid | None:
        """None of who is in no unit, and in a unit without schedules where nothing is ruled, and the agent has no own
        allowance and works all of the time: then what the board knows is all there is."""
        site, now = self._current.site, self._now()
        own = next(iter(site.agent_days.met(agent, now, now + 1)), None)
        if own is None:
            return None
        policy = site.policies.policy_at(own.unit, own.day.day)
        share_ppm = policy.of_a_day(WHOLE_PPM, site.staff.contract_ppm(agent, own.day.day))
        async with reading(self._engine) as connection:
            nobody_yet = Holder(own.unit, own.came_from, own.day, set())
            told = await told_of_agent(connection, agent, nobody_yet, site.measuring, policy)
            expected, entitlement, overtime_s = told
            if expected is None and entitlement is None and share_ppm == WHOLE_PPM:
                return None
            holder = await self._holder(connection, agent, own)
            sources = await stored_sources(connection)
            asked = {agent: expected} if expected else {}
            alone = PeopleOfDay({agent: holder}, asked, {}, {}, {agent: overtime_s})
            found = await measured_days(connection, alone, site.measuring, sources, whole=False)
        until = heard_until(own.day, sources, {pbx for pbx, _ in holder.seats})
        measured = None
        if found:
            ruled_us, overtime_us = ruled_to_work_us(found[0].expected), overtime_us_in(found[0].expected)
            measured = Measured.of(found[0].record, 1, ruled_us, share_ppm=share_ppm, overtime=overtime_us)
        expected = expected or Expected(schedules=False)
        return _said(own, policy, expected, entitlement, share_ppm, measured, until)

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


def _said(
    own: OwnDay,
    policy: Policy,
    expected: Expected,
    entitlement: Entitlement | None,
    share_ppm: int,
    measured: Measured | None,
    until: int,
) -> TodaySaid:
    day, ruled = own.day, expected.ruled
    base = base_of(measured, policy) if measured else 0
    aux, unobserved = (measured.aux, measured.unobserved) if measured else (0, 0)
    if expected.schedules:
        counting = [span for shift in expected.shifts for span in working(shift, day)]
        expected_us = planned_us(expected.shifts, ruled, day)
    else:
        counting = [span_of(day)]
        expected_us = policy.of_a_day(policy.expected_base_s, share_ppm) * SECOND
    rate_ppm, minimum_s = entitlement or (None, None)
    return TodaySaid(
        until=until / SECOND, base=base / SECOND, aux=aux / SECOND, unobserved=unobserved / SECOND,
        working=[(start / SECOND, end / SECOND) for start, end in less(counting, ruled)],
        base_max=None if expected.schedules else policy.of_a_day(policy.base_s_max, share_ppm),
        rate_ppm=rate_ppm, minimum_s=minimum_s,
        allowance=protected_of(expected_us, policy, entitlement) if entitlement else None,
    )  # fmt: skip
