"""`verify`: reads the whole ledger in one consistent view, derives everything again, and says where it does not follow.

Three things are held against what is kept: each transaction's and account's content against its digest; the digests
against the blocks, and the blocks against each other; and whatever follows from the transactions (balances, sums, caps,
reservations, months) against the rows that say so. From what an earlier verification remembered it goes on, and does
not see what is changed in what was sealed by then.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import String, and_, exists, func, literal, or_, select, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.audit import POSTED, Audit, Derived, Doubts, Finding, place_of, place_of_block, taken_back_wrongly
from ccd.ledger.blocks import START, Block, block_hash
from ccd.ledger.digest import account_digest
from ccd.ledger.guards import guards_astray
from ccd.ledger.heads import Head
from ccd.ledger.kept import RESERVED, compare_balances, compare_caps, compare_months, compare_reservations
from ccd.ledger.merkle import Peaks, leaf
from ccd.ledger.model import Account
from ccd.ledger.parts import Known, Part, Sums
from ccd.ledger.recorded import ACCOUNTS, Opened, derive, known_of, opened_of
from ccd.ledger.remembered import Remembered, accounts_hash, remember
from ccd.ledger.schema import (
    accounts,
    blocks,
    daily_sums,
    entries,
    owners,
    reservations,
    resolutions,
    transactions,
)  # fmt: skip
from ccd.ledger.sealing import block_of
from ccd.ledger.side_by_side import seldom_collected, side_by_side
from ccd.ledger.sound import Inspector, reading_anything
from ccd.sql.engine import seeing_one_state

PART_LEAVES = 50_000  # transactions and accounts that are gone through at once
SIDE_BY_SIDE_MIN = 500_000  # transactions: below, other processes are not ready before it is over
BLOCKS_AT_ONCE = 1_000
NUMBERS = (
    transactions.c.id, entries.c.transaction_id, reservations.c.transaction_id, resolutions.c.transaction_id,
    blocks.c.number,
)  # fmt: skip
LOWEST, HIGHEST = -(2**63), 2**63 - 1  # numbers that a row can have

Progress = Callable[[int, int], None]  # how many transactions are done, of how many at most


@dataclass(slots=True)
class Verdict:
    """What was found, in `transactions` with `entries` after block `since`.

    `blocks` is how many there are, `peaks` the tree of them, `unsealed` how many transactions are in none yet.
    `remembered` is what the next verification can go on from, where nothing was found.
    """

    findings: list[Finding] = field(default_factory=list)
    transactions: int = 0
    entries: int = 0
    since: int = 0
    blocks: int = 0
    unsealed: int = 0
    peaks: Peaks = field(default_factory=Peaks)
    remembered: Remembered | None = None


async def verify(
    engine: AsyncEngine,
    progress: Progress,
    against: Head | None = None,
    since: Remembered | None = None,
    processes: int = 1,
) -> Verdict:
    """Against a head that was kept elsewhere it also shows where everything was rewritten, or the newest cut off.

    A large ledger is gone through by so many processes side by side.
    """
    async with seeing_one_state(engine).connect() as connection:
        verdict = await Verifier(connection, progress, against, since).verdict(processes)
        if astray := await guards_astray(connection):
            verdict.findings += astray
            verdict.remembered = None
    return verdict


class Verifier:
    def __init__(
        self,
        connection: AsyncConnection,
        progress: Progress,
        against: Head | None = None,
        since: Remembered | None = None,
    ) -> None:
        self._connection = connection
        self._progress = progress
        self._against = against
        self._since = since
        self._last = since.block if since else START
        self._peaks = since.tree if since else Peaks()
        self._after = self._last.span.up_to if self._last != START else LOWEST
        self._total = 0
        self._verdict = Verdict(since=self._last.number, peaks=self._peaks)
        self._inspector = Inspector(connection, self._verdict.findings)
        self._rows, self._find = self._inspector.rows, self._inspector.find

    async def verdict(self, processes: int = 1) -> Verdict:
        await self._rows(select(literal(1)))  # its transaction is open
        with seldom_collected():
            async with reading_anything(self._connection):
                return await self._whole(processes)

    async def _whole(self, processes: int) -> Verdict:
        verdict, begin = self._verdict, self._after
        known = known_of(await self._accounts())
        audit = self._since.audit(known.names, known.floors) if self._since else Audit(known.names, known.floors)
        self._audit, audit.findings = audit, verdict.findings
        await self._hold_remembered(known)
        # By the numbers, of which some may have been drawn in vain: to count millions of rows takes a while by itself.
        highest = await self._connection.scalar(select(func.max(transactions.c.id))) or 0
        self._total = max(highest - max(begin, 0), 0)
        parts = self._sealed()
        if processes > 1 and self._total >= SIDE_BY_SIDE_MIN:
            await side_by_side(self._connection.engine.url, processes, known, parts, self._follow)
        else:
            async for part in parts:
                await self._follow(part, await derive(self._connection, part, known))
        remembered, sealed = remember(audit, self._last, self._peaks, known), verdict.transactions
        async for part in self._unsealed():
            await self._follow(part, await derive(self._connection, part, known))
        verdict.blocks, verdict.unsealed = self._peaks.count, verdict.transactions - sealed
        if self._against is not None and verdict.blocks < self._against.blocks:
            self._find("the end", f"the head is of {self._against.blocks} blocks, and {verdict.blocks} are there")
        await self._find_beyond_all_numbers()
        await self._find_taken_back_wrongly(begin)
        await self._find_taken_from_reservations(begin)
        await compare_balances(self._inspector, audit)
        await compare_caps(self._inspector, audit)
        await compare_months(self._inspector, audit)
        verdict.remembered = None if verdict.findings else remembered
        self._progress(verdict.transactions, verdict.transactions)
        return verdict

    async def _sealed(self) -> AsyncIterator[Part]:
        """Each with its blocks, which are held against each other on the way."""
        sums = self._sums()
        ahead = await anext(sums, None)
        first, within, leaves = self._last, list[Block](), 0
        async for block in self._blocks(self._last.number if self._since else LOWEST, HIGHEST):
            self._check_chain(block)
            within.append(block)
            leaves += block.leaves
            if leaves >= PART_LEAVES:
                part, ahead = await self._part(first, within, sums, ahead)
                yield part
                first, within, leaves = block, [], 0
        if within:
            part, ahead = await self._part(first, within, sums, ahead)
            yield part
        while ahead:
            (number, account, day), _ = ahead
            self._find(f"block {number}", f"a sum of account {account} for {day} is of nothing that it seals")
            ahead = await anext(sums, None)

    async def _part(
        self, last: Block, within: Sequence[Block], sums: AsyncIterator[Any], ahead: Any
    ) -> tuple[Part, Any]:
        of_blocks: Sums = {}
        while ahead and ahead[0][0] <= within[-1].number:
            of_blocks[ahead[0]] = ahead[1]
            ahead = await anext(sums, None)
        after, self._after = self._after, max(self._after, *(block.span.up_to for block in within))
        return Part(after, self._after, last, within, of_blocks), ahead

    async def _unsealed(self) -> AsyncIterator[Part]:
        while self._after < HIGHEST:
            beyond = select(transactions.c.id).where(transactions.c.id > self._after).order_by(transactions.c.id)
            up_to = await self._connection.scalar(beyond.offset(PART_LEAVES - 1).limit(1))
            after, self._after = self._after, HIGHEST if up_to is None else up_to
            yield Part(after, self._after, self._last)

    async def _blocks(self, last: int, up_to: int) -> AsyncIterator[Block]:
        query = select(blocks).where(blocks.c.number <= up_to).order_by(blocks.c.number).limit(BLOCKS_AT_ONCE)
        while rows := await self._rows(query.where(blocks.c.number > last)):
            for row in self._inspector.sound(query, rows):
                yield block_of(row)
            last = rows[-1].number

    async def _sums(self) -> AsyncIterator[tuple[tuple[int, int, str], int]]:
        """By block. There may be as many as transactions: they are read bit by bit."""
        day: Any = type_coerce(daily_sums.c.day, String)
        if self._connection.dialect.name == "postgresql":
            day = func.to_char(daily_sums.c.day, "YYYY-MM-DD", type_=String)
        query = select(daily_sums.c.block, daily_sums.c.account_id, day.label("day"), daily_sums.c.seconds)
        if self._since:
            query = query.where(daily_sums.c.block > self._since.block.number)
        async for row in await self._connection.stream(query.order_by(daily_sums.c.block)):
            for block, account, on, seconds in self._inspector.sound(query, (row,)):
                yield (block, account, on), seconds

    def _check_chain(self, block: Block) -> None:
        span, last, place = block.span, self._last, place_of_block(block)
        if (span.after, span.accounts_after, block.number) != (
            last.span.up_to, last.span.accounts_up_to, last.number + 1,
        ):  # fmt: skip
            self._find(place, f"it does not follow block {last.number}")
        if block.before != self._peaks.root:
            self._find(place, "it does not stand on the blocks before it")
        counted = block.number >= 0 and block.leaves >= 0
        if not counted or block.hash != block_hash(block.number, block.leaves, block.root, block.before):
            self._find(place, "its hash is not of what it says")
        self._peaks.add(leaf(block.hash))
        self._last = block
        if self._against is not None and self._against.blocks == block.number:
            self._hold_against(self._against, self._peaks.root, block)

    def _hold_against(self, head: Head, root: bytes, block: Block) -> None:
        place = place_of_block(block)
        if head.root != root:
            self._find(place, "the blocks up to it are not those of the head: the ledger was rewritten, or is another")
        elif head.local != block.local:
            self._find(place, "numbers or times up to it are not those of the head")

    async def _hold_remembered(self, known: Known) -> None:
        """The block that was remembered is there as it was, and so are the accounts and the reservations that were open
        then; hashes lead to a head from before it."""
        if self._since is None or self._since.block == START:
            return
        remembered, head = self._since.block, self._against
        row = (await self._connection.execute(select(blocks).where(blocks.c.number == remembered.number))).first()
        if row is None or block_of(row) != remembered:
            self._find(place_of_block(remembered), "it is not the one that was verified before")
        if accounts_hash(known.digests, remembered) != self._since.accounts:
            self._find(f"accounts up to block {remembered.number}", "they are not those that were verified before")
        number, ended_by = reservations.c.transaction_id, resolutions.c.transaction_id
        query = RESERVED.outerjoin(resolutions, resolutions.c.reservation == number)
        by_then = query.where(number <= remembered.span.up_to, func.coalesce(ended_by, HIGHEST) > remembered.span.up_to)
        kept = {row[0]: tuple(row[1:]) for row in await self._rows(by_then)}
        follows = {one.transaction: (one.owner, one.expires_at) for one in self._since.reservations.values()}
        self._inspector.compare("reservation", kept, follows)
        if head is not None and 0 < head.blocks <= remembered.number:
            peaks, block = Peaks(), START
            async for block in self._blocks(0, head.blocks):
                peaks.add(leaf(block.hash))
            self._hold_against(head, peaks.root, block)

    async def _follow(self, part: Part, derived: Derived) -> None:
        verdict = self._verdict
        verdict.transactions += derived.transactions
        verdict.entries += derived.entries
        await self._name(part, self._audit.follow(derived))
        await compare_reservations(self._inspector, self._audit, part)
        self._progress(min(verdict.transactions, self._total), self._total)

    async def _name(self, part: Part, doubts: Doubts) -> None:
        """The very transactions that are not right by how things stood before the part."""
        number, key, revision = transactions.c.id, transactions.c.key, transactions.c.revision
        posted = and_(transactions.c.state == POSTED, number > part.after, number <= part.up_to)
        moves = select(number, key, revision, entries.c.debit, entries.c.seconds).join(entries).where(posted)
        for account, stood in doubts.below.items():
            whose, own = self._audit.names[account], or_(entries.c.debit == account, entries.c.credit == account)
            rows = await self._rows(moves.where(own).order_by(number, entries.c.leg))
            for transaction, of_one in groupby(rows, key=lambda row: tuple(row[:3])):
                effects = [-row.seconds if row.debit == account else row.seconds for row in of_one if is_whole(row)]
                stood += sum(effects)
                if min(effects, default=0) < 0 and stood < self._audit.floors[account]:
                    self._find(place_of(*transaction), f"it takes {whose.kind} of {whose.owner} below its floor")
        for (book, month), closing in doubts.late.items():
            late = and_(posted, transactions.c.book == book, transactions.c.month == month, number > closing)
            for row in await self._rows(select(number, key, revision).where(late).order_by(number)):
                self._find(place_of(*row), f"{month} of {book} was closed before it")

    async def _find_beyond_all_numbers(self) -> None:
        """SQLite keeps a text where a number should be, and takes it for higher than all of them."""
        for number in NUMBERS:
            for outermost in (func.min, func.max):
                found = await self._connection.scalar(select(outermost(number)))
                if found is not None and (not isinstance(found, int) or found == LOWEST):
                    self._find(f"{number.table.name} {found!r}", f"its {number.name} is none that a row can have")

    async def _find_taken_back_wrongly(self, after: int) -> None:
        """By all but the first; or what a reservation moved. It is a name, and is looked for among all of them."""
        before, number = entries.alias(), transactions.c.id
        back, back_leg = entries.c.reverses_transaction, entries.c.reverses_leg
        earlier = exists().where(
            before.c.reverses_transaction == back,
            before.c.reverses_leg == back_leg,
            tuple_(before.c.transaction_id, before.c.leg) < tuple_(entries.c.transaction_id, entries.c.leg),
        )
        query = select(number, transactions.c.key, transactions.c.revision, back, back_leg).select_from(transactions)
        reserving = [exists().where(one.c.transaction_id == back) for one in (reservations, resolutions)]
        taking_back = back >= LOWEST  # whatever is there: asked so, SQLite finds it by its index
        again = query.join(entries, entries.c.transaction_id == number).where(
            taking_back, number > after, or_(earlier, *reserving)
        )
        for *transaction, first, leg in await self._rows(again.order_by(number)):
            self._find(place_of(*transaction), taken_back_wrongly(first, leg))

    async def _find_taken_from_reservations(self, after: int) -> None:
        """By what ends none: what is held for one could then neither be posted nor given back."""
        held, number = entries.alias(), transactions.c.id
        holding = select(held.c.credit).join(reservations, reservations.c.transaction_id == held.c.transaction_id)
        ends_one = exists().where(resolutions.c.transaction_id == number)
        query = select(number, transactions.c.key, transactions.c.revision, entries.c.leg).join(entries)
        taken = query.where(entries.c.debit.in_(holding), number > after, ~ends_one)
        for *transaction, leg in await self._rows(taken.order_by(number, entries.c.leg)):
            self._find(place_of(*transaction), f"its transfer {leg} takes what is held for reservations, and ends none")

    async def _accounts(self) -> list[Opened]:
        """All, each held against its digest."""
        opened = [opened_of(row) for row in await self._inspector.sound_rows(ACCOUNTS)]
        for one in opened:
            if account_digest(one.account, one.kind, one.unit, one.opened_at, one.asked_by) != one.digest:
                place = f"account {one.id} ({one.account.kind} of {one.account.owner})"
                self._find(place, "it is not what its digest says")
        first: dict[Account, int] = {}
        for one in opened:
            if first.setdefault(one.account, one.id) != one.id:
                place = f"account {one.id} ({one.account.kind} of {one.account.owner})"
                self._find(place, f"account {first[one.account]} is the same one's, and no digest tells them apart")
        of_nobody = select(accounts.c.id, accounts.c.kind).where(accounts.c.owner_id.not_in(select(owners.c.id)))
        for row in await self._rows(of_nobody):
            self._find(f"account {row.id} ({row.kind})", "its owner is not there")
        nobody = select(owners.c.id, owners.c.name).where(owners.c.id.not_in(select(accounts.c.owner_id)))
        for row in await self._rows(nobody):
            self._find(f"owner {row.id} ({row.name})", "no account is this owner's")
        return opened


def is_whole(row: Any) -> bool:
    """SQLite may hold anything else."""
    return isinstance(row.seconds, int)
