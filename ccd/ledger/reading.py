"""Balances and sums as they stand."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.schema import accounts, balances, blocks, daily_sums, entries, owners


async def balances_of(connection: AsyncConnection, owner: str) -> dict[str, int]:
    """Seconds by kind, of the accounts that have a balance row."""
    rows = await connection.execute(
        select(accounts.c.kind, balances.c.seconds)
        .join(owners, accounts.c.owner_id == owners.c.id)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(owners.c.name == owner)
        .order_by(accounts.c.id)
    )
    return {row.kind: row.seconds for row in rows}


async def sums_of(connection: AsyncConnection, owner: str) -> dict[str, int]:
    """Seconds by kind, of the accounts that have none: daily sums of what is sealed, and entries from there on."""
    rows = await connection.execute(
        select(accounts.c.id, accounts.c.kind)
        .join(owners, accounts.c.owner_id == owners.c.id)
        .where(owners.c.name == owner, accounts.c.floor.is_(None))
        .order_by(accounts.c.id)
    )
    kinds = {row.id: row.kind for row in rows}
    sums = dict.fromkeys(kinds.values(), 0)
    moved = [(1, select(daily_sums.c.account_id, func.sum(daily_sums.c.seconds)).group_by(daily_sums.c.account_id))]
    sealed = await sealed_up_to(connection)
    for side, sign in ((entries.c.debit, -1), (entries.c.credit, 1)):
        moved.append(
            (sign, select(side, func.sum(entries.c.seconds)).where(entries.c.transaction_id > sealed).group_by(side))
        )
    for sign, query in moved:
        account = query.selected_columns[0]
        for number, seconds in await connection.execute(query.where(account.in_(kinds))):
            sums[kinds[number]] += sign * int(seconds)
    return sums


async def sealed_up_to(connection: AsyncConnection) -> int:
    """The number of the last transaction that a block may have; 0 where nothing is sealed."""
    query = select(blocks.c.up_to).order_by(blocks.c.number.desc()).limit(1)
    return (await connection.execute(query)).scalar() or 0
