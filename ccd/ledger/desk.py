"""The desk: what is done inside one database transaction that posts.

The order of locks is one: months (shared), owners by number, nothing after that. What is read about an owner is read
in a statement after the one that took the lock, so that it is what the last one before us committed.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.chart import Chart, open_accounts
from ccd.ledger.keys import Claim, compare, content_of, first_outcomes, revisions_of
from ccd.ledger.model import Account, Kept, Moved, Outcome, Posting, State, Transfer, check_shape
from ccd.ledger.periods import months_under_lock
from ccd.ledger.rules import Month, Original, Standing
from ccd.ledger.schema import balances, entries, owners, transactions
from ccd.ledger.sheet import Sheet, reserve_numbers, write_sheet
from ccd.sql.rows import among, day_keeper


class Desk:
    """One transaction at the ledger. What it knows is true until its end, because it holds the locks."""

    def __init__(self, connection: AsyncConnection, chart: Chart, now: int) -> None:
        self.connection = connection
        self._chart = chart
        self._now = now
        self._standing = Standing()

    async def lock(self, months: Iterable[Month], names: Iterable[str]) -> None:
        """Locks the months against closing and the owners against everybody else; owners without accounts are none."""
        self._standing.months.update(await months_under_lock(self.connection, months))
        wanted = set(names)
        await self._chart.read(self.connection, wanted)
        if self.connection.dialect.name == "sqlite":
            return  # one writer: whoever else wants to post waits before the transaction begins
        numbers = sorted(self._chart.owner_ids[name] for name in wanted if name in self._chart.owner_ids)
        query = select(owners.c.id).where(among(self.connection, owners.c.id, numbers)).order_by(owners.c.id)
        await self.connection.execute(query.with_for_update(key_share=True))

    async def open_accounts(self, names: Iterable[str], kinds: tuple[str, ...], floor: int | None) -> None:
        """Opens accounts in a transaction that is going to be undone; `Ledger.open_accounts` opens them to stay."""
        wanted = set(names)
        await open_accounts(self.connection, wanted, kinds, floor)
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
        touched = {account.owner for posting in postings for leg in posting.legs for account in (leg.debit, leg.credit)}
        await self._chart.read(self.connection, touched)
        await self.lock({(posting.book, posting.month) for posting in postings}, filter(self._is_guarded, touched))
        known = await first_outcomes(self.connection, list(asked.values()))
        new = [posting for claim, posting in asked.items() if claim not in known]
        fresh = {(outcome.key, outcome.revision): outcome for outcome in await self._write(new)}
        known.update({claim: outcome._replace(replayed=True) for claim, outcome in fresh.items()})
        claims = [(posting.key, posting.revision) for posting in postings]
        return [fresh.pop(claim, known[claim]) for claim in claims]

    async def sheet(self, postings_max: int) -> Sheet:
        """An empty one, for who holds the locks, has seen that no key is claimed, and has read what is debited."""
        return self._sheet(await reserve_numbers(self.connection, postings_max))

    async def write(self, sheet: Sheet) -> None:
        await write_sheet(self.connection, sheet)

    async def _write(self, postings: Sequence[Posting]) -> list[Outcome]:
        legs = [leg for posting in postings for leg in posting.legs]
        debited = {self._chart.account_ids.get(leg.debit, 0) for leg in legs}
        await self._read_balances(debited & self._chart.guarded)
        backs = [leg.reverses for leg in legs if leg.reverses]
        self._standing.originals.update(await originals_of(self.connection, backs))
        numbers = await reserve_numbers(self.connection, len(postings))
        sheet = self._sheet(numbers)
        outcomes = []
        for number, posting in zip(numbers, postings, strict=True):
            refusal = sheet.put(posting)
            state = State.REFUSED if refusal else State.POSTED
            outcomes.append(Outcome(posting.key, posting.revision, number, state, False, self._now, refusal))
        await self.write(sheet)
        return outcomes

    def _sheet(self, numbers: Iterable[int]) -> Sheet:
        return Sheet(self._chart, self._standing, self._now, iter(numbers), day_keeper(self.connection))

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
    rows = await connection.execute(
        select(entries, transactions.c.digest).join(transactions).where(name.in_(transfers))
    )
    found = {}
    for row in rows.all():
        transfer = Transfer(row.transaction_id, row.leg)
        found[transfer] = Original((row.debit, row.credit, row.seconds), row.digest, transfer in before)
    return found
