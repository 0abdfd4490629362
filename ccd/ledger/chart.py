"""The chart of accounts: which numbers the database gave to owners and accounts. They never change, so are kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, select

from ccd.errors import PostingError
from ccd.ledger.digest import account_digest
from ccd.ledger.model import SECONDS_MAX, Account, Kind, check_texts
from ccd.ledger.schema import accounts, balances, owners
from ccd.sql.rows import among, insert_rows

ACCOUNT_COLUMNS = ("owner_id", "kind", "unit", "side", "floor", "opened_at", "asked_by", "digest")


@dataclass(slots=True)
class Chart:
    """What is known of it so far. Only of committed rows: a number that was rolled back can be given again.

    Read in several threads at once: an owner is known once everything else about it is.
    """

    owner_ids: dict[str, int] = field(default_factory=dict)
    account_ids: dict[Account, int] = field(default_factory=dict)
    accounts_of: dict[str, list[int]] = field(default_factory=dict)
    names: dict[int, Account] = field(default_factory=dict)
    guarded: set[int] = field(default_factory=set)  # accounts with a balance row
    guarded_owners: set[str] = field(default_factory=set)  # who has such an account

    def read(self, connection: Connection, names: Iterable[str]) -> None:
        """Learns the accounts of the owners named, as far as they are open."""
        if unknown := self.unknown(names):
            self.read_anew(connection, unknown)

    def unknown(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in self.owner_ids]

    def read_anew(self, connection: Connection, names: Iterable[str]) -> None:
        """Of those that may have got accounts since."""
        found = connection.execute(
            select(owners.c.name, owners.c.id, accounts.c.kind, accounts.c.id, accounts.c.floor)
            .join(accounts, accounts.c.owner_id == owners.c.id)
            .where(among(connection, owners.c.name, names))
            .order_by(accounts.c.id)
        )
        owner_ids: dict[str, int] = {}
        accounts_of: dict[str, list[int]] = {}
        for name, owner_id, kind, account_id, floor in found.all():
            account = Account(name, kind)
            owner_ids[name] = owner_id
            accounts_of.setdefault(name, []).append(account_id)
            self.account_ids[account] = account_id
            self.names[account_id] = account
            if floor is not None:
                self.guarded.add(account_id)
                self.guarded_owners.add(name)
        self.accounts_of.update(accounts_of)
        self.owner_ids.update(owner_ids)

    def read_accounts(self, connection: Connection, numbers: Iterable[int]) -> None:
        """Learns whose accounts these are, with all others of the same owners."""
        unknown = [number for number in numbers if number not in self.names]
        if unknown:
            query = select(owners.c.name).join(accounts, accounts.c.owner_id == owners.c.id)
            found = connection.execute(query.where(among(connection, accounts.c.id, unknown)).distinct())
            self.read(connection, found.scalars().all())


class Opening(NamedTuple):
    """Who opens accounts, when (microseconds since the epoch), and in which unit."""

    unit: str
    asked_by: str
    at: int


def open_accounts(connection: Connection, names: Iterable[str], kinds: tuple[Kind, ...], opening: Opening) -> None:
    """Opens what is not open yet. With a floor an account has a balance, which starts at 0; without one it has none."""
    unit, asked_by, at = opening
    wanted = sorted(set(names))
    here = _owner_ids(connection, wanted)
    insert_rows(connection, owners, ("name",), [(name,) for name in wanted if name not in here])
    ids = _owner_ids(connection, wanted, lock=True)  # two that open the same wait; and see ccd.sql.decided
    before = _account_ids(connection, ids.values())
    missing = [(name, kind) for name in wanted for kind in kinds if (ids[name], kind.name) not in before]
    rows = []
    for name, kind in missing:
        digest = account_digest(Account(name, kind.name), kind, unit, at, asked_by)
        rows.append((ids[name], kind.name, unit, kind.side.value, kind.floor, at, asked_by, digest))
    insert_rows(connection, accounts, ACCOUNT_COLUMNS, rows)
    after = _account_ids(connection, ids.values())
    floors = [(after[ids[name], kind.name], 0, kind.floor) for name, kind in missing if kind.floor is not None]
    insert_rows(connection, balances, ("account_id", "seconds", "floor"), floors)


def check_opening(texts: Iterable[str], kinds: tuple[Kind, ...]) -> None:
    """PostingError where there can be no such account."""
    for said in (*texts, *(kind.name for kind in kinds)):
        check_texts(f"that opens accounts with {said!r}", [said])
    for kind in kinds:
        if kind.floor is not None and not -SECONDS_MAX <= kind.floor <= 0:
            raise PostingError(f"that opens {kind.name}", f"has a floor of {kind.floor} s", f"{-SECONDS_MAX} to 0")


def _owner_ids(connection: Connection, names: list[str], lock: bool = False) -> dict[str, int]:
    query = select(owners.c.name, owners.c.id).where(among(connection, owners.c.name, names)).order_by(owners.c.id)
    rows = connection.execute(query.with_for_update(key_share=True) if lock else query)
    return {row.name: row.id for row in rows}


def _account_ids(connection: Connection, owner_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    query = select(accounts.c.owner_id, accounts.c.kind, accounts.c.id)
    rows = connection.execute(query.where(among(connection, accounts.c.owner_id, owner_ids)))
    return {(row.owner_id, row.kind): row.id for row in rows}
