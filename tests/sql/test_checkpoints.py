"""SQLite's log is copied into the file beside the turns."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.sql.checkpoints import ROWS_BETWEEN
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_at_once
from tests.databases import writing

ONCE = Patience(attempts_max=1)
A_ROW = "x" * 100
SOON_S = 5.0


async def rows_engine(file: Path) -> AsyncEngine:
    engine = open_engine(f"sqlite+aiosqlite:///{file}")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE rows (row TEXT)"))
    return engine


async def write(engine: AsyncEngine, count: int) -> None:
    def turn(connection: Connection) -> None:
        connection.execute(text("INSERT INTO rows VALUES (:row)"), [{"row": A_ROW}] * count)

    await take_turn_at_once(engine, turn, ONCE)


def whenever_one_is(engine: AsyncEngine, name: str, do: Callable[[], object]) -> None:
    """Does it at the pool's event of that name, where that is a checkpoint's."""

    def at_event(*_: object) -> None:
        if threading.current_thread().name.startswith("sqlite-checkpoints"):
            do()

    event.listen(writing(engine), name, at_event)


async def test_what_is_committed_comes_from_the_log_into_the_file_once_it_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    engine = await rows_engine(file)
    over = threading.Event()
    whenever_one_is(engine, "checkin", over.set)
    size = file.stat().st_size
    await write(engine, ROWS_BETWEEN - 1)
    assert file.stat().st_size == size, "it is all in the log"
    await write(engine, 1)
    assert await asyncio.to_thread(over.wait, SOON_S)
    assert file.stat().st_size > ROWS_BETWEEN * len(A_ROW)
    await engine.dispose()


async def test_no_turn_waits_for_a_checkpoint_and_who_goes_does(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    engine = await rows_engine(file)
    begun, may_go_on = threading.Event(), threading.Event()

    def hold_up() -> None:
        begun.set()
        may_go_on.wait(SOON_S)

    whenever_one_is(engine, "checkout", hold_up)
    await write(engine, ROWS_BETWEEN)
    assert await asyncio.to_thread(begun.wait, SOON_S)
    async with asyncio.timeout(SOON_S):
        await write(engine, ROWS_BETWEEN)
    assert not may_go_on.is_set()
    may_go_on.set()
    await engine.dispose()
    assert not file.with_name("a.sqlite-wal").exists(), "who closes the last connection clears up"
