"""A year of a centre of 2,000 agents through the real code, from seat segments on; one week of it from AMI bytes.

    python -m benchmarks.year [--agents N] [--days N] [--ami-days N]

One JSON object. Three processes on a hand-set clock: one lives the days, coarsely, and measures them
(benchmarks.year_days); one hears the last week from AMI bytes through floor and recorder (benchmarks.ami_week); this
one keeps the records, settles them and does each night what the daemon does then: overtime, days off, leave of idle
days, attendance months. Shifts are imported each month, leave each week; red packets are given and an emergency is
opened each month. The bank opens in the fourth month, and agents take to it (benchmarks.reacting): `before` and `after`
are the centre's indicators in the month before it opened and in the last whole month of coarse days. A month that is
closed is settled again from the segments that are stored (by the process of the AMI week, once that is heard); at the
end the ledger is verified.

`supply` is what `ccd bank supply` says on the last day, of each unit in the month that runs, in seconds; `supply_h`
are the hours that each service gave to agents' accounts and took from them, by month. `minutes` is by the clock,
`cpu_s` of the three processes; `phases` are this one's seconds, by the clock and of its CPU.

Coarse is: calls come in blocks, and nobody waits in a queue; segments are stored of one team in ten, and of who works
in an emergency; how agents take to the bank is assumed, and not in the week from AMI bytes.
"""

import argparse
import asyncio
import json
import logging
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.coarse import Life
from benchmarks.lanes import SPAWN
from benchmarks.year_days import Ask, Lived, heard, lived, settled_again
from benchmarks.year_people import ONE_DAY, People, following
from benchmarks.year_site import PBX, SITE, Place
from ccd import logs
from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.bank.settle import Settler
from ccd.daemon.served.reporting import Reporting
from ccd.daemon.services.months import MonthsDue
from ccd.daemon.services.overtime import OvertimeClosing
from ccd.daemon.services.supplying import Supplying
from ccd.daemon.services.withdrawals import DaysOff
from ccd.daemon.site import Current
from ccd.daemon.switches.following import leave_to_itself
from ccd.floor.days import SECOND, BusinessDay
from ccd.history.close import Closer
from ccd.history.day_rows import JudgedBy
from ccd.history.reading import reading
from ccd.history.revisions import Taken
from ccd.history.schema import segments, sources
from ccd.history.segment_rows import COLUMNS, Row
from ccd.ledger.verify import verify
from ccd.reports.indicators import distribution, figures, total
from ccd.reports.periods import Period
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.rows import insert_into, insert_rows

FIRST_DAY, DAYS, OPENS_IN = date(2026, 1, 1), 365, 4
AGENTS, AMI_DAYS = 2_000, 7
HOUR_S = 3_600


class ClosingAhead(Closer):
    """Closes days that were measured in another process, where they were not kept."""

    ahead: dict[tuple[str, date], Lived]
    number: int  # of the newest segment by then

    async def _measure(self, units: Collection[str], day: BusinessDay) -> dict[str, Taken]:
        here = [unit for unit in units if (unit, day.day) not in self.ahead]
        return {unit: self._lived(unit, day) for unit in units if unit not in here} | (
            await super()._measure(here, day) if here else {}
        )

    def _lived(self, unit: str, day: BusinessDay) -> Taken:
        found = self.ahead.pop((unit, day.day))
        whose, policy = self.policies.held_at(unit, day.day)
        judged_by = JudgedBy(policy.holds_from, whose, self.measuring.rules_of(unit).reasons.holds_from(day.day))
        return Taken(
            unit, day, frozenset(), tuple(found.measured), {PBX: self.number}, {}, judged_by, policy, found.seen,
            found.told,
        )  # fmt: skip


class Year(People):
    """`pools`: the process of the days, and that which settles closed months again once it has heard the `week`."""

    def __init__(
        self,
        engine: AsyncEngine,
        place: Place,
        pools: tuple[ProcessPoolExecutor, ProcessPoolExecutor],
        week: "Future[int]",
    ) -> None:
        super().__init__(engine, place)
        self._pools, self._week = pools, week
        self.again: dict[str, Future[int]] = {}
        self._futures: dict[tuple[str, date], Future[Lived]] = {}
        self._settler = Settler(self.ledger, self.site.policies, SITE, self.today)
        self.closer = ClosingAhead(engine, self.site.measured_by, [PBX], self._settle, self.clock, 0)
        self.closer.ahead, self.closer.number = {}, 0
        at_night = self.ledger, Current(self.site, self.site), self.clock, self._tell
        self.overtime, self.days_off, self.months = OvertimeClosing(*at_night), DaysOff(*at_night), MonthsDue(*at_night)

    def _tell(self, agents: Iterable[str]) -> None:
        """Nobody looks at a page."""

    async def live(self, told: Callable[[date], None]) -> None:
        place = self.place
        for first in (place.first, following(place.first)):
            await self.plan(first)
        self._ask(place.first)
        leave_to_itself()
        day = place.first
        while day <= place.last:
            if day < place.last:
                if place.is_heard(day + ONE_DAY):
                    with self.phase("waiting for the week"):
                        await asyncio.wrap_future(self._week)
                self._ask(day + ONE_DAY)
            if day in self.called:
                with self.phase("emergencies"):
                    await self.emergency(day)
            await self._close(day)
            if day >= place.opens:
                await self._night(day)
            if day.weekday() == 0:
                await self.monday(day)
            if (day + ONE_DAY).day == 1 and day < place.last:
                await self.month(day + ONE_DAY)
            told(day)
            day += ONE_DAY

    def _ask(self, day: date) -> None:
        """The day is lived, in the other process."""
        names: dict[str, list[str]] = {team: [] for team in self.place.teams}
        for agent, person in self.people.items():
            names[person.unit].append(agent)
        kept = frozenset(agent for on, agent in self.stay if on == day)
        for team, agents in names.items():
            lives = {a: Life(self.habits[a].ratio, self.habits[a].away, self.stay.get((day, a), 0)) for a in agents}
            ask = Ask(team, day, lives, kept, team in self.place.kept and not self.place.is_heard(day))
            self._futures[team, day] = self._pools[0].submit(lived, self.place, ask)

    async def _close(self, day: date) -> None:
        span = self.days.of_date(day)
        self.clock.at = span.end + 60 * SECOND
        rows: list[Row] = []
        for team in self.place.teams:
            with self.phase("waiting for the days"):
                got = await asyncio.wrap_future(self._futures.pop((team, day)))
            rows += got.rows
            self.counts["segments"] += got.segments
            self.counts["agent_days"] += sum(1 for one in got.told.expected.values() if one.shifts)
            if got.measured:
                self.closer.ahead[team, day] = got
        with self.phase("segments"):
            await self._keep(rows, span)
        self.closer.number = self.counts["number"]
        with self.phase("closing"):
            await self.closer.close_due()
        assert self.closer.waits_since is None, self.closer.unsettled

    async def _keep(self, rows: list[Row], span: BusinessDay) -> None:
        newest = max([self.counts["number"], *(row[1] for row in rows)])
        self.counts["number"] = newest
        row = {"heard_at": span.end, "confirmed_at": span.end, "number": newest}
        async with self.engine.begin() as connection:
            if rows:
                await connection.run_sync(insert_rows, segments, COLUMNS, rows)
            standing = insert_into(connection, sources).values(pbx=PBX, writer="year", written=1, ref=0, **row)
            await connection.execute(standing.on_conflict_do_update(index_elements=["pbx"], set_=row))

    async def _settle(self, measured: Iterable[Measured], dry_run: bool) -> Settlement:
        wanted = [one for one in measured if one.day >= self.place.opens]
        return await self._settler.settle(wanted, dry_run) if wanted else Settlement()

    async def _night(self, day: date) -> None:
        with self.phase("overtime"):
            self.counts["overtime"] += len(await self.overtime.close_due())
        with self.phase("days off"):
            await self.days_off.release_due()
            await self.days_off.move_along_due()
            await self.days_off.allocate_due()
            self.counts["days_off_taken"] += len(await self.days_off.close_due())
            await self.days_off.revise_due()
        with self.phase("months"):
            closed = await self.months.look()
        self.counts["months_closed"] += len(closed)
        for month in closed:
            if month >= f"{self.place.opens:%Y-%m}":
                self.again[month] = self._pools[1].submit(settled_again, self.place, month, self.clock())


async def indicators(year: Year, first: date, last: date) -> dict[str, Any]:
    async with reading(year.engine) as connection:
        (found,) = await Reporting(connection, year.site, None).found([Period(first, last)], with_calls=False)
    said = {name: None if one is None else round(one, 4) for name, one in figures(total(found.agents)).items()}
    return said | {"agents": asdict(distribution(found.agents))}


async def proved(year: Year) -> dict[str, Any]:
    """The ledger is verified, and each closed month of who was kept has been settled again: nothing is found."""
    with year.phase("verifying"):
        verdict = await verify(year.engine, lambda done, total: None)
        assert not verdict.findings, verdict.findings
    with year.phase("waiting for months settled again"):
        again = {month: await asyncio.wrap_future(one) for month, one in year.again.items()}
    return {"transfers": verdict.entries, "resettled_agent_days": again}


async def supply(year: Year) -> dict[str, Any]:
    """As the command says it on the last day, of the month that runs."""
    at = year.days.of_date(year.place.last).end - SECOND
    found = await Supplying(year.ledger, year.site, lambda: at).of()
    worth = year.site.settings.supply.rush_worth
    units = [one.said(worth) for one in found.units]
    return {"month": found.month, "units": units, "warnings": found.warnings(), "left": dict(found.left)}


async def supply_h(year: Year) -> dict[str, dict[str, tuple[int, int]]]:
    """Hours that each service gave to agents' accounts and took from them, by month."""
    found: defaultdict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for one in await year.ledger.supply(SITE):
        found[one.month][one.service, True] += one.given_s
        found[one.month][one.service, False] += one.taken_s
    return {
        month: {service: (sums[service, True] // HOUR_S, sums[service, False] // HOUR_S) for service, _ in sorted(sums)}
        for month, sums in found.items()
    }


def _months(first: date, before: date) -> Iterator[str]:
    """The whole months from `first` on that end by `before`."""
    while following(first) - ONE_DAY <= before:
        yield f"{first:%Y-%m}"
        first = following(first)


def _said(day: date) -> None:
    if day.day == 1 or sys.stderr.isatty():
        print(f"\ryear: {day}", end="\n" if day.day == 1 else "", file=sys.stderr, flush=True)


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(place.url)
    try:
        await upgrade(engine)
        yield engine
    finally:
        await engine.dispose()


async def measure(place: Place) -> dict[str, Any]:
    began = time.perf_counter()
    with ProcessPoolExecutor(1, SPAWN) as days, ProcessPoolExecutor(1, SPAWN) as switch:
        week = switch.submit(heard, place)
        async with opened(place) as engine:
            year = Year(engine, place, (days, switch), week)
            await year.live(_said)
            proof = await proved(year)
            whole = [*_months(place.first, place.ami_first - ONE_DAY)]
            said = {
                "agents": place.agents,
                "days": (place.last - place.first).days + 1,
                "counts": dict(year.counts),
                **proof,
                "ami_events": week.result(),
                "before": await indicators(year, *_span(f"{place.opens - ONE_DAY:%Y-%m}")),
                "after": await indicators(year, *_span(whole[-1])),
                "supply": await supply(year),
                "supply_h": await supply_h(year),
            }
    minutes = (time.perf_counter() - began) / 60
    cpu_s = sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
    phases = {name: [round(each[name] / 1e3, 1) for each in (year.phases, year.cpu)] for name in year.phases}
    return {"name": "year", "minutes": round(minutes, 2), "cpu_s": round(cpu_s), "phases": phases, **said}


def _span(month: str) -> tuple[date, date]:
    first = date.fromisoformat(f"{month}-01")
    return first, following(first) - ONE_DAY


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--agents", type=int, default=AGENTS)
    arguments.add_argument("--days", type=int, default=DAYS)
    arguments.add_argument("--ami-days", type=int, default=AMI_DAYS)
    chosen = arguments.parse_args()
    logs.configure(level=logging.WARNING)
    last = FIRST_DAY + timedelta(days=chosen.days - 1)
    with tempfile.TemporaryDirectory(prefix="ccd-bench-year-") as folder:
        year, ami = (f"sqlite+aiosqlite:///{folder}/{name}.sqlite" for name in ("year", "ami"))
        place = Place(
            year, ami, chosen.agents, FIRST_DAY, FIRST_DAY.replace(month=OPENS_IN), last,
            last - timedelta(days=chosen.ami_days - 1), chosen.ami_days,
        )  # fmt: skip
        print(json.dumps(asyncio.run(measure(place))), flush=True)


if __name__ == "__main__":
    main()
