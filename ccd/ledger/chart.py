"""The chart of accounts: which numbers the database gave to owners and accounts. They never change, so are kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.model import Account
from ccd.ledger.schema import accounts, balances, owners
from ccd.sql.rows import among, insert_rows


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
            select(owners.c.name, owners.c.id, accounts.c.kind, accounts.c.id, balances.c.account_id)
            .join(accounts, accounts.c.owner_id == owners.c.id)
            .outerjoin(balances, balances.c.account_id == accounts.c.id)
            .where(among(connection, owners.c.name, unknown))
            .order_by(accounts.c.id)
        )
        for name, owner_id, kind, account_id, guarded in found.all():
            account = Account(name, kind)
            self.owner_ids[name] = owner_id
            self.account_ids[account] = account_id
            self.accounts_of.setdefault(name, []).append(account_id)
            self.names[account_id] = account
            if guarded is not None:
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


async def open_accounts(
    connection: AsyncConnection, names: Iterable[str], kinds: tuple[str, ...], floor: int | None
) -> None:
    """Opens what is not open yet. With a floor an account has a balance, which starts at 0; without one it has none."""
    wanted = sorted(set(names))
    here = await _owner_ids(connection, wanted)
    await insert_rows(connection, owners, ("name",), [(name,) for name in wanted if name not in here])
    ids = await _owner_ids(connection, wanted)
    before = await _account_ids(connection, ids.values())
    missing = [(ids[name], kind) for name in wanted for kind in kinds if (ids[name], kind) not in before]
    await insert_rows(connection, accounts, ("owner_id", "kind"), missing)
    if floor is not None:
        after = await _account_ids(connection, ids.values())
        rows = [(after[account], 0, floor) for account in missing]
        await insert_rows(connection, balances, ("account_id", "seconds", "floor"), rows)


async def _owner_ids(connection: AsyncConnection, names: list[str]) -> dict[str, int]:
    rows = await connection.execute(select(owners.c.name, owners.c.id).where(among(connection, owners.c.name, names)))
    return {row.name: row.id for row in rows}


async def _account_ids(connection: AsyncConnection, owner_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    query = select(accounts.c.owner_id, accounts.c.kind, accounts.c.id)
    rows = await connection.execute(query.where(among(connection, accounts.c.owner_id, owner_ids)))
    return {(row.owner_id, row.kind): row.id for row in rows}
