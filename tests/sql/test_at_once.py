"""SQLite's answers: one way to the connection's thread and back for each statement, and all rows all the same."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiosqlite import Connection
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.sql.at_once import ROWS_AT_ONCE
from ccd.sql.engine import open_engine
from tests.databases import SQLITE


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(f"{SQLITE}{tmp_path / 'one.sqlite'}")
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TABLE kept (number INTEGER PRIMARY KEY, word TEXT UNIQUE)"))
        yield connection
    await engine.dispose()


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """To the thread, from now on."""
    gone: list[str] = []
    execute = Connection._execute

    async def noted(connection: Connection, what: object, *values: object) -> object:
        gone.append(getattr(what, "__name__", ""))
        return await execute(connection, what, *values)  # type: ignore[no-untyped-call]  # aiosqlite has no types

    monkeypatch.setattr(Connection, "_execute", noted)
    return gone


def up_to(number: int) -> str:
    return f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number}) SELECT i FROM n"


@pytest.mark.parametrize(
    "statement", ["SELECT 1", up_to(ROWS_AT_ONCE - 1), "INSERT INTO kept VALUES (7, 'a')", "SELECT 1 WHERE 1 = 0"]
)
async def test_a_statement_is_one_way(connection: AsyncConnection, ways: list[str], statement: str) -> None:
    await connection.execute(text(statement))
    assert len(ways) == 1


async def test_what_is_done_once_a_row_is_one_way(connection: AsyncConnection, ways: list[str]) -> None:
    done = await connection.execute(
        text("INSERT INTO kept VALUES (:number, :word)"), [{"number": at, "word": str(at)} for at in range(50)]
    )
    assert (done.rowcount, len(ways)) == (50, 1)


@pytest.mark.parametrize("rows", [0, 1, *(ROWS_AT_ONCE + more for more in (-1, 0, 1)), 3 * ROWS_AT_ONCE + 5])
async def test_every_row_comes_whoever_asks(connection: AsyncConnection, rows: int) -> None:
    wanted = text(f"SELECT * FROM ({up_to(max(rows, 1))}) WHERE i <= {rows}")
    expected = list(range(1, rows + 1))
    assert (await connection.execute(wanted)).scalars().all() == expected
    assert [row.i async for row in await connection.stream(wanted)] == expected
    assert [each for part in (await connection.execute(wanted)).scalars().partitions(7) for each in part] == expected


async def test_a_stream_is_not_read_ahead_of_who_asks(connection: AsyncConnection, ways: list[str]) -> None:
    """This one has no end."""
    without_end = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    stream = await connection.stream(text(without_end))
    assert [(await anext(stream)).i for _ in range(10 * ROWS_AT_ONCE)] == list(range(1, 10 * ROWS_AT_ONCE + 1))
    assert len(ways) < 30
    await stream.close()
    assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def test_what_a_statement_did_is_known_after_it(connection: AsyncConnection) -> None:
    inserted = await connection.execute(text("INSERT INTO kept (word) VALUES ('a'), ('b') RETURNING number"))
    assert inserted.scalars().all() == [1, 2]
    assert (await connection.execute(text("UPDATE kept SET word = word || '!'"))).rowcount == 2
    assert (await connection.execute(text("INSERT INTO kept (word) VALUES ('c')"))).lastrowid == 3


async def test_a_statement_that_failed_leaves_nothing_open(connection: AsyncConnection) -> None:
    with pytest.raises(OperationalError, match="no such column: unknown"):
        await connection.execute(text("SELECT unknown"))
    fails_late = f"SELECT abs(-9223372036854775807 - (i = {ROWS_AT_ONCE + 5})) FROM ({up_to(3 * ROWS_AT_ONCE)})"
    with pytest.raises(OperationalError, match="integer overflow"):
        await connection.execute(text(fails_late))
    await connection.rollback()
    raw = await connection.get_raw_connection()
    assert isinstance(raw.driver_connection, Connection)
    assert not raw.driver_connection.in_transaction


async def test_a_lock_goes_with_the_transaction_though_a_stream_was_left_in_the_middle(
    connection: AsyncConnection, tmp_path: Path
) -> None:
    await connection.execute(text("INSERT INTO kept VALUES (7, 'a')"))
    stream = await connection.stream(text(up_to(3 * ROWS_AT_ONCE)))
    await anext(stream)
    await connection.rollback()
    other = sqlite3.connect(tmp_path / "one.sqlite", timeout=0)
    other.execute("BEGIN IMMEDIATE")
    other.close()
