"""One look at the database, without a transaction that writes."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import DatabaseBusyError
from ccd.sql.turns import DRIVER_ERRORS, is_away

T = TypeVar("T")


async def look(engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """What `work` reads. DatabaseBusyError where the database is away: whoever asked may ask again."""
    try:
        async with engine.connect() as connection:
            return await work(connection)
    except DRIVER_ERRORS as error:
        if not is_no_answer(error):
            raise
        raise DatabaseBusyError(1, 0.0, str(getattr(error, "orig", error)), ambiguous=False) from error


def is_no_answer(error: Exception) -> bool:
    """Not our doing: the database is away, or its disk is full; this process need not end for who asks again. Anything
    else that a driver raises is a defect of ours."""
    return is_away(error) or isinstance(error, OperationalError)
