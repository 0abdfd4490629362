"""Reads the ledger once, in one consistent view, and tells it in a format, piece by piece."""

from collections.abc import AsyncGenerator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.balances import every_balance
from ccd.ledger.exports.form import Days, Form, Transaction, utc_day
from ccd.ledger.recorded import accounts_opened, recorded_after
from ccd.ledger.schema import accounts, blocks, entries
from ccd.ledger.sealing import block_of
from ccd.ledger.sound import reading_as_written

READ_AT_ONCE = 1_000  # transactions, or blocks: what is held in memory, beside the accounts


async def whole_export(engine: AsyncEngine, form: Form) -> AsyncGenerator[str, None]:
    """The whole export in pieces; the accounts' balances are the ledger's own, and come last."""
    async with reading_as_written(engine) as connection:
        days = await _days(connection)
        opened = {one.id: one for one in await accounts_opened(connection)}
        yield form.begun(days)
        for one in opened.values():
            yield form.opened(one, days)
        last = 0
        while found := await recorded_after(connection, last, READ_AT_ONCE):
            for kept, legs in found:
                yield form.recorded(Transaction(kept, legs, opened))
            last = found[-1][0].id
        sealed = 0
        query = select(blocks).order_by(blocks.c.number).limit(READ_AT_ONCE)
        while rows := (await connection.execute(query.where(blocks.c.number > sealed))).all():
            for row in rows:
                yield form.sealed(block_of(row))
            sealed = rows[-1].number
        balances = await every_balance(connection)
        for number, one in opened.items():
            yield form.balanced(one, balances.get(number, 0), days)


async def _days(connection: AsyncConnection) -> Days:
    first, last = (await connection.execute(select(func.min(entries.c.day), func.max(entries.c.day)))).one()
    if first is None:
        opened = await connection.scalar(select(func.min(accounts.c.opened_at))) or 0
        first = last = utc_day(opened)
    return Days(first, last)
