"""What was recorded, as rows: accounts, and transactions with their transfers, in the order of their numbers."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Entry, TransactionRow
from ccd.ledger.model import Account, Kind
from ccd.ledger.schema import accounts, entries, owners, transactions
from ccd.ledger.sheet import NO_REVERSAL
from ccd.sql.rows import among

Recorded = tuple[TransactionRow, list[Entry]]
Original = tuple[bytes, tuple[int, int, int]]  # of a transfer that is taken back: its transaction's digest, its move


class Opened(NamedTuple):
    """An account as it is kept."""

    id: int
    account: Account
    kind: Kind
    unit: str
    opened_at: int
    asked_by: str
    digest: bytes


async def accounts_opened(connection: AsyncConnection) -> list[Opened]:
    """All of them."""
    query = select(accounts, owners.c.name).join(owners, owners.c.id == accounts.c.owner_id).order_by(accounts.c.id)
    return [
        Opened(
            row.id, Account(row.name, row.kind), Kind(row.kind, row.side, row.floor), row.unit, row.opened_at,
            row.asked_by, row.digest,
        )
        for row in await connection.execute(query)
    ]  # fmt: skip


async def recorded_after(connection: AsyncConnection, after: int, limit: int) -> list[Recorded]:
    """The next `limit` transactions."""
    return await _recorded(connection, transactions.c.id > after, limit)


async def recorded_as(connection: AsyncConnection, numbers: Iterable[int]) -> list[Recorded]:
    """Those of these numbers, as far as they are there."""
    wanted = list(numbers)
    return await _recorded(connection, among(connection, transactions.c.id, wanted), len(wanted))


async def _recorded(connection: AsyncConnection, which: ColumnElement[bool], limit: int) -> list[Recorded]:
    columns = [transactions.c[name] for name in TransactionRow._fields]
    query = select(*columns).where(which).order_by(transactions.c.id).limit(limit)
    kept = [TransactionRow(*row) for row in await connection.execute(query)]
    if not kept:
        return []
    within = select(transactions.c.id).where(which, transactions.c.id <= kept[-1].id)
    rows = (
        await connection.execute(
            select(entries)
            .where(entries.c.transaction_id.in_(within))
            .order_by(entries.c.transaction_id, entries.c.leg)
        )
    ).all()
    originals = await _originals(connection, {row[7:9] for row in rows if row[7:9] != NO_REVERSAL})
    found: dict[int, list[Entry]] = {one.id: [] for one in kept}
    for number, leg, debit, credit, seconds, day, service, *back in rows:
        reverses = (back[0], back[1]) if tuple(back) != NO_REVERSAL else None
        digest, move = originals.get(reverses, (None, None)) if reverses else (None, None)
        found[number].append(Entry(leg, debit, credit, seconds, day, service, reverses, digest, move))
    return [(one, found[one.id]) for one in kept]


async def _originals(connection: AsyncConnection, names: set[Any]) -> dict[tuple[int, int], Original]:
    if not names:
        return {}
    name = entries.c.transaction_id, entries.c.leg
    query = select(*name, transactions.c.digest, entries.c.debit, entries.c.credit, entries.c.seconds)
    rows = await connection.execute(
        query.join(transactions, transactions.c.id == entries.c.transaction_id).where(tuple_(*name).in_(names))
    )
    return {(number, leg): (digest, (debit, credit, seconds)) for number, leg, digest, debit, credit, seconds in rows}


async def accounts_by_number(connection: AsyncConnection) -> dict[int, Account]:
    query = select(accounts.c.id, owners.c.name, accounts.c.kind).join(owners, owners.c.id == accounts.c.owner_id)
    return {number: Account(owner, kind) for number, owner, kind in await connection.execute(query)}
