"""The chart of accounts: which numbers the database gave to owners and accounts. They never change, so are kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.digest import account_digest
from ccd.ledger.model import Account, Kind
from ccd.ledger.schema import accounts, balances, owners
from ccd.sql.rows import among, insert_rows

ACCOUNT_COLUMNS = ("owner_id", "kind", "unit", "side", "floor", "opened_at", "asked_by", "digest")


@dataclass(slots=True)
class Chart:
    """What is known of it so far. Only of committed rows: a number that was rolled back can be given again."""

    owner_ids: dict[str, int] = field(default_factory=dict)
    account_ids: dict[Account, int] = field(default_factory=dict)
    accounts_of: dict[str, list[int]] = field(default_factory=dict)
    names: dict[int, Account] = field(default_factory=dict)
    guarded: set[int] = field(default_factory=set)  # accounts with a balance row

    async def read(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Learns the accounts of the owners named, as far as they are open."""
        unknown = [name for name in names if name not in self.owner_ids]
        if not unknown:
            return
        found = await connection.execute(
            select(owners.c.name, owners.c.id, accounts.c.kind, accounts.c.id, accounts.c.floor)
            .join(accounts, accounts.c.owner_id == owners.c.id)
            .where(among(connection, owners.c.name, unknown))
            .order_by(accounts.c.id)
        )
        for name, owner_id, kind, account_id, floor in found.all():
            account = Account(name, kind)
            self.owner_ids[name] = owner_id
            self.account_ids[account] = account_id
            self.accounts_of.setdefault(name, []).append(account_id)
            self.names[account_id] = account
            if floor is not None:
                self.guarded.add(account_id)

    async def read_accounts(self, connection: AsyncConnection, numbers: Iterable[int]) -> None:
        """Learns whose accounts these are, with all others of the same owners."""
        unknown = [number for number in numbers if number not in self.names]
        if unknown:
            query = select(owners.c.name).join(accounts, accounts.c.owner_id == owners.c.id)
            found = await connection.execute(query.where(among(connection, accounts.c.id, unknown)).distinct())
            await self.read(connection, found.scalars().all())

    def forget(self, names: Iterable[str]) -> None:
        """They may have got accounts: they are read anew when they are next asked for."""
        for name in names:
            self.owner_ids.pop(name, None)
            self.accounts_of.pop(name, None)


class Opening(NamedTuple):
    """Who opens accounts, when (microseconds since the epoch), and in which unit."""

    unit: str
    asked_by: str
    at: int


async def open_accounts(
    connection: AsyncConnection, names: Iterable[str], kinds: tuple[Kind, ...], opening: Opening
) -> None:
    """Opens what is not open yet. With a floor an account has a balance, which starts at 0; without one it has none."""
    unit, asked_by, at = opening
    wanted = sorted(set(names))
    here = await _owner_ids(connection, wanted)
    await insert_rows(connection, owners, ("name",), [(name,) for name in wanted if name not in here])
    ids = await _owner_ids(connection, wanted, lock=True)  # two that open the same wait; and see ccd.sql.decided
    before = await _account_ids(connection, ids.values())
    missing = [(name, kind) for name in wanted for kind in kinds if (ids[name], kind.name) not in before]
    rows = []
    for name, kind in missing:
        digest = account_digest(Account(name, kind.name), kind, unit, at, asked_by)
        rows.append((ids[name], kind.name, unit, kind.side.value, kind.floor, at, asked_by, digest))
    await insert_rows(connection, accounts, ACCOUNT_COLUMNS, rows)
    after = await _account_ids(connection, ids.values())
    floors = [(after[ids[name], kind.name], 0, kind.floor) for name, kind in missing if kind.floor is not None]
    await insert_rows(connection, balances, ("account_id", "seconds", "floor"), floors)


async def _owner_ids(connection: AsyncConnection, names: list[str], lock: bool = False) -> dict[str, int]:
    query = select(owners.c.name, owners.c.id).where(among(connection, owners.c.name, names)).order_by(owners.c.id)
    rows = await connection.execute(query.with_for_update(key_share=True) if lock else query)
    return {row.name: row.id for row in rows}


async def _account_ids(connection: AsyncConnection, owner_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    query = select(accounts.c.owner_id, accounts.c.kind, accounts.c.id)
    rows = await connection.execute(query.where(among(connection, accounts.c.owner_id, owner_ids)))
    return {(row.owner_id, row.kind): row.id for row in rows}
