"""SQLite's brief turns, which are taken in the event loop where the disk is quick enough."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.sql.engine import WRITES, open_engine
from ccd.sql.plain import ask
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.sql.writer import SHORT_IN_A_ROW, STALL_S_MAX

ONCE = Patience(attempts_max=1)
HERE = threading.current_thread()


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncEngine]:
    """On a machine that is slow by itself a turn is short for longer."""
    monkeypatch.setattr("ccd.sql.writer.STALL_S_MAX", 100 * STALL_S_MAX)
    made = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.sqlite'}", lock_wait_ms=5_000)
    async with made.begin() as connection:
        await connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
    yield made
    await made.dispose()


def add(connection: Connection, number: int, took_s: float = 0.0) -> threading.Thread:
    """Says where the turn was taken."""
    ask(connection, "INSERT INTO numbers VALUES (?1)", (number,))
    time.sleep(took_s)
    return threading.current_thread()


async def briefly(engine: AsyncEngine, number: int, took_s: float = 0.0) -> threading.Thread:
    return await take_turn_at_once(engine, partial(add, number=number, took_s=took_s), ONCE, brief=True)


async def short_ones(engine: AsyncEngine, count: int = SHORT_IN_A_ROW) -> set[threading.Thread]:
    return {await briefly(engine, number) for number in range(count)}


async def numbers_in(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("SELECT number FROM numbers"))).scalars())


async def test_brief_turns_are_taken_in_the_loop_once_so_many_were_short(engine: AsyncEngine) -> None:
    [thread] = await short_ones(engine)
    assert thread is not HERE
    assert await short_ones(engine, 10) == {HERE}
    assert len(await numbers_in(engine)) == SHORT_IN_A_ROW + 10


async def test_other_turns_are_not(engine: AsyncEngine) -> None:
    await short_ones(engine)
    assert await take_turn_at_once(engine, partial(add, number=1), ONCE) is not HERE


async def test_after_one_that_stalls_they_go_to_the_thread_again(engine: AsyncEngine) -> None:
    await short_ones(engine)
    assert await briefly(engine, 1, took_s=100 * STALL_S_MAX) is HERE
    assert HERE not in await short_ones(engine)
    assert await briefly(engine, 1) is HERE


async def test_the_loop_waits_for_nobodys_lock(engine: AsyncEngine) -> None:
    """Whoever has it gives it back in the loop."""
    await short_ones(engine)
    async with engine.execution_options(**{WRITES: True}).connect() as other:
        await other.execute(text("INSERT INTO numbers VALUES (-1)"))
        turn = asyncio.get_running_loop().create_task(briefly(engine, -2))
        await asyncio.sleep(0.02)
        assert not turn.done()
        await other.commit()
    async with asyncio.timeout(5):
        assert await turn is not HERE
    assert (await numbers_in(engine))[-2:] == [-1, -2]
    assert await short_ones(engine, 1) == {HERE}


async def test_while_the_thread_has_a_turn_the_next_waits_for_it_there(engine: AsyncEngine) -> None:
    await short_ones(engine)
    begun, may_go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        assert may_go_on.wait(5)

    first = asyncio.get_running_loop().create_task(take_turn_at_once(engine, slow, ONCE))
    await asyncio.to_thread(begun.wait, 5)
    second = asyncio.get_running_loop().create_task(briefly(engine, 1))
    await asyncio.sleep(0.01)
    assert not second.done()
    may_go_on.set()
    await first
    assert await second is not HERE


async def test_whoever_posts_again_and_again_leaves_others_their_turn(engine: AsyncEngine) -> None:
    await short_ones(engine)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.get_running_loop().create_task(others())
    assert await short_ones(engine, 10) == {HERE}
    beside.cancel()
    assert turns >= 10


async def test_what_fails_in_the_loop_is_undone(engine: AsyncEngine) -> None:
    await short_ones(engine)

    def failing(connection: Connection) -> None:
        assert add(connection, -1) is HERE
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await take_turn_at_once(engine, failing, ONCE, brief=True)
    assert -1 not in await numbers_in(engine)
    assert await briefly(engine, -2) is not HERE, "the thread opens the connection"
    assert await briefly(engine, -3) is HERE
    assert (await numbers_in(engine))[-2:] == [-2, -3]


async def test_the_thread_waits_for_locks_after_the_loop_did_not(engine: AsyncEngine) -> None:
    await short_ones(engine, SHORT_IN_A_ROW + 1)
    waits = "PRAGMA busy_timeout"
    assert await take_turn_at_once(engine, lambda connection: ask(connection, waits), ONCE) == [(5_000,)]
