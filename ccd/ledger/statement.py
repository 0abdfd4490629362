"""An owner's statement, read from the entries: each line with the balances after it."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Row, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.model import Account, Movement, Statement, StatementLine
from ccd.ledger.schema import accounts, balances, entries, owners, transactions


async def statement_of(connection: AsyncConnection, owner: str, before: int | None, limit: int) -> Statement:
    """`limit` lines, newest first, of transactions below `before` that moved a guarded account of the owner."""
    kinds = await _guarded_kinds(connection, owner)
    numbers = await _page(connection, list(kinds), before, limit + 1)
    if not numbers:
        return Statement((), None)
    after = await _balances_up_to(connection, kinds, numbers[0])
    heads = {
        row.id: row for row in await connection.execute(select(transactions).where(transactions.c.id.in_(numbers)))
    }
    legs = await _legs(connection, kinds, numbers)
    lines = []
    for number in numbers[:limit]:
        lines.append(_line(heads[number], legs[number], dict(after)))
        for _, movement in legs[number]:
            after[movement.kind] -= movement.seconds
    return Statement(tuple(lines), numbers[limit - 1] if len(numbers) > limit else None)


async def _guarded_kinds(connection: AsyncConnection, owner: str) -> dict[int, str]:
    rows = await connection.execute(
        select(accounts.c.id, accounts.c.kind)
        .join(owners, accounts.c.owner_id == owners.c.id)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(owners.c.name == owner)
        .order_by(accounts.c.id)
    )
    return {row.id: row.kind for row in rows}


async def _page(connection: AsyncConnection, own: list[int], before: int | None, limit: int) -> list[int]:
    """Transaction numbers, newest first. Each side is cut to the limit by its index before they are merged."""
    sides = []
    for side in (entries.c.debit, entries.c.credit):
        query = select(entries.c.transaction_id).where(side.in_(own)).distinct()
        if before is not None:
            query = query.where(entries.c.transaction_id < before)
        sides.append(select(query.order_by(entries.c.transaction_id.desc()).limit(limit).subquery()))
    merged = union(*sides).subquery()
    found = await connection.execute(
        select(merged.c.transaction_id).order_by(merged.c.transaction_id.desc()).limit(limit)
    )
    return list(found.scalars())


async def _balances_up_to(connection: AsyncConnection, kinds: dict[int, str], number: int) -> dict[str, int]:
    """What the entries up to and with this transaction come to. The entries speak, not the balance rows."""
    sums: dict[str, int] = dict.fromkeys(kinds.values(), 0)
    for side, sign in ((entries.c.debit, -1), (entries.c.credit, 1)):
        query = select(side, func.sum(entries.c.seconds)).where(side.in_(kinds), entries.c.transaction_id <= number)
        for account, seconds in await connection.execute(query.group_by(side)):
            sums[kinds[account]] += sign * int(seconds)
    return sums


async def _legs(
    connection: AsyncConnection, kinds: dict[int, str], numbers: list[int]
) -> dict[int, list[tuple[Row[Any], Movement]]]:
    """By transaction, in order of legs: the row, and the movement on the own account."""
    found = defaultdict(list)
    for own, other, sign in ((entries.c.debit, entries.c.credit, -1), (entries.c.credit, entries.c.debit, 1)):
        rows = await connection.execute(
            select(entries, own.label("own"), owners.c.name, accounts.c.kind)
            .join(accounts, other == accounts.c.id)
            .join(owners, accounts.c.owner_id == owners.c.id)
            .where(own.in_(kinds), entries.c.transaction_id.in_(numbers))
        )
        for row in rows:
            other_account = Account(row.name, row.kind)
            movement = Movement(row.leg, kinds[row.own], other_account, sign * row.seconds, row.service)
            found[row.transaction_id].append((row, movement))
    return {number: sorted(legs, key=lambda leg: leg[1].leg) for number, legs in found.items()}


def _line(head: Row[Any], legs: list[tuple[Row[Any], Movement]], after: dict[str, int]) -> StatementLine:
    return StatementLine(
        transaction=head.id,
        key=head.key,
        revision=head.revision,
        day=legs[0][0].day,
        recorded_at=head.recorded_at,
        asked_by=head.asked_by,
        reference=head.reference,
        text=head.text,
        facts=head.facts,
        movements=tuple(movement for _, movement in legs),
        after=after,
    )
