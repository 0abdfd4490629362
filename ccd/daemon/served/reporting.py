"""What is known of periods, for a report: read out of the history, and put to agents, queues and units."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.overtime import came_in_time
from ccd.bank.overtime_day_rows import measured_calls
from ccd.daemon.site import Site
from ccd.errors import ReportError
from ccd.floor.days import ONE_DAY, SECOND, BusinessDays, dates
from ccd.floor.own_days import OwnDays
from ccd.history.sums import WaitLimits, sums_of_agents, sums_of_answers, sums_of_queues
from ccd.reports.indicators import OfAgent, OfQueue, Sums, Waits
from ccd.reports.periods import Each, Period, held_against, periods
from ccd.reports.report import By, KnownOfPeriod, Made, ReportLine, Show, json_of, report_lines, two_periods
from ccd.reports.report_table import as_csv

PERIODS_MAX = 1_000


def waits_of(site: Site) -> Waits:
    asked = site.settings.service_level
    return Waits(asked.answered_within_s, asked.short_abandon_s)


class ReportWanted(NamedTuple):
    """What somebody asks for: `show` None is the usual; `units` alone, with those below them, None: of all; `against`:
    beside as many days from that one on, or months from that one's on."""

    first: date
    last: date
    each: Each = Each.WHOLE
    by: By = By.UNIT
    show: Show | None = None
    units: Collection[str] | None = None
    against: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What periods come to, and `others`, that they are held against; `found` is what is known of all of them."""

    by: By
    show: Show
    waits: Waits
    periods: Sequence[Period]
    others: Sequence[Period]
    found: Sequence[KnownOfPeriod]

    @property
    def made(self) -> Made:
        made: list[tuple[ReportLine, ReportLine | None]] = []
        for number, period in enumerate(self.periods):
            theirs = self._lines(self.others[number], len(self.periods) + number) if self.others else []
            made += two_periods(period, self._lines(period, number), theirs, self.show, self.waits)
        return made

    def as_json(self) -> dict[str, Any]:
        return json_of(self.made, self.show, self.waits)

    def as_csv(self) -> str:
        return as_csv(self.made, self.show, self.waits, bool(self.others))

    def draw(self, file: Path | BinaryIO, kind: Literal["png", "svg"]) -> None:
        """ReportError where it can't be drawn."""
        try:
            from ccd.reports import pictures, plots
        except ModuleNotFoundError as error:
            problem = f"a picture takes {error.name}, which is not installed: pip install 'ccd[plots]'"
            raise ReportError(problem, "report-no-picture") from None
        try:
            figure = pictures.picture(self.by, self.show, self.waits, self.periods, self.others, self.found)
        except pictures.NoPictureError as error:
            raise ReportError(str(error), "report-no-picture") from None
        plots.write(figure, file, kind)

    def _lines(self, period: Period, number: int) -> list[ReportLine]:
        return report_lines(period, self.found[number], self.by, self.show)


async def report(
    connection: AsyncConnection, site: Site, wanted: ReportWanted, periods_max: int = PERIODS_MAX
) -> Report:
    """ReportError where it can't be told so."""
    by, show = wanted.by, wanted.show or (Show.SERVICE if wanted.by is By.QUEUE else Show.INDICATORS)
    if (show is Show.SERVICE and by is By.AGENT) or (show is not Show.SERVICE and by is By.QUEUE):
        raise ReportError(
            f"{show} is not told by {by}: service is of queues and units, the rest of agents", "report-not-of-these"
        )
    asked = list(islice(periods(wanted.first, wanted.last, wanted.each), periods_max + 1))
    if len(asked) > periods_max:
        raise ReportError(
            f"there are more than {periods_max} periods: ask for longer ones", "report-too-long", most=periods_max
        )
    others = []
    if wanted.against is not None:
        others = held_against(asked, wanted.against, wanted.each)
    with_calls = show in (Show.INDICATORS, Show.SERVICE)
    found = await Reporting(connection, site, wanted.units).found([*asked, *others], with_calls)
    return Report(by, show, waits_of(site), asked, others, found)


def parts_of(site: Site, period: Period) -> list[Period]:
    """Within each of them all units stand where they stand."""
    firsts = [period.first, *site.units.borders(*period)]
    lasts = [day - ONE_DAY for day in firsts[1:]]
    return [Period(*days) for days in zip(firsts, [*lasts, period.last], strict=True)]


class Reporting:
    """`units`: these alone, with those below them; None: all."""

    def __init__(self, connection: AsyncConnection, site: Site, units: Collection[str] | None) -> None:
        self._connection, self._site, self._units = connection, site, units
        in_time_s, short_s = waits_of(site)
        self._waits = WaitLimits(in_time_s * SECOND, short_s * SECOND)

    async def found(self, periods: Iterable[Period], with_calls: bool) -> list[KnownOfPeriod]:
        """Of each period. Callers count in the day on which they cease to wait, by the clock of the unit of the
        queue; and in the own day of who answers them."""
        found = []
        for period in periods:
            agents: list[OfAgent] = []
            queues: list[OfQueue] = []
            for part in parts_of(self._site, period):
                units = None if self._units is None else self._site.units.with_below(self._units, part.first)
                agents += await self._agents(part, units)
                agents += await self._called(part, units)
                if with_calls:
                    agents += await self._answers(part, units)
                    queues += await self._queues(part, units)
            found.append(KnownOfPeriod(agents, queues))
        return found

    async def _agents(self, part: Period, units: Collection[str] | None) -> list[OfAgent]:
        starts = {clock.of_date(day).start for clock in self._clocks(self._site.rostered_units) for day in dates(*part)}
        rows = await sums_of_agents(self._connection, *part, units, starts)
        return [self._of_agent(row.pop("agent"), row.pop("unit"), part, units, Sums(**row)) for row in rows]

    async def _answers(self, part: Period, units: Collection[str] | None) -> list[OfAgent]:
        """Of whom the roster names, in the agent's own day and unit of that moment: between two of the instants at
        which one of these can be another they are the same."""
        site, found = self._site, []
        for start, end in self._pieces(part):
            for row in await sums_of_answers(self._connection, start, end, self._waits):
                owner = site.owner_of(row.pop("pbx"), row.pop("seat"), row.pop("name"), start)
                if owner is None:
                    continue
                for own in site.agent_days.met(owner.agent, start, start + 1):
                    if part.first <= own.day.day <= part.last and (units is None or own.unit in units):
                        found.append(self._of_agent(owner.agent, own.unit, part, units, Sums(**row)))
        return found

    async def _called(self, part: Period, units: Collection[str] | None) -> list[OfAgent]:
        """Call-outs in emergencies, in the agent's own day and unit of that moment."""
        site, found = self._site, []
        for call in await self._connection.run_sync(measured_calls, *site.span_of_days(part.first, part.last)):
            for own in site.agent_days.met(call.agent, call.called_at, call.called_at + 1):
                wait_s = site.policies.policy_at(own.unit, own.day.day).overtime.call_out_wait_s
                here = came_in_time(call.called_at, call.comes, call.signed_in_at, wait_s)
                if here is None or not part.first <= own.day.day <= part.last:
                    continue
                if units is None or own.unit in units:
                    found.append(
                        self._of_agent(call.agent, own.unit, part, units, Sums(called_out=1, called_here=int(here)))
                    )
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
                    found.append(OfQueue(queue, self._line(unit, part, units) if unit else (), Sums(**row)))
        return found

    def _of_agent(self, agent: str, unit: str, part: Period, units: Collection[str] | None, sums: Sums) -> OfAgent:
        return OfAgent(agent, self._line(unit, part, units), sums)

    def _line(self, unit: str, part: Period, units: Collection[str] | None) -> tuple[str, ...]:
        """The unit and those above it, of those that are asked for: of any other only a part would be told."""
        line = self._site.units.with_above(unit, part.first)
        return line if units is None else tuple(each for each in line if each in units)

    def _clocks(self, units: Iterable[str]) -> list[BusinessDays]:
        """Each by which some of them have their days, once."""
        return list({id(clock): clock for clock in map(self._site.units.days, units)}.values())

    def _pieces(self, part: Period) -> Iterator[tuple[int, int]]:
        """What of the part's days is between the bounds of units' days, of movers' days, and of roster lines, µs."""
        site = self._site
        days: list[BusinessDays | OwnDays] = [*self._clocks(site.rostered_units), *site.moves.values()]
        bounds = {at for each in days for at in (each.of_date(part.first).start, each.of_date(part.last).end)}
        start, end = min(bounds, default=0), max(bounds, default=0)
        inside = (*site.roster_borders, *(at for each in site.moves.values() for at in each.begins))
        return pairwise(sorted({*bounds, *(at for at in inside if start < at < end)}))
