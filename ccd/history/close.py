"""The close of a day: measured from stored segments, written down, settled. Whatever it dies of, it is done again.

Three steps, each of which finds what the one before has left: the records, with the note that they are not settled
yet, in one transaction; the settlement, where the ledger's keys let nothing happen twice; the note that it is settled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.fate import Fate, Settlement
from ccd.bank.measured import Measured
from ccd.bank.policy import Policies
from ccd.errors import DatabaseBusyError, DayWaitsError, LedgerError, UnknownUnitError
from ccd.floor.days import ONE_DAY, SECOND, BusinessDay
from ccd.history.day_rows import JudgedBy, StoredDay, insert_days
from ccd.history.days import MeasuredDay, measured_days
from ccd.history.due_days import DueDay, DueDays, due_days, due_of
from ccd.history.expected_days import OnTheDay, people_of_day, wait_for_tellers
from ccd.history.reading import Source, reading, seen_between, stored_sources
from ccd.history.revisions import Records, Taken, all_measured, revised, taken_together
from ccd.history.unit_days import note_measured, note_settled, passed_over, sweep
from ccd.history.whose import Holder, Measuring, holders
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away, take_turn

log = structlog.get_logger()

CLOSE_INTERVAL_S = 15.0
DAYS_BACK_MAX = 62  # what lies further back was never settled because nobody asked for it in two months

# Is given the records that are new, in the transaction that writes them, as the last thing in it.
HandOver = Callable[[AsyncConnection, Sequence[tuple[MeasuredDay, int]]], Awaitable[None]]
StillHolds = Callable[[AsyncConnection], Awaitable[bool]]  # whether what was measured by is what holds
Settle = Callable[[Iterable[Measured], bool], Awaitable[Settlement]]  # what was measured; whether it is a dry run


@dataclass(frozen=True, slots=True)
class Closed:
    """`revised` names the agents whose record is new; `lagging` the PBXs that were not waited for any longer."""

    unit: str
    day: date
    revised: tuple[str, ...]
    lagging: Mapping[str, int | None]
    settlement: Settlement


class MeasuredBy(NamedTuple):
    """Whose days are measured, and by what."""

    units: Collection[str]
    measuring: Measuring
    policies: Policies


class Closer:
    """Closes days. `now` gives µs since the epoch."""

    def __init__(
        self,
        engine: AsyncEngine,
        by: MeasuredBy,
        pbxs: Collection[str],
        settle: Settle,
        now: Callable[[], int],
        settle_wait_s_max: int,
        patience: Patience | None = None,
        days_back_max: int = DAYS_BACK_MAX,
        hand_over: HandOver | None = None,
        still_holds: StillHolds | None = None,
    ) -> None:
        self.units, self.measuring, self.policies = by
        self.pbxs = pbxs
        self.waits_since: date | None = None  # the earliest day that was over and is not closed
        self.unsettled: dict[str, str] = {}  # by unit: the day that the ledger would not take, and why
        self.closing = asyncio.Lock()  # who calls `follow` holds it: a day is measured and noted under one
        self._engine, self._settle, self._now = engine, settle, now
        self._wait_us = settle_wait_s_max * SECOND
        self._patience, self._days_back_max = patience or Patience(), days_back_max
        self._hand_over, self._still_holds = hand_over, still_holds

    def follow(self, by: MeasuredBy) -> None:
        """From the next day on that is closed; by whoever holds `closing`."""
        self.units, self.measuring, self.policies = by

    async def run(self, interval_s: float = CLOSE_INTERVAL_S) -> None:
        """Looks each `interval_s` for what can be closed. A database that is busy or away is said once; so is a day
        that waits, at the second look: at the first its end may be a moment ago, and the PBX about to say so."""
        looks: dict[tuple[str, date], int] = {}  # at which a day was found waiting
        away = False
        while True:
            try:
                seen = await self.close_due()
                waiting = {(each.unit, each.day.day): each for each in seen.waiting}
                looks = {name: looks.get(name, 0) + 1 for name in waiting}
                for (unit, day), each in waiting.items():
                    if looks[unit, day] == 2:
                        log.warning("a day waits", unit=unit, day=str(day), why=_why(each.lagging))
                away = False
            except (DatabaseBusyError, *DRIVER_ERRORS) as error:
                if not is_away(error):
                    raise
                if not away:
                    log.warning("no day can be closed now", why=str(error).splitlines()[0])
                away = True
            await asyncio.sleep(interval_s)

    async def close_due(self) -> DueDays:
        """Closes all that can be closed now, in date order; returns what there was, and what waits.

        A unit whose day the ledger would not take is left at that day until the next look, and so is one to which an
        agent came from it: an agent's days settle in their order. Measuring goes on.
        """
        async with self.closing:
            await take_turn(self._engine, sweep, self._patience)
            seen = await self.outlook(self._now())
            self.waits_since = min((each.day.day for each in (*seen.due, *seen.waiting)), default=None)
            unsettled: dict[str, str] = {}
            held_back: set[str] = set()
            left = list(seen.waiting)
            for day, those in groupby(seen.due, attrgetter("day")):
                ready: list[DueDay] = []
                for each in those:
                    if each.unit in held_back or each.came_from & held_back:
                        held_back.add(each.unit)
                        left.append(each)
                    else:
                        ready.append(each)
                try:
                    taken = await self._measure([each.unit for each in ready], day)
                except DayWaitsError:  # a PBX that lags has named a seat of a unit since: the next look finds it so
                    return seen
                closed, failed = await self._close([taken[each.unit] for each in ready])
                for one in closed:
                    _say(one)
                unsettled |= {unit: f"{day.day}: {error}" for unit, error in failed.items()}
                held_back |= failed.keys()
                left += [each for each in ready if each.unit in failed]
            self._note_unsettled(unsettled)
            self.waits_since = min((each.day.day for each in left), default=None)
            return seen

    def _note_unsettled(self, unsettled: dict[str, str]) -> None:
        for unit in unsettled.keys() | self.unsettled.keys():
            why = unsettled.get(unit)
            if why is None:
                log.info("a unit is settled again", unit=unit)
            elif why != self.unsettled.get(unit):
                log.error("a unit is settled no further", unit=unit, why=why)
        self.unsettled = unsettled

    async def outlook(self, now: int, before: date = date.max) -> DueDays:
        async with reading(self._engine) as connection:
            return await due_days(
                connection, self.measuring, self.units, self.pbxs, now, self._wait_us, self._days_back_max, before
            )

    async def close(self, unit: str, day: date, dry_run: bool = False) -> Closed:
        """Closes one day of a unit, or says what closing would do. Closing again changes nothing, unless a figure
        or the policy has changed: then there is a new revision, and the bank posts the difference.

        DayWaitsError while it is not over, or a PBX lags and `settle_wait_s_max` is not over.
        """
        if unit not in self.units:
            raise UnknownUnitError(unit, tuple(sorted(self.units)))
        taken = (await self._measure([unit], self.measuring.rules_of(unit).days.of_date(day)))[unit]
        if dry_run:
            async with reading(self._engine) as connection:
                new, kept = await revised(connection, taken)
            return self._closed(taken, new, await self._settle(all_measured(new, kept), True))
        closed, failed = await self._close([taken])
        if failed:
            raise failed[unit]
        return closed[0]

    async def _close(self, taken: Sequence[Taken]) -> tuple[list[Closed], dict[str, LedgerError]]:
        """Units' days of one date; and by unit what the ledger had against it, where that is so."""
        measured_at = self._now()
        closed: list[Closed] = []
        failed: dict[str, LedgerError] = {}
        recorded = [each for some in taken_together(taken) for each in await self._record(some, measured_at)]
        for one, (new, kept) in zip(taken, recorded, strict=True):
            try:
                closed.append(await self._settled(one, new, kept, measured_at))
            except LedgerError as error:
                failed[one.unit] = error
        if closed:
            units, day, settled_at = [one.unit for one in closed], closed[0].day, self._now()
            await take_turn(
                self._engine,
                lambda connection: note_settled(connection, units, day, measured_at, settled_at),
                self._patience,
            )
        return closed, failed

    async def _settled(self, taken: Taken, new: Records, kept: list[StoredDay], measured_at: int) -> Closed:
        settlement = await self._settle(all_measured(new, kept), False)
        if refused := settlement.revisions_of(Fate.MONTH_WAS_CLOSED):
            [(again, _)] = await self._record([taken], measured_at, refused)
            settlement.merge(await self._settle(all_measured(again, []), False))
            new = new + again
        return self._closed(taken, new, settlement)

    async def _record(
        self, taken: Sequence[Taken], measured_at: int, spent: Mapping[str, int] = MappingProxyType({})
    ) -> list[tuple[Records, list[StoredDay]]]:
        """The records that are new are written, and noted as not settled yet."""

        async def write(connection: AsyncConnection) -> list[tuple[Records, list[StoredDay]]]:
            await wait_for_tellers(connection)
            day = taken[0].day
            on_the_day = await connection.run_sync(OnTheDay, self.measuring.reaches_back(day), day)
            holds = self._still_holds is None or await self._still_holds(connection)
            found = []
            for one in taken:
                new, kept = await revised(connection, one, spent)
                await insert_days(connection, new, one.judged_by, measured_at)
                told = await people_of_day(connection, one.seen, self.measuring, one.unit, day, one.policy, on_the_day)
                await note_measured(
                    connection, one.unit, day, one.numbers, one.lagging, measured_at,
                    changed=bool(new), overtaken=told != one.told or not holds,
                )  # fmt: skip
                found.append((new, kept))
            every = [each for new, _ in found for each in new]
            if every and self._hand_over is not None:
                await self._hand_over(connection, every)
            return found

        return await take_turn(self._engine, write, self._patience)

    async def close_up_to(self, unit: str, day: date, dry_run: bool = False) -> list[Closed]:
        """Closes the unit's day, after those before it that are not closed yet, at most `days_back_max` of them; a dry
        run looks at that day alone.

        DayWaitsError where one of them waits; those before that one are closed.
        """
        before = [] if dry_run else await self._open_before(unit, day)
        closed = [await self.close(unit, each) for each in before]
        return [*closed, await self.close(unit, day, dry_run)]

    async def _open_before(self, unit: str, day: date) -> list[date]:
        """The unit's alone, which waits for no other's: so none is left out behind one that would."""
        now = self._now()
        ago = max(0, (self.measuring.rules_of(unit).days.at(now).day - day).days)
        async with reading(self._engine) as connection:
            seen = await due_days(
                connection, self.measuring, [unit], self.pbxs, now, self._wait_us, self._days_back_max + ago, day
            )
            missing = await passed_over(connection, day - timedelta(days=self._days_back_max), day - ONE_DAY)
        found = {each.day.day for each in (*seen.due, *seen.waiting)}
        return sorted(found | {each.day for each in missing if each.unit == unit})

    async def _measure(self, units: Collection[str], day: BusinessDay) -> dict[str, Taken]:
        """By unit, from one state of the store: who was seen that day, and what was told of it, is read once for all.

        DayWaitsError where one of them waits."""
        since = self.measuring.reaches_back(day)
        async with reading(self._engine) as connection:
            sources = await stored_sources(connection)
            everybody = holders(await seen_between(connection, since, day.end), self.measuring, day)
            on_the_day = await connection.run_sync(OnTheDay, since, day)
            return {unit: await self._taken(connection, unit, day, sources, everybody, on_the_day) for unit in units}

    async def _taken(
        self,
        connection: AsyncConnection,
        unit: str,
        day: BusinessDay,
        sources: Mapping[str, Source],
        everybody: Mapping[str, Holder],
        on_the_day: OnTheDay,
    ) -> Taken:
        whose, policy = self.policies.held_at(unit, day.day)
        seen_here = {a: h for a, h in everybody.items() if h.unit == unit}
        elsewhere = frozenset(a for a, h in everybody.items() if h.unit not in (unit, None))
        each = due_of(unit, day, seen_here.values(), sources, self.pbxs)
        self._check_over(each)
        told = await people_of_day(connection, seen_here, self.measuring, unit, day, policy, on_the_day)
        measured = await measured_days(connection, told, self.measuring, sources, True)
        numbers = {pbx: source.number for pbx, source in sources.items()}
        judged_by = JudgedBy(policy.holds_from, whose, self.measuring.rules_of(unit).reasons.holds_from(day.day))
        return Taken(unit, day, elsewhere, tuple(measured), numbers, each.lagging, judged_by, policy, seen_here, told)

    def _check_over(self, each: DueDay) -> None:
        if not each.is_over(self._now(), self._wait_us):
            late = f"; without that, from {_instant(each.day.end + self._wait_us)} on" if each.lagging else ""
            why = _why(each.lagging) if each.lagging else f"it ends at {_instant(each.day.end)}"
            raise DayWaitsError(each.unit, str(each.day.day), why + late)

    def _closed(self, taken: Taken, new: Records, settlement: Settlement) -> Closed:
        agents = tuple(measured.record.agent for measured, _ in new)
        return Closed(taken.unit, taken.day.day, agents, taken.lagging, settlement)


def _say(closed: Closed) -> None:
    counts = {fate.value: count for fate, count in closed.settlement.fates.items()}
    log.info("a day is closed", unit=closed.unit, day=str(closed.day), revised=len(closed.revised), **counts)
    if closed.lagging:
        log.warning("a day waits no longer", unit=closed.unit, day=str(closed.day), why=_why(closed.lagging))
    for day in closed.settlement.days:
        if day.fate in (Fate.CONFLICT, Fate.REFUSED) and day.agent in closed.revised:
            log.error("a day was not posted", agent=day.agent, day=str(day.day), revision=day.revision, why=day.note)


def _why(lagging: Mapping[str, int | None]) -> str:
    heard = [f"{pbx} was heard up to {_instant(at)}" if at else f"{pbx} was never heard" for pbx, at in lagging.items()]
    return ", ".join(heard) or "an agent came from a unit whose day waits"


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).isoformat()
