"""Balances and sums, as they stand and as they stood.

A guarded account's balance is a row; its past is summed from its entries, which are one owner's. Accounts without one
may have everybody's: they are summed from the sealer's daily sums up to the last block, and entries from there on.
Neither costs more in a ledger that has grown. Queries are made once: making one costs more than asking it does.
"""

from collections.abc import Callable, Mapping
from datetime import date
from operator import gt, le
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Date,
    Select,
    Text,
    bindparam,
    func,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.model import Claim
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
from ccd.ledger.sound import sound_rows

BLOCK_MAX = 2**63 - 1  # no block has a number above it

GUARDED, SUMMED, EITHER = (
    bindparam(name, type_=BigInteger, expanding=True) for name in ("guarded", "summed", "either")
)
SEALED, WHOLE, UP_TO, LATER, MOMENT = (
    bindparam(name, type_=BigInteger) for name in ("sealed", "whole", "up_to", "later", "moment")
)
DAY = bindparam("day", type_=Date)
OWNER = bindparam("owner", type_=Text)

transaction_id = entries.c.transaction_id


class OpenReservation(NamedTuple):
    """A reservation that is open. `expires_at` is in microseconds since the epoch."""

    claim: Claim
    seconds: int
    expires_at: int | None


class OwnerStand(NamedTuple):
    """What an owner has, in seconds by kind of guarded account, and what of it is held by reservations."""

    balances: Mapping[str, int]
    holds: tuple[OpenReservation, ...]

    @property
    def held_s(self) -> int:
        return sum(hold.seconds for hold in self.holds)


class OwnedAccounts(NamedTuple):
    """The accounts of an owner, their kinds by number, and the last transaction that a block may have."""

    guarded: Mapping[int, str]
    summed: Mapping[int, str]
    sealed: int


def _of_blocks(*conditions: ColumnElement[bool]) -> Select[Any]:
    account = daily_sums.c.account_id
    query = select(account.label("account"), func.sum(daily_sums.c.seconds).label("seconds"))
    return query.where(account.in_(SUMMED), *conditions).group_by(account)


def _of_entries(which: BindParameter[Any], *conditions: ColumnElement[bool]) -> list[Select[Any]]:
    """Of those on either side of it."""
    return [
        select(side.label("account"), (sign * func.sum(entries.c.seconds)).label("seconds"))
        .where(side.in_(which), *conditions)
        .group_by(side)
        for side, _, sign in SIDES
    ]


def _by_then(*bounds: tuple[Callable[[Any, Any], ColumnElement[bool]], BindParameter[Any]]) -> list[Select[Any]]:
    """Of those between bounds that were recorded up to the moment. Bounds hold for entries as for transactions: whoever
    plans the query need not find that out, and reads both side by side."""
    between = [compare(number, bound) for compare, bound in bounds for number in (transaction_id, transactions.c.id)]
    return [
        query.join(transactions, transactions.c.id == transaction_id).where(transactions.c.recorded_at <= MOMENT)
        for query in _of_entries(EITHER, *between)
    ]


LAST_SEALED = select(blocks.c.up_to).order_by(blocks.c.number.desc()).limit(1).scalar_subquery()
ACCOUNTS = (
    select(accounts.c.id, accounts.c.kind, accounts.c.floor, func.coalesce(LAST_SEALED, 0).label("sealed"))
    .join(owners, accounts.c.owner_id == owners.c.id)
    .where(owners.c.name == OWNER)
    .order_by(accounts.c.id)
)
BALANCES = (
    select(accounts.c.kind, balances.c.seconds)
    .join(owners, accounts.c.owner_id == owners.c.id)
    .join(balances, balances.c.account_id == accounts.c.id)
    .where(owners.c.name == OWNER)
    .order_by(accounts.c.id)
)
HOLDS = (
    select(transactions.c.key, transactions.c.revision, reservations.c.expires_at, func.sum(entries.c.seconds))
    .join(reservations, reservations.c.transaction_id == transactions.c.id)
    .join(owners, reservations.c.owner_id == owners.c.id)
    .join(entries, transaction_id == transactions.c.id)
    .where(owners.c.name == OWNER)
    .where(~select(resolutions.c.reservation).where(resolutions.c.reservation == transactions.c.id).exists())
    .group_by(transactions.c.id, transactions.c.key, transactions.c.revision, reservations.c.expires_at)
    .order_by(transactions.c.id)
)
NOW = union_all(_of_blocks(), *_of_entries(SUMMED, transaction_id > SEALED))
ON_DAY = union_all(
    _of_blocks(daily_sums.c.day <= DAY),
    *_of_entries(SUMMED, transaction_id > SEALED, entries.c.day <= DAY),
    *_of_entries(GUARDED, entries.c.day <= DAY),
)
# The first block that holds anything later than a moment, where the one before it ended, and where the last one ends
# that holds anything up to then (one of accounts alone has no times). Between the two, and after all blocks, each
# transaction says it for itself.
FIRST_LATER = select(
    func.min(blocks.c.number).filter(blocks.c.latest > MOMENT),
    func.min(blocks.c.after).filter(blocks.c.latest > MOMENT),
    func.max(blocks.c.up_to).filter(blocks.c.earliest <= MOMENT, blocks.c.up_to > blocks.c.after),
)
AT_MOMENT = union_all(
    _of_blocks(daily_sums.c.block < LATER),
    *_of_entries(GUARDED, transaction_id <= WHOLE),
    *_by_then((gt, WHOLE), (le, UP_TO)),
    *_by_then((gt, SEALED)),
)


async def balances_of(connection: AsyncConnection, owner: str) -> dict[str, int]:
    """Seconds by kind, of the accounts that have a balance row."""
    return {row.kind: row.seconds for row in await sound_rows(connection, BALANCES, {"owner": owner})}


async def standing_of(connection: AsyncConnection, owner: str) -> OwnerStand:
    """In one consistent read, if the connection's is one."""
    rows = await sound_rows(connection, HOLDS, {"owner": owner})
    holds = tuple(
        OpenReservation((key, revision), int(seconds), expires_at) for key, revision, expires_at, seconds in rows
    )
    return OwnerStand(await balances_of(connection, owner), holds)


async def sums_of(connection: AsyncConnection, owner: str) -> dict[str, int]:
    """Seconds by kind, of the accounts that have no balance row."""
    own = (await _accounts(connection, owner))._replace(guarded={})
    return await _summed(connection, own, NOW, {"summed": list(own.summed), "sealed": own.sealed})


async def every_balance(connection: AsyncConnection) -> dict[int, int]:
    """Seconds by the number of the account, of all accounts that have a balance row or a transfer."""
    rows = await sound_rows(connection, select(balances.c.account_id, balances.c.seconds))
    found = {row.account_id: row.seconds for row in rows}
    account = daily_sums.c.account_id
    queries = [(1, select(account, func.sum(daily_sums.c.seconds)).group_by(account))]
    sealed = await _sealed(connection)
    for side, _, sign in SIDES:
        later = select(side, func.sum(entries.c.seconds)).join(accounts, accounts.c.id == side).group_by(side)
        queries.append((sign, later.where(accounts.c.floor.is_(None), entries.c.transaction_id > sealed)))
    for sign, query in queries:
        for number, moved in await sound_rows(connection, query):
            found[number] = found.get(number, 0) + sign * int(moved)
    return found


async def balances_on(connection: AsyncConnection, owner: str, day: date) -> dict[str, int]:
    """Seconds by kind, of all transfers that are for days up to `day`, whenever they were recorded."""
    own = await _accounts(connection, owner)
    values = {"summed": list(own.summed), "guarded": list(own.guarded), "sealed": own.sealed, "day": day}
    return await _summed(connection, own, ON_DAY, values)


async def balances_at(connection: AsyncConnection, owner: str, moment: int) -> dict[str, int]:
    """Seconds by kind, of all that was recorded up to `moment` (microseconds since the epoch), whatever day it is for.

    Up to the first block that holds anything later, its sums tell; from there on its transactions do, one by one.
    """
    own = await _accounts(connection, owner)
    later, whole, up_to = (await connection.execute(FIRST_LATER, {"moment": moment})).one()
    if later is None:
        later, whole = BLOCK_MAX, own.sealed
    values = {"summed": list(own.summed), "guarded": list(own.guarded), "either": [*own.summed, *own.guarded]}
    bounds = {"sealed": own.sealed, "later": later, "whole": whole, "up_to": up_to or 0, "moment": moment}
    return await _summed(connection, own, AT_MOMENT, {**values, **bounds})


def moved_between(connection: Connection, first: int, last: int) -> set[str]:
    """The owners of all accounts that transactions of these numbers moved anything on."""
    found: set[str] = set()
    for own, _, _ in SIDES:
        account = select(own).where(transaction_id.between(first, last)).distinct().subquery()
        names = select(owners.c.name).join(accounts, accounts.c.owner_id == owners.c.id)
        found.update(connection.scalars(names.join(account, account.c[own.name] == accounts.c.id)))
    return found


async def _accounts(connection: AsyncConnection, owner: str) -> OwnedAccounts:
    rows = await sound_rows(connection, ACCOUNTS, {"owner": owner})
    guarded = {row.id: row.kind for row in rows if row.floor is not None}
    summed = {row.id: row.kind for row in rows if row.floor is None}
    return OwnedAccounts(guarded, summed, rows[0].sealed if rows else 0)


async def _summed(
    connection: AsyncConnection, own: OwnedAccounts, query: CompoundSelect[Any], values: Mapping[str, Any]
) -> dict[str, int]:
    kinds = {**own.guarded, **own.summed}
    found = dict.fromkeys(kinds.values(), 0)
    for account, seconds in await sound_rows(connection, query, values):
        found[kinds[account]] += int(seconds)
    return found


async def _sealed(connection: AsyncConnection) -> int:
    """The number of the last transaction that a block may have; 0 where nothing is sealed."""
    query = select(blocks.c.up_to).order_by(blocks.c.number.desc()).limit(1)
    return (await connection.execute(query)).scalar() or 0
