"""What agents are scheduled for today, for the meters of the day that runs (docs/time-bank.md 2.4)."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.floors import Floors
from ccd.daemon.site import Current
from ccd.errors import DatabaseBusyError
from ccd.floor.days import SECOND
from ccd.org.shift_rows import scheduled_of_agents_us
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away, take_turn

LOOK_INTERVAL_S = 15.0
A_DAY = timedelta(days=1)

log = structlog.get_logger("ccd.daemon")


class Plans:
    """Tells the floors. `now` gives the site's clock in µs."""

    def __init__(self, engine: AsyncEngine, current: Current, floors: Floors, now: Callable[[], int]) -> None:
        self._engine, self._current, self._floors, self._now = engine, current, floors, now

    async def run(self) -> None:
        """Until it is cancelled. Raises what is no passing failure of the database; while it is away the meters go on
        by what was planned when it was last there."""
        away = False
        while True:
            try:
                await self.look()
                away = False
            except (DatabaseBusyError, *DRIVER_ERRORS) as error:
                if not is_away(error):
                    raise
                if not away:
                    log.warning("what is planned can't be read", error=str(error).splitlines()[0])
                away = True
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def look(self) -> None:
        """Of the days that run somewhere, and of those that are next: a day that begins has its plan already."""
        site = self._current.site
        if not site.policies.any_keeps_schedules:
            self._floors.plan({})
            return
        today = site.newest_day(self._now())

        async def read(connection: AsyncConnection) -> dict[tuple[str, date], int]:
            return await connection.run_sync(scheduled_of_agents_us, site.agent_days, today - A_DAY, today + A_DAY)

        found = await take_turn(self._engine, read, Patience(), keep=False, writes=False)
        self._floors.plan({of: us // SECOND for of, us in found.items()})
