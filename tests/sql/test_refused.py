"""Databases that say no when they are opened."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from sqlalchemy import insert, inspect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import DatabaseBusyError, DatabaseGoneError, DatabaseRefusedError, LedgerError, SchemaError
from ccd.ledger.moving import end_of
from ccd.ledger.schema import entries
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.refusals import refusals_said
from ccd.sql.turns import Patience, take_turn
from tests.databases import PostgreSQL

REFUSED: dict[str, tuple[str, str]] = {
    "postgresql+asyncpg://ghost@/template1?host={server}": ('role "ghost" does not exist', "see the user"),
    "postgresql+asyncpg://postgres@/nowhere?host={server}": (
        'database "nowhere" does not exist',
        "create the database",
    ),
    "postgresql+asyncpg://postgres@127.0.0.1/template1?ssl=perhaps": (
        "`sslmode` parameter must be one of",
        "see the address",
    ),
    "sqlite+aiosqlite:///{folder}/nowhere/ccd.sqlite": ("unable to open database file", "see that its folder is there"),
    "sqlite+aiosqlite:///{folder}/junk.sqlite": ("file is not a database", "name another file"),
}


@pytest.mark.parametrize("url", REFUSED)
async def test_a_database_that_says_no_is_a_sentence_with_what_to_do(
    postgresql: PostgreSQL, tmp_path: Path, url: str
) -> None:
    (tmp_path / "junk.sqlite").write_bytes(b"no database at all" * 100)
    engine = open_engine(url.format(server=postgresql.server.pgdata, folder=tmp_path))
    with pytest.raises(DatabaseRefusedError) as caught:
        async with refusals_said():
            await upgrade(engine)
    for said in REFUSED[url]:
        assert said in str(caught.value)
    assert str(caught.value).startswith("the database refused: ")
    await engine.dispose()


async def test_a_database_with_the_tables_of_another_program_is_not_touched(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'theirs.sqlite'}", postgresql.create()):
        engine = open_engine(url)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE accounts (x int)")
        with pytest.raises(
            DatabaseRefusedError, match="already exists; something else is in this database: give ccd one"
        ):
            async with refusals_said():
                await upgrade(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["accounts"]
        await engine.dispose()
    postgresql.drop()


async def test_tables_and_columns_that_are_gone_or_of_a_newer_program_are_told_so(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'ours.sqlite'}", postgresql.create()):
        engine = open_engine(url)
        await upgrade(engine)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE entries RENAME COLUMN seconds TO hours")
        gone = r"seconds.*; a column of ccd's is gone: keep the database"
        with pytest.raises(DatabaseRefusedError, match=gone):
            async with refusals_said():
                await verify(engine, lambda done, total: None)
        with pytest.raises(DatabaseRefusedError, match=gone):
            async with refusals_said(), engine.begin() as connection:
                await connection.execute(insert(entries).values(seconds=1))
        async with engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE daily_sums")
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(DatabaseRefusedError, match=r"daily_sums.*; a table of ccd's is gone: keep the database"):
            async with refusals_said():
                await verify(engine, lambda done, total: None)
        told = r"of revision 9999, .* start the newer ccd that made them, .*; where another program made them, give ccd"
        with pytest.raises(SchemaError, match=told):
            await upgrade(engine)
        await engine.dispose()
    postgresql.drop()


def test_a_file_that_can_not_be_opened_leaves_no_thread_behind_that_fails_on_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", told.append)

    async def refused() -> None:
        with pytest.raises(OperationalError):
            await upgrade(open_engine(f"sqlite+aiosqlite:///{tmp_path}/nowhere/ccd.sqlite"))

    for _ in range(20):
        asyncio.run(refused())
    time.sleep(0.1)
    assert not told


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Cuts the connection as a server that was killed does."""
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
    writer.transport.abort()


# How a server is not reached, and what is said of it.
NOT_REACHED = {
    "127.0.0.1:{closed}": r"127\.0\.0\.1:\d+ was not reached: .*\('127.0.0.1', \d+\)",
    "two.example:{closed}": r"two\.example:\d+ was not reached: Multiple exceptions: .*'127.0.0.1'.*'127.0.0.2'",
    "127.0.0.1:{resets}": "was not reached: Connection reset by peer",
    "nobody.example": "nobody.example was not reached: Name or service not known",
    "no..host": "no..host was not reached: .*label empty",
    "late.example": "late.example was not reached: no answer in time",
}


@pytest.mark.parametrize("where", NOT_REACHED)
async def test_a_server_that_is_not_reached_is_a_sentence_wherever_it_is_asked(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await asyncio.start_server(reset, "127.0.0.1", 0)
    resets = server.sockets[0].getsockname()[1]
    with socket.socket() as bound:  # and listens to nobody
        bound.bind(("", 0))
        known = partial(addresses, asyncio.get_running_loop().getaddrinfo)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", known)
        place = where.format(closed=bound.getsockname()[1], resets=resets)
        engine = open_engine(f"postgresql+asyncpg://ccd:s3cret@{place}/ccd")
        with pytest.raises(
            DatabaseGoneError, match=f"the database went away: PostgreSQL at .*{NOT_REACHED[where]}"
        ) as one:
            async with refusals_said():
                await end_of(engine, b"")
        with pytest.raises(DatabaseGoneError, match="PostgreSQL at "):
            await side_by_side(engine)
        with pytest.raises(DatabaseBusyError, match=f"PostgreSQL at .*{NOT_REACHED[where]}"):
            await take_turn(engine, lambda connection: end_of(engine, b""), Patience(2, 0.0, 0.0))
    assert "s3cret" not in str(one.value)
    await engine.dispose()
    server.close()


async def side_by_side(engine: AsyncEngine) -> None:
    async with refusals_said(), asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(end_of(engine, b""))


async def addresses(own: Callable[..., Awaitable[Any]], host: str, port: int, **more: Any) -> Any:
    if host == "late.example":
        raise TimeoutError
    if host == "nobody.example":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if host != "two.example":
        return await own(host, port, **more)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", port)) for number in (1, 2)]


async def test_a_file_that_is_missing_is_not_taken_for_the_database() -> None:
    with pytest.raises(FileNotFoundError):
        async with refusals_said():
            raise FileNotFoundError
    with pytest.raises(ExceptionGroup, match="tasks"):
        async with refusals_said():
            raise ExceptionGroup("tasks", [gone("the server ended"), FileNotFoundError()])


async def test_a_server_that_has_no_turn_for_us_outside_of_turns_is_one_sentence(postgresql: PostgreSQL) -> None:
    postgresql.run("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    engine = open_engine(postgresql.url("template1", "crowded"))
    with pytest.raises(DatabaseGoneError, match='too many connections for role "crowded"'):
        async with refusals_said(), engine.connect():
            pass
    await engine.dispose()


def gone(said: str) -> DBAPIError:
    return DBAPIError("SELECT", None, Exception(said), connection_invalidated=True)


async def test_a_database_that_goes_away_from_tasks_side_by_side_is_one_sentence() -> None:
    ended = gone("the server ended")
    with pytest.raises(DatabaseGoneError, match="the server ended"):
        async with refusals_said():
            raise ExceptionGroup("tasks", [ExceptionGroup("others", [ended]), ended])
    with pytest.raises(ExceptionGroup, match="a defect"):
        async with refusals_said():
            raise ExceptionGroup("a defect", [ended, ValueError()])


async def test_what_tasks_side_by_side_met_besides_is_told_beside_it() -> None:
    beside = LedgerError("a process ended")
    with pytest.raises(ExceptionGroup) as caught:
        async with refusals_said():
            raise ExceptionGroup("tasks", [beside, gone(""), gone("")])
    told, away = caught.value.exceptions
    assert told is beside
    assert isinstance(away, DatabaseGoneError)
