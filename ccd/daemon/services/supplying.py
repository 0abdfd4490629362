"""The balance of the system (docs/time-bank.md 4): read out of the ledger, the roster, the shifts and the quotas, and
put to units; and said once a day where what is outstanding can't be staffed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from ccd.bank.accounts import LEAVE, RESERVED, owning_agent
from ccd.bank.attendance_calendar import day_near, span
from ccd.bank.holds import Holds
from ccd.bank.quota import Places
from ccd.bank.room import left_of
from ccd.bank.supply import NO_UNIT, Supply, count_moved, payable_s, warning
from ccd.bank.withdrawal import Application
from ccd.bank.withdrawal_rows import on_days, quotas_of
from ccd.daemon.services.budgets import giver_of
from ccd.daemon.services.withdrawals import withdrawals_of
from ccd.daemon.site import Current, Site
from ccd.floor.days import SECOND
from ccd.history.reading import reading
from ccd.ledger.books import Ledger
from ccd.org.shift_rows import begun_by_agents_us

log = structlog.get_logger("ccd.daemon")


@dataclass(frozen=True, slots=True)
class Balance:
    """Of a site in a month. `units` are those of the tree as it is `on` that day of it, and what is outstanding of
    agents who are in none (NO_UNIT). `left` are these, by agent, with what they have."""

    month: str
    on: date
    days_ahead: int
    units: tuple[Supply, ...]
    left: Mapping[str, int]

    def warnings(self) -> dict[str, str]:
        """By unit."""
        return {one.unit: warning(one, self.days_ahead) for one in self.units if one.can_be_staffed is False}


class Supplying:
    """Of one site. `now` gives µs since the epoch."""

    def __init__(self, ledger: Ledger, site: Site, now: Callable[[], int]) -> None:
        self._ledger, self._site, self._now = ledger, site, now

    async def of(self, month: str | None = None) -> Balance:
        """Of a month, or of the one that runs. A transfer is of the unit in which its agent was on the day that it is
        for; what is outstanding, of the one in which the agent is on the month's last day that has begun. In the month
        that runs what is held for days of later ones, in which it counts, is held, too."""
        site = self._site
        today = site.units.site_day(self._now())
        running = self._ledger.month_of(today)
        month = month or running
        first, last = span(month, site.settings.attendance.month_begins)
        on = day_near(month, today, site.settings.attendance.month_begins)
        found = {unit: Supply(unit, runs=month == running) for unit in (*site.all_units, NO_UNIT)}
        rows, closings, now = await self._ledger.supply_of_days(site.settings.site, month)
        for row in rows:
            line = self._line(owning_agent(row.owner), row.day)
            count_moved(found, line, row.kind, row.service, row.given_s, row.taken_s)
        left: defaultdict[str, int] = defaultdict(int)
        for (owner, kind), seconds in closings.items():
            agent = owning_agent(owner)
            if kind == LEAVE:
                continue
            for unit in (line := self._line(agent, on)):
                found[unit].outstanding_s += seconds
            if line == (NO_UNIT,):
                left[agent] += seconds
        for (owner, kind), seconds in (now if month == running else closings).items():
            if kind == RESERVED:
                for unit in self._line(owning_agent(owner), on):
                    found[unit].held_s += seconds
        await self._scheduled(found, first, last, on)
        await self._gifts(found, today if month == running else day_near(month, today))
        await self._payable(found, today)
        ahead = site.settings.supply.days_ahead
        return Balance(month, on, ahead, tuple(found[unit] for unit in sorted(found)), dict(left))

    def _line(self, agent: str, day: date) -> tuple[str, ...]:
        unit = self._site.agent_days.unit(agent, day)
        return (NO_UNIT,) if unit is None else self._site.units.with_above(unit, day)

    async def _scheduled(self, found: Mapping[str, Supply], first: date, last: date, on: date) -> None:
        """By the shifts that begin in the month: a night is a day of the one on which it begins, as a day off is. A day
        of who has none is as long as the policy expects."""
        async with reading(self._ledger.engine) as connection:
            planned = await connection.run_sync(begun_by_agents_us, self._site.agent_days, first, last)
        for (agent, day), us in planned.items():
            for unit in self._line(agent, day):
                found[unit].scheduled_s += us // SECOND
                found[unit].scheduled_days += 1
        for unit, one in found.items():
            expected_s = self._site.policies.policy_at(unit or None, on).expected_base_s
            one.day_s = one.scheduled_s // one.scheduled_days if one.scheduled_days else expected_s

    async def _gifts(self, found: Mapping[str, Supply], day: date) -> None:
        """Of the calendar's month of that day: of what is given today, or, of another month, of the same name."""
        for given in await giver_of(self._ledger, self._site).caps.stands(self._site.all_units, day):
            found[given.unit].gift_cap_s, found[given.unit].gifts_s = given.cap_s, given.given_s

    async def _payable(self, found: Mapping[str, Supply], today: date) -> None:
        site = self._site
        days = [today + timedelta(days=number) for number in range(1, site.settings.supply.days_ahead + 1)]
        holds = withdrawals_of(self._ledger, site).holds

        def left(connection: Connection) -> dict[date, dict[str, Places]]:
            asked: defaultdict[date, list[Application]] = defaultdict(list)
            for one in on_days(connection, days[0], days[-1]):
                asked[one.day].append(one)
            with_quotas = quotas_of(connection, site.all_units)
            return {day: _left(connection, holds, with_quotas, day, asked[day]) for day in days}

        async with reading(self._ledger.engine) as connection:
            places = await connection.run_sync(left)
        for day in days:
            own = {unit for agent in site.roster.agents if (unit := site.agent_days.unit(agent, day)) is not None}
            below: defaultdict[str, list[str]] = defaultdict(list)
            for each in site.all_units:
                below["".join(site.units.with_above(each, day)[1:2])].append(each)
            for unit in site.all_units if places[day] else ():
                above = site.units.with_above(unit, day)[1:]
                found[unit].payable_s += payable_s(unit, above, places[day], below.__getitem__, own, found[unit].day_s)


class SupplyWatch:
    """Looks once a day. `newest` is what /metrics tells."""

    def __init__(self, ledger: Ledger, current: Current, now: Callable[[], int]) -> None:
        self._ledger, self._current, self._now = ledger, current, now
        self._looked_on: date | None = None
        self.newest: Balance | None = None

    async def look(self) -> Mapping[str, str]:
        """What was warned of, by unit."""
        site = self._current.site
        today = site.units.site_day(self._now())
        if today == self._looked_on:
            return {}
        self.newest = await Supplying(self._ledger, site, self._now).of()
        self._looked_on = today
        said = self.newest.warnings()
        for unit, why in said.items():
            log.warning("more time is outstanding than can be staffed", unit=unit, why=why)
        return said


class SupplyFigures(Collector):
    """What /metrics says of it, once there has been a look."""

    def __init__(self, newest: Callable[[], Balance | None]) -> None:
        self._newest = newest

    def collect(self) -> Iterable[Metric]:
        free = GaugeMetricFamily("ccd_supply_free_seconds", "Outstanding and held for no day", labels=["unit"])
        payable = GaugeMetricFamily("ccd_supply_payable_seconds", "What quotas leave room for", labels=["unit"])
        balance = self._newest()
        for one in balance.units if balance else ():
            free.add_metric([one.unit], one.free_s)
            payable.add_metric([one.unit], one.payable_s)
        yield from (free, payable)


def _left(
    connection: Connection, holds: Holds, units: Iterable[str], day: date, asked: list[Application]
) -> dict[str, Places]:
    """Of each unit that has a quota of its own, what nobody holds."""
    found, counted = {}, holds.counted(asked)
    for unit in units:
        if (places := holds.places(connection, unit, day).get(unit)) is not None:
            found[unit] = left_of(unit, places, counted)
    return found
