"""Carries a ledger from one database to another, row by row as it is: both end in identical hashes."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from struct import pack
from typing import Any

from sqlalchemy import Table, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import MoveError
from ccd.ledger.rules import OPEN
from ccd.ledger.schema import NUMBERED_BY, TABLES, accounts, blocks, periods, transactions
from ccd.ledger.verify import Progress
from ccd.sql.engine import WRITES, seeing_one_state
from ccd.sql.rows import insert_rows

ROWS_AT_ONCE = 5_000


async def move(source: AsyncEngine, target: AsyncEngine, progress: Progress, since: tuple[int, ...] = ()) -> int:
    """All of it or nothing; says how many rows. The target has to be migrated, and its ledger empty.

    MoveError where it is not, or where the source was posted to meanwhile, or since it had come as far as `since`: then
    nothing was carried over.
    """
    async with (
        seeing_one_state(source).connect() as reading,
        target.execution_options(**{WRITES: True}).connect() as writing,
        writing.begin(),
    ):
        for table in TABLES:
            if await _count(writing, table):
                raise MoveError(f"the ledger to move to is not empty: {table.name} has rows")
        total = sum([await _count(reading, table) for table in TABLES])
        done = 0
        for table in TABLES:
            done = await _copy(reading, writing, table, done, lambda rows: progress(rows, total))
        await _close_months(reading, writing)
        await _go_on_counting(writing)
        async with source.connect() as now:
            carried = await how_far(reading)
            if await how_far(now) != carried or carried != (since or carried):
                raise MoveError("the ledger was posted to while it was read: stop whoever writes to it first")
    return total


async def end_of(engine: AsyncEngine, root: bytes) -> bytes:
    """In what a ledger ends: the root of its blocks; where they have not sealed all of it, a hash of that and of
    whatever is in none yet."""
    up_to, accounts_up_to = (
        select(func.coalesce(func.max(end), 0)).scalar_subquery() for end in (blocks.c.up_to, blocks.c.accounts_up_to)
    )
    end = sha256(root)
    is_sealed = True
    async with seeing_one_state(engine).connect() as connection:
        for table, last in ((transactions, up_to), (accounts, accounts_up_to)):
            query = select(table.c.id, table.c.digest).where(table.c.id > last).order_by(table.c.id)
            async for number, digest in await connection.stream(query):
                end.update(pack(">q", number) + digest)
                is_sealed = False
    return root if is_sealed else end.digest()


async def _copy(
    reading: AsyncConnection, writing: AsyncConnection, table: Table, done: int, progress: Callable[[int], None]
) -> int:
    names = list(table.columns.keys())
    found = await reading.stream(select(table).order_by(*table.primary_key.columns))
    async for rows in found.partitions(ROWS_AT_ONCE):
        await writing.run_sync(insert_rows, table, names, [_as_open(table, names, row) for row in rows])
        done += len(rows)
        progress(done)
    return done


def _as_open(table: Table, names: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    """A month that is closed takes nothing, what is carried over neither: it is closed again at the end."""
    if table is not periods:
        return tuple(row)
    return tuple(OPEN if name == "state" else value for name, value in zip(names, row, strict=True))


async def _close_months(reading: AsyncConnection, writing: AsyncConnection) -> None:
    for row in (await reading.execute(select(periods).where(periods.c.state != OPEN))).all():
        same = (periods.c.book == row.book, periods.c.month == row.month)
        await writing.execute(update(periods).where(*same).values(state=row.state))


async def _go_on_counting(writing: AsyncConnection) -> None:
    """PostgreSQL counts by itself, and has to go on where the other stopped."""
    if writing.dialect.name == "sqlite":
        return
    for sequence, table in NUMBERED_BY.items():
        await _count_from(writing, sequence, table)


async def _count_from(writing: AsyncConnection, sequence: str, table: Table) -> None:
    highest = await writing.scalar(select(func.max(table.c.id)))
    if highest:
        await writing.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})


async def _count(connection: AsyncConnection, table: Table) -> int:
    return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def how_far(connection: AsyncConnection) -> tuple[int, ...]:
    """How far a ledger has come: more, once anything was recorded or sealed, also what commits after others that have
    higher numbers."""
    return tuple([await _count(connection, table) for table in (transactions, accounts, blocks)])
