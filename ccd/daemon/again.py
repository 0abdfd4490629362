"""What the daemon does over and over, and once the database is back where it was away."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from ccd.errors import DatabaseBusyError
from ccd.sql.turns import DRIVER_ERRORS, is_away

log = structlog.get_logger("ccd.daemon")


async def again_and_again(what: str, do: Callable[[], Awaitable[object]], interval_s: float) -> None:
    """Until it is cancelled. Raises what is no passing failure of the database; one that passes is said once, and so is
    that it has passed."""
    away = False
    while True:
        try:
            await do()
            if away:
                log.info("the database is back", what=what)
            away = False
        except (DatabaseBusyError, *DRIVER_ERRORS) as error:
            if not is_away(error):
                raise
            if not away:
                log.warning("waits for the database", what=what, error=str(error).splitlines()[0])
            away = True
        await asyncio.sleep(interval_s)
