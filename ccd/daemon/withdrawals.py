"""Days off that have come and gone: spent, but for what the day's record says was worked all the same."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import date

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.withdrawal import OPEN, Application
from ccd.bank.withdrawing import Said, Withdrawals
from ccd.daemon.site import Current, Site
from ccd.errors import DatabaseBusyError, DayWaitsError, LedgerError
from ccd.floor.days import SECOND
from ccd.history.day_rows import latest_days
from ccd.history.unit_days import settled_on
from ccd.ledger.books import Ledger
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away, take_turn

CLOSE_INTERVAL_S = 60.0

log = structlog.get_logger("ccd.daemon")


def withdrawals_of(ledger: Ledger, site: Site) -> Withdrawals:
    return Withdrawals(ledger, site.units, site.policies, site.agent_days, site.settings.site)


async def close_days_off(ledger: Ledger, site: Site, day: date, said: Said) -> list[Application]:
    """DayWaitsError where the day is not settled in a unit in which somebody has applied for it."""
    bank = withdrawals_of(ledger, site)
    waiting = [one for one in await bank.calendar(day, day) if one.state in OPEN]

    async def worked(connection: AsyncConnection) -> dict[str, int]:
        settled = await settled_on(connection, day)
        for unit in sorted({one.unit for one in waiting} - settled):
            raise DayWaitsError(unit, day, "days off are spent once the day is settled; see `ccd settle`")
        found = await latest_days(connection, day, agents={one.agent for one in waiting})
        return {agent: stored.record.signed_in // SECOND for agent, stored in found.items()}

    worked_s = await take_turn(ledger.engine, worked, Patience(), keep=False, writes=False)
    return await bank.close(day, worked_s, said)


class DaysOff:
    """Closes days off as their days are settled. `now` gives µs since the epoch."""

    def __init__(
        self,
        ledger: Ledger,
        current: Current,
        now: Callable[[], int],
        announce: Callable[[Iterable[str]], Awaitable[None]],
    ) -> None:
        self._ledger, self._current, self._now, self._announce = ledger, current, now, announce
        self._refused: set[date] = set()  # that are said, and wait until somebody has looked

    async def run(self) -> None:
        """Until it is cancelled. Raises what is no passing failure of the database."""
        while True:
            try:
                await self.close_due()
            except (DatabaseBusyError, *DRIVER_ERRORS) as error:
                if not is_away(error):
                    raise
                log.warning("days off are closed once the database is back", error=str(error))
            await asyncio.sleep(CLOSE_INTERVAL_S)

    async def close_due(self) -> list[Application]:
        """What was closed, of all days that are over and settled; those that are not wait."""
        site = self._current.site
        today = site.units.days("").at(self._now()).day
        closed: list[Application] = []
        for day in await withdrawals_of(self._ledger, site).open_days(today):
            said = Said("settlement", today, self._now())
            try:
                closed += await close_days_off(self._ledger, site, day, said)
            except DayWaitsError:
                continue
            except LedgerError as error:
                if day not in self._refused:
                    log.error("days off can't be closed", day=day.isoformat(), error=str(error))
                self._refused.add(day)
        if closed:
            await self._announce({application.agent for application in closed})
        return closed
