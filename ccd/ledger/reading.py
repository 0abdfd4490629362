"""Balances and sums as they stand."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.schema import accounts, balances, daily_deltas, owners


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
    """Seconds by kind, of the accounts that have none."""
    rows = await connection.execute(
        select(accounts.c.kind, func.coalesce(func.sum(daily_deltas.c.seconds), 0))
        .join(owners, accounts.c.owner_id == owners.c.id)
        .outerjoin(daily_deltas, daily_deltas.c.account_id == accounts.c.id)
        .where(owners.c.name == owner, accounts.c.id.not_in(select(balances.c.account_id)))
        .group_by(accounts.c.id, accounts.c.kind)
        .order_by(accounts.c.id)
    )
    return {kind: int(seconds) for kind, seconds in rows}
