"""Databases that say no when they are opened."""

import asyncio
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError, OperationalError

from ccd.errors import DatabaseGoneError, DatabaseRefusedError
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.refusals import refusals_said
from tests.databases import PostgreSQL

REFUSED: dict[str, tuple[str, str]] = {
    "postgresql+asyncpg://ghost@/template1?host={server}": ('role "ghost" does not exist', "see the user"),
    "postgresql+asyncpg://postgres@/nowhere?host={server}": (
        'database "nowhere" does not exist',
        "create the database",
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
    said, hint = REFUSED[url]
    assert str(caught.value).startswith(f"the database refused: {said}; {hint}")
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


async def test_a_database_that_goes_away_from_tasks_side_by_side_is_one_sentence() -> None:
    gone = DBAPIError("SELECT", None, Exception("the server ended"), connection_invalidated=True)
    with pytest.raises(DatabaseGoneError, match="the server ended"):
        async with refusals_said():
            raise ExceptionGroup("tasks", [ExceptionGroup("others", [gone]), gone])
    with pytest.raises(ExceptionGroup, match="a defect"):
        async with refusals_said():
            raise ExceptionGroup("a defect", [gone, ValueError()])
