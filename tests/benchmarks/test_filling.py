"""A ledger that is filled in bulk is the one that posting and sealing would have written."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.filling import OPENED_AT, SEALED_AT, Shape, fill, moment_of, open_all
from ccd.ledger.books import Ledger
from ccd.ledger.model import PostingState
from ccd.ledger.schema import TABLES
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience

# Six days, one of which gives back; the last is begun. Blocks are full, and more of them than their accounts need.
SHAPE = Shape(transfers=39, owners=7, block=5)


async def post_one_by_one(engine: AsyncEngine, shape: Shape) -> None:
    await open_all(Ledger(engine, lambda: OPENED_AT), shape)
    for number, posting in enumerate(shape.postings(), 1):
        ledger = Ledger(engine, partial(moment_of, number))
        assert (await ledger.post(posting)).state is PostingState.POSTED
    await Sealer(engine, lambda: SEALED_AT, Patience(), shape.block).seal()


async def rows_of(engine: AsyncEngine) -> dict[str, Sequence[Any]]:
    async with engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(table).order_by(*table.primary_key.columns))).all()
            for table in TABLES
        }


@pytest.mark.parametrize("shape", [SHAPE, replace(SHAPE, transfers=117, legs=3)], ids=["one", "three"])
async def test_each_row_is_the_one_that_posting_would_have_written(
    new_database: Callable[[], str], shape: Shape
) -> None:
    one_by_one, in_bulk = open_engine(new_database()), open_engine(new_database())
    await post_one_by_one(one_by_one, shape)
    await fill(in_bulk, shape)
    expected, found = await rows_of(one_by_one), await rows_of(in_bulk)
    assert (len(found["transactions"]), len(found["entries"]), len(found["blocks"])) == (39, shape.transfers, 8)
    assert found == expected
    after = next(itertools.islice(replace(shape, transfers=1_000).postings(), shape.transactions, None))
    gone_on = [await Ledger(engine, lambda: 1).post(after) for engine in (one_by_one, in_bulk)]
    assert gone_on[0] == gone_on[1], "both go on with the same number"
    await one_by_one.dispose()
    await in_bulk.dispose()


async def test_verify_finds_nothing_in_it_and_its_tables_hold_as_before(engine: AsyncEngine) -> None:
    guards = "SELECT name FROM sqlite_master ORDER BY name"
    if engine.dialect.name == "postgresql":
        guards = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1"
    async with engine.connect() as connection:
        before = (await connection.exec_driver_sql(guards)).all()
    told: list[tuple[int, int]] = []
    await fill(engine, SHAPE, lambda done, total: told.append((done, total)))
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql(guards)).all() == before
        if engine.dialect.name == "sqlite":
            assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar() == 1
    assert told[-1] == (39, 39)
    verdict = await verify(engine, lambda done, total: None)
    assert (verdict.findings, verdict.transactions, verdict.blocks) == ([], 39, 8)
