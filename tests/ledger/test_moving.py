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

from ccd.errors import MoveError
from ccd.ledger.books import Ledger
from ccd.ledger.moving import TABLES, end_of, move
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.turns import Patience
from tests.databases import PostgreSQL
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
