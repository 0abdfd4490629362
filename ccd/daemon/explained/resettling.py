"""A month is reckoned anew from its segments, in a dry run, and held against the ledger (docs/time-bank.md 7).

Nothing is posted. What the daemon posts meanwhile is no difference: where a day does not agree it is looked at again.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.agreeing import Differs, Held, differing, held_for, without_rows, written_off_for
from ccd.bank.attendance_calendar import span
from ccd.bank.fate import COMMON, Fate, SettledDay, Settlement
from ccd.bank.measured import Measured
from ccd.bank.worth import worth_of
from ccd.daemon.services.overtime import Overtime
from ccd.daemon.settling import settler_of
from ccd.daemon.site import Site
from ccd.daemon.stores import ledger_of
from ccd.errors import DayWaitsError
from ccd.floor.days import ONE_DAY
from ccd.history.close import Closer
from ccd.history.day_rows import latest_days, revision_of
from ccd.history.reading import reading
from ccd.history.unit_days import UnitDay, between, passed_over

DAYS_BACK_MAX = 36_500  # whenever a month was: nothing of it is passed over in silence
FATES = {
    Fate.CONFLICT: "was posted with other figures than the record has: {note}",
    Fate.REFUSED: "was never posted, for the ledger refused it {note}",
    Fate.MONTH_WAS_CLOSED: "was never posted, for its month was closed: `ccd settle` posts it under a new revision",
    Fate.STALE: "was posted under a later revision than there is a record of",
}


@dataclass(slots=True)
class Resettled:
    """`days` are the agents' that were reckoned; `held` what the ledger holds for them, in seconds by service, and
    `worth_s` what they come to. `waiting` are unit-days that are over, of who was seen, and not settled yet."""

    days: int = 0
    worth_s: int = 0
    held: Counter[str] = field(default_factory=Counter)
    written_off_s: int = 0
    differs: list[Differs] = field(default_factory=list)
    waiting: list[tuple[str, date]] = field(default_factory=list)


class Resettling:
    """Of one site. `now` gives µs since the epoch."""

    def __init__(self, engine: AsyncEngine, site: Site, now: Callable[[], int]) -> None:
        settings = site.settings
        self._engine, self._site = engine, site
        self._overtime = Overtime(ledger_of(engine, settings, now), site, now)
        self._begins = settings.attendance.month_begins
        self._settler = settler_of(ledger_of(engine, settings, now), site, now)
        self._closer = Closer(
            engine,
            site.measured_by,
            [pbx.name for pbx in settings.pbx],
            self._rehearse,
            now,
            settings.settle_wait_s_max,
            days_back_max=DAYS_BACK_MAX,
        )
        self._now = now
        self._measured: list[Measured] = []
        self._settlement = Settlement()

    async def month(
        self,
        month: str,
        units: Iterable[str] | None = None,
        done: Callable[[int, int], None] = lambda done, total: None,
    ) -> Resettled:
        """Of these units, or of all and of what stands in rows beside the days. `done` is told how far it is."""
        first, last = span(month, self._begins)
        wanted = None if units is None else frozenset(units)
        async with reading(self._engine) as connection:
            kept, missing = await between(connection, first, last), await passed_over(connection, first, last)
            days = sorted((*kept, *missing), key=lambda each: (each.day, each.unit))
            days = [each for each in days if wanted is None or each.unit in wanted]
            held = await connection.run_sync(held_for, first, last)
        found, known = Resettled(), set[tuple[str, date]]()
        seen = await self._closer.outlook(self._now(), last + ONE_DAY)
        found.waiting += [
            (each.unit, each.day.day)
            for each in (*seen.due, *seen.waiting)
            if each.has_seats and first <= each.day.day and (wanted is None or each.unit in wanted)
        ]
        for number, each in enumerate(days):
            done(number, len(days))
            known |= {(agent, each.day) for agent in await self._unit_day(each, held, found)}
        done(len(days), len(days))
        if wanted is None:
            found.differs += [
                Differs(agent, day, f"has no record, and the ledger holds {dict(sums)}")
                for (agent, day), sums in sorted(held.items())
                if (agent, day) not in known and any(sums.values())
            ]
            async with reading(self._engine) as connection:
                found.differs += await connection.run_sync(lambda plain: list(without_rows(plain, first, last)))
            found.differs += [
                Differs(
                    each.agent, each.day, f"comes to {each.seconds} s of overtime, and the ledger holds another sum"
                )
                for each in await self._overtime.disagreeing(first, last)
            ]
        return found

    async def _rehearse(self, measured: Iterable[Measured], dry_run: bool) -> Settlement:
        self._measured = list(measured)
        self._settlement = await self._settler.settle(self._measured, dry_run=True)
        return self._settlement

    async def _unit_day(self, each: UnitDay, held: Held, found: Resettled) -> frozenset[str]:
        """The agents of whom something is known that day."""
        if each.unit not in self._site.rostered_units:
            found.differs.append(Differs(each.unit, each.day, "is no unit on the roster any more: nothing is reckoned"))
            return frozenset()
        if each.settled_at is None or each.stale:
            found.waiting.append((each.unit, each.day))
        try:
            closed = await self._closer.close(each.unit, each.day, dry_run=True)
        except DayWaitsError:
            found.waiting.append((each.unit, each.day))
            async with reading(self._engine) as connection:
                return frozenset(await latest_days(connection, each.day, unit=each.unit))
        if not self._measured:
            return frozenset()
        async with reading(self._engine) as connection:
            anew = [differs async for differs in self._anew(connection, closed.revised, each)]
            off = await connection.run_sync(written_off_for, self._measured)
        found.differs += anew
        found.differs += _fates(self._settlement.days, closed.revised)
        for one in self._measured:
            if one.unit is not None and one.agent not in closed.revised:
                await self._against(one, held, off.get(one.agent, 0), found)
        return frozenset(one.agent for one in self._measured)

    async def _anew(self, connection: AsyncConnection, revised: Iterable[str], each: UnitDay) -> AsyncIterator[Differs]:
        """Of days of which a dry run would make a new record."""
        posted = {day.agent: day for day in self._settlement.days}
        for agent in revised:
            kept = await revision_of(connection, agent, each.day)
            if kept is None:
                why = "has no record"
            elif not kept.intact:
                why = "has a record that was changed after it was written"
            elif each.stale:
                why = "waits to be measured anew"
            else:
                why = "is measured otherwise now than when it was recorded: segments, roster, shifts or policy differ"
            yield Differs(agent, each.day, f"{why}; settling it would post {_moves(posted.get(agent))}")

    async def _against(self, one: Measured, held: Held, off_s: int, found: Resettled) -> None:
        worth = worth_of(one, self._site.policies.policy_at(one.unit, one.day))
        sums = held.get((one.agent, one.day), {})
        if why := differing(worth, sums, off_s):
            sums, off_s = await self._again(one)
            why = differing(worth, sums, off_s)
        found.days += 1
        found.worth_s += worth.net_s
        found.held.update(sums)
        found.written_off_s += off_s
        if why:
            found.differs.append(Differs(one.agent, one.day, why))

    async def _again(self, one: Measured) -> tuple[dict[str, int], int]:
        def read(plain: Connection) -> tuple[dict[str, int], int]:
            sums = held_for(plain, one.day, one.day, [one.agent]).get((one.agent, one.day), {})
            return dict(sums), written_off_for(plain, [one]).get(one.agent, 0)

        async with reading(self._engine) as connection:
            return await connection.run_sync(read)


def _fates(days: Iterable[SettledDay], revised: Iterable[str]) -> Iterator[Differs]:
    for day in days:
        if day.agent not in revised and day.fate not in COMMON and day.fate in FATES:
            yield Differs(day.agent, day.day, FATES[day.fate].format(note=day.note))
        elif day.agent not in revised and day.fate in (Fate.POSTED, Fate.NOTHING):
            yield Differs(day.agent, day.day, f"was never settled; settling it would post {_moves(day)}")


def _moves(day: SettledDay | None) -> str:
    legs = day.legs if day is not None else ()
    return (
        ", ".join(f"{leg.service} {leg.seconds} s to {leg.credit.owner} {leg.credit.kind}" for leg in legs) or "nothing"
    )
