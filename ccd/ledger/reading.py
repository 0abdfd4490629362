"""Balances and sums, as they stand and as they stood.

A guarded account's balance is a row, and its past is that row less what came later. Other accounts are summed: the
sealer's daily sums up to the last block, and entries from there on.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.model import Claim, Side
from ccd.ledger.schema import (
    SIDES,
    accounts,
    balances,
    blocks,
    daily_sums,
    entries,
    owners,
    reservations,
    resolutions,
    transactions,
)


class Own(NamedTuple):
    """An account of the owner's."""

    kind: str
    guarded: bool


class Hold(NamedTuple):
    """A reservation that is open. `expires_at` is in microseconds since the epoch."""

    claim: Claim
    seconds: int
    expires_at: int | None


class Standing(NamedTuple):
    """What an owner has, in seconds by kind of guarded account, and what of it is held by reservations."""

    balances: Mapping[str, int]
    holds: tuple[Hold, ...]

    @property
    def held_s(self) -> int:
        return sum(hold.seconds for hold in self.holds)


class Trial(NamedTuple):
    """A kind of account in one unit and month: what it stood at before, what moved, and what it came to. In seconds,
    above 0 on the kind's normal side."""

    kind: str
    side: Side
    guarded: bool
    opening_s: int
    debits_s: int
    credits_s: int

    @property
    def closing_s(self) -> int:
        moved = self.credits_s - self.debits_s
        return self.opening_s + (moved if self.side is Side.CREDIT else -moved)


class Supply(NamedTuple):
    """What a service gave to guarded accounts of a kind in one month, and what it took from them, in seconds."""

    month: str
    service: str
    kind: str
    given_s: int
    taken_s: int


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


async def standing_of(connection: AsyncConnection, owner: str) -> Standing:
    """In one consistent read, if the connection's is one."""
    query = (
        select(transactions.c.key, transactions.c.revision, reservations.c.expires_at, func.sum(entries.c.seconds))
        .join(reservations, reservations.c.transaction_id == transactions.c.id)
        .join(owners, reservations.c.owner_id == owners.c.id)
        .join(entries, entries.c.transaction_id == transactions.c.id)
        .where(owners.c.name == owner, transactions.c.id.not_in(select(resolutions.c.reservation)))
        .group_by(transactions.c.id, transactions.c.key, transactions.c.revision, reservations.c.expires_at)
        .order_by(transactions.c.id)
    )
    holds = [
        Hold((key, revision), int(seconds), expires_at)
        for key, revision, expires_at, seconds in await connection.execute(query)
    ]
    return Standing(await balances_of(connection, owner), tuple(holds))


async def sums_of(connection: AsyncConnection, owner: str) -> dict[str, int]:
    """Seconds by kind, of the accounts that have no balance row."""
    own = await _accounts(connection, owner, accounts.c.floor.is_(None))
    return await _summed(connection, own, await _sealed(connection), [], [])


async def every_balance(connection: AsyncConnection) -> dict[int, int]:
    """Seconds by the number of the account, of all accounts that have a balance row or a transfer."""
    rows = await connection.execute(select(balances.c.account_id, balances.c.seconds))
    found = {row.account_id: row.seconds for row in rows}
    account = daily_sums.c.account_id
    queries = [(1, select(account, func.sum(daily_sums.c.seconds)).group_by(account))]
    sealed = await _sealed(connection)
    for side, _, sign in SIDES:
        later = select(side, func.sum(entries.c.seconds)).join(accounts, accounts.c.id == side).group_by(side)
        queries.append((sign, later.where(accounts.c.floor.is_(None), entries.c.transaction_id > sealed)))
    for sign, query in queries:
        for number, moved in await connection.execute(query):
            found[number] = found.get(number, 0) + sign * int(moved)
    return found


async def balances_on(connection: AsyncConnection, owner: str, day: date) -> dict[str, int]:
    """Seconds by kind, of all transfers that are for days up to `day`, whenever they were recorded."""
    own = await _accounts(connection, owner)
    sealed = await _sealed(connection)
    return await _summed(connection, own, sealed, [daily_sums.c.day <= day], [entries.c.day <= day])


async def balances_at(connection: AsyncConnection, owner: str, moment: int) -> dict[str, int]:
    """Seconds by kind, of all that was recorded up to `moment` (microseconds since the epoch), whatever day it is for.

    Up to the first block that holds anything later, its sums tell; from there on its transactions do, one by one.
    """
    own = await _accounts(connection, owner)
    later = select(func.min(blocks.c.after)).where(blocks.c.latest > moment)
    whole = (await connection.execute(later)).scalar()
    whole = await _sealed(connection) if whole is None else whole
    counted = select(blocks.c.number).where(blocks.c.up_to <= whole)
    by_then = select(transactions.c.id).where(transactions.c.recorded_at <= moment)
    recorded = [or_(entries.c.transaction_id <= whole, entries.c.transaction_id.in_(by_then))]
    return await _summed(connection, own, whole, [daily_sums.c.block.in_(counted)], recorded)


async def trial_balance(connection: AsyncConnection, unit: str, month: str) -> list[Trial]:
    """Of a unit's accounts in a month (2026-11). Over all of them debits and credits come to the same, unless something
    was moved to or from another unit's."""
    before = case((transactions.c.month < month, entries.c.seconds), else_=0)
    within = case((transactions.c.month == month, entries.c.seconds), else_=0)
    found: dict[tuple[str, str, bool], list[int]] = {}
    for side, _, sign in SIDES:
        guarded = accounts.c.floor.is_not(None)
        kinds = (accounts.c.kind, accounts.c.side, guarded)
        rows = await connection.execute(
            select(*kinds, func.sum(before), func.sum(within))
            .join(entries, side == accounts.c.id)
            .join(transactions, transactions.c.id == entries.c.transaction_id)
            .where(accounts.c.unit == unit, transactions.c.month <= month)
            .group_by(*kinds)
        )
        for kind, normal, has_floor, opening, moved in rows:
            sums = found.setdefault((kind, normal, bool(has_floor)), [0, 0, 0])
            sums[0] += int(opening) if (sign > 0) == (normal == Side.CREDIT) else -int(opening)
            sums[1 if sign < 0 else 2] += int(moved)
    return [Trial(kind, Side(side), guarded, *sums) for (kind, side, guarded), sums in sorted(found.items())]


async def supply(connection: AsyncConnection, unit: str) -> list[Supply]:
    """What each service gave to a unit's guarded accounts and took from them, by month and kind. What moves from one
    guarded account to another is no supply."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for own, other, sign in SIDES:
        another = accounts.alias("another")
        keys = (transactions.c.month, entries.c.service, accounts.c.kind)
        rows = await connection.execute(
            select(*keys, func.sum(entries.c.seconds))
            .join(entries, own == accounts.c.id)
            .join(another, other == another.c.id)
            .join(transactions, transactions.c.id == entries.c.transaction_id)
            .where(accounts.c.unit == unit, accounts.c.floor.is_not(None), another.c.floor.is_(None))
            .group_by(*keys)
        )
        for *key, seconds in rows:
            found.setdefault((key[0], key[1], key[2]), [0, 0])[0 if sign > 0 else 1] += int(seconds)
    return [Supply(*key, *sums) for key, sums in sorted(found.items())]


async def _accounts(connection: AsyncConnection, owner: str, *which: ColumnElement[bool]) -> dict[int, Own]:
    query = select(accounts.c.id, accounts.c.kind, accounts.c.floor).join(owners, accounts.c.owner_id == owners.c.id)
    rows = await connection.execute(query.where(owners.c.name == owner, *which).order_by(accounts.c.id))
    return {number: Own(kind, floor is not None) for number, kind, floor in rows}


async def _summed(
    connection: AsyncConnection,
    own: Mapping[int, Own],
    sealed: int,
    of_sums: list[ColumnElement[bool]],
    of_entries: list[ColumnElement[bool]],
) -> dict[str, int]:
    """Of guarded accounts all entries, of others the sums up to transaction `sealed` and entries from there on."""
    found = dict.fromkeys((account.kind for account in own.values()), 0)
    guarded = [number for number, account in own.items() if account.guarded]
    summed = [number for number, account in own.items() if not account.guarded]
    account, seconds = daily_sums.c.account_id, func.sum(daily_sums.c.seconds)
    queries = [(1, select(account, seconds).where(account.in_(summed), *of_sums).group_by(account))]
    for side, _, sign in SIDES:
        those = or_(side.in_(guarded), and_(side.in_(summed), entries.c.transaction_id > sealed))
        queries.append((sign, select(side, func.sum(entries.c.seconds)).where(those, *of_entries).group_by(side)))
    for sign, query in queries:
        for number, moved in await connection.execute(query):
            found[own[number].kind] += sign * int(moved)
    return found


async def _sealed(connection: AsyncConnection) -> int:
    """The number of the last transaction that a block may have; 0 where nothing is sealed."""
    query = select(blocks.c.up_to).order_by(blocks.c.number.desc()).limit(1)
    return (await connection.execute(query)).scalar() or 0
