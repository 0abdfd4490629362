"""Attendance months: leave of idle days is owed once its day is closed, and a month closes when its time has come
(docs/time-bank.md 3.5)."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import date
from socket import gethostname
from typing import NamedTuple

import structlog
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.appeal_rows import decided_and_owing, open_appeals
from ccd.bank.appeals import Appeal
from ccd.bank.asking import Asking, by_itself
from ccd.bank.attendance import Month
from ccd.bank.attendance_calendar import Calendar, month_before
from ccd.bank.emergency_rows import emergencies_within
from ccd.bank.expiry import Expiring, Expiry
from ccd.bank.idle_leave import IdleLeave
from ccd.bank.loan import LoanOffer
from ccd.bank.month_close import Attended, Difference, MonthClose
from ccd.bank.month_rows import Result, closed_months
from ccd.bank.offsetting import Loans
from ccd.bank.overtime_entry_rows import entries_of
from ccd.bank.withdrawal import OPEN
from ccd.bank.withdrawal_rows import on_days, open_days
from ccd.daemon.services.attended import attended, on_leave
from ccd.daemon.services.overtime import Overtime
from ccd.daemon.site import Current, Site
from ccd.errors import LedgerError, MonthOpenError
from ccd.floor.days import ONE_DAY, SECOND
from ccd.history.close import DAYS_BACK_MAX
from ccd.history.due_days import due_days
from ccd.history.reading import reading
from ccd.history.unit_days import how_they_stand, is_recorded_between, passed_over, settled_since, unfinished_days
from ccd.ledger.books import Ledger
from ccd.org.rights import may_close_month
from ccd.settings import Settings

OVERLAP_US = 600 * SECOND  # what is looked at again: a settlement is noted a little after its time
BEHIND_US = 100 * 86_400 * SECOND  # what was settled longer ago was looked at by a daemon that ran then
MONTHS_BACK_MAX = 2  # what lies further back is closed by hand

log = structlog.get_logger("ccd.daemon")


def calendar_of(settings: Settings) -> Calendar:
    return Calendar(**dict(settings.attendance))


class Foreseen(NamedTuple):
    """Of an agent's month, as it would be closed now: what attendance would be given, from the day on from which that
    is foreseen; and what would expire, if anything can."""

    month: Month | None
    expires: Expiring | None


class AttendanceMonths:
    """Of a site, as commands and the daemon ask of them. `now` gives µs since the epoch."""

    def __init__(self, ledger: Ledger, site: Site, now: Callable[[], int]) -> None:
        self._ledger, self._site, self._now = ledger, site, now
        name = site.settings.site
        self.calendar = calendar_of(site.settings)
        self.loans = Loans(site.branch(ledger), self.calendar)
        self.expiry = Expiry(site.branch(ledger), self.calendar)
        self.closing = MonthClose(ledger, site.policies, self.loans, self.expiry, name)
        self.idle = IdleLeave(ledger, site.policies, name, self.today)

    def today(self) -> date:
        return self._site.units.site_day(self._now())

    def running(self) -> str:
        return self.calendar.month_of(self.today())

    async def post_leave(self, unit_days: Iterable[tuple[str, date]]) -> set[str]:
        """Owes what of these days was leave, as far as they were idle; whose accounts are others now."""
        async with reading(self._ledger.engine) as connection:
            told = await on_leave(connection, self._site, unit_days)
        return await self.idle.post(told)

    async def close(self, month: str, asking: Asking) -> dict[str, Result]:
        """MonthOpenError names what it waits for. The book is the whole site's, and who closes it a clerk of all."""
        last_day = self.calendar.last_day(month)
        lines = [self._site.units.with_above(unit, last_day) for unit in self._site.rostered_units]
        asking = asking.under(*(may_close_month(asking.person, line) for line in lines))
        if known := await self.closing.given(month):
            return known
        first, last = self.calendar.span(month)
        stands = await self._stand(first, last)
        if reasons := [reason async for reason in self._waits_for(month)]:
            found = f"can't be closed yet: {'; '.join(reasons)}"
            raise MonthOpenError(month, found, "month-waits", month=month)
        async with reading(self._ledger.engine) as connection:
            days = await settled_since(connection, 0, first)
        await self.post_leave((one.unit, one.day) for one in days if one.day <= last)
        attended = await self.attended(month)
        return await self.closing.close(
            asking, month, attended, lambda plain: how_they_stand(plain, first, last) == stands
        )

    async def _stand(self, first: date, last: date) -> tuple[object, ...]:
        """Whoever rules while the month is being closed is told apart by it: full attendance is not reopened for what
        was known before."""
        async with reading(self._ledger.engine) as connection:
            return await connection.run_sync(how_they_stand, first, last)

    async def attended(self, month: str, agents: Iterable[str] | None = None) -> list[Attended]:
        first, last = self.calendar.span(month)
        async with reading(self._ledger.engine) as connection:
            whose = None if agents is None else list(agents)
            return await attended(connection, self._site, first, last, self.today(), whose)

    async def differences(self, month: str) -> list[Difference]:
        """What attendance would be given otherwise now than it was."""
        return await self.closing.differences(month, await self.attended(month))

    async def correct(self, asking: Asking, month: str, agent: str, why: str, reopens: bool) -> Result | None:
        found = await self.attended(month, [agent])
        if not found and not await self.closing.given(month, agent):
            raise MonthOpenError(month, f"has nothing of {agent}, who was not there in it", "not-found")
        (one,) = found or [Attended(agent, "", ())]
        duty = may_close_month(asking.person, self._site.units.with_above(one.unit, self.calendar.last_day(month)))
        return await self.closing.correct(asking.under(duty), month, one, why, reopens)

    async def forecast(self, agent: str, month: str) -> Month:
        """The agent's month as it would be closed now: what can be offset is, where that secures full attendance."""
        offer = await self.loans.offer(agent, month)
        return self.closing.forecast(month, await self._attended_so_far(agent, month), offer)

    async def foreseen(self, agent: str, month: str, offer: LoanOffer) -> Foreseen:
        """With what the agent is offered."""
        if self.today() < self.calendar.foreseen_from(month):
            return Foreseen(None, await self.expires(agent, month))
        so_far = await self._attended_so_far(agent, month)
        expires = await self.closing.expires(month, so_far) if self.expiry.may(agent, month) else None
        return Foreseen(self.closing.forecast(month, so_far, offer), expires)

    async def expires(self, agent: str, month: str) -> Expiring | None:
        """What of the agent's would expire if the month were closed now; None where nothing does, or it is closed."""
        if not self.expiry.may(agent, month):  # the days of the month need not be read for that
            return None
        return await self.closing.expires(month, await self._attended_so_far(agent, month))

    async def _attended_so_far(self, agent: str, month: str) -> Attended:
        (one,) = await self.attended(month, [agent]) or [Attended(agent, "", ())]
        return one

    async def settle_appealed(self, month: str) -> set[str]:
        """Of a closed month: what waited for an appeal that is decided, of whom no day in it is still to be measured
        anew or settled: what that gives back may be what the rest is offset with. Whose accounts are others now."""
        waited = await self.closing.owing(month)
        if not waited:
            return set()
        first, last = self.calendar.span(month)
        async with reading(self._ledger.engine) as connection:  # both as of one moment: who upholds notes the day
            found = await attended(connection, self._site, first, last, self.today(), waited)
            every = await unfinished_days(connection)
        here = [one for one in every if one.unit in self._site.rostered_units and first <= one.day <= last]
        unfinished = [(one.unit, one.day) for one in here]
        ready = [one for one in found if not self._has_one_of(one, unfinished)]
        return await self.closing.settle_appealed(month, ready)

    def _has_one_of(self, one: Attended, unit_days: Iterable[tuple[str, date]]) -> bool:
        """Whether the agent has one of these days, by a record or by the roster."""
        recorded, days = {(each.unit, each.day) for each in one.days}, self._site.agent_days
        return any((unit, day) in recorded or days.unit(one.agent, day) == unit for unit, day in unit_days)

    async def under_appeal(self, month: str) -> list[Appeal]:
        """Lines for days of the month; what they are about waits until they are decided."""
        async with reading(self._ledger.engine) as connection:
            return await connection.run_sync(lambda plain: open_appeals(plain, *self.calendar.span(month)))

    async def wait_no_more(self) -> set[str]:
        """The months, however long they have been closed, of which something is owed that waited for an appeal."""
        async with reading(self._ledger.engine) as connection:
            days = await connection.run_sync(decided_and_owing)
        return {self.calendar.month_of(day) for day in days}

    async def is_due(self, month: str) -> bool:
        first, last = self.calendar.span(month)
        if self._now() < self.loans.closes_at(month):
            return False
        async with reading(self._ledger.engine) as connection:
            return await is_recorded_between(connection, first, last)

    async def closed(self) -> frozenset[str]:
        async with reading(self._ledger.engine) as connection:
            return await connection.run_sync(closed_months, self._site.settings.site)

    async def _waits_for(self, month: str) -> AsyncIterator[str]:
        last = self.calendar.last_day(month)
        if self._now() < self.loans.closes_at(month):
            yield f"agents decide until {self.calendar.closes(month):%Y-%m-%d %H:%M}"
        async with reading(self._ledger.engine) as connection:
            if not await is_recorded_between(connection, *self.calendar.span(month)):
                yield "nothing was measured in it"
            for unit, day in await self._unsettled(connection, *self.calendar.span(month)):
                yield f"{day} of {unit} is not settled"
            end = self._site.span_of_days(last, last).end
            for one in await connection.run_sync(lambda plain: [*_days_off(plain, last), *_entries(plain, end)]):
                yield one
        for emergency in await Overtime(self._ledger, self._site, self._now).unfinished(end):
            yield f"the emergency {emergency.id} of {emergency.unit} is not measured to its end"

    async def _unsettled(self, connection: AsyncConnection, first: date, last: date) -> list[tuple[str, date]]:
        """By unit, the first day up to `last` that is not: of the month also one that was passed over, and later ones
        were not."""
        site, settings = self._site, self._site.settings
        ago = max(0, (self.today() - last).days)
        seen = await due_days(
            connection, site.measuring, site.rostered_units, [pbx.name for pbx in settings.pbx], self._now(),
            settings.settle_wait_s_max * SECOND, DAYS_BACK_MAX + ago, last + ONE_DAY,
        )  # fmt: skip
        missing = await passed_over(connection, first, last)
        days = [(each.unit, each.day.day) for each in (*seen.due, *seen.waiting)]
        days += [(each.unit, each.day) for each in missing if each.unit in site.rostered_units]
        found: dict[str, date] = {}
        for unit, day in days:
            found[unit] = min(day, found.get(unit, last))
        return sorted(found.items())


class MonthsDue:
    """What the daemon does of it by itself."""

    def __init__(
        self,
        ledger: Ledger,
        current: Current,
        now: Callable[[], int],
        tell: Callable[[Iterable[str]], None],
    ) -> None:
        self._ledger, self._current, self._now, self._tell = ledger, current, now, tell
        self._seen = 0  # when the newest that was looked at was settled, µs
        self._said: dict[str, str] = {}  # why a month is not closed
        self._offered: tuple[date, ...] | None = None  # of the running month, the days since which more is offered

    async def look(self) -> list[str]:
        """Which months were closed."""
        months = AttendanceMonths(self._ledger, self._current.site, self._now)
        running = months.running()
        self._tell_what_is_offered(months, running)
        past = [month_before(running, months_back) for months_back in range(MONTHS_BACK_MAX, 0, -1)]
        known = await months.closed()
        new = await self._owe(months)
        changed = {months.calendar.month_of(day) for day in new}
        for month in known.intersection({*past, *changed, *await months.wait_no_more()}):
            if touched := await months.settle_appealed(month):
                self._tell(touched)
            if month in changed:
                await self._list_differences(months, month)
        due = [month for month in past if month not in known and await months.is_due(month)]
        return [month for month in due if await self._close(months, month)]

    def _tell_what_is_offered(self, months: AttendanceMonths, running: str) -> None:
        """Full attendance is foreseen, or leave can be offset, from a day on, without anybody's act."""
        calendar, today = months.calendar, months.today()
        days = (calendar.span(running)[0], calendar.foreseen_from(running), calendar.opens_on(running))
        before, self._offered = self._offered, tuple(day for day in days if day <= today)
        if before not in (None, self._offered):
            self._tell(self._current.site.roster.agents)

    async def _owe(self, months: AttendanceMonths) -> list[date]:
        """The days that were settled since the last look, whenever they were; at the first look, in `BEHIND_US`."""
        since = self._seen - OVERLAP_US if self._seen else self._now() - BEHIND_US
        async with reading(self._ledger.engine) as connection:
            new = await settled_since(connection, since, date.min)
        if touched := await months.post_leave((one.unit, one.day) for one in new):
            self._tell(touched)
        fresh = [one.day for one in new if (one.settled_at or 0) > self._seen]
        self._seen = max((one.settled_at or 0 for one in new), default=self._seen)
        return fresh

    async def _list_differences(self, months: AttendanceMonths, month: str) -> None:
        found = [one.now.agent for one in await months.differences(month)]
        if found:
            hint = f"see `ccd bank month differences {month}`"
            log.warning("attendance was given something else", month=month, agents=found, hint=hint)

    async def _close(self, months: AttendanceMonths, month: str) -> bool:
        try:
            asking = Asking(f"month close/{month}", by_itself("month close"), gethostname(), self._now())
            results = await months.close(month, asking)
        except (MonthOpenError, LedgerError) as error:
            if self._said.get(month) != str(error):
                log.warning("an attendance month waits", month=month, why=str(error))
            self._said[month] = str(error)
            return False
        full = sum(result.month.full for result in results.values())
        expired_s = sum((await months.expiry.expired(month, results)).values())
        log.info(
            "an attendance month is closed",
            month=month, agents=len(results), full_attendance=full, expired_s=expired_s,
        )  # fmt: skip
        if appeals := await months.under_appeal(month):
            log.warning("what is under appeal waits", month=month, days=[f"{one.agent} {one.day}" for one in appeals])
        self._tell(results)
        return True


def _days_off(plain: Connection, last: date) -> Iterator[str]:
    for day in open_days(plain, last):
        for one in on_days(plain, day, day):
            if one.state in OPEN:
                yield f"{one.id} of {one.agent} for {one.day} is {one.state}"


def _entries(plain: Connection, end: int) -> Iterator[str]:
    """Overtime entered by hand, in emergencies that began before an instant, µs."""
    found = [one.id for one in emergencies_within(plain, 0, end) if one.start < end]
    for entry in entries_of(plain, found) if found else ():
        if entry.waits:
            yield f"the overtime {entry.id} of {entry.agent} waits for a second person"
