"""The ledger's words: accounts, postings and what became of them. Pure: no database, no clock.

A transfer moves whole seconds from its debit account to its credit account (`from` and `to` of docs/time-bank.md 4),
so that an account's balance is what was credited less what was debited, and the sum over all accounts is zero.

What is made once for each of a hundred thousand postings is a named tuple: it takes a quarter of a frozen dataclass's
time to make.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import NamedTuple

from ccd.errors import PostingError, RefusedError

LEGS_MAX = 1_000
SECONDS_MAX = 10**10  # of one transfer: three centuries. No sum of such leaves the 64 bits that databases count in
SECONDS_WANTED = f"a whole number from 1 to {SECONDS_MAX}"
LIMIT_WANTED = f"a whole number from 0 to {SECONDS_MAX}"
KEY_MAX = 500  # characters. An index of PostgreSQL's takes 2,700 bytes, and keys are made of keys
KEY_SHOWN_MAX = 40
REVISION_MAX = 2**31 - 1
NUMBER_MAX = 2**63 - 1  # of a database's whole numbers
NUL = "\x00"
MONTH = re.compile("[0-9]{4}-(0[1-9]|1[0-2])")

Claim = tuple[str, int]  # a key and its revision


Months = Callable[[date], str]  # in which a day counts: that of the calendar, or one that begins on another day


class Side(StrEnum):
    """On which an account's balance normally stands: credit where its owner is owed time."""

    CREDIT = "credit"
    DEBIT = "debit"


class Kind(NamedTuple):
    """What accounts of a name have in common. One with a `floor` (seconds) is *guarded*: its balance is a row, locked
    when it is posted to, and never below the floor. One without is *summed* from its transfers, and nobody waits for
    it."""

    name: str
    side: Side
    floor: int | None


class Account(NamedTuple):
    """One account of one owner; both names mean nothing to the ledger."""

    owner: str
    kind: str


class Transfer(NamedTuple):
    """The name of one transfer: its transaction and its leg, counted from 1. Spelled `1234.1`."""

    transaction: int
    leg: int

    def __str__(self) -> str:
        return f"{self.transaction}.{self.leg}"


class Leg(NamedTuple):
    """One transfer that is asked for. A reversal names the transfer that it takes back, and mirrors it exactly."""

    debit: Account
    credit: Account
    seconds: int
    service: str
    reverses: Transfer | None = None


class Draw(NamedTuple):
    """Counts against a cap: `seconds` above 0 draw on it, below 0 give back."""

    cap: str
    seconds: int


class Limit(NamedTuple):
    """A cap has this limit from now on, never below what is drawn on it; a new cap begins with it."""

    cap: str
    seconds: int


class Reserve(NamedTuple):
    """Moves `seconds` from the accounts, in their order and as far as each goes, to `held`; all are one owner's.

    From `expires_at` on (microseconds since the epoch; None: never) the owner's next posting gives them back first.
    """

    accounts: tuple[Account, ...]
    held: Account
    seconds: int
    service: str
    expires_at: int | None = None


class Resolve(NamedTuple):
    """Ends a reservation: `seconds` of it go to `to`, the rest back where it came from, what was drawn last first."""

    reservation: Claim
    service: str
    seconds: int = 0
    to: Account | None = None


class Close(NamedTuple):
    """The posting's month takes nothing more."""


class Late(NamedTuple):
    """Where the month of the posting's day is closed, it counts in this one, and its transfers name their day."""

    month: str  # 2026-12


Term = Draw | Limit | Reserve | Resolve | Close | Late


class Posting(NamedTuple):
    """What is asked of the ledger: all legs or none.

    `key` and `revision` are made of the facts that are settled, and are claimed for ever. `day` is the day that the
    transfers are for; they count in its month of `book`: the calendar's, or that which `counts_in` names. `facts` is
    text that is kept, compared and hashed as it is. A posting without legs leaves the record that its key was dealt
    with, and that nothing had to move. `terms` are what it does beside its legs, or how its legs follow from what is
    found under lock.
    """

    key: str
    revision: int
    book: str
    day: date
    legs: tuple[Leg, ...]
    asked_by: str
    reference: str = ""
    text: str = ""
    facts: str = "{}"
    terms: tuple[Term, ...] = ()
    counts_in: str = ""

    @property
    def month(self) -> str:
        return self.counts_in or month_of(self.day)

    @property
    def spelled(self) -> str:
        return key_spelled(self.key, self.revision)


class PostingState(StrEnum):
    POSTED = "posted"
    REFUSED = "refused"


class Rule(Enum):
    """A rule that can refuse a posting."""

    BALANCE = "balance"  # an account would fall below its floor
    MONTH = "month"  # the month takes no postings
    REVERSAL = "reversal"  # the transfer was taken back before
    CAP = "cap"  # more would be drawn on a cap than its limit
    RESERVATION = "reservation"  # it was resolved before, or is smaller


class Refusal(NamedTuple):
    """Which rule spoke, and about what: an account or a cap, the seconds asked, and how many could have been had."""

    rule: Rule
    sentence: str
    account: Account | None = None
    cap: str | None = None
    amount_s: int | None = None
    limit_s: int | None = None


class Outcome(NamedTuple):
    """What became of a posting, at the first time and ever after (`replayed`)."""

    key: str
    revision: int
    transaction: int
    state: PostingState
    replayed: bool
    recorded_at: int  # microseconds since the epoch
    refusal: Refusal | None = None

    def or_raise(self) -> "Outcome":
        """The outcome of what was posted. RefusedError where a rule spoke against it."""
        if self.refusal is None:
            return self
        _, sentence, account, cap, amount_s, limit_s = self.refusal
        raise RefusedError(
            key_spelled(self.key, self.revision), sentence, account=account, cap=cap, amount_s=amount_s, limit_s=limit_s
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """One claimed revision of a key, as the ledger keeps it."""

    transaction: int
    revision: int
    state: PostingState
    book: str
    facts: str
    refused_by: Rule | None = None


class Moved(NamedTuple):
    """A transfer that was posted, as far as a later one may depend on it."""

    day: date
    service: str
    debit: Account
    credit: Account
    seconds: int
    transfer: Transfer | None = None  # which it is; None of one that is not kept yet


class Movement(NamedTuple):
    """One leg as the owner of a statement sees it: `seconds` is the effect on the own account."""

    leg: int
    kind: str
    other: Account
    seconds: int
    service: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transaction on an owner's statement; `after` are the owner's balances once it was posted."""

    transaction: int
    key: str
    revision: int
    day: date
    recorded_at: int
    asked_by: str
    reference: str
    text: str
    facts: str
    movements: tuple[Movement, ...]
    after: Mapping[str, int]


class Wanted(NamedTuple):
    """Of an owner's transactions those of which one transfer is all this; what is left out does not matter.

    Days are inclusive; `recorded_from` is, and `recorded_to` is not (microseconds since the epoch).
    """

    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    day_from: date | None = None
    day_to: date | None = None
    recorded_from: int | None = None
    recorded_to: int | None = None


ALL = Wanted()


@dataclass(frozen=True, slots=True)
class Statement:
    """Newest first; `before` asks for the page of older lines, `after` for that of newer ones; None: there are none."""

    lines: tuple[StatementLine, ...]
    before: int | None
    after: int | None = None


def month_of(day: date) -> str:
    return day.isoformat()[:7]


def month_after(month: str) -> str:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04d}-{number + 1:02d}"


def day_at(moment: int) -> date:
    """Of a moment in microseconds since the epoch, in UTC."""
    return datetime.fromtimestamp(moment / 1_000_000, UTC).date()


def key_spelled(key: str, revision: int) -> str:
    return f"{key}/r{revision}"


def check_shape(posting: Posting) -> None:
    """Refuses what no rule and no balance could make right."""
    if not posting.key or not posting.book or not posting.asked_by:
        raise PostingError(posting.spelled, "has no key, no book or nobody who asked", "all three")
    if len(posting.key) > KEY_MAX:
        found = f"has a key of {len(posting.key)} characters"
        raise PostingError(f"{posting.key[:KEY_SHOWN_MAX]}…", found, f"at most {KEY_MAX}")
    if type(posting.revision) is not int or not 0 <= posting.revision <= REVISION_MAX:
        raise PostingError(posting.spelled, f"has revision {posting.revision}", f"0 to {REVISION_MAX}")
    # A moment is a day to Python, and PostgreSQL's driver takes the first and the last day of all for endless: no
    # database gives them back as they were hashed.
    if type(posting.day) is not date or not date.min < posting.day < date.max:
        raise PostingError(posting.spelled, f"is for {posting.day!r}", "a day, neither the first nor the last of all")
    if posting.counts_in:
        _check_month(posting, posting.counts_in)
    texts = [posting.key, posting.book, posting.asked_by, posting.reference, posting.text, posting.facts]
    check_texts(posting.spelled, texts + [leg.service for leg in posting.legs])
    if len(posting.legs) > LEGS_MAX:
        raise PostingError(posting.spelled, f"has {len(posting.legs)} legs", f"at most {LEGS_MAX}")
    if posting.terms:
        _check_terms(posting)
    for number, leg in enumerate(posting.legs, 1):
        if type(leg.seconds) is not int or not 0 < leg.seconds <= SECONDS_MAX:
            raise PostingError(
                posting.spelled,
                f"moves {leg.seconds!r} seconds in leg {number}",
                SECONDS_WANTED,
                account=leg.debit,
                amount_s=leg.seconds,
            )
        if leg.reverses and not (is_number(leg.reverses.transaction) and is_number(leg.reverses.leg, LEGS_MAX)):
            raise PostingError(posting.spelled, f"reverses {leg.reverses}", "a transfer that a database can have")
        if leg.debit == leg.credit:
            raise PostingError(
                posting.spelled,
                f"moves seconds from an account to itself in leg {number}",
                "two accounts",
                account=leg.debit,
                amount_s=leg.seconds,
            )


def is_number(said: object, most: int = NUMBER_MAX) -> bool:
    """A whole one, from 0 on; True and False are none."""
    return type(said) is int and 0 <= said <= most


def check_texts(whose: str, texts: Iterable[str]) -> None:
    """PostingError, of whom it says whose they are, where no database could keep them."""
    said = "".join(texts)
    if NUL in said:
        raise PostingError(whose, "has a NUL in a text", "text that every database can keep")
    if said.isascii():
        return
    try:
        said.encode()
    except UnicodeEncodeError:
        raise PostingError(whose, "has half a sign in a text", "text that every database can keep") from None


def _check_month(posting: Posting, month: str) -> None:
    if not MONTH.fullmatch(month):
        raise PostingError(posting.spelled, f"counts in {month!r}", "a month, as 2026-11")


def _check_terms(posting: Posting) -> None:
    making = [term for term in posting.terms if isinstance(term, (Reserve, Resolve))]
    if len(making) > 1 or (making and posting.legs):
        raise PostingError(posting.spelled, "has transfers beside those of a reservation", "a posting for each")
    for term in posting.terms:
        check_texts(posting.spelled, _texts_of(term))
        if isinstance(term, Late):
            _check_month(posting, term.month)
        if isinstance(term, Reserve) and not (type(term.seconds) is int and 0 < term.seconds <= SECONDS_MAX):
            raise PostingError(posting.spelled, f"says {term.seconds!r} seconds", SECONDS_WANTED)
        if isinstance(term, Limit) and not (type(term.seconds) is int and 0 <= term.seconds <= SECONDS_MAX):
            raise PostingError(posting.spelled, f"limits {term.cap} to {term.seconds!r} seconds", LIMIT_WANTED)
        if isinstance(term, Draw) and (type(term.seconds) is not int or term.seconds == 0):
            raise PostingError(
                posting.spelled, f"draws {term.seconds!r} seconds on {term.cap}", "a whole number, not 0"
            )
        if isinstance(term, Reserve) and term.expires_at is not None and not is_number(abs(term.expires_at)):
            raise PostingError(posting.spelled, f"expires at {term.expires_at!r}", "whole microseconds, or never")
        if isinstance(term, Resolve) and not is_number(term.reservation[1], REVISION_MAX):
            raise PostingError(posting.spelled, f"resolves {key_spelled(*term.reservation)}", "a reservation")
        if isinstance(term, Resolve) and not (is_number(term.seconds) and (term.seconds > 0) == (term.to is not None)):
            raise PostingError(posting.spelled, f"posts {term.seconds!r} seconds to {term.to}", "both, or neither")
        if isinstance(term, Reserve) and {term.held.owner} != {account.owner for account in term.accounts}:
            raise PostingError(posting.spelled, "reserves among several owners", "accounts of one")


def _texts_of(term: Term) -> tuple[str, ...]:
    match term:
        case Draw(name, _) | Limit(name, _):
            return (name,)
        case Reserve():
            return (term.service,)
        case Resolve((key, _), service):
            return (key, service)
    return ()
