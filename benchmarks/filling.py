"""Ledgers that have grown, in minutes: rows written in bulk, each as posting and sealing would have written it.

    python -m benchmarks.filling URL --transfers N [--owners N] [--facts TEXT]

A house gives each owner something on each day; on every fifth day the owner gives it back. The database has to be
migrated and its ledger empty. What the tables hold to is set aside meanwhile and put back: `ccd ledger verify` finds
nothing in what comes of it, and tests/benchmarks holds it row by row against a ledger that was posted to.
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.audit import TransactionRow
from ccd.ledger.blocks import START, Block, BlockSpan, Contents, sealed
from ccd.ledger.books import Ledger
from ccd.ledger.digest import DIGEST_FORMAT, posting_digest
from ccd.ledger.merkle import Peaks, leaf
from ccd.ledger.model import Account, Kind, Leg, Posting, PostingState, Side
from ccd.ledger.recorded import Opened, accounts_opened
from ccd.ledger.schema import balances, blocks, daily_sums, entries, periods, transaction_ids, transactions
from ccd.ledger.sealing import BLOCK_TRANSACTIONS_MAX, block_row
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.rows import day_keeper, insert_rows

BOOK, SERVICE, WHO = "bench", "savings", "bench"
HOUSE = Account("house/bench", "savings")
GUARDED, SUMMED = Kind("savings", Side.CREDIT, 0), Kind("savings", Side.DEBIT, None)
FIRST_DAY = date(2021, 1, 1)
OPENED_AT = 1_600_000_000_000_000
FIRST_AT = 1_609_500_000_000_000  # of the first transaction, in microseconds; each is STEP_US later
STEP_US = 1_000
SEALED_AT = FIRST_AT + 10**15
GIVES_BACK = 5  # days
OWNERS_AT_ONCE = 1_000

# What settlement keeps of a day is as long as this.
FACTS = (
    '{"revision":1,"base_us":30947013559,"rate_ppm":37000,"allowance":1145,"protected":1145,"aux":216,"deposit":929,'
    '"overdraft":0,"covered":0,"leave":0,"booked":929,"measured":{"team":"team-1","signed_in":30954013559,'
    '"exempt":7000000,"unreachable":0,"aux":216629094,"unobserved":0,"answered":36,"pauses":12,"sign_ins":2,'
    '"sign_outs":2}}'
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How many transfers, so many a transaction, among how many owners; how large blocks are."""

    transfers: int
    owners: int = 5_000
    facts: str = FACTS
    block: int = BLOCK_TRANSACTIONS_MAX
    legs: int = 1

    @property
    def transactions(self) -> int:
        return self.transfers // self.legs

    @property
    def names(self) -> list[str]:
        return [f"agent/{1_000 + number}" for number in range(self.owners)]

    def postings(self) -> Iterator[Posting]:
        """In the order of their numbers, which count from 1."""
        own = [Account(name, "savings") for name in self.names]
        for at in range(0, self.transactions, self.owners):
            since = at // self.owners
            day = FIRST_DAY + timedelta(days=since)
            back = since % GIVES_BACK == GIVES_BACK - 1
            for number, account in enumerate(own[: self.transactions - at], at):
                debit, credit = (account, HOUSE) if back else (HOUSE, account)
                legs = tuple(Leg(debit, credit, 60 + number % 7 + leg, SERVICE) for leg in range(self.legs))
                yield Posting(f"settle/{account.owner}/{day}", 1, BOOK, day, legs, WHO, facts=self.facts)


def moment_of(number: int) -> int:
    """When transaction `number` was recorded."""
    return FIRST_AT + number * STEP_US


@dataclass(slots=True)
class Page:
    """The rows of one block."""

    transactions: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    moved: dict[tuple[int, Any], int] = field(default_factory=lambda: defaultdict(int))  # by account and day, as kept


async def open_all(ledger: Ledger, shape: Shape) -> None:
    await ledger.open_accounts([HOUSE.owner], (SUMMED,), BOOK, WHO)
    for at in range(0, shape.owners, OWNERS_AT_ONCE):
        await ledger.open_accounts(shape.names[at : at + OWNERS_AT_ONCE], (GUARDED,), BOOK, WHO)


async def fill(engine: AsyncEngine, shape: Shape, told: Callable[[int, int], None] = lambda done, total: None) -> None:
    """`told` is told how many transfers are written, of how many."""
    await open_all(Ledger(engine, lambda: OPENED_AT), shape)
    async with engine.connect() as connection:
        opened = await accounts_opened(connection)
        keep = day_keeper(connection)
    ids = {one.account: one.id for one in opened}
    sums: dict[int, int] = defaultdict(int)
    async with by_hand(engine) as connection:
        months = dict.fromkeys((BOOK, posting.month, "open") for posting in shape.postings())
        await connection.run_sync(insert_rows, periods, ("book", "month", "state"), list(months))
        last, peaks = START, Peaks()
        for page in pages(shape, ids, keep):
            last = next_block(last, peaks, page, opened, shape)
            await write(connection, page, last, ids[HOUSE])
            for (account, _), moved in page.moved.items():
                sums[account] += moved
            told(last.span.up_to * shape.legs, shape.transfers)
        while last.span.accounts_up_to < opened[-1].id:
            last = next_block(last, peaks, Page(), opened, shape)
            await write(connection, Page(), last, ids[HOUSE])
        for one in opened:
            if one.kind.floor is not None:
                kept = balances.update().where(balances.c.account_id == one.id)
                await connection.execute(kept.values(seconds=sums[one.id]))
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(f"SELECT setval('{transaction_ids.name}', {max(shape.transactions, 1)})")
    await count_rows(engine)


def pages(shape: Shape, ids: dict[Account, int], keep: Callable[[date], Any]) -> Iterator[Page]:
    page, day, kept, month = Page(), None, None, ""
    for number, posting in enumerate(shape.postings(), 1):
        key, revision, book, on, legs, asked_by, reference, text, facts, *_ = posting
        if on != day:
            day, kept, month = on, keep(on), posting.month
        at = moment_of(number)
        digest = posting_digest(posting, month, legs, PostingState.POSTED, "", "", at, {})
        page.transactions.append(
            (
                number, key, revision, book, month, "posted", len(legs), reference, text, asked_by, facts, "", "", at,
                DIGEST_FORMAT, digest,
            )
        )  # fmt: skip
        for leg, (debited, credited, seconds, service, _) in enumerate(legs, 1):
            debit, credit = ids[debited], ids[credited]
            page.entries.append((number, leg, debit, credit, seconds, kept, service, None, None))
            page.moved[debit, kept] -= seconds
            page.moved[credit, kept] += seconds
        if len(page.transactions) == shape.block:
            yield page
            page = Page()
    if page.transactions:
        yield page


def next_block(last: Block, peaks: Peaks, page: Page, opened: Sequence[Opened], shape: Shape) -> Block:
    """As the sealer would have made it; accounts count from 1 without a gap."""
    first = last.span.accounts_up_to
    within = opened[first : first + shape.block]
    up_to = page.transactions[-1][0] if page.transactions else last.span.up_to
    span = BlockSpan(last.span.up_to, up_to, first, within[-1].id if within else first)
    rows = [(row[0], row[-1]) for row in page.transactions] + [(one.id, one.digest) for one in within]
    times = [row[13] for row in page.transactions] or [0]
    numbers, digests = [number for number, _ in rows], [digest for _, digest in rows]
    contents = Contents(len(page.transactions), numbers, digests, min(times), max(times))
    block = sealed(last, peaks.root, span, contents, SEALED_AT)
    peaks.add(leaf(block.hash))
    return block


async def write(connection: AsyncConnection, page: Page, block: Block, house: int) -> None:
    sums = [(account, day, block.number, moved) for (account, day), moved in page.moved.items() if account == house]
    await copy(connection, transactions.name, TransactionRow._fields, page.transactions)
    await copy(connection, entries.name, list(entries.columns.keys()), page.entries)
    await connection.execute(insert(blocks).values(block_row(block)))
    await copy(connection, daily_sums.name, list(daily_sums.columns.keys()), [row for row in sums if row[3]])


async def copy(connection: AsyncConnection, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """The driver's fastest way."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.name == "postgresql":
        await driver.copy_records_to_table(table, columns=columns, records=rows)
    else:
        marks = ", ".join("?" * len(columns))
        await driver.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


@asynccontextmanager
async def by_hand(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction in which nothing is checked, and indexes of transfers are made at the end, all at once."""
    async with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            await connection.exec_driver_sql("ROLLBACK")  # ours: what is set here can't be within a transaction
            for setting in ("foreign_keys = OFF", "cache_size = -1000000"):
                await connection.exec_driver_sql(f"PRAGMA {setting}")
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            made = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'trigger'"
            made += " OR type = 'index' AND tbl_name = 'entries')"
        else:
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            made = "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
            made += " AND tablename = 'entries' AND indexname NOT LIKE 'pk%'"
        aside = [tuple(row) for row in await connection.exec_driver_sql(made)]
        for kind, name, _ in aside:
            await connection.exec_driver_sql(f"DROP {kind} {name}")
        yield connection
        for _, _, statement in sorted(aside):  # indexes before triggers
            await connection.exec_driver_sql(statement)
        await connection.commit()
        await connection.invalidate()  # with its settings


async def count_rows(engine: AsyncEngine) -> None:
    """What the server would have learned of its tables by and by."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql("VACUUM ANALYZE")


async def filled(url: str, shape: Shape, told: Callable[[int, int], None]) -> None:
    engine = open_engine(url)
    try:
        await upgrade(engine)
        await fill(engine, shape, told)
    finally:
        await engine.dispose()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.filling", description="Fills an empty ledger.")
    arguments.add_argument("url")
    arguments.add_argument("--transfers", type=int, required=True)
    arguments.add_argument("--owners", type=int, default=5_000)
    arguments.add_argument("--facts", default=FACTS)
    chosen = arguments.parse_args()
    shape = Shape(chosen.transfers, chosen.owners, chosen.facts)
    asyncio.run(filled(chosen.url, shape, lambda done, total: print(f"\r{done} of {total}", end="", file=sys.stderr)))


if __name__ == "__main__":
    main()
