"""One look at the database, without a transaction that writes."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import DatabaseBusyError
from ccd.sql.turns import is_passing

T = TypeVar("T")


async def look(engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """What `work` reads. DatabaseBusyError where the database is away: whoever asked may ask again."""
    try:
        async with engine.connect() as connection:
            return await work(connection)
    except (DBAPIError, OSError) as error:
        if not is_passing(error):
            raise
        raise DatabaseBusyError(1, 0.0, str(getattr(error, "orig", error)), ambiguous=False) from error
