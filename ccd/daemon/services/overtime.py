"""Overtime: emergencies that are over are measured and posted; the difference is, whenever a day of theirs is measured
anew or more is said of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.call_out_rows import note_sign_ins
from ccd.bank.emergency_rows import emergencies_within
from ccd.bank.overtime import Emergency, MuchOvertime, overtime_warnings
from ccd.bank.overtime_acts import Emergencies
from ccd.bank.overtime_day_rows import Mark, how_much_said, measured_up_to, note_mark
from ccd.bank.overtime_posting import Deposited, OvertimeDay, OvertimeDesk
from ccd.daemon.refusals import Refusals
from ccd.daemon.services.overtime_reckoning import Reckoned, Reckoning, is_over
from ccd.daemon.site import Current, Site
from ccd.history.reading import reading, stored_sources
from ccd.history.schema import unit_days
from ccd.history.seen_days import measured_times
from ccd.history.unit_days import mark_stale
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import month_of
from ccd.sql.locks import wait_for_others

log = structlog.get_logger("ccd.daemon")

TRIES_MAX = 5  # at an emergency of which more is said while it is closed


class Overtime:
    """Reads and posts for one site. `now` gives µs since the epoch."""

    def __init__(self, ledger: Ledger, site: Site, now: Callable[[], int]) -> None:
        self._ledger, self._site, self._now = ledger, site, now
        self._reckoning = Reckoning(ledger.engine, site, now)
        self._desk = OvertimeDesk(ledger, site.policies, site.settings.site, self._today)

    async def due(self) -> list[Emergency]:
        """Those that are over in every switch's own time, and not measured up to what is known."""
        async with reading(self._ledger.engine) as connection:
            sources = await stored_sources(connection)
            now = self._now()
            begun = await self._all(connection, 0, now)
            over = [one for one in begun if is_over(self._site, one, sources, now)]
            if not over:
                return []
            names = [one.id for one in over]
            said = await connection.run_sync(how_much_said, names)
            marks = await connection.run_sync(measured_up_to, names)
            times = await measured_times(connection, (mark.unit for mark in marks))
        measured = {mark.emergency for mark in marks}
        behind = {mark.emergency for mark in marks if _is_behind(mark, said[mark.emergency], times)}
        return [one for one in over if one.id in behind or one.id not in measured]

    async def unfinished(self, until: int) -> list[Emergency]:
        """Those that began before an instant, µs, and run, or are due."""
        async with reading(self._ledger.engine) as connection:
            sources = await stored_sources(connection)
            now = self._now()
            begun = await self._all(connection, 0, min(until, now))
        running = [one for one in begun if not is_over(self._site, one, sources, now)]
        return running + [one for one in await self.due() if one.start < until]

    async def close(self, emergency: Emergency) -> list[Deposited]:
        """Measures and posts what is not posted yet. Where more is said or measured meanwhile it is reckoned anew: of
        two who close at once the one who looked earlier must not post last. What goes on changing is due at the next
        look."""
        for _ in range(TRIES_MAX):
            posted = await self._close(await self._reckoning.of(emergency))
            if posted is not None:
                return posted
        return []

    async def _close(self, reckoned: Reckoned) -> list[Deposited] | None:
        def note(desk: Desk, posted: Sequence[Deposited]) -> None:
            for mark in reckoned.marks:
                note_mark(desk.connection, mark)
            note_sign_ins(desk.connection, reckoned.emergency.id, reckoned.sign_ins)
            if in_base := {(one.unit, one.day) for one in posted if self._counts_in_base(one)}:
                wait_for_others(desk.connection, unit_days)  # who measures one of them now did not see it
                mark_stale(desk.connection, in_base)

        return await self._desk.post(reckoned.days, "settlement", note, reckoned.basis.holds)

    async def disagreeing(self, first: date, last: date) -> list[Deposited]:
        """What would be posted for days that were posted before, where they come to something else now; but for those
        that are due anyhow."""
        due = await self.due()
        async with reading(self._ledger.engine) as connection:
            found = await self._all(connection, *self._site.span_of_days(first, last))
            marks = await connection.run_sync(measured_up_to, [one.id for one in found])
        measured = {mark.emergency for mark in marks}
        days: dict[tuple[str, date], OvertimeDay] = {}
        waiting: set[tuple[str, date]] = set()
        for one in found:
            reckoned = {(day.agent, day.day): day for day in (await self._reckoning.of(one)).days}
            if one in due:
                waiting |= reckoned.keys()
            elif one.id in measured:
                days |= reckoned
        wanted = [day for key, day in days.items() if first <= day.day <= last and key not in waiting]
        return await self._desk.rehearse(wanted)

    async def too_much(self, days: Collection[OvertimeDay]) -> dict[tuple[str, date], list[MuchOvertime]]:
        """By agent and day, what to warn of: with what else there was of overtime on the day and in its month."""
        months_s = await self._desk.months_s(days)
        return {
            (one.agent, one.day): warnings_of(
                self._site, one, one.due.deposit_s, months_s[one.agent, month_of(one.day)]
            )
            for one in days
        }

    async def _all(self, connection: AsyncConnection, start: int, end: int) -> list[Emergency]:
        return await connection.run_sync(emergencies_within, start, end)

    def _counts_in_base(self, one: Deposited) -> bool:
        return self._site.policies.policy_at(one.unit, one.day).overtime.counts_in_base

    def _today(self) -> date:
        return self._site.units.site_day(self._now())


def emergencies_of(ledger: Ledger, site: Site) -> Emergencies:
    return Emergencies(ledger.engine, site.units, site.all_units, site.policies, site.agent_days)


def warnings_of(site: Site, one: OvertimeDay | Deposited, day_s: int, month_s: int) -> list[MuchOvertime]:
    policy, share_ppm = site.policies.policy_at(one.unit, one.day), site.staff.contract_ppm(one.agent, one.day)
    return overtime_warnings(day_s, month_s, policy, share_ppm)


def _is_behind(mark: Mark, said: int, times: Mapping[tuple[str, date], int]) -> bool:
    return mark.said < said or mark.measured_at < times.get((mark.unit, mark.day), 0)


class OvertimeClosing:
    """The daemon's child: looks for emergencies to close, and tells whoever looks at an account."""

    def __init__(
        self,
        ledger: Ledger,
        current: Current,
        now: Callable[[], int],
        tell: Callable[[Iterable[str]], None],
    ) -> None:
        self._ledger, self._current, self._now, self._tell = ledger, current, now, tell
        self._refusals = Refusals()
        self._running: Mapping[Emergency, frozenset[str]] = {}

    async def close_due(self) -> list[Deposited]:
        """What was posted, of all emergencies that are over; those whose switches lag wait."""
        overtime = Overtime(self._ledger, self._current.site, self._now)
        posted: list[Deposited] = []
        for emergency in await overtime.due():
            with self._refusals.said_once("overtime can't be posted", emergency=emergency.id):
                posted += await overtime.close(emergency)
        if posted:
            self._warn(posted)
        if told := {one.agent for one in posted} | await self._who_sees_it_begin_or_end():
            self._tell(told)
        return posted

    async def _who_sees_it_begin_or_end(self) -> frozenset[str]:
        """For whom there is another emergency than at the last look, or none any more."""
        reckoning = Reckoning(self._ledger.engine, self._current.site, self._now)
        before, self._running = self._running, await reckoning.running()
        changed = before.items() ^ self._running.items()
        return frozenset(agent for _, agents in changed for agent in agents)

    def _warn(self, posted: Collection[Deposited]) -> None:
        for one in posted:
            for why in warnings_of(self._current.site, one, one.day_s, one.month_s):
                log.warning("much overtime", agent=one.agent, day=one.day.isoformat(), why=str(why))
