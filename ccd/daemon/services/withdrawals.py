"""Days off as time moves them: places that are allocated at a deadline; and days that have come and gone, which are
spent, but for what the day's record says was worked all the same."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import date, timedelta
from itertools import groupby

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.allocating import Allocations, Tenure
from ccd.bank.allocation import Allocation
from ccd.bank.day_off_costs import WholeDay
from ccd.bank.days_off_calendar import DayOutlook, OwnOutlook, days_off_outlook
from ccd.bank.giving_back import GivingBack
from ccd.bank.holds import ALLOCATION, WAITING_LIST
from ccd.bank.moving_along import MovingAlong
from ccd.bank.overtime_day_rows import Mark, marks_since
from ccd.bank.quota import Busyness, suggestion
from ccd.bank.replanning import Replanning
from ccd.bank.said import Said
from ccd.bank.withdrawal import OPEN, Application, ApplicationState, unit_by_now
from ccd.bank.withdrawing import Withdrawals
from ccd.daemon.refusals import Refusals
from ccd.daemon.services.worked_days_off import over_the_end, shifts_begun, worked_on
from ccd.daemon.site import Current, Site
from ccd.errors import DayWaitsError
from ccd.floor.days import ONE_DAY, SECOND, dates
from ccd.history.sums import sums_of_agents
from ccd.history.unit_days import UnitDay, settled_on, settled_since
from ccd.ledger.books import Ledger
from ccd.sql.turns import Patience, take_turn

log = structlog.get_logger("ccd.daemon")

REVISED_FOR = timedelta(days=400)  # who asks for more is not heard: a ledger of older months is long closed
OVERLAP_US = 60 * SECOND  # what was settled at the same time may have been written after it was looked for
WEEKS_WANTED = 4
WEEKS_MAX = 13  # that are looked through for them: a day that is to come may be far ahead


def withdrawals_of(ledger: Ledger, site: Site) -> Withdrawals:
    return Withdrawals(site.branch(ledger), site.staff.contract_ppm)


def allocations_of(ledger: Ledger, site: Site) -> Allocations:
    def tenure_of(agent: str, day: date) -> Tenure:
        return Tenure(site.staff.joined_on(agent), site.staff.contract_ppm(agent, day))

    return Allocations(ledger, withdrawals_of(ledger, site).holds, site.settings.site, tenure_of)


async def outlook_of(ledger: Ledger, site: Site, agent: str, first: date, last: date) -> list[OwnOutlook]:
    """For an agent, of the unit in which they are on each day."""
    withdrawals = withdrawals_of(ledger, site)
    whole = await withdrawals.whole_days(agent, first, last)
    found: list[DayOutlook] = []
    for unit, days in groupby(dates(first, last), lambda day: site.agent_days.unit(agent, day) or ""):
        stay = list(days)
        found += await days_off_outlook(ledger, withdrawals.holds, unit, stay[0], stay[-1], agent)
    return [OwnOutlook(one, whole.get(one.day, WholeDay(0, one.day, None))) for one in found]


async def suggested(ledger: Ledger, site: Site, unit: str, day: date) -> tuple[int, list[Busyness]]:
    """How many of a unit could be off on a day, by the last four days of its weekday that were measured before it was
    asked for, and these."""
    weeks = [day - timedelta(days=7 * number) for number in range(1, WEEKS_MAX + 1)]

    async def read(connection: AsyncConnection) -> list[Busyness]:
        found: list[Busyness] = []
        for each in weeks:
            if len(found) < WEEKS_WANTED:
                rows = await sums_of_agents(connection, each, each, site.units.with_below([unit], each))
                agents = sum(row["days"] for row in rows)
                times = (sum(row[name] for row in rows) // SECOND for name in ("signed_in", "available"))
                found += [Busyness(each, agents, *times)] if agents else []
        return found

    found = await take_turn(ledger.engine, read, Patience(), keep=False, writes=False)
    return suggestion(found, site.policies.policy_at(unit, day).days_off.spare_ppm), found


async def close_days_off(ledger: Ledger, site: Site, day: date, said: Said) -> list[Application]:
    """DayWaitsError where the day is not settled in a unit in which somebody has applied for it."""
    withdrawals = withdrawals_of(ledger, site)
    waiting = [one for one in await withdrawals.calendar(day, day) if one.state in OPEN]

    agents = {one.agent for one in waiting}

    async def settled(connection: AsyncConnection) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        begun = await connection.run_sync(lambda plain: shifts_begun(plain, site, day, agents))
        later = over_the_end(site, day, begun)
        return await settled_on(connection, day), await settled_on(connection, day + ONE_DAY), later

    today, tomorrow, later = await take_turn(ledger.engine, settled, Patience(), keep=False, writes=False)
    for one in sorted(waiting, key=lambda one: one.unit):
        for each, known in ((day, today), (day + ONE_DAY, tomorrow)):
            unit = unit_by_now(one, site.agent_days, each)
            if unit not in known and (each == day or one.agent in later):
                raise DayWaitsError(unit, each, "days off are spent once the day is settled; see `ccd settle`")
    return await withdrawals.close(day, await worked_on(ledger, site, day, waiting), said)


def _measured_in(site: Site, one: Application) -> set[str]:
    """The units of the day and of the next, in which it may end: who moved after applying is in another."""
    return {unit_by_now(one, site.agent_days, day) for day in (one.day, one.day + ONE_DAY)}


class DaysOff:
    """Closes days off as their days are settled. `now` gives µs since the epoch."""

    def __init__(
        self,
        ledger: Ledger,
        current: Current,
        now: Callable[[], int],
        tell: Callable[[Iterable[str]], None],
    ) -> None:
        self._ledger, self._current, self._now, self._tell = ledger, current, now, tell
        self._refusals = Refusals()
        self._looked_until = 0  # µs
        self._overtime: frozenset[Mark] = frozenset()  # as it was measured at the last look
        self._owed: dict[date, set[str]] = {}  # units of which days off of a day are still to be reckoned anew

    async def look(self) -> None:
        """All that is due. Places are allocated among those who want them still, for what is planned by then."""
        await self.release_due()
        await self.move_along_due()
        await self.replan_due()
        await self.allocate_due()
        await self.approve_due()
        await self.close_due()
        await self.revise_due()
        await self.move_up_due()

    async def move_up_due(self) -> list[Application]:
        """Who waits for a place that there is, since a quota lets more off, or the balance covers it by now."""
        site, at = self._current.site, self._now()
        today = site.units.site_day(at)
        withdrawals = withdrawals_of(self._ledger, site)
        days, said = await withdrawals.days_with_room(today, at), Said(WAITING_LIST, today, at)
        return await self._done("nobody can move up to a day off", days, withdrawals.move_up, said)

    async def approve_due(self) -> list[Application]:
        """What has a place, and had to wait for other days of its run; has it begun by then, all of these end."""
        site, at = self._current.site, self._now()
        today = site.units.site_day(at)
        allocations = allocations_of(self._ledger, site)
        days, said = await allocations.decided_by_rule(today, at), Said(ALLOCATION, today, at)
        return await self._done("days off can't be decided by rule", days, allocations.decide_by_rule, said)

    async def release_due(self) -> list[Application]:
        """Whoever has leave that comes before a day off."""
        site, at = self._current.site, self._now()
        withdrawals, said = withdrawals_of(self._ledger, site), Said("leave", site.units.site_day(at), at)
        days = await withdrawals.beaten_days()
        return await self._done("days off can't be released for leave", days, withdrawals.release, said)

    async def move_along_due(self) -> list[Application]:
        """Whoever has moved is decided on, and has a place, in the unit in which they are on the day."""
        site, at = self._current.site, self._now()
        moving, said = MovingAlong(site.branch(self._ledger)), Said("roster", site.units.site_day(at), at)
        return await self._done("days off can't move along", await moving.moved_days(at), moving.move, said)

    async def replan_due(self) -> list[Application]:
        """What is held of days off follows the plan; where more is planned than the balance covers, that is said."""
        site, at = self._current.site, self._now()
        replanning = Replanning(self._ledger, site.units, site.policies, site.settings.site)
        days, said = await replanning.changed_days(), Said("plan", site.units.site_day(at), at)
        changed = await self._done("days off can't follow the plan", days, replanning.replan, said)
        for one in changed:
            if one.missing_s:
                about = {"agent": one.agent, "day": one.day.isoformat(), "seconds": one.missing_s}
                log.warning("more is planned of a day off than could be held", **about)
        return changed

    async def _done(
        self, refused: str, days: Iterable[date], act: Callable[[date, Said], Awaitable[list[Application]]], said: Said
    ) -> list[Application]:
        """What came of the act, day by day, told to whose it is. One that is refused is said once, and done at the next
        look."""
        done: list[Application] = []
        for day in days:
            with self._refusals.said_once(refused, day=day.isoformat()):
                done += await act(day, said)
        if done:
            self._tell({one.agent for one in done})
        return done

    async def revise_due(self) -> list[Application]:
        """Days off that were taken, of days that were settled since this process looked at them last, or whose overtime
        was measured since: what it pays does not come back besides."""
        site, at = self._current.site, self._now()
        today = site.units.site_day(at)
        since, first = self._looked_until, today - REVISED_FOR

        async def read(connection: AsyncConnection) -> tuple[list[UnitDay], frozenset[Mark]]:
            overtime = await connection.run_sync(marks_since, first)
            return await settled_since(connection, since, first), overtime

        settled, overtime = await take_turn(self._ledger.engine, read, Patience(), keep=False, writes=False)
        changed = {(one.unit, one.day) for one in settled if not one.stale}
        changed |= {(mark.unit, mark.day) for mark in overtime - self._overtime}
        for unit, on in changed:
            for day in (on - ONE_DAY, on):  # a shift of the day before may end in it
                self._owed.setdefault(day, set()).add(unit)
        withdrawals = withdrawals_of(self._ledger, site)
        giving = GivingBack(self._ledger, site.policies, site.settings.site)
        revised: list[Application] = []
        for day, units in sorted(self._owed.items()):
            every = await withdrawals.calendar(day, day)
            over = (one for one in every if one.state is ApplicationState.TAKEN)
            taken = [one for one in over if _measured_in(site, one) & units]
            with self._refusals.said_once("days off can't be reckoned anew", day=day.isoformat()):
                if taken:
                    costs_s = await withdrawals.costs_s(day, await worked_on(self._ledger, site, day, taken))
                    revised += await giving.revise(day, costs_s, Said("settlement", today, at))
                del self._owed[day]
        self._overtime = overtime
        self._looked_until = max([since, *(one.settled_at - OVERLAP_US for one in settled if one.settled_at)])
        if revised:
            self._tell({one.agent for one in revised})
        return revised

    async def allocate_due(self) -> list[Allocation]:
        """Of the days that are to come, those whose deadline has passed. Whoever has applied for one is told, also
        who has what is left of an allocation that was made before."""
        site, at = self._current.site, self._now()
        today = site.units.site_day(at)
        allocations = allocations_of(self._ledger, site)
        made = []
        for top, day in await allocations.due(today, at):
            said = Said(ALLOCATION, site.units.days(top).at(at).day, at)
            with self._refusals.said_once("days off can't be allocated", day=day.isoformat()):
                made.append(await allocations.allocate(top, day, said))
        for day in {allocation.day for allocation in made}:
            self._tell({one.agent for one in await withdrawals_of(self._ledger, site).calendar(day, day)})
        return made

    async def close_due(self) -> list[Application]:
        """What was closed, of all days that are over and settled; those that are not wait."""
        site = self._current.site
        today = site.units.site_day(self._now())
        closed: list[Application] = []
        for day in await withdrawals_of(self._ledger, site).open_days(today):
            said = Said("settlement", today, self._now())
            with self._refusals.said_once("days off can't be closed", day=day.isoformat()), suppress(DayWaitsError):
                closed += await close_days_off(self._ledger, site, day, said)
        if closed:
            self._tell({application.agent for application in closed})
        return closed
