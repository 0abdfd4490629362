"""A ledger that is carried over is the same ledger: to the last row, and to the last hash."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import DatabaseGoneError, MoveError
from ccd.ledger.books import Ledger
from ccd.ledger.moving import end_of, how_far, move
from ccd.ledger.schema import TABLES, transaction_ids, transactions
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.refusals import refusals_said
from ccd.sql.turns import Patience
from tests.databases import TEMPLATE, PostgreSQL
from tests.ledger.accounts import give, open_guarded, posting
from tests.ledger.histories import MOMENT, everything


@pytest.fixture(params=["sqlite", "postgresql"])
async def other(request: pytest.FixtureRequest, postgresql: PostgreSQL, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """Where to, for each engine from which."""
    sqlite = f"sqlite+aiosqlite:///{tmp_path / 'other.sqlite'}"
    engine = open_engine(sqlite if request.param == "sqlite" else postgresql.create())
    await upgrade(engine)
    yield engine
    await engine.dispose()


async def rows(engine: AsyncEngine) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    async with engine.connect() as connection:
        for table in TABLES:
            ordered = select(table).order_by(*table.primary_key.columns)
            found[table.name] = [tuple(row) for row in await connection.execute(ordered)]
    return found


async def go_on(engine: AsyncEngine) -> None:
    later = MOMENT + 1_000
    await open_guarded(Ledger(engine, lambda: later), ["cid"])
    await Ledger(engine, lambda: later).post(posting("after", give("cid", 5), day=date(2026, 12, 5)))
    await Sealer(engine, lambda: later, Patience()).seal()


async def test_every_row_and_every_hash_is_the_same_and_it_goes_on_from_there(
    engine: AsyncEngine, other: AsyncEngine
) -> None:
    await everything(engine)
    seen: list[tuple[int, int]] = []
    carried = await move(engine, other, lambda done, total: seen.append((done, total)))
    assert await rows(other) == await rows(engine)
    assert (carried, seen[-1]) == (sum(map(len, (await rows(engine)).values())), (carried, carried))
    for each in (engine, other):
        await go_on(each)
    assert await rows(other) == await rows(engine)
    verdicts = [await verify(each, lambda done, total: None) for each in (engine, other)]
    assert [verdict.findings for verdict in verdicts] == [[], []]
    assert verdicts[0].peaks.root == verdicts[1].peaks.root
    ends = [await end_of(each, verdicts[0].peaks.root) for each in (engine, other)]
    assert ends == [verdicts[0].peaks.root] * 2
    await open_guarded(Ledger(engine, lambda: MOMENT), ["dee"])
    assert await end_of(engine, verdicts[0].peaks.root) != ends[0], "an account that is not sealed"
    await Ledger(engine, lambda: MOMENT).post(posting("not sealed", give("cid", 5), day=date(2026, 12, 6)))
    assert await end_of(engine, verdicts[0].peaks.root) != await end_of(other, verdicts[1].peaks.root)


async def test_a_ledger_that_has_rows_takes_no_other(engine: AsyncEngine, other: AsyncEngine) -> None:
    await everything(engine)
    await open_guarded(Ledger(other, lambda: 1), ["cid"])
    before = await rows(other)
    with pytest.raises(MoveError, match="the ledger to move to is not empty: owners has rows; nothing was carried"):
        await move(engine, other, lambda done, total: None)
    assert await rows(other) == before


async def test_what_is_posted_meanwhile_stops_the_move(engine: AsyncEngine, other: AsyncEngine) -> None:
    await everything(engine)

    async def post() -> None:
        again = open_engine(engine.url)
        await open_guarded(Ledger(again, lambda: MOMENT), ["cid"])
        await again.dispose()

    def meanwhile(done: int, _total: int) -> None:
        if done == 3:  # the owners, which come first
            poster = Thread(target=asyncio.run, args=(post(),))
            poster.start()
            poster.join()

    with pytest.raises(MoveError, match="was posted to while it was read"):
        await move(engine, other, meanwhile)
    assert not any((await rows(other)).values())


async def test_a_server_that_goes_away_meanwhile_is_a_sentence_and_it_is_carried_over_the_next_time(
    engine: AsyncEngine, postgresql: PostgreSQL
) -> None:
    await everything(engine)
    target = open_engine(postgresql.create(TEMPLATE))
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{target.url.database}'"

    def meanwhile(done: int, _total: int) -> None:
        if done == 3:  # the owners, which come first
            postgresql.run(cut)

    with pytest.raises(DatabaseGoneError, match="is written whole or not at all"):
        async with refusals_said():
            await move(engine, target, meanwhile)
    assert not any((await rows(target)).values())
    await move(engine, target, lambda done, total: None)
    assert await rows(target) == await rows(engine)
    await target.dispose()


async def test_what_is_posted_after_it_was_verified_stops_the_move(engine: AsyncEngine, other: AsyncEngine) -> None:
    ledger = await everything(engine)
    async with engine.connect() as connection:
        verified = await how_far(connection)
    await ledger.post(posting("since then", give("ann", 5), day=date(2026, 12, 6)))
    with pytest.raises(MoveError, match="was posted to while it was read"):
        await move(engine, other, lambda done, total: None, verified)
    assert not any((await rows(other)).values())


async def test_what_commits_late_under_a_lower_number_stops_the_move(
    postgresql: PostgreSQL, other: AsyncEngine
) -> None:
    """Its number was drawn before another's that is read."""
    engine = open_engine(postgresql.create(TEMPLATE))
    ledger = await everything(engine)
    late = await engine.connect()
    number = await late.scalar(select(transaction_ids.next_value()))
    await ledger.post(posting("under a higher number", give("bob", 5), day=date(2026, 12, 6)))
    row = {**(await late.execute(select(transactions).where(transactions.c.key == "nothing"))).one()._mapping}
    await late.execute(transactions.insert().values({**row, "id": number, "key": "under a lower", "month": "2026-12"}))
    own = asyncio.get_running_loop()

    def meanwhile(done: int, _total: int) -> None:
        if done == 3 and late.in_transaction():
            committed.append(own.create_task(late.commit()))

    committed: list[asyncio.Task[None]] = []
    with pytest.raises(MoveError, match="was posted to while it was read"):
        await move(engine, other, meanwhile)
    assert committed[0].done()
    await late.close()
    await engine.dispose()
