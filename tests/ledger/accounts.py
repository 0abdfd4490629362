"""Accounts and postings for the ledger's tests."""

from datetime import date

from ccd.ledger.model import Account, Leg, Posting, Transfer

HOUSE = "house"
KINDS = ("savings", "gift")
DAY = date(2026, 11, 23)


def give(owner: str, seconds: int, kind: str = "savings", reverses: Transfer | None = None) -> Leg:
    return Leg(Account(HOUSE, "savings"), Account(owner, kind), seconds, "savings", reverses)


def take(owner: str, seconds: int, kind: str = "savings", reverses: Transfer | None = None) -> Leg:
    return Leg(Account(owner, kind), Account(HOUSE, "savings"), seconds, "savings", reverses)


def posting(key: str, *legs: Leg, revision: int = 1, day: date = DAY, text: str = "", facts: str = "{}") -> Posting:
    return Posting(key, revision, "demo", day, legs, asked_by="test", text=text, facts=facts)
