"""The desk: what is done inside one database transaction that posts.

The order of locks is one: months (shared), owners by number, nothing after that. What is read about an owner is read
in a statement after the one that took the lock, so that it is what the last one before us committed.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.caps import caps_under_lock
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
    Moved,
    Outcome,
    Posting,
    Reserve,
    Resolve,
    State,
    Transfer,
    check_shape,
    month_at,
)  # fmt: skip
from ccd.ledger.periods import months_under_lock
from ccd.ledger.reservations import expired, held_by, owners_of
from ccd.ledger.rules import Month, Original, Standing
from ccd.ledger.schema import balances, entries, owners, transactions
from ccd.ledger.sheet import Sheet, reserve_numbers, write_sheet
from ccd.ledger.term_rows import TermRows
from ccd.ledger.terms import makes_legs, read_terms
from ccd.sql.rows import among, day_keeper


class Desk:
    """One transaction at the ledger. What it knows is true until its end, because it holds the locks."""

    def __init__(self, connection: AsyncConnection, chart: Chart, now: int) -> None:
        self.connection = connection
        self._chart = chart
        self._now = now
        self._standing = Standing()

    async def lock(self, months: Iterable[Month], names: Iterable[str], closing: bool = False) -> None:
        """Locks the months against closing and the owners against everybody else; owners without accounts are none."""
        self._standing.months.update(await months_under_lock(self.connection, months, closing))
        wanted = set(names)
        await self._chart.read(self.connection, wanted)
        if self.connection.dialect.name == "sqlite":
            return  # one writer: whoever else wants to post waits before the transaction begins
        numbers = sorted(self._chart.owner_ids[name] for name in wanted if name in self._chart.owner_ids)
        query = select(owners.c.id).where(among(self.connection, owners.c.id, numbers)).order_by(owners.c.id)
        await self.connection.execute(query.with_for_update(key_share=True))

    async def open_accounts(self, names: Iterable[str], kinds: tuple[Kind, ...], unit: str, asked_by: str) -> None:
        """Opens accounts in a transaction that is going to be undone; `Ledger.open_accounts` opens them to stay."""
        wanted = set(names)
        await open_accounts(self.connection, wanted, kinds, Opening(unit, asked_by, self._now))
        self._chart.forget(wanted)
        await self._chart.read(self.connection, wanted)

    async def revisions(self, keys: Iterable[str]) -> dict[str, list[Kept]]:
        """Which revisions of the keys are claimed, lowest first."""
        return await revisions_of(self.connection, keys)

    async def balances(self, accounts: Iterable[Account]) -> dict[Account, int]:
        """In seconds, of those accounts that are open and have a floor; their owners have to be under lock."""
        ids = self._chart.account_ids
        numbers = {ids[account]: account for account in accounts if account in ids}
        await self._read_balances(numbers)
        read = self._standing.balances
        return {account: read[number] for number, account in numbers.items() if number in read}

    async def moved(self, names: Iterable[str], days: Iterable[date]) -> list[Moved]:
        """The transfers for these days on accounts of owners that are under lock, in no order."""
        own = [number for name in names for number in self._chart.accounts_of.get(name, ())]
        wanted = list(days)
        columns = (entries.c.day, entries.c.service, entries.c.debit, entries.c.credit, entries.c.seconds)
        found = {}
        for side in (entries.c.debit, entries.c.credit):
            query = select(entries.c.transaction_id, entries.c.leg, *columns)
            rows = await self.connection.execute(
                query.where(among(self.connection, side, own), entries.c.day.in_(wanted))
            )
            found.update({(number, leg): tuple(rest) for number, leg, *rest in rows})
        await self._chart.read_accounts(self.connection, {account for row in found.values() for account in row[2:4]})
        names_of = self._chart.names
        return [
            Moved(day, service, names_of[a], names_of[b], seconds) for day, service, a, b, seconds in found.values()
        ]

    async def post(self, postings: Sequence[Posting]) -> list[Outcome]:
        """Posts what is not posted yet: locks, looks the keys up, checks the rules in order, writes."""
        asked: dict[Claim, Posting] = {}
        for posting in postings:
            check_shape(posting)
            compare(asked.setdefault((posting.key, posting.revision), posting), content_of(posting))
        guarded = await self._lock_for(postings)
        known = await first_outcomes(self.connection, list(asked.values()))
        new = [posting for claim, posting in asked.items() if claim not in known]
        if new:
            new = [*await self._expiries(guarded), *new]
        fresh = {(outcome.key, outcome.revision): outcome for outcome in await self._write(new)}
        known.update({claim: outcome._replace(replayed=True) for claim, outcome in fresh.items()})
        claims = [(posting.key, posting.revision) for posting in postings]
        return [fresh.pop(claim, known[claim]) for claim in claims]

    async def _lock_for(self, postings: Sequence[Posting]) -> set[str]:
        """Everything that the postings touch, but caps. Says which owners have a balance to guard."""
        terms = [term for posting in postings for term in posting.terms]
        touched = {account.owner for posting in postings for leg in posting.legs for account in (leg.debit, leg.credit)}
        touched |= {term.held.owner for term in terms if isinstance(term, Reserve)}
        touched |= {term.to.owner for term in terms if isinstance(term, Resolve) and term.to}
        resolved = [term.reservation for term in terms if isinstance(term, Resolve)]
        touched |= await owners_of(self.connection, resolved)
        await self._chart.read(self.connection, touched)
        guarded = set(filter(self._is_guarded, touched))
        months = {(posting.book, posting.month) for posting in postings}
        late = {(posting.book, term.month) for posting in postings for term in posting.terms if isinstance(term, Late)}
        await self.lock(months | late, guarded, closing=any(isinstance(term, Close) for term in terms))
        return guarded

    async def _expiries(self, names: Iterable[str]) -> list[Posting]:
        """What gives back the owners' reservations whose time is over."""
        numbers = [self._chart.owner_ids[name] for name in names]
        found = await expired(self.connection, numbers, self._now) if numbers else []
        month = month_at(self._now)
        postings = []
        for claim, book, day, service in found:
            terms = (Resolve(claim, service), Late(month))
            postings.append(Posting(f"expired/{claim[0]}", claim[1], book, day, (), "expiry", terms=terms))
        months = {(posting.book, posting.month) for posting in postings} | {(one.book, month) for one in postings}
        self._standing.months.update(await months_under_lock(self.connection, months))
        return postings

    async def sheet(self, postings_max: int) -> Sheet:
        """An empty one, for who holds the locks, has seen that no key is claimed, and has read what is debited."""
        return self._sheet(await reserve_numbers(self.connection, postings_max))

    async def write(self, sheet: Sheet) -> None:
        await write_sheet(self.connection, sheet)

    async def _write(self, postings: Sequence[Posting]) -> list[Outcome]:
        if not postings:
            return []
        await self._read_what_is_debited(postings)
        backs = [leg.reverses for posting in postings for leg in posting.legs if leg.reverses]
        self._standing.originals.update(await originals_of(self.connection, backs))
        drawn = [term.cap for posting in postings for term in posting.terms if isinstance(term, (Draw, Limit))]
        self._standing.caps.update(await caps_under_lock(self.connection, drawn))
        numbers = await reserve_numbers(self.connection, len(postings))
        sheet = self._sheet(numbers)
        outcomes = []
        for number, posting in zip(numbers, postings, strict=True):
            refusal = sheet.put(posting)
            state = State.REFUSED if refusal else State.POSTED
            outcomes.append(Outcome(posting.key, posting.revision, number, state, False, self._now, refusal))
        await self.write(sheet)
        return outcomes

    async def _read_what_is_debited(self, postings: Sequence[Posting]) -> None:
        terms = [term for posting in postings for term in posting.terms]
        debited = {leg.debit for posting in postings for leg in posting.legs}
        reserved = [term for term in terms if isinstance(term, Reserve)]
        debited |= {account for term in reserved for account in (*term.accounts, term.held)}
        resolved = [term.reservation for term in terms if isinstance(term, Resolve)]
        held = await held_by(self.connection, self._chart, resolved)
        self._standing.reservations.update(held)
        debited |= {one.account for one in held.values()}
        ids = self._chart.account_ids
        await self._read_balances({ids[account] for account in debited if account in ids} & self._chart.guarded)

    def _sheet(self, numbers: Iterable[int]) -> Sheet:
        terms = TermRows(frozenset(self._standing.caps))
        return Sheet(self._chart, self._standing, self._now, iter(numbers), day_keeper(self.connection), terms)

    def _is_guarded(self, name: str) -> bool:
        return any(number in self._chart.guarded for number in self._chart.accounts_of.get(name, ()))

    async def _read_balances(self, numbers: Iterable[int]) -> None:
        unread = [number for number in numbers if number not in self._standing.balances]
        if not unread:
            return
        query = select(balances.c.account_id, balances.c.seconds, balances.c.floor)
        found = await self.connection.execute(query.where(among(self.connection, balances.c.account_id, unread)))
        for number, seconds, floor in found.all():
            self._standing.balances[number] = seconds
            self._standing.floors[number] = floor


async def originals_of(connection: AsyncConnection, transfers: list[Transfer]) -> dict[Transfer, Original]:
    """The transfers that are to be taken back, as far as there are such."""
    if not transfers:
        return {}
    name = tuple_(entries.c.transaction_id, entries.c.leg)
    back = tuple_(entries.c.reverses_transaction, entries.c.reverses_leg)
    query = select(entries.c.reverses_transaction, entries.c.reverses_leg).where(back.in_(transfers))
    before = {Transfer(*row) for row in (await connection.execute(query)).all()}
    columns = (transactions.c.digest, transactions.c.terms)
    rows = await connection.execute(select(entries, *columns).join(transactions).where(name.in_(transfers)))
    found = {}
    for row in rows.all():
        transfer = Transfer(row.transaction_id, row.leg)
        move = row.debit, row.credit, row.seconds
        found[transfer] = Original(move, row.digest, transfer in before, makes_legs(read_terms(row.terms)))
    return found
