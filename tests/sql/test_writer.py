"""SQLite's writer: whole turns in a thread of their own."""

import asyncio
import sqlite3
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ccd.errors import DatabaseBusyError, UnsafeDatabaseError
from ccd.sql.engine import SQLITE_SETTINGS, open_engine
from ccd.sql.plain import ask
from ccd.sql.turns import Patience, take_turn_at_once
from tests.databases import writing

ONCE = Patience(attempts_max=1)


def add(connection: Connection, number: int) -> None:
    connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})


def add_in_a_thread(connection: Connection, number: int) -> threading.Thread:
    add(connection, number)
    return threading.current_thread()


async def numbers_engine(file: Path):
    engine = open_engine(f"sqlite+aiosqlite:///{file}")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
    return engine


async def numbers_in(engine) -> list[int]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("SELECT number FROM numbers"))).scalars())


async def test_a_turn_blocks_nobody_who_waits_beside_it(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")
    may_go_on = threading.Event()

    def slow(connection: Connection) -> None:
        add(connection, 1)
        assert may_go_on.wait(5), "the loop went on meanwhile"

    async with asyncio.timeout(5), asyncio.TaskGroup() as both:
        both.create_task(take_turn_at_once(engine, slow, ONCE))
        both.create_task(take_turn_at_once(engine, lambda connection: add(connection, 2), ONCE))
        await asyncio.sleep(0.01)
        may_go_on.set()
    assert await numbers_in(engine) == [1, 2], "one after the other"
    await engine.dispose()


async def test_who_is_cancelled_goes_when_the_turn_is_over(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")
    begun, may_go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        add(connection, 1)
        begun.set()
        may_go_on.wait(5)

    turn = asyncio.get_running_loop().create_task(take_turn_at_once(engine, slow, ONCE))
    await asyncio.to_thread(begun.wait, 5)
    turn.cancel()
    await asyncio.sleep(0.01)
    assert not turn.done()
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert await numbers_in(engine) == [1]
    await engine.dispose()


async def test_what_is_not_to_be_kept_is_undone_and_so_is_what_fails(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")
    await take_turn_at_once(engine, lambda connection: add(connection, 1), ONCE, keep=False)

    def failing(connection: Connection) -> None:
        add(connection, 2)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await take_turn_at_once(engine, failing, ONCE)
    assert await numbers_in(engine) == []
    await engine.dispose()


async def test_what_fails_is_undone_where_only_the_driver_was_asked(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")

    def failing(connection: Connection) -> None:
        ask(connection, "INSERT INTO numbers VALUES (1)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await take_turn_at_once(engine, failing, ONCE)
    await take_turn_at_once(engine, lambda connection: ask(connection, "INSERT INTO numbers VALUES (2)"), ONCE)
    assert await numbers_in(engine) == [2]
    await engine.dispose()


async def test_a_turn_holds_the_write_lock_from_its_beginning(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")
    other = sqlite3.connect(tmp_path / "a.sqlite", timeout=0, isolation_level=None, check_same_thread=False)

    def turn(connection: Connection) -> None:
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")

    await take_turn_at_once(engine, turn, ONCE)
    other.execute("BEGIN IMMEDIATE")
    other.close()
    await engine.dispose()


async def test_one_connection_takes_turn_after_turn_and_another_once_one_has_failed(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")
    used: list[Connection] = []

    def turn(connection: Connection) -> None:
        used.append(connection)
        add(connection, len(used))
        if len(used) == 2:
            raise ZeroDivisionError

    await take_turn_at_once(engine, turn, ONCE)
    with pytest.raises(ZeroDivisionError):
        await take_turn_at_once(engine, turn, ONCE)
    await take_turn_at_once(engine, turn, ONCE)
    await take_turn_at_once(engine, turn, ONCE)
    assert used[0] is used[1] is not used[2] is used[3]
    assert await numbers_in(engine) == [1, 3, 4]
    await engine.dispose()


async def test_a_connection_that_was_closed_is_opened_anew(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")

    def close(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.close()

    with pytest.raises(DatabaseBusyError, match="closed database"):
        await take_turn_at_once(engine, close, ONCE)
    await take_turn_at_once(engine, lambda connection: add(connection, 1), ONCE)
    assert await numbers_in(engine) == [1]
    await engine.dispose()


async def test_who_writes_after_its_engine_was_disposed_of_opens_it_anew(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")
    for number in (1, 2):
        thread = await take_turn_at_once(engine, partial(add_in_a_thread, number=number), ONCE)
        await engine.dispose()
        assert not thread.is_alive()
    assert await numbers_in(engine) == [1, 2]
    await engine.dispose()


def test_each_loop_that_asks_is_answered(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.sqlite'}")
    make = "CREATE TABLE numbers (number INTEGER)"
    asyncio.run(take_turn_at_once(engine, lambda connection: ask(connection, make), ONCE))
    first = asyncio.run(take_turn_at_once(engine, partial(add_in_a_thread, number=1), ONCE))
    second = asyncio.run(take_turn_at_once(engine, partial(add_in_a_thread, number=2), ONCE))
    assert first is not second
    assert not first.is_alive()
    engine.sync_engine.dispose()
    assert not second.is_alive()


async def test_who_waits_is_answered_where_its_engine_is_disposed_of_meanwhile(tmp_path: Path) -> None:
    engine = await numbers_engine(tmp_path / "a.sqlite")
    begun = threading.Event()

    def slow(connection: Connection) -> str:
        add(connection, 1)
        begun.set()
        time.sleep(0.05)
        return "added"

    turn = asyncio.get_running_loop().create_task(take_turn_at_once(engine, slow, ONCE))
    await asyncio.to_thread(begun.wait, 5)
    await engine.dispose()
    async with asyncio.timeout(5):
        assert await turn == "added"
    assert await numbers_in(engine) == [1]
    await engine.dispose()


async def test_the_writers_connection_is_checked_and_goes_with_its_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.sqlite"
    engine = await numbers_engine(file)
    with monkeypatch.context() as unsafe:
        unsafe.setitem(SQLITE_SETTINGS, "synchronous", ("OFF", "2"))
        with pytest.raises(UnsafeDatabaseError, match="synchronous is 0"):
            await take_turn_at_once(engine, lambda connection: add(connection, 1), ONCE)
    await take_turn_at_once(engine, lambda connection: add(connection, 2), ONCE)
    await engine.dispose()
    assert writing(engine) is not engine.sync_engine
    assert not file.with_name("a.sqlite-wal").exists(), "who closes the last connection clears up"
