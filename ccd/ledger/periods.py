"""Months of a book: a posting counts in the month of its day, and only an open month takes postings.

The database looks again by itself (a trigger), and lets a month that is closed open no more.
"""

from collections.abc import Iterable

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.rules import OPEN, Month
from ccd.ledger.schema import periods
from ccd.sql.rows import insert_rows


async def months_under_lock(
    connection: AsyncConnection, months: Iterable[Month], closing: bool = False
) -> dict[Month, str]:
    """The states of the months, share-locked so that none closes under a posting. A month not seen yet opens.

    Who is going to close one keeps everybody else away from all of them.
    """
    wanted = sorted(set(months))
    found = await _read(connection, wanted, closing)
    missing = [month for month in wanted if month not in found]
    if missing:
        # Two that open the same month: the second's INSERT fails, its turn is taken again, and it finds the row.
        rows = [(book, month, OPEN) for book, month in missing]
        await insert_rows(connection, periods, ("book", "month", "state"), rows)
        found.update(dict.fromkeys(missing, OPEN))
    return found


async def _read(connection: AsyncConnection, wanted: list[Month], closing: bool) -> dict[Month, str]:
    query = (
        select(periods.c.book, periods.c.month, periods.c.state)
        .where(tuple_(periods.c.book, periods.c.month).in_(wanted))
        .order_by(periods.c.book, periods.c.month)
        .with_for_update(read=not closing)  # SQLite has no row locks, and one writer
    )
    return {(book, month): state for book, month, state in await connection.execute(query)}
