"""What all accounts of a unit came to by months: the trial balance, the supply of time, and what a month's end left;
and what they hold now.

By months each is summed from the transfers that count in these, whichever block they are sealed in.
"""

from datetime import date
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.model import Side
from ccd.ledger.schema import SIDES, accounts, balances, entries, owners, transactions
from ccd.ledger.sound import sound_rows

OfAccounts = dict[tuple[str, str], int]  # seconds, by owner and kind


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


class ServiceSupply(NamedTuple):
    """What a service gave to guarded accounts of a kind in one month, and what it took from them, in seconds."""

    month: str
    service: str
    kind: str
    given_s: int
    taken_s: int


class SupplyOfDay(NamedTuple):
    """What a service gave to an owner's guarded accounts of a kind for one day, and what it took from them, seconds."""

    owner: str
    day: date
    service: str
    kind: str
    given_s: int
    taken_s: int


async def every_unit(connection: AsyncConnection) -> list[str]:
    """The organisations that accounts belong to."""
    rows = await connection.execute(select(accounts.c.unit).distinct().order_by(accounts.c.unit))
    return [row.unit for row in rows]


async def trial_balance(connection: AsyncConnection, unit: str, month: str) -> list[Trial]:
    """Of a unit's accounts in a month (2026-11). Over all of them debits and credits come to the same, unless something
    was moved to or from another unit's."""
    before = case((transactions.c.month < month, entries.c.seconds), else_=0)
    within = case((transactions.c.month == month, entries.c.seconds), else_=0)
    found: dict[tuple[str, str, bool], list[int]] = {}
    for side, _, sign in SIDES:
        guarded = accounts.c.floor.is_not(None)
        kinds = (accounts.c.kind, accounts.c.side, guarded)
        rows = await sound_rows(
            connection,
            select(*kinds, func.sum(before), func.sum(within))
            .join(entries, side == accounts.c.id)
            .join(transactions, transactions.c.id == entries.c.transaction_id)
            .where(accounts.c.unit == unit, transactions.c.month <= month)
            .group_by(*kinds),
        )
        for kind, normal, has_floor, opening, moved in rows:
            sums = found.setdefault((kind, normal, bool(has_floor)), [0, 0, 0])
            sums[0] += int(opening) if (sign > 0) == (normal == Side.CREDIT) else -int(opening)
            sums[1 if sign < 0 else 2] += int(moved)
    return [Trial(kind, Side(side), guarded, *sums) for (kind, side, guarded), sums in sorted(found.items())]


async def supply(connection: AsyncConnection, unit: str) -> list[ServiceSupply]:
    """What each service gave to a unit's guarded accounts and took from them, by month and kind. What moves from one
    guarded account to another is no supply."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for own, other, sign in SIDES:
        another = accounts.alias("another")
        keys = (transactions.c.month, entries.c.service, accounts.c.kind)
        rows = await sound_rows(
            connection,
            select(*keys, func.sum(entries.c.seconds))
            .join(entries, own == accounts.c.id)
            .join(another, other == another.c.id)
            .join(transactions, transactions.c.id == entries.c.transaction_id)
            .where(accounts.c.unit == unit, accounts.c.floor.is_not(None), another.c.floor.is_(None))
            .group_by(*keys),
        )
        for *key, seconds in rows:
            found.setdefault((key[0], key[1], key[2]), [0, 0])[0 if sign > 0 else 1] += int(seconds)
    return [ServiceSupply(*key, *sums) for key, sums in sorted(found.items())]


async def supply_of_days(connection: AsyncConnection, unit: str, month: str) -> list[SupplyOfDay]:
    """The same of one month, by owner and the day that it is for."""
    found: dict[tuple[str, date, str, str], list[int]] = {}
    for own, other, sign in SIDES:
        another = accounts.alias("another")
        keys = (owners.c.name, entries.c.day, entries.c.service, accounts.c.kind)
        rows = await sound_rows(
            connection,
            select(*keys, func.sum(entries.c.seconds))
            .join(entries, own == accounts.c.id)
            .join(owners, owners.c.id == accounts.c.owner_id)
            .join(another, other == another.c.id)
            .join(transactions, transactions.c.id == entries.c.transaction_id)
            .where(accounts.c.unit == unit, accounts.c.floor.is_not(None), another.c.floor.is_(None))
            .where(transactions.c.month == month)
            .group_by(*keys),
        )
        for owner, day, service, kind, seconds in rows:
            found.setdefault((owner, day, service, kind), [0, 0])[0 if sign > 0 else 1] += int(seconds)
    return [SupplyOfDay(*key, *sums) for key, sums in sorted(found.items())]


async def closings(connection: AsyncConnection, unit: str, month: str) -> OfAccounts:
    """What a unit's guarded accounts came to with a month's end, by owner and kind; what is nothing is not named."""
    found: OfAccounts = {}
    for own, _, sign in SIDES:
        keys = (owners.c.name, accounts.c.kind)
        rows = await sound_rows(
            connection,
            select(*keys, func.sum(entries.c.seconds))
            .join(entries, own == accounts.c.id)
            .join(owners, owners.c.id == accounts.c.owner_id)
            .join(transactions, transactions.c.id == entries.c.transaction_id)
            .where(accounts.c.unit == unit, accounts.c.floor.is_not(None), transactions.c.month <= month)
            .group_by(*keys),
        )
        for owner, kind, seconds in rows:
            found[owner, kind] = found.get((owner, kind), 0) + sign * int(seconds)
    return {key: seconds for key, seconds in found.items() if seconds}


async def guarded_balances(connection: AsyncConnection, unit: str) -> OfAccounts:
    """What a unit's guarded accounts hold, whichever month it counts in: also one that is to come."""
    rows = await sound_rows(
        connection,
        select(owners.c.name, accounts.c.kind, balances.c.seconds)
        .join(accounts, accounts.c.owner_id == owners.c.id)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(accounts.c.unit == unit, accounts.c.floor.is_not(None), balances.c.seconds != 0),
    )
    return {(owner, kind): seconds for owner, kind, seconds in rows}
