"""What is gone through in parts, side by side or not, is found as what is gone through at once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Column, Row, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.filling import Shape, fill
from ccd.errors import DatabaseRefusedError, LedgerError
from ccd.ledger import recorded, side_by_side
from ccd.ledger import verify as verifying
from ccd.ledger.recorded import known_of
from ccd.ledger.schema import balances, blocks, daily_sums, entries, transactions
from ccd.ledger.verify import Verifier, verify
from tests.ledger.forging import changed, row_itself, without_guards
from tests.ledger.histories import everything, more

SHAPE = Shape(transfers=39, owners=7, block=5)
WHAT_PARTS_PASS_ON = [
    (transactions, ("id", "month", "state", "terms")),
    (entries, ("transaction_id", "debit", "seconds")),
    (blocks, ("number", "up_to", "leaves")),
    (daily_sums, ("block",)),
]


@pytest.fixture
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block a part, a few rows a question."""
    monkeypatch.setattr(verifying, "PART_LEAVES", 1)
    monkeypatch.setattr(verifying, "BLOCKS_AT_ONCE", 2)
    monkeypatch.setattr(recorded, "FROM_FILE_AT_ONCE", 3)
    monkeypatch.setattr(recorded, "FROM_SERVER_AT_ONCE", 3)
    monkeypatch.setattr(recorded, "ENTRIES_AT_ONCE", 2)
    monkeypatch.setattr(recorded, "ORIGINALS_AT_ONCE", 1)


@pytest.fixture
async def bare(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    await more(await everything(engine))
    async with without_guards(engine) as connection:
        yield connection
        await connection.exec_driver_sql("ROLLBACK")


async def found(connection: AsyncConnection) -> list[str]:
    return sorted(map(str, (await Verifier(connection, lambda done, total: None).verdict()).findings))


@pytest.mark.parametrize(("table", "names"), WHAT_PARTS_PASS_ON, ids=[table.name for table, _ in WHAT_PARTS_PASS_ON])
async def test_a_change_is_found_in_small_parts_as_it_is_found_at_once(
    bare: AsyncConnection, table: Table, names: Sequence[str], request: pytest.FixtureRequest
) -> None:
    rows = (await bare.execute(select(table))).all()
    changes = [(table.c[name], row) for name in names for row in rows]
    at_once = [await found_where(bare, column, row) for column, row in changes]
    request.getfixturevalue("in_small_parts")
    in_parts = [await found_where(bare, column, row) for column, row in changes]
    assert in_parts == at_once


async def found_where(bare: AsyncConnection, column: Column[Any], row: Row[Any]) -> list[str]:
    """Where the column of this row was changed."""
    async with bare.begin_nested() as undone:
        other = changed(column, row._mapping[column.name])
        await bare.execute(update(column.table).where(row_itself(column.table, row)).values({column: other}))
        lines = await found(bare)
        await undone.rollback()
    return lines


async def test_a_ledger_as_it_was_written_is_found_right_in_small_parts(
    engine: AsyncEngine, in_small_parts: None
) -> None:
    await more(await everything(engine))
    told: list[tuple[int, int]] = []
    verdict = await verify(engine, lambda done, total: told.append((done, total)))
    assert (verdict.findings, verdict.transactions, verdict.blocks, verdict.unsealed) == ([], 23, 7, 1)
    assert told == sorted(told)
    assert len(told) > 7
    assert told[-1] == (23, 23)


async def test_where_a_balance_fell_below_its_floor_is_named_whichever_part_it_is_in(
    engine: AsyncEngine, in_small_parts: None
) -> None:
    """Taken by what an earlier part had given too little for."""
    await fill(engine, SHAPE)
    async with without_guards(engine) as bare:
        await bare.execute(update(entries).where(entries.c.transaction_id == 1).values(seconds=-200))
        lines = await found(bare)
        await bare.exec_driver_sql("ROLLBACK")
    assert "transaction 29 (settle/agent/1000/2021-01-05/r1): it takes savings of agent/1000 below its floor" in lines
    assert sum("below its floor" in line for line in lines) == 1


async def test_two_processes_find_what_one_finds(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "PART_LEAVES", 10)
    monkeypatch.setattr(verifying, "SIDE_BY_SIDE_MIN", 1)
    await fill(engine, SHAPE)
    told: list[tuple[int, int]] = []
    verdict = await verify(engine, lambda done, total: told.append((done, total)), processes=2)
    assert (verdict.findings, verdict.transactions, verdict.blocks) == ([], 39, 8)
    assert told == sorted(told)
    assert told[-1] == (39, 39)
    assert verdict.remembered == (await verify(engine, lambda done, total: None)).remembered
    async with without_guards(engine) as bare:
        await bare.execute(update(transactions).where(transactions.c.id.in_([7, 33])).values(facts="{}"))
        await bare.execute(update(entries).where(entries.c.transaction_id == 12).values(seconds=7_000))
        await bare.execute(update(balances).values(seconds=5))
        await bare.exec_driver_sql("COMMIT")
    one, two = [(await verify(engine, lambda done, total: None, processes=count)).findings for count in (1, 2)]
    assert {finding.place.split(" (")[0] for finding in one} >= {"transaction 7", "transaction 33", "transaction 12"}
    assert one == two


async def test_a_process_that_ends_is_told(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(engine, SHAPE)
    hand = side_by_side.Hand(engine.url, known_of([]))
    hand._process.kill()
    async with engine.connect() as connection:
        part = await anext(Verifier(connection, lambda done, total: None)._sealed())
    with pytest.raises(LedgerError, match="a process that verified beside this one ended"):
        await hand.derive(part)
    hand.end()


async def test_ctrl_c_is_for_who_started_it_also_while_it_starts(engine: AsyncEngine) -> None:
    await fill(engine, SHAPE)
    async with engine.connect() as connection:
        part = await anext(Verifier(connection, lambda done, total: None)._sealed())
    hand = side_by_side.Hand(engine.url, known_of([]))
    assert hand._process.pid
    for _ in range(20):
        os.kill(hand._process.pid, signal.SIGINT)
        await asyncio.sleep(0.02)
    assert (await hand.derive(part)).transactions > 0
    hand.end()


async def test_a_process_whose_answer_nobody_waits_for_any_more_just_ends(engine: AsyncEngine) -> None:
    """However the one that asked was killed."""
    await fill(engine, SHAPE)
    async with engine.connect() as connection:
        part = await anext(Verifier(connection, lambda done, total: None)._sealed())
    hand = side_by_side.Hand(engine.url, known_of([]))
    hand._ours.send(part)
    hand._ours.close()
    hand._process.join()
    assert hand._process.exitcode == 0


async def test_what_the_database_says_to_a_process_is_told(engine: AsyncEngine) -> None:
    await fill(engine, SHAPE)
    async with engine.connect() as connection:
        part = await anext(Verifier(connection, lambda done, total: None)._sealed())
    nowhere = engine.url.set(database="/nowhere/a.sqlite" if engine.dialect.name == "sqlite" else "nowhere")
    hand = side_by_side.Hand(nowhere, known_of([]))
    with pytest.raises(DatabaseRefusedError, match="the database refused"):
        await hand.derive(part)
    hand.end()
