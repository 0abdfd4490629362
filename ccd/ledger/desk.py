"""The desk: what is done inside one database transaction that posts.

The order of locks is one (ccd.ledger.under_lock). Whatever else is read about an owner is read in a statement after the
one that took the lock, so that it is what the last one before us committed.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import assert_never

from sqlalchemy import Connection, select, tuple_

from ccd.ledger.chart import Chart, Opening, open_accounts
from ccd.ledger.keys import compare, content_of, first_outcomes, revisions_of
from ccd.ledger.model import (
    Account,
    Claim,
    Close,
    Draw,
    Kept,
    Kind,
    Late,
    Limit,
    Months,
    Moved,
    Outcome,
    Posting,
    PostingState,
    Reserve,
    Resolve,
    Transfer,
    check_shape,
    day_at,
    key_spelled,
    month_after,
    month_of,
)  # fmt: skip
from ccd.ledger.moved import came_in, moved_for
from ccd.ledger.reservations import expired, owners_of, reservations_held
from ccd.ledger.rules import OPEN, Cap, Month, Original, Standing
from ccd.ledger.schema import entries, transactions
from ccd.ledger.sheet import Sheet, write_sheet
from ccd.ledger.sound import as_written
from ccd.ledger.term_rows import TermRows
from ccd.ledger.terms import makes_legs, read_terms
from ccd.ledger.under_lock import Seen, Touched, lock
from ccd.sql.rows import day_keeper


@dataclass(slots=True)
class Needs:
    """What postings touch, as far as they say it themselves."""

    months: set[Month] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)  # by name
    debited: set[Account] = field(default_factory=set)
    caps: set[str] = field(default_factory=set)
    resolved: list[Claim] = field(default_factory=list)
    closing: bool = False


def needs_of(postings: Sequence[Posting]) -> Needs:
    needs = Needs()
    days: set[tuple[str, date]] = set()
    months = needs.months
    credited = set()
    for posting in postings:
        if posting.counts_in:
            months.add((posting.book, posting.counts_in))
        else:
            days.add((posting.book, posting.day))
        for debit, credit, _, _, _ in posting.legs:
            needs.debited.add(debit)
            credited.add(credit)
        for term in posting.terms:
            match term:
                case Draw(cap) | Limit(cap):
                    needs.caps.add(cap)
                case Reserve(accounts, held):
                    needs.debited |= {*accounts, held}  # what is held is debited if the same batch resolves it
                case Resolve(reservation, _, _, to):
                    needs.resolved.append(reservation)
                    credited |= {to} if to else set()
                case Late(month):
                    months.add((posting.book, month))
                case Close():
                    needs.closing = True
                case _:
                    assert_never(term)
    months |= {(book, month_of(day)) for book, day in days}
    needs.owners = {account.owner for account in needs.debited | credited}
    return needs


class Desk:
    """One transaction at the ledger. What it knows is true until its end, because it holds the locks."""

    def __init__(self, connection: Connection, chart: Chart, now: int, months: Months = month_of) -> None:
        self.connection = connection
        self.month_of = months
        self._chart = chart
        self._now = now
        self._standing = Standing()
        self._owners_locked: set[int] = set()

    def lock(self, months: Iterable[Month], names: Iterable[str], closing: bool = False) -> None:
        """From now on nobody closes these months, and nobody else posts for these owners; a name without accounts is
        passed over. For who is `closing` the months nobody else posts in these at all."""
        wanted = set(names)
        self._chart.read(self.connection, wanted)
        self._lock(Touched(months, self._owner_ids(wanted), closing=closing))

    def open_month(self, book: str, month: str) -> str:
        """The first from `month` on that takes postings; nobody closes it from now on."""
        while self._state_of(book, month) != OPEN:
            month = month_after(month)
        return month

    def open_accounts(self, names: Iterable[str], kinds: tuple[Kind, ...], unit: str, asked_by: str) -> None:
        """Opens accounts in a transaction that is going to be undone; `Ledger.open_accounts` opens them to stay."""
        wanted = set(names)
        open_accounts(self.connection, wanted, kinds, Opening(unit, asked_by, self._now))
        self._chart.read_anew(self.connection, wanted)

    @as_written()
    def revisions(self, keys: Iterable[str]) -> dict[str, list[Kept]]:
        """Which revisions of the keys are claimed, lowest first."""
        return revisions_of(self.connection, keys)

    def balances(self, accounts: Collection[Account]) -> dict[Account, int]:
        """In seconds, of those accounts that are open and have a floor; their owners have to be under lock."""
        self._read_balances(accounts)
        ids, read = self._chart.account_ids, self._standing.balances
        return {account: read[ids[account]] for account in accounts if ids.get(account) in read}

    def caps(self, names: Collection[str]) -> dict[str, Cap]:
        """What may be drawn on each and what has been, under lock: after months and owners. Of those that were never
        given a limit nothing is told."""
        self._lock(Touched(caps=names))
        return {name: self._standing.caps[name] for name in names if name in self._standing.caps}

    @as_written()
    def moved(self, names: Iterable[str], days: Iterable[date], kind: str = "") -> list[Moved]:
        """The transfers for these days on accounts of owners that are under lock, in no order; of one kind alone, where
        it is named."""
        return moved_for(self.connection, self._chart, names, days, kind)

    @as_written()
    def came_in(self, names: Iterable[str], month: str) -> dict[Account, int]:
        """What accounts of owners that are under lock were given by others since the month began, in seconds."""
        return came_in(self.connection, self._chart, names, month)

    @as_written()
    def post(self, postings: Sequence[Posting]) -> list[Outcome]:
        """Posts what is not posted yet: locks, looks the keys up, checks the rules in order, writes."""
        postings = with_months(postings, self.month_of)
        asked = asked_once(postings)
        needs = needs_of(postings)
        owners = self._guarded_owners(needs)
        touched = Touched(
            months=needs.months,
            owners=self._owner_ids(owners),
            accounts=self._unread(needs.debited),
            caps=needs.caps,
            keys=[key for key, _ in asked],
            numbers_wanted=len(asked),
            now=self._now,
            closing=needs.closing,
        )
        seen = self._lock(touched)
        known = first_outcomes(self.connection, list(asked.values())) if seen.some_claimed else {}
        new = [posting for claim, posting in asked.items() if claim not in known]
        expiries = self._expiries(owners, asked) if new and seen.some_expired else []
        outcomes = self._write([*expiries, *new], seen.numbers)
        if len(outcomes) == len(postings) and not expiries:
            return outcomes
        fresh = {(outcome.key, outcome.revision): outcome for outcome in outcomes}
        known.update({claim: outcome._replace(replayed=True) for claim, outcome in fresh.items()})
        claims = [(posting.key, posting.revision) for posting in postings]  # asked twice, the second finds the first's
        return [fresh.pop(claim, known[claim]) for claim in claims]

    def _guarded_owners(self, needs: Needs) -> set[str]:
        """Those of the owners that the postings touch who have a balance to guard."""
        touched = needs.owners | owners_of(self.connection, needs.resolved)
        self._chart.read(self.connection, touched)
        return touched & self._chart.guarded_owners

    @as_written()
    def _lock(self, touched: Touched) -> Seen:
        """What is locked is known from now on."""
        seen = lock(self.connection, touched)
        self._owners_locked.update(touched.owners)
        self._standing.months.update(seen.months)
        self._standing.caps.update(seen.caps)
        self._standing.learn(seen.balances)
        return seen

    def _state_of(self, book: str, month: str) -> str:
        months = self._standing.months
        if (book, month) not in months:
            self._lock(Touched({(book, month)}))
        return months[book, month]

    def _expiries(self, names: Iterable[str], asked: Iterable[Claim]) -> list[Posting]:
        """What gives back the owners' reservations whose time is over, by keys that nobody else has claimed or asks."""
        found = expired(self.connection, self._owner_ids(names), self._now)
        self._lock(Touched({(book, self.month_of(day)) for _, book, day, _ in found}))
        runs = self.month_of(day_at(self._now))
        open_months = {book: self.open_month(book, runs) for book in {one.book for one in found}}
        claimed = self.revisions({expired_key(claim) for claim, *_ in found})
        taken = {(key, kept.revision) for key, revisions in claimed.items() for kept in revisions} | set(asked)
        postings = []
        for claim, book, day, service in found:
            key = expired_key(claim)
            revision = next(one for one in count(claim[1]) if (key, one) not in taken)
            taken.add((key, revision))
            terms = (Resolve(claim, service), Late(open_months[book]))
            postings.append(Posting(key, revision, book, day, (), "expiry", terms=terms))
        return list(with_months(postings, self.month_of))

    def sheet(self, postings_max: int) -> Sheet:
        """An empty one, for who holds the locks, has seen that no key is claimed, and has read what is debited."""
        return self._sheet(self._lock(Touched(numbers_wanted=postings_max)).numbers)

    def write(self, sheet: Sheet) -> None:
        write_sheet(self.connection, sheet)

    def _write(self, postings: Sequence[Posting], numbers: list[int]) -> list[Outcome]:
        if not postings:
            return []
        resolved = [term.reservation for one in postings for term in one.terms if isinstance(term, Resolve)]
        if resolved:
            self._read_held(resolved)
        backs = [leg.reverses for posting in postings for leg in posting.legs if leg.reverses]
        self._standing.originals.update(originals_of(self.connection, backs))
        if len(postings) > len(numbers):
            numbers = self._lock(Touched(numbers_wanted=len(postings))).numbers
        sheet = self._sheet(numbers)
        outcomes = []
        for number, posting in zip(numbers, postings, strict=False):  # numbers of postings found are left over
            refusal = sheet.put(posting)
            state = PostingState.REFUSED if refusal else PostingState.POSTED
            outcomes.append(Outcome(posting.key, posting.revision, number, state, False, self._now, refusal))
        self.write(sheet)
        return outcomes

    def _read_held(self, resolved: Iterable[Claim]) -> None:
        held = reservations_held(self.connection, self._chart, self._owners_locked, resolved)
        self._standing.reservations.update(held)
        self._read_balances(one.account for one in held.values())

    def _sheet(self, numbers: Iterable[int]) -> Sheet:
        terms = TermRows(frozenset(self._standing.caps))
        return Sheet(self._chart, self._standing, self._now, iter(numbers), day_keeper(self.connection), terms)

    def _owner_ids(self, names: Iterable[str]) -> list[int]:
        ids = self._chart.owner_ids
        return [ids[name] for name in names if name in ids]

    def _unread(self, accounts: Iterable[Account]) -> set[int]:
        """Those of the accounts that have a balance row and were not read yet, by number."""
        ids = self._chart.account_ids
        numbers = {ids[account] for account in accounts if account in ids}
        return (numbers & self._chart.guarded) - self._standing.balances.keys()

    def _read_balances(self, accounts: Iterable[Account]) -> None:
        if unread := self._unread(accounts):
            self._lock(Touched(accounts=unread))


def expired_key(claim: Claim) -> str:
    return f"expired/{claim[0]}"


def with_months(postings: Sequence[Posting], months: Months) -> Sequence[Posting]:
    """Each with the month in which it counts, where that is not the calendar's."""
    if months is month_of:
        return postings
    return [one if one.counts_in else one._replace(counts_in=months(one.day)) for one in postings]


def asked_once(postings: Iterable[Posting]) -> dict[Claim, Posting]:
    """Each by its claim; PostingError where one can't be right, KeyTakenError where two of a claim are not the same."""
    asked: dict[Claim, Posting] = {}
    for posting in postings:
        check_shape(posting)
        first = asked.setdefault((posting.key, posting.revision), posting)
        if first is not posting:
            compare(first, content_of(posting))
    return asked


def originals_of(connection: Connection, transfers: list[Transfer]) -> dict[Transfer, Original]:
    """The transfers that are to be taken back, as far as there are such."""
    if not transfers:
        return {}
    name = tuple_(entries.c.transaction_id, entries.c.leg)
    back = tuple_(entries.c.reverses_transaction, entries.c.reverses_leg)
    query = select(entries.c.reverses_transaction, entries.c.reverses_leg).where(back.in_(transfers))
    before = {Transfer(*row) for row in connection.execute(query).all()}
    columns = (transactions.c.key, transactions.c.revision, transactions.c.digest, transactions.c.terms)
    rows = connection.execute(select(entries, *columns).join(transactions).where(name.in_(transfers)))
    found = {}
    for row in rows.all():
        transfer = Transfer(row.transaction_id, row.leg)
        move = row.debit, row.credit, row.seconds
        held = makes_legs(read_terms(row.terms))
        found[transfer] = Original(move, key_spelled(row.key, row.revision), row.digest, transfer in before, held)
    return found
