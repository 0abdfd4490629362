"""The audit: everything that the ledger keeps is derived again from its transactions, one by one. Pure.

Transactions come in the order of their numbers, which for each owner, cap and month is that of their commits. What does
not follow is a finding, with its place. Blocks say that nothing was changed; the audit says that it was right.
"""

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, assert_never

from ccd.ledger.digest import NOTHING_TAKEN_BACK, digest
from ccd.ledger.model import Account, Claim, Close, Draw, Late, Limit, Reserve, Resolve, Term, spelled
from ccd.ledger.rules import Cap, Month
from ccd.ledger.terms import read_terms

FORMAT_WITHOUT_TERMS = 1


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


@dataclass(frozen=True, slots=True)
class Reservation:
    """`resolved_by` is the number of the transaction that ended it."""

    transaction: int
    owner: str
    expires_at: int | None
    resolved_by: int | None = None


@dataclass(slots=True)
class Audit:
    """What follows from the transactions so far. Accounts by number: whose they are, and the floors of those with one.

    `sums` is by account without a floor and by day; whoever audits block by block empties it between them.
    """

    names: Mapping[int, Account]
    floors: Mapping[int, int]
    balances: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[tuple[int, date], int] = field(default_factory=lambda: defaultdict(int))
    caps: dict[str, Cap] = field(default_factory=dict)
    reservations: dict[Claim, Reservation] = field(default_factory=dict)
    closed: set[Month] = field(default_factory=set)
    months: set[Month] = field(default_factory=set)
    reversed: set[tuple[int, int]] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def take(self, kept: TransactionRow, entries: Sequence[Entry]) -> None:
        """The next transaction with its transfers, in the order of legs."""
        try:
            self._take(kept, entries)
        except (TypeError, ValueError, KeyError, struct.error) as error:
            self._find(kept, f"it holds what none can hold ({error!r})")

    def _take(self, kept: TransactionRow, entries: Sequence[Entry]) -> None:
        if content_digest(kept, entries, self.names) != kept.digest:
            self._find(kept, "its content is not what its digest says")
        self.months.add((kept.book, kept.month))
        if [entry.leg for entry in entries] != list(range(1, kept.legs + 1)):
            self._find(kept, f"it was written with {kept.legs} transfers, and has {len(entries)}")
        if kept.state != "posted":
            if entries or not kept.refusal:
                self._find(kept, "it was refused, and has transfers or no reason")
            return
        if (kept.book, kept.month) in self.closed:
            self._find(kept, f"{kept.month} of {kept.book} was closed before it")
        self._move(kept, entries)
        if kept.terms:
            self._follow(kept)

    def _move(self, kept: TransactionRow, entries: Sequence[Entry]) -> None:
        balances, floors = self.balances, self.floors
        for _, debit, credit, seconds, day, _, reverses, _, move in entries:
            for account, moved in ((debit, -seconds), (credit, seconds)):
                balances[account] += moved
                if account not in floors:
                    self.sums[account, day] += moved
            if reverses is not None:
                if reverses in self.reversed or move != (credit, debit, seconds):
                    self._find(kept, f"it takes back transfer {reverses[0]}.{reverses[1]}, which it may not")
                self.reversed.add(reverses)
        for entry in entries:
            if entry.debit in floors and balances[entry.debit] < floors[entry.debit]:
                whose = self.names[entry.debit]
                self._find(kept, f"it takes {whose.kind} of {whose.owner} below its floor")

    def _follow(self, kept: TransactionRow) -> None:
        try:
            terms = read_terms(kept.terms)
        except (ValueError, TypeError) as error:
            self._find(kept, f"its terms can't be read ({error})")
            return
        for term in terms:
            self._follow_one(kept, term)

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
            case Resolve(claim):
                made = self.reservations.get(claim)
                if made is None or made.resolved_by is not None:
                    self._find(kept, f"it resolves {spelled(*claim)}, which was not reserved, or resolved before")
                else:
                    self.reservations[claim] = Reservation(made.transaction, made.owner, made.expires_at, kept.id)
            case Close():
                self.closed.add((kept.book, kept.month))
            case Late():
                pass
            case _:
                assert_never(term)

    def _cap(self, kept: TransactionRow, name: str, cap: Cap) -> None:
        if not 0 <= cap.drawn_s <= cap.limit_s:
            self._find(kept, f"{cap.drawn_s} s are drawn on {name}, whose limit is {cap.limit_s} s")
        self.caps[name] = cap

    def _find(self, kept: TransactionRow, found: str) -> None:
        self.findings.append(Finding(f"transaction {kept.id} ({spelled(kept.key, kept.revision)})", found))


def content_digest(kept: TransactionRow, entries: Sequence[Entry], names: Mapping[int, Account]) -> bytes:
    """What the digest has to be, by what is kept."""
    (_, key, revision, book, month, state, _, reference, text, asked_by, facts, terms, refusal, recorded_at, version,
     _) = kept  # fmt: skip
    said = (terms,) if version != FORMAT_WITHOUT_TERMS else ()
    fields = [
        key, str(revision), book, month, state, reference, text, asked_by, facts, *said, refusal, str(recorded_at)
    ]  # fmt: skip
    for _, debit, credit, seconds, day, service, reverses, reversed_digest, _ in entries:
        back = (reversed_digest.hex(), str(reverses[1])) if reverses and reversed_digest else NOTHING_TAKEN_BACK
        fields += (*names[debit], *names[credit], str(seconds), day.isoformat(), service, *back)
    return digest(fields, version)
