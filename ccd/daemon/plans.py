"""What agents are scheduled for today, for the meters of the day that runs (docs/time-bank.md 2.4)."""

from collections.abc import Callable
from datetime import date, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.floors import Floors
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.org.shift_rows import scheduled_of_agents_us
from ccd.sql.turns import Patience, take_turn

A_DAY = timedelta(days=1)

log = structlog.get_logger("ccd.daemon")


class Plans:
    """Tells the floors. `now` gives the site's clock in µs."""

    def __init__(self, engine: AsyncEngine, current: Current, floors: Floors, now: Callable[[], int]) -> None:
        self._engine, self._current, self._floors, self._now = engine, current, floors, now

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
