"""The sealer: blocks over everything that was recorded, in order, and nothing that commits late is passed over."""

import asyncio
import itertools
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.blocks import Block, block_hash
from ccd.ledger.books import Ledger
from ccd.ledger.chart import Chart
from ccd.ledger.desk import Desk
from ccd.ledger.merkle import Peaks, leaf, root_of
from ccd.ledger.schema import accounts, blocks, daily_sums, transactions
from ccd.ledger.sealing import Sealer, block_of
from ccd.sql.decided import WRITER_S_MAX
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.turns import Patience
from tests.databases import PostgreSQL
from tests.ledger.accounts import HOUSE, give, open_guarded, open_house, posting, take


def sealer_of(ledger: Ledger, block_max: int = 10_000) -> Sealer:
    return Sealer(ledger.engine, itertools.count(5_000_000).__next__, Patience(), block_max)


async def all_blocks(engine: AsyncEngine) -> list[Block]:
    async with engine.connect() as connection:
        return [block_of(row) for row in await connection.execute(select(blocks).order_by(blocks.c.number))]


async def digests(engine: AsyncEngine) -> list[bytes]:
    """Of all transactions, then of all accounts."""
    async with engine.connect() as connection:
        found = [(await connection.execute(select(table.c.digest).order_by(table.c.id))).scalars().all()
                 for table in (transactions, accounts)]  # fmt: skip
    return [*found[0], *found[1]]


async def test_a_block_takes_in_everything_that_was_recorded(ledger: Ledger) -> None:
    await ledger.post(posting("a", give("ann", 465)))
    await ledger.post(posting("b", take("ann", 466)))
    sealer = sealer_of(ledger)
    assert await sealer.seal() == 1
    (block,) = await all_blocks(ledger.engine)
    leaves = [leaf(digest) for digest in await digests(ledger.engine)]
    assert (block.number, block.leaves, block.root) == (1, len(leaves), root_of(leaves))
    assert block.leaves == 2 + 6, "a refusal is a leaf too, and so are accounts"
    assert block.hash == block_hash(1, 8, block.root, Peaks().root)
    assert await sealer.seal() == 0, "nothing new"


async def test_each_block_stands_on_the_tree_of_those_before_it(ledger: Ledger) -> None:
    sealer = sealer_of(ledger)
    for number in range(7):
        await ledger.post(posting(str(number), give("ann", 5)))
        await (sealer if number % 2 else sealer_of(ledger)).seal()
    peaks = Peaks()
    for block in await all_blocks(ledger.engine):
        assert block.before == peaks.root
        peaks.add(leaf(block.hash))
    assert peaks.count == 7


async def test_what_is_more_than_a_block_takes_goes_into_several(ledger: Ledger) -> None:
    for number in range(7):
        await ledger.post(posting(str(number), give("ann", 5)))
    assert await sealer_of(ledger, block_max=3).seal() == 3
    found = await all_blocks(ledger.engine)
    assert [block.leaves for block in found] == [6, 6, 1]
    assert [block.span.after for block in found[1:]] == [block.span.up_to for block in found[:-1]]
    assert await ledger.sums(HOUSE) == {"savings": -35, "gift": 0}


async def test_sums_are_the_same_whatever_is_sealed(ledger: Ledger) -> None:
    sealer = sealer_of(ledger)
    await ledger.post(posting("a", give("ann", 465)))
    await sealer.seal()
    await ledger.post(posting("b", give("bob", 35)))
    assert await ledger.sums(HOUSE) == {"savings": -500, "gift": 0}
    await ledger.post(posting("c", take("bob", 35)))
    await sealer.seal()
    assert await ledger.sums(HOUSE) == {"savings": -465, "gift": 0}
    async with ledger.engine.connect() as connection:
        kept = (await connection.execute(select(daily_sums.c.block, daily_sums.c.seconds))).all()
    assert [tuple(row) for row in kept] == [(1, -465)], "what came to nothing within a block needs no row"


async def test_two_sealers_at_once_seal_everything_once(ledger: Ledger) -> None:
    for number in range(10):
        await ledger.post(posting(str(number), give("ann", 5)))
    await asyncio.gather(*(sealer_of(ledger, block_max=4).seal() for _ in range(3)))
    found = await all_blocks(ledger.engine)
    assert [block.number for block in found] == list(range(1, len(found) + 1))
    assert sum(block.leaves for block in found) == len(await digests(ledger.engine))


@pytest.fixture
async def server(postgresql: PostgreSQL) -> Ledger:
    """A ledger on PostgreSQL, where several write at once."""
    ledger = Ledger(open_engine(postgresql.create("migrated")), lambda: 1)
    await open_guarded(ledger, ["ann", "bob"])
    await open_house(ledger)
    await ledger.post(posting("first of its month"))
    return ledger


async def late_commit(server: Ledger, sealer: Sealer, other: AsyncEngine) -> None:
    """A transaction draws its number first and commits last; what is sealed meanwhile is not above it."""
    async with other.begin() as slow:
        await slow.run_sync(lambda connection: Desk(connection, Chart(), 1).post([posting("slow", give("bob", 5))]))
        await server.post(posting("fast", give("ann", 5)))
        assert await sealer.seal() == 0


async def test_what_commits_late_is_not_passed_over(server: Ledger) -> None:
    other, sealer = open_engine(server.engine.url), sealer_of(server)
    await late_commit(server, sealer, other)
    assert await sealer.seal() == 1
    (block,) = await all_blocks(server.engine)
    assert block.leaves == len(await digests(server.engine)) == 3 + 6
    await other.dispose()
    await server.engine.dispose()


async def test_a_server_that_does_not_count_transactions_is_waited_for(
    server: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server.engine.begin() as connection:
        await connection.execute(text("ALTER FUNCTION pg_catalog.pg_current_xact_id() RENAME TO not_here"))
    other, sealer = open_engine(server.engine.url), sealer_of(server)
    await late_commit(server, sealer, other)
    assert await sealer.seal() == 0
    monkeypatch.setattr("ccd.sql.decided.WRITER_S_MAX", 0)
    assert await sealer.seal() == 1
    assert sum(block.leaves for block in await all_blocks(server.engine)) == 3 + 6
    assert WRITER_S_MAX >= 600
    await other.dispose()
    await server.engine.dispose()


async def test_the_same_history_has_the_same_hashes_on_every_engine(postgresql: PostgreSQL, tmp_path: Path) -> None:
    heads = []
    for url in (postgresql.create("migrated"), f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite'}"):
        engine = open_engine(url)
        await upgrade(engine)
        ledger = Ledger(engine, itertools.count(1_000_000).__next__)
        await open_guarded(ledger, ["ann", "bob"])
        await open_house(ledger)
        sealer = sealer_of(ledger)
        for number in range(5):
            await ledger.post(posting(str(number), give("ann", 5), take("bob", number)) if number else posting("0"))
            await sealer.seal()
        heads.append([(block.leaves, block.root, block.hash) for block in await all_blocks(engine)])
        await engine.dispose()
    assert heads[0] == heads[1]
