"""What is known of periods, for a report: read out of the history, and put to agents, queues and units."""

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.overtime import came_in_time
from ccd.bank.overtime_rows import measured_calls
from ccd.daemon.site import Site
from ccd.floor.days import SECOND, BusinessDays
from ccd.history.sums import Waits as WaitsOfHistory
from ccd.history.sums import sums_of_agents, sums_of_answers, sums_of_queues
from ccd.reports.indicators import OfAgent, OfQueue, Sums, Waits
from ccd.reports.periods import Period
from ccd.reports.report import Found

ONE_DAY = timedelta(days=1)


def waits_of(site: Site) -> Waits:
    asked = site.settings.service_level
    return Waits(asked.answered_within_s, asked.short_abandon_s)


class Reporting:
    """`unit`: that one alone, with those below it."""

    def __init__(self, connection: AsyncConnection, site: Site, unit: str | None) -> None:
        self._connection, self._site, self._unit = connection, site, unit
        in_time_s, short_s = waits_of(site)
        self._waits = WaitsOfHistory(in_time_s * SECOND, short_s * SECOND)

    async def found(self, periods: Iterable[Period], with_calls: bool) -> list[Found]:
        """Of each period. Callers count in the day on which they cease to wait, by the clock of the unit of the
        queue, or of who answers them."""
        found = []
        for period in periods:
            agents: list[OfAgent] = []
            queues: list[OfQueue] = []
            for part in self._parts(period):
                units = None if self._unit is None else self._site.units.with_below([self._unit], part.first)
                agents += await self._agents(part, units)
                agents += await self._called(part, units)
                if with_calls:
                    agents += await self._answers(part, units)
                    queues += await self._queues(part, units)
            found.append(Found(agents, queues))
        return found

    def _parts(self, period: Period) -> list[Period]:
        """Within each of them all units stand where they stand."""
        firsts = [period.first, *self._site.units.borders(*period)]
        lasts = [day - ONE_DAY for day in firsts[1:]]
        return [Period(*days) for days in zip(firsts, [*lasts, period.last], strict=True)]

    async def _agents(self, part: Period, units: Collection[str] | None) -> list[OfAgent]:
        rows = await sums_of_agents(self._connection, *part, units)
        return [self._of_agent(row.pop("agent"), row.pop("unit"), part, Sums(**row)) for row in rows]

    async def _answers(self, part: Period, units: Collection[str] | None) -> list[OfAgent]:
        """Of whom the roster names: between two of its borders a seat is one agent's."""
        found = []
        for clock in self._clocks(self._site.rostered_units):
            for start, end in self._pieces(clock, part):
                for row in await sums_of_answers(self._connection, start, end, self._waits):
                    owner = self._site.owner_of(row.pop("pbx"), row.pop("seat"), row.pop("name"), start)
                    if owner is None or owner.unit is None or self._site.units.days(owner.unit) is not clock:
                        continue
                    if units is None or owner.unit in units:
                        found.append(self._of_agent(owner.agent, owner.unit, part, Sums(**row)))
        return found

    async def _called(self, part: Period, units: Collection[str] | None) -> list[OfAgent]:
        """Call-outs in emergencies, in the agent's own day and unit of that moment."""
        site, found = self._site, []
        clocks = self._clocks(site.rostered_units)
        start = min((clock.of_date(part.first).start for clock in clocks), default=0)
        end = max((clock.of_date(part.last).end for clock in clocks), default=0)
        for call in await self._connection.run_sync(measured_calls, start, end):
            for own in site.agent_days.met(call.agent, call.called_at, call.called_at + 1):
                wait_s = site.policies.policy_at(own.unit, own.day.day).overtime.call_out_wait_s
                here = came_in_time(call.called_at, call.comes, call.signed_in_at, wait_s)
                if here is None or not part.first <= own.day.day <= part.last:
                    continue
                if units is None or own.unit in units:
                    found.append(self._of_agent(call.agent, own.unit, part, Sums(called_out=1, called_here=int(here))))
        return found

    async def _queues(self, part: Period, units: Collection[str] | None) -> list[OfQueue]:
        found = []
        of = self._site.settings.queues
        for clock in self._clocks(["", *(queue.unit for queue in of.values())]):
            span = clock.of_date(part.first).start, clock.of_date(part.last).end
            for row in await sums_of_queues(self._connection, *span, self._waits):
                queue = row.pop("queue")
                unit = of[queue].unit if queue in of else ""
                if self._site.units.days(unit) is clock and (units is None or unit in units):
                    line = self._site.units.with_above(unit, part.first) if unit else ()
                    found.append(OfQueue(queue, line, Sums(**row)))
        return found

    def _of_agent(self, agent: str, unit: str, part: Period, sums: Sums) -> OfAgent:
        return OfAgent(agent, self._site.units.with_above(unit, part.first), sums)

    def _clocks(self, units: Iterable[str]) -> list[BusinessDays]:
        """Each by which some of them have their days, once."""
        return list({id(clock): clock for clock in map(self._site.units.days, units)}.values())

    def _pieces(self, clock: BusinessDays, part: Period) -> Iterator[tuple[int, int]]:
        start, end = clock.of_date(part.first).start, clock.of_date(part.last).end
        return pairwise([start, *(at for at in self._site.roster_borders if start < at < end), end])
