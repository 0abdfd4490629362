"""`verify`: reads the whole ledger in one consistent view, derives everything again, and says where it does not follow.

Three things are held against what is kept: each transaction's and account's content against its digest; the digests
against the blocks, and the blocks against each other; and whatever follows from the transactions (balances, sums, caps,
reservations, months) against the rows that say so.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.audit import Audit, Finding
from ccd.ledger.blocks import START, Block, Contents, block_hash, local_hash
from ccd.ledger.digest import account_digest
from ccd.ledger.heads import Head
from ccd.ledger.merkle import Peaks, leaf, root_of
from ccd.ledger.recorded import Opened, Recorded, accounts_opened, recorded_after
from ccd.ledger.rules import CLOSED
from ccd.ledger.schema import (
    accounts,
    balances,
    blocks,
    caps,
    daily_sums,
    entries,
    owners,
    periods,
    reservations,
    resolutions,
    transactions,
)  # fmt: skip
from ccd.ledger.sealing import block_of
from ccd.sql.engine import seeing_one_state

READ_AT_ONCE = 5_000  # transactions

Progress = Callable[[int, int], None]  # how many transactions are done, of how many


@dataclass(slots=True)
class Verdict:
    """What was found. `peaks` is the tree of all blocks, `unsealed` how many transactions are in none yet."""

    findings: list[Finding] = field(default_factory=list)
    transactions: int = 0
    entries: int = 0
    blocks: int = 0
    unsealed: int = 0
    peaks: Peaks = field(default_factory=Peaks)


async def verify(engine: AsyncEngine, progress: Progress, against: Head | None = None) -> Verdict:
    """Against a head that was kept elsewhere it also shows where everything was rewritten, or the newest cut off."""
    async with seeing_one_state(engine).connect() as connection:
        return await Verifier(connection, progress, against).verdict()


class Verifier:
    def __init__(self, connection: AsyncConnection, progress: Progress, against: Head | None = None) -> None:
        self._connection = connection
        self._progress = progress
        self._against = against
        self._verdict = Verdict()

    async def verdict(self) -> Verdict:
        opened = await self.accounts()
        audit = Audit(
            {one.id: one.account for one in opened},
            {one.id: one.kind.floor for one in opened if one.kind.floor is not None},
            findings=self._verdict.findings,
        )
        await self._go_through(audit, opened)
        await self._compare_balances(audit)
        await self._compare_caps(audit)
        await self._compare_reservations(audit)
        await self._compare_months(audit)
        return self._verdict

    # What was recorded, block by block

    async def _go_through(self, audit: Audit, opened: Sequence[Opened]) -> None:
        chain = [block_of(row) for row in await self._rows(select(blocks).order_by(blocks.c.number))]
        sums = await self._daily_sums()
        total = await self._connection.scalar(select(func.count()).select_from(transactions)) or 0
        found: list[tuple[int, bytes, int]] = []
        last, at = START, 0
        async for kept, transfers in self.transactions():
            while at < len(chain) and kept.id > chain[at].span.up_to:
                self._check_block(last, chain[at], found, opened, audit, sums)
                last, at, found = chain[at], at + 1, []
            audit.take(kept, transfers)
            found.append((kept.id, kept.digest, kept.recorded_at))
            self._verdict.transactions += 1
            self._verdict.entries += len(transfers)
            if self._verdict.transactions % READ_AT_ONCE == 0:
                self._progress(self._verdict.transactions, total)
        for block in chain[at:]:
            self._check_block(last, block, found, opened, audit, sums)
            last, found = block, []
        self._verdict.blocks, self._verdict.unsealed = len(chain), len(found)
        if self._against is not None and len(chain) < self._against.blocks:
            self._find("the end", f"the head is of {self._against.blocks} blocks, and {len(chain)} are there")
        for number, account, day in sums:
            self._find(f"block {number}", f"a sum of account {account} for {day} is of nothing that it seals")
        nobodys = ~exists().where(transactions.c.id == entries.c.transaction_id)
        for row in await self._rows(select(entries.c.transaction_id, entries.c.leg).where(nobodys)):
            self._find(f"transaction {row.transaction_id}", f"it is not there, and its transfer {row.leg} is")
        self._progress(total, total)

    def _check_block(
        self,
        last: Block,
        block: Block,
        found: list[tuple[int, bytes, int]],
        opened: Sequence[Opened],
        audit: Audit,
        sums: dict[tuple[int, int, date], int],
    ) -> None:
        span, place = block.span, f"block {block.number} (transactions {block.span.after + 1} to {block.span.up_to})"
        if (span.after, span.accounts_after, block.number) != (
            last.span.up_to, last.span.accounts_up_to, last.number + 1,
        ):  # fmt: skip
            self._find(place, f"it does not follow block {last.number}")
        times = [recorded_at for _, _, recorded_at in found] or [0]
        first, end = (bisect_right(opened, at, key=_number) for at in (span.accounts_after, span.accounts_up_to))
        within = [(one.id, one.digest) for one in opened[first:end]]
        contents = Contents([(number, digest) for number, digest, _ in found], within, min(times), max(times))
        leaves = contents.leaves
        if len(leaves) != block.leaves:
            self._find(place, f"it sealed {block.leaves} transactions and accounts, and {len(leaves)} are there")
        elif root_of(leaves) != block.root:
            self._find(place, "what it sealed is not what is there: something was changed, put in or taken out")
        if block.before != self._verdict.peaks.root:
            self._find(place, "it does not stand on the blocks before it")
        if block.hash != block_hash(block.number, block.leaves, block.root, block.before):
            self._find(place, "its hash is not of what it says")
        if block.local != local_hash(last.local, span, contents, block.sealed_at):
            self._find(place, "numbers or times in it were changed")
        if (block.earliest, block.latest) != (contents.earliest, contents.latest):
            self._find(place, "it says other times than its transactions")
        self._verdict.peaks.add(leaf(block.hash))
        self._hold_against(block, place)
        for (account, day), seconds in audit.sums.items():
            said = sums.pop((block.number, account, day), 0)
            if said != seconds:
                self._find(place, f"account {account} moved {seconds} s for {day}, its sum says {said} s")
        audit.sums.clear()

    def _hold_against(self, block: Block, place: str) -> None:
        head = self._against
        if head is None or head.blocks != block.number:
            return
        if head.root != self._verdict.peaks.root:
            self._find(place, "the blocks up to it are not those of the head: the ledger was rewritten, or is another")
        elif head.local != block.local:
            self._find(place, "numbers or times up to it are not those of the head")

    async def transactions(self) -> AsyncIterator[Recorded]:
        """All in the order of their numbers, each with its transfers."""
        last = 0
        while found := await recorded_after(self._connection, last, READ_AT_ONCE):
            for one in found:
                yield one
            last = found[-1][0].id

    async def accounts(self) -> list[Opened]:
        """All, each held against its digest."""
        opened = await accounts_opened(self._connection)
        for one in opened:
            if account_digest(one.account, one.kind, one.unit, one.opened_at, one.asked_by) != one.digest:
                place = f"account {one.id} ({one.account.kind} of {one.account.owner})"
                self._find(place, "it is not what its digest says")
        nobody = select(owners.c.id, owners.c.name).where(owners.c.id.not_in(select(accounts.c.owner_id)))
        for row in await self._rows(nobody):
            self._find(f"owner {row.id} ({row.name})", "no account is this owner's")
        return opened

    # What follows from it

    async def _daily_sums(self) -> dict[tuple[int, int, date], int]:
        return {(row.block, row.account_id, row.day): row.seconds for row in await self._rows(select(daily_sums))}

    async def _compare_balances(self, audit: Audit) -> None:
        kept = {row.account_id: (row.seconds, row.floor) for row in await self._rows(select(balances))}
        for number, floor in audit.floors.items():
            place = f"balance of account {number} ({audit.names[number].kind} of {audit.names[number].owner})"
            follows = (audit.balances[number], floor)
            if number not in kept:
                self._find(place, f"it is not there; {follows[0]} s follow from the transfers")
            elif kept[number] != follows:
                self._find(place, "it says {} s above {}; {} s above {} follow".format(*kept[number], *follows))
        for number in kept.keys() - audit.floors.keys():
            self._find(f"balance of account {number}", "the account keeps none")

    async def _compare_caps(self, audit: Audit) -> None:
        kept = {row.name: (row.limit_s, row.drawn_s) for row in await self._rows(select(caps))}
        self._compare("cap", kept, {name: tuple(cap) for name, cap in audit.caps.items()})

    async def _compare_reservations(self, audit: Audit) -> None:
        ids = {row.id: row.name for row in await self._rows(select(owners))}
        kept = {
            row.transaction_id: (ids.get(row.owner_id), row.expires_at)
            for row in await self._rows(select(reservations))
        }
        made = audit.reservations.values()
        self._compare("reservation", kept, {one.transaction: (one.owner, one.expires_at) for one in made})
        ended = {row.reservation: row.transaction_id for row in await self._rows(select(resolutions))}
        follows = {one.transaction: one.resolved_by for one in made if one.resolved_by is not None}
        self._compare("end of reservation", ended, follows)

    async def _compare_months(self, audit: Audit) -> None:
        kept = {(row.book, row.month): row.state for row in await self._rows(select(periods))}
        for month in audit.months - kept.keys():
            self._find(f"month {month[1]} of {month[0]}", "it is not there, and transactions count in it")
        closed = {month for month, state in kept.items() if state == CLOSED}
        for month in closed ^ audit.closed:
            said, follows = ("closed", "no") if month in closed else ("open", "a")
            self._find(f"month {month[1]} of {month[0]}", f"it is {said}, and {follows} transaction closed it")

    def _compare(self, what: str, kept: Mapping[Any, Any], follows: Mapping[Any, Any]) -> None:
        for key in sorted(kept.keys() | follows.keys(), key=str):
            if kept.get(key) != follows.get(key):
                self._find(f"{what} {key}", f"it says {kept.get(key)}, and {follows.get(key)} follows")

    async def _rows(self, query: Any) -> Sequence[Any]:
        return (await self._connection.execute(query)).all()

    def _find(self, place: str, found: str) -> None:
        self._verdict.findings.append(Finding(place, found))


def _number(one: Opened) -> int:
    return one.id
