"""An owner's statement, read from the entries: each line with the balances after it."""

from collections import defaultdict
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.model import ALL, Account, Movement, Statement, StatementLine, Wanted
from ccd.ledger.schema import SIDES, accounts, balances, entries, owners, transactions


class Page(NamedTuple):
    """Which lines: the newest `limit`, or those next to a cursor (a transaction's number) on either side."""

    limit: int
    before: int | None = None
    after: int | None = None


class Own(NamedTuple):
    """A guarded account of the owner's, and its balance now."""

    kind: str
    seconds: int


async def statement_of(connection: AsyncConnection, owner: str, page: Page, wanted: Wanted = ALL) -> Statement:
    """Transactions that moved a guarded account of the owner, newest first, as far as they are wanted."""
    own = await _guarded(connection, owner)
    numbers = await _numbers(connection, own, page, wanted)
    if not numbers:
        return Statement((), None, None)
    newest, oldest = numbers[0], numbers[-1]
    after = await _balances_at(connection, own, newest)
    heads = {
        row.id: row for row in await connection.execute(select(transactions).where(transactions.c.id.in_(numbers)))
    }
    lines = []
    for number, legs in await _legs(connection, own, oldest, newest):
        if number in heads:
            lines.append(_line(heads[number], legs, dict(after)))
        for _, movement in legs:
            after[movement.kind] -= movement.seconds
    older = await _numbers(connection, own, Page(1, before=oldest), wanted)
    newer = await _numbers(connection, own, Page(1, after=newest), wanted)
    return Statement(tuple(lines), oldest if older else None, newest if newer else None)


async def _guarded(connection: AsyncConnection, owner: str) -> dict[int, Own]:
    rows = await connection.execute(
        select(accounts.c.id, accounts.c.kind, balances.c.seconds)
        .join(owners, accounts.c.owner_id == owners.c.id)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(owners.c.name == owner)
        .order_by(accounts.c.id)
    )
    return {row.id: Own(row.kind, row.seconds) for row in rows}


async def _numbers(connection: AsyncConnection, own: dict[int, Own], page: Page, wanted: Wanted) -> list[int]:
    """Of the page's transactions, newest first. Each account's sides are cut to the page before they are merged."""
    chosen = [number for number, account in own.items() if not wanted.kinds or account.kind in wanted.kinds]
    if not chosen:
        return []
    name = entries.c.transaction_id
    bounds = [name < page.before] if page.before is not None else []
    bounds += [name > page.after] if page.after is not None else []
    forward = page.after is not None and page.before is None
    found = []
    for number in chosen:
        for side, _, _ in SIDES:
            query = select(name.label("number")).where(side == number, *bounds, *_conditions(wanted)).distinct()
            found.append(select(query.order_by(name if forward else name.desc()).limit(page.limit).subquery()))
    merged = union(*found).subquery()
    order = merged.c.number if forward else merged.c.number.desc()
    numbers = (await connection.execute(select(merged.c.number).order_by(order).limit(page.limit))).scalars()
    return sorted(numbers, reverse=True)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.services:
        conditions.append(entries.c.service.in_(wanted.services))
    if wanted.day_from is not None:
        conditions.append(entries.c.day >= wanted.day_from)
    if wanted.day_to is not None:
        conditions.append(entries.c.day <= wanted.day_to)
    recorded = [
        *([transactions.c.recorded_at >= wanted.recorded_from] if wanted.recorded_from is not None else []),
        *([transactions.c.recorded_at < wanted.recorded_to] if wanted.recorded_to is not None else []),
    ]
    if recorded:
        conditions.append(entries.c.transaction_id.in_(select(transactions.c.id).where(*recorded)))
    return conditions


async def _balances_at(connection: AsyncConnection, own: dict[int, Own], number: int) -> dict[str, int]:
    """After this transaction: what is there now, less what came later."""
    found = {account.kind: account.seconds for account in own.values()}
    for side, _, sign in SIDES:
        query = select(side, func.sum(entries.c.seconds)).where(side.in_(own), entries.c.transaction_id > number)
        for account, seconds in await connection.execute(query.group_by(side)):
            found[own[account].kind] -= sign * int(seconds)
    return found


async def _legs(
    connection: AsyncConnection, own: dict[int, Own], oldest: int, newest: int
) -> list[tuple[int, list[tuple[Row[Any], Movement]]]]:
    """Of all transactions from one to the other, newest first: the rows, and the movements on the own accounts."""
    found = defaultdict(list)
    for side, other, sign in SIDES:
        rows = await connection.execute(
            select(entries, side.label("own"), owners.c.name, accounts.c.kind)
            .join(accounts, other == accounts.c.id)
            .join(owners, accounts.c.owner_id == owners.c.id)
            .where(side.in_(own), entries.c.transaction_id.between(oldest, newest))
        )
        for row in rows:
            other_account = Account(row.name, row.kind)
            movement = Movement(row.leg, own[row.own].kind, other_account, sign * row.seconds, row.service)
            found[row.transaction_id].append((row, movement))
    return [(number, sorted(found[number], key=lambda leg: leg[1].leg)) for number in sorted(found, reverse=True)]


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
