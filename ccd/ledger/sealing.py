"""The sealer: appends blocks over what was recorded since the last one. Writers don't wait for it, nor it for them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import Column, Row, Select, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.blocks import START, Block, BlockSpan, Contents, sealed
from ccd.ledger.merkle import Peaks, leaf
from ccd.ledger.schema import accounts, blocks, transactions
from ccd.ledger.sound import as_written
from ccd.sql.decided import TransactionMark, is_decided, mark
from ccd.sql.turns import Patience, take_turn

BLOCK_TRANSACTIONS_MAX = 2_000  # of one block all may be asked when they were recorded (ccd.ledger.balances)

# By account and day, on accounts without a balance row; what comes to nothing needs no row.
SUM_UP = text(
    """INSERT INTO daily_sums (account_id, day, block, seconds)
    SELECT account_id, day, :block, sum(moved) FROM (
        SELECT debit AS account_id, day, -seconds AS moved FROM entries
        WHERE transaction_id > :after AND transaction_id <= :up_to
        UNION ALL SELECT credit, day, seconds FROM entries
        WHERE transaction_id > :after AND transaction_id <= :up_to
    ) AS sides JOIN accounts ON accounts.id = account_id
    WHERE accounts.floor IS NULL GROUP BY account_id, day HAVING sum(moved) <> 0"""
)


class Goal(NamedTuple):
    """The highest numbers of transactions and accounts at a moment, and the mark by which they are decided."""

    transactions: int
    accounts: int
    mark: TransactionMark


class Sealer:
    """Of one ledger. `now` gives microseconds since the epoch. Two at once do no harm: the second finds the block."""

    def __init__(
        self, engine: AsyncEngine, now: Callable[[], int], patience: Patience, block_max: int = BLOCK_TRANSACTIONS_MAX
    ) -> None:
        self._engine = engine
        self._now = now
        self._patience = patience
        self._block_max = block_max
        self._goal: Goal | None = None
        self._peaks = Peaks()

    async def seal(self) -> int:
        """Seals what was recorded before the call, and says in how many blocks.

        In none where it is not decided yet (ccd.sql.decided): the next call goes on from there.
        """
        with as_written():
            return await self._seal()

    async def _seal(self) -> int:
        self._goal = goal = self._goal or await take_turn(self._engine, _new, self._patience, writes=False)
        if goal is None or not await take_turn(
            self._engine, lambda connection: is_decided(connection, goal.mark), self._patience, writes=False
        ):
            return 0
        self._goal, appended = None, 0
        while await take_turn(self._engine, lambda connection: self._append(connection, goal), self._patience):
            appended += 1
        return appended

    async def _append(self, connection: AsyncConnection, goal: Goal) -> bool:
        last = await last_block(connection)
        span, contents = await self._next(connection, last.span, goal)
        if not contents.numbers:
            return False
        await self._catch_up(connection, last.number)
        block = sealed(last, self._peaks.root, span, contents, self._now())
        await connection.execute(insert(blocks).values(block_row(block)))
        await connection.execute(SUM_UP, {"block": block.number, "after": span.after, "up_to": span.up_to})
        return True

    async def _next(self, connection: AsyncConnection, last: BlockSpan, goal: Goal) -> tuple[BlockSpan, Contents]:
        columns = (transactions.c.id, transactions.c.digest, transactions.c.recorded_at)
        found = await self._rows(connection, select(*columns), transactions.c.id, last.up_to, goal.transactions)
        opened = await self._rows(
            connection, select(accounts.c.id, accounts.c.digest), accounts.c.id, last.accounts_up_to, goal.accounts
        )
        span = BlockSpan(
            last.up_to, self._end(found, last.up_to, goal.transactions),
            last.accounts_up_to, self._end(opened, last.accounts_up_to, goal.accounts),
        )  # fmt: skip
        times = [row.recorded_at for row in found] or [0]
        rows = [*found, *opened]
        numbers, digests = [row.id for row in rows], [row.digest for row in rows]
        return span, Contents(len(found), numbers, digests, min(times), max(times))

    async def _rows(
        self, connection: AsyncConnection, query: Select[Any], number: Column[Any], after: int, up_to: int
    ) -> list[Row[Any]]:
        between = query.where(number > after, number <= up_to).order_by(number).limit(self._block_max)
        return list(await connection.execute(between))

    def _end(self, rows: Sequence[Row[Any]], after: int, goal: int) -> int:
        """Where the block ends: at the goal, unless it is full before."""
        return rows[-1].id if len(rows) == self._block_max else max(goal, after)

    async def _catch_up(self, connection: AsyncConnection, number: int) -> None:
        """The tree of all blocks up to this one."""
        query = select(blocks.c.hash).where(blocks.c.number > self._peaks.count, blocks.c.number <= number)
        for hashed in (await connection.execute(query.order_by(blocks.c.number))).scalars():
            self._peaks.add(leaf(hashed))


async def _new(connection: AsyncConnection) -> Goal | None:
    """What was recorded since the last block; None: nothing."""
    highest = [select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery() for table in (transactions, accounts)]
    transaction, account = (await connection.execute(select(*highest))).one()
    sealed = (await last_block(connection)).span
    if transaction <= sealed.up_to and account <= sealed.accounts_up_to:
        return None
    return Goal(transaction, account, await mark(connection))


async def last_block(connection: AsyncConnection) -> Block:
    """The one before the first, where nothing is sealed."""
    row = (await connection.execute(select(blocks).order_by(blocks.c.number.desc()).limit(1))).first()
    return block_of(row) if row else START


def block_of(row: Row[Any]) -> Block:
    span = BlockSpan(row.after, row.up_to, row.accounts_after, row.accounts_up_to)
    return Block(
        row.number, span, row.leaves, row.root, row.before, row.hash, row.local, row.earliest, row.latest, row.sealed_at
    )


def block_row(block: Block) -> dict[str, Any]:
    row: dict[str, Any] = asdict(block)
    return {**row.pop("span"), **row}
