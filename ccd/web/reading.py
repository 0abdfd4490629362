"""One look at the database, without a transaction that writes."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import DatabaseBusyError
from ccd.sql.turns import is_passing

T = TypeVar("T")

DRIVER_ERRORS = (DBAPIError, OSError, NoConnectionFreeError)


async def look(engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """What `work` reads. DatabaseBusyError where the database is away: whoever asked may ask again."""
    try:
        async with engine.connect() as connection:
            return await work(connection)
    except DRIVER_ERRORS as error:
        if not is_away(error):
            raise
        raise DatabaseBusyError(1, 0.0, str(getattr(error, "orig", error)), ambiguous=False) from error


def is_away(error: Exception) -> bool:
    """Not our doing: no answer, no connection, a full disk. Anything else that a driver raises is a defect of ours."""
    if isinstance(error, (OSError, NoConnectionFreeError, OperationalError)):
        return True
    return isinstance(error, DBAPIError) and is_passing(error)
