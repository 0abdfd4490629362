"""Seals what was recorded, about each second. Where the database is away it is sealed once it is back."""

import asyncio

import structlog

from ccd.errors import DatabaseBusyError
from ccd.ledger.sealing import Sealer
from ccd.sql.turns import DRIVER_ERRORS, is_away

SEAL_INTERVAL_S = 1.0

log = structlog.get_logger("ccd.daemon")


async def keep_sealing(sealer: Sealer) -> None:
    """Until it is cancelled. Raises what is no passing failure of the database."""
    away = False
    while True:
        try:
            await sealer.seal()
            if away:
                log.info("the ledger is sealed again")
            away = False
        except (DatabaseBusyError, *DRIVER_ERRORS) as error:
            if not is_away(error):
                raise
            if not away:
                log.warning("the ledger can't be sealed: what was posted waits for it", error=str(error))
            away = True
        await asyncio.sleep(SEAL_INTERVAL_S)
