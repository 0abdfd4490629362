"""Which rows are decided: nothing that is still under way can commit one with a number as low as theirs.

Numbers are drawn in order and commit in any: whoever takes "all above the last" skips for ever what commits late. On
PostgreSQL a mark is taken after the highest number was read; once nothing from before the mark is under way,
everything up to that number is there, or never will be. For that, who draws a number has locked a row before: from
then on the server counts it as under way. On SQLite one writes at a time, and everything is decided.

A server that speaks PostgreSQL's language and does not count its transactions is asked for the time instead: after
WRITER_S_MAX a transaction is over, or was never committed.
"""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.sql.plain import sqlstate

WRITER_S_MAX = 600
UNDEFINED_FUNCTION = "42883"


class TransactionMark(NamedTuple):
    """The server's number of its own database transaction (xid); where `by_time`, the server's time in seconds."""

    value: float
    by_time: bool = False


async def mark(connection: AsyncConnection) -> TransactionMark:
    """To be taken after the highest number was read, in the same transaction."""
    if connection.dialect.name == "sqlite":
        return TransactionMark(0)
    try:
        async with connection.begin_nested():
            return TransactionMark(await _asked(connection, "SELECT pg_current_xact_id()::text::bigint"))
    except DBAPIError as error:
        if sqlstate(error) != UNDEFINED_FUNCTION:
            raise
    return TransactionMark(await _asked(connection, "SELECT extract(epoch FROM clock_timestamp())"), by_time=True)


async def is_decided(connection: AsyncConnection, taken: TransactionMark) -> bool:
    """In a later transaction than the mark's: whether everything up to the number that was read before it is there."""
    if connection.dialect.name == "sqlite":
        return True
    if taken.by_time:
        return await _asked(connection, "SELECT extract(epoch FROM clock_timestamp())") > taken.value + WRITER_S_MAX
    return await _asked(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") > taken.value


async def _asked(connection: AsyncConnection, query: str) -> float:
    return float((await connection.execute(text(query))).scalar_one())
