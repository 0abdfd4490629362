"""What a format has to say, and how accounts and moments are called where plain text books are kept. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from ccd.ledger.audit import Entry, TransactionRow
from ccd.ledger.blocks import Block
from ccd.ledger.model import Account, Side, key_spelled
from ccd.ledger.recorded import Opened

COMMODITY = "SEC"
# By side. The tools know five kinds of accounts: what an owner is owed, and what was handed out, are these two.
ROOTS = {Side.CREDIT.value: "Liabilities", Side.DEBIT.value: "Assets"}
PLAIN = "A-Za-z0-9一-龥"
NOT_PLAIN = re.compile(f"(?P<slash>/)(?=[{PLAIN}])|[^{PLAIN}]")
SIGNS = "A positive amount is a debit: an account whose side is credit has its balance below zero."


class Days(NamedTuple):
    """The first and the last day that any transfer is for; the same one day where there are none."""

    first: date
    last: date

    @property
    def after(self) -> date:
        return self.last + timedelta(days=1)


class Transaction(NamedTuple):
    """One that was recorded, with its transfers in the order of legs, and the accounts by number."""

    kept: TransactionRow
    entries: Sequence[Entry]
    accounts: Mapping[int, Opened]

    @property
    def key(self) -> str:
        return key_spelled(self.kept.key, self.kept.revision)

    @property
    def recorded(self) -> date:
        return utc_day(self.kept.recorded_at)

    def facts(self) -> dict[str, str]:
        """What is told beside the transfers, each only where there is something to tell."""
        kept = self.kept
        told = {
            "key": self.key, "transaction": str(kept.id), "state": kept.state, "book": kept.book, "month": kept.month,
            "recorded": utc_moment(kept.recorded_at), "asked-by": kept.asked_by, "reference": kept.reference,
            "text": kept.text, "facts": kept.facts, "terms": kept.terms, "refusal": kept.refusal,
            "digest": kept.digest.hex(),
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}


class Form(NamedTuple):
    """A format: the text of the file's beginning, and of each account, transaction, block and balance (in seconds,
    credit less debit), which come in this order."""

    begun: Callable[[Days], str]
    opened: Callable[[Opened, Days], str]
    recorded: Callable[[Transaction], str]
    sealed: Callable[[Block], str]
    balanced: Callable[[Opened, int, Days], str]


def account_facts(one: Opened) -> dict[str, str]:
    floor = {} if one.kind.floor is None else {"floor": str(one.kind.floor)}
    return {
        "owner": one.account.owner, "kind": one.account.kind, "unit": one.unit, "side": one.kind.side, **floor,
        "opened": utc_moment(one.opened_at), "asked-by": one.asked_by, "digest": one.digest.hex(),
    }  # fmt: skip


def leg_facts(entry: Entry) -> dict[str, str]:
    back = {"reverses": f"{entry.reverses[0]}.{entry.reverses[1]}"} if entry.reverses else {}
    return {"leg": str(entry.leg), "service": entry.service, **back}


def name_of(account: Account, side: str) -> str:
    """Liabilities:Savings:Agent-1001, for the savings of agent/1001. No owner's account stands above another's: a
    balance of Beancount's takes in whatever stands below."""
    return f"{ROOTS[side]}:{legal(account.kind)}:{legal(account.owner)}"


def legal(name: str) -> str:
    """A word of an account's name, as Beancount and hledger both take it; no two names come to the same word.

    Letters, digits and Chinese characters stay; a slash before one of them is a dash, any other sign its number in hex
    (`--3a--`). The first letter becomes a capital; where it can't, or was one, X--- stands before.
    """
    body = NOT_PLAIN.sub(lambda sign: "-" if sign["slash"] else f"--{ord(sign[0]):x}--", name)
    if "a" <= body[:1] <= "z":
        return body[0].upper() + body[1:]
    return body if "0" <= body[:1] <= "9" else f"X---{body}"


def utc_day(at: int) -> date:
    return datetime.fromtimestamp(at // 1_000_000, UTC).date()


def utc_moment(at: int) -> str:
    """Microseconds since the epoch as 2026-11-23T08:00:00.000000Z."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
