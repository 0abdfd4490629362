"""Accounts and postings for the ledger's tests."""

from collections.abc import Iterable
from datetime import date

from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Kind, Leg, Posting, Side, Transfer

HOUSE = "house"
KINDS = ("savings", "gift")
DAY = date(2026, 11, 23)


def give(owner: str, seconds: int, kind: str = "savings", reverses: Transfer | None = None) -> Leg:
    return Leg(Account(HOUSE, "savings"), Account(owner, kind), seconds, "savings", reverses)


def take(owner: str, seconds: int, kind: str = "savings", reverses: Transfer | None = None) -> Leg:
    return Leg(Account(owner, kind), Account(HOUSE, "savings"), seconds, "savings", reverses)


def posting(key: str, *legs: Leg, revision: int = 1, day: date = DAY, text: str = "", facts: str = "{}") -> Posting:
    return Posting(key, revision, "demo", day, legs, asked_by="test", text=text, facts=facts)


async def open_guarded(ledger: Ledger, owners: Iterable[str], kinds: Iterable[str] = KINDS) -> None:
    """Accounts that never fall below zero."""
    await ledger.open_accounts(owners, tuple(Kind(kind, Side.CREDIT, 0) for kind in kinds), "demo", "test")


async def open_house(ledger: Ledger, owner: str = HOUSE, kinds: Iterable[str] = KINDS) -> None:
    """Accounts without a limit."""
    await ledger.open_accounts([owner], tuple(Kind(kind, Side.DEBIT, None) for kind in kinds), "demo", "test")
