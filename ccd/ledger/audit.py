"""The audit: everything that the ledger keeps is derived again from its transactions. Pure.

What follows from each part comes in their order (ccd.ledger.parts); transactions in the order of their numbers, which
for each owner, cap and month is that of their commits. What does not follow is a finding, with its place. Blocks say
that nothing was changed; the audit says that it was right.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, assert_never

from ccd.ledger.blocks import Block
from ccd.ledger.digest import NOTHING_TAKEN_BACK, digest
from ccd.ledger.model import Account, Claim, Close, Draw, Late, Limit, PostingState, Reserve, Resolve, Term, key_spelled
from ccd.ledger.rules import Cap, Month
from ccd.ledger.terms import day_said, read_terms

FORMAT_WITHOUT_TERMS = 1
POSTED = PostingState.POSTED.value


class Finding(NamedTuple):
    """Where something does not follow, and what."""

    place: str
    found: str

    def __str__(self) -> str:
        return f"{self.place}: {self.found}"


class TransactionRow(NamedTuple):
    """A transaction as it is kept."""

    id: int
    key: str
    revision: int
    book: str
    month: str
    state: str
    legs: int
    reference: str
    text: str
    asked_by: str
    facts: str
    terms: str
    refusal: str
    recorded_at: int
    format: int
    digest: bytes

    @property
    def place(self) -> str:
        return place_of(self.id, self.key, self.revision)


class Entry(NamedTuple):
    """A transfer as it is kept, accounts by number. Of one that it reverses: its name, digest and move."""

    leg: int
    debit: int
    credit: int
    seconds: int
    day: date
    service: str
    reverses: tuple[int, int] | None
    reversed_digest: bytes | None
    reversed_move: tuple[int, int, int] | None


@dataclass(slots=True)
class Derived:
    """What follows from a part. Balances count from how they stood before it.

    `moved` is of accounts with a floor, and `lowest` how low those have come that something was taken from; `months`
    are those that transactions count in, each with the last that was posted; `with_terms` is whatever was posted with
    some.
    """

    transactions: int = 0
    entries: int = 0
    moved: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    lowest: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    months: dict[Month, int] = field(default_factory=dict)
    with_terms: list[TransactionRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One that is open: the transaction that made it, whose it is, and when it ends by itself."""

    transaction: int
    owner: str
    expires_at: int | None


class Doubts(NamedTuple):
    """Where the rows have to be asked for the place. `below` are accounts that fell below their floor within the part,
    with how they stood before it; `late` are months that something was posted in after they were closed, with the
    transaction that closed them."""

    below: Mapping[int, int]
    late: Mapping[Month, int]


@dataclass(slots=True)
class Audit:
    """What follows from all parts so far. Accounts by number: whose they are, and the floors of those with one.

    `made` and `ended` are reservations of the newest part: as the rows of theirs have to be. `reserving` is what makes
    and ends them, by transaction, with its place: what their transfers follow from.
    """

    names: Mapping[int, Account]
    floors: Mapping[int, int]
    balances: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    caps: dict[str, Cap] = field(default_factory=dict)
    reservations: dict[Claim, Reservation] = field(default_factory=dict)
    closed: dict[Month, int] = field(default_factory=dict)  # by which transaction
    months: set[Month] = field(default_factory=set)
    made: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)
    reserving: dict[int, tuple[str, Reserve | Resolve]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def follow(self, derived: Derived) -> Doubts:
        """The next part."""
        self.findings += derived.findings
        balances, floors = self.balances, self.floors
        below = {
            account: balances[account]
            for account, lowest in derived.lowest.items()
            if balances[account] + lowest < floors[account]
        }
        for account, seconds in derived.moved.items():
            if account in floors:
                balances[account] += seconds
        self.made, self.ended, self.reserving = {}, {}, {}
        for kept in derived.with_terms:
            self._follow(kept)
        self.months |= derived.months.keys()
        late = {
            month: self.closed[month]
            for month, last in derived.months.items()
            if month in self.closed and last > self.closed[month]
        }
        return Doubts(below, late)

    def _follow(self, kept: TransactionRow) -> None:
        try:
            for term in read_terms(kept.terms):
                self._follow_one(kept, term)
        except (ValueError, TypeError, RecursionError) as error:
            self._find(kept, f"its terms can't be read ({error})")

    def _follow_one(self, kept: TransactionRow, term: Term) -> None:
        match term:
            case Limit(name, limit_s):
                before = self.caps.get(name)
                self._cap(kept, name, Cap(limit_s, before.drawn_s if before else 0))
            case Draw(name, seconds):
                before = self.caps.get(name) or Cap(0, 0)
                self._cap(kept, name, Cap(before.limit_s, before.drawn_s + seconds))
            case Reserve(_, held, _, _, expires_at):
                self.reservations[kept.key, kept.revision] = Reservation(kept.id, held.owner, expires_at)
                self.made[kept.id] = held.owner, expires_at
                self.reserving[kept.id] = kept.place, term
            case Resolve(claim):
                made = self.reservations.pop(claim, None)
                if made is None:
                    self._find(kept, f"it resolves {key_spelled(*claim)}, which was not reserved, or resolved before")
                else:
                    self.ended[made.transaction] = kept.id
                    self.reserving[kept.id] = kept.place, term
            case Close():
                self.closed.setdefault((kept.book, kept.month), kept.id)
            case Late(month):
                day = day_said(kept.terms)
                if kept.month != month and not can_count_in(kept.month, day):
                    self._find(kept, f"it counts in {kept.month}; for {day} it can't, and late it counts in {month}")
            case _:
                assert_never(term)

    def _cap(self, kept: TransactionRow, name: str, cap: Cap) -> None:
        if not 0 <= cap.drawn_s <= cap.limit_s:
            self._find(kept, f"{cap.drawn_s} s are drawn on {name}, whose limit is {cap.limit_s} s")
        self.caps[name] = cap

    def _find(self, kept: TransactionRow, found: str) -> None:
        self.findings.append(Finding(kept.place, found))


def place_of(number: int, key: str, revision: int) -> str:
    return f"transaction {number} ({key_spelled(key, revision)})"


def place_of_block(block: Block) -> str:
    return f"block {block.number} (transactions {block.span.after + 1} to {block.span.up_to})"


def can_count_in(month: str, day: date) -> bool:
    """In that of the calendar, or in one beside it, where months begin on another day."""
    year, number = month.split("-")
    return abs((int(year) - day.year) * 12 + int(number) - day.month) <= 1


def taken_back_wrongly(transaction: int, leg: int) -> str:
    return f"it takes back transfer {transaction}.{leg}, which it may not"


def content_digest(kept: TransactionRow, entries: Sequence[Entry], names: Mapping[int, Account]) -> bytes:
    """What the digest has to be, by what is kept. One without terms can't be of a transaction that has any."""
    (_, key, revision, book, month, state, _, reference, text, asked_by, facts, terms, refusal, recorded_at, version,
     _) = kept  # fmt: skip
    said = (terms,) if version != FORMAT_WITHOUT_TERMS or terms else ()
    fields = [
        key, str(revision), book, month, state, reference, text, asked_by, facts, *said, refusal, str(recorded_at)
    ]  # fmt: skip
    for _, debit, credit, seconds, day, service, reverses, reversed_digest, _ in entries:
        back = (reversed_digest.hex(), str(reverses[1])) if reverses and reversed_digest else NOTHING_TAKEN_BACK
        fields += (*names[debit], *names[credit], str(seconds), day.isoformat(), service, *back)
    return digest(fields, version)
