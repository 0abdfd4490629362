"""Whose it is what somebody reads: of each reading that is noted (docs/time-bank.md 6)."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, or_, select

from ccd.bank.accounts import owning_agent
from ccd.ledger.schema import accounts, entries, owners, transactions
from ccd.org.people import ALL_UNITS

NUMBERS = 18  # digits of a transaction's number, at most


def of_whom(connection: Connection, said: Mapping[str, str]) -> str:
    """The agent or the unit that is asked for, or whose account a transfer moved; else it is of all."""
    if "transfer" in said:
        return moved(connection, said["transfer"])
    named = (said.get(word, "") for word in ("agent", "unit"))
    return next((name for name in named if name and "\0" not in name), ALL_UNITS)


def agents_of(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    """Whose accounts a transaction moved, by its number or its key."""
    found = connection.scalars(
        select(owners.c.name)
        .distinct()
        .join_from(entries, accounts, or_(accounts.c.id == entries.c.debit, accounts.c.id == entries.c.credit))
        .join(owners)
        .where(entries.c.transaction_id.in_(select(transactions.c.id).where(which)))
    )
    return sorted(filter(None, map(owning_agent, found)))


def moved(connection: Connection, transfer: str) -> str:
    """Empty where it is nobody's. Of a transaction alone, `1234`, its first transfer is meant."""
    number, dot, leg = transfer.partition(".")
    parts = (number, leg if dot else "1")
    if not all(part.isascii() and part.isdecimal() and len(part) <= NUMBERS for part in parts):
        return ""
    found = connection.scalars(
        select(owners.c.name)
        .join_from(entries, accounts, or_(accounts.c.id == entries.c.debit, accounts.c.id == entries.c.credit))
        .join(owners)
        .where(entries.c.transaction_id == int(parts[0]), entries.c.leg == int(parts[1]))
    )
    return next(filter(None, map(owning_agent, found)), "")
