"""Opening, migrating, and databases that are busy, unsafe or away."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import DatabaseBusyError, SchemaError, UnsafeDatabaseError
from ccd.ledger import schema
from ccd.ledger.books import Ledger
from ccd.sql.engine import SQLITE_SETTINGS, check_sqlite, open_engine
from ccd.sql.metadata import metadata
from ccd.sql.migrate import require_current, upgrade
from ccd.sql.turns import Patience, take_turn
from tests.databases import PostgreSQL
from tests.ledger.accounts import HOUSE, give, posting

QUICK = Patience(attempts_max=3, wait_s_min=0.001, wait_s_max=0.01)


async def test_the_migrated_tables_are_those_of_the_model(engine: AsyncEngine) -> None:
    own = {table.name for table in metadata.tables.values() if table.name in schema_tables()}

    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in own,
            "include_object": lambda item, name, kind, *_: kind != "table" or name in own,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def schema_tables() -> set[str]:
    tables = ("owners", "accounts", "balances", "periods", "transactions", "entries", "daily_deltas")
    assert {getattr(schema, name).name for name in tables} == set(tables)
    return set(tables)


async def test_migrating_again_changes_nothing(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, lambda: 0)
    await ledger.open_accounts(["agent/1001"], ("savings",), floor=0)
    await upgrade(engine)
    await require_current(engine)
    assert await ledger.balances("agent/1001") == {"savings": 0}, "what was there is there"


async def test_two_that_start_at_once_migrate_one_after_the_other(postgresql: PostgreSQL, tmp_path: Path) -> None:
    for url in (postgresql.create(), f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite'}"):
        first, second = open_engine(url), open_engine(url)
        await asyncio.gather(upgrade(first), upgrade(second))
        await require_current(first)
        await first.dispose()
        await second.dispose()


async def test_a_database_without_the_tables_is_named_as_such(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite'}")
    with pytest.raises(SchemaError, match="has tables of revision none"):
        await require_current(engine)
    await engine.dispose()


async def test_a_database_in_memory_is_refused_because_it_can_not_be_safe() -> None:
    engine = open_engine("sqlite+aiosqlite://")
    with pytest.raises(UnsafeDatabaseError, match="journal_mode is memory, and has to be WAL"):
        async with engine.connect():
            pass
    await engine.dispose()


UNSAFE = {"journal_mode": "DELETE", "synchronous": "OFF", "recursive_triggers": "OFF", "foreign_keys": "OFF"}


@pytest.mark.parametrize("name", UNSAFE)
def test_each_unsafe_setting_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    connection = sqlite3.connect(tmp_path / "unsafe.sqlite")
    for setting, (wish, _) in {**SQLITE_SETTINGS, name: (UNSAFE[name], "")}.items():
        connection.execute(f"PRAGMA {setting} = {wish}")
    with pytest.raises(UnsafeDatabaseError) as caught:
        check_sqlite(connection, "unsafe.sqlite")
    assert caught.value.setting == name
    assert "has to be" in str(caught.value)
    connection.close()


async def test_every_connection_of_the_pool_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}")
    async with engine.connect():
        monkeypatch.setitem(SQLITE_SETTINGS, "synchronous", ("OFF", "2"))
        with pytest.raises(UnsafeDatabaseError, match="synchronous is 0"):
            async with engine.connect():
                pass
    await engine.dispose()


async def test_a_server_that_may_lose_a_commit_is_refused(postgresql: PostgreSQL) -> None:
    url = postgresql.create()
    postgresql.run(f"ALTER DATABASE {url.split('/')[3].split('?')[0]} SET synchronous_commit = off")
    engine = open_engine(url)
    with pytest.raises(UnsafeDatabaseError, match="synchronous_commit is off, and has to be on"):
        async with engine.connect():
            pass
    await engine.dispose()


async def test_a_sqlite_transaction_that_writes_takes_its_lock_at_once(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}")
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    async def nothing(_: object) -> None:
        return None

    await take_turn(engine, nothing, QUICK)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    assert statements == ["BEGIN IMMEDIATE", "BEGIN", "SELECT 1"]
    await engine.dispose()


async def locked(database_url: str) -> Callable[[], Awaitable[None]]:
    """Another process has what a posting needs; gives what lets go."""
    if database_url.startswith("sqlite"):
        other = sqlite3.connect(database_url.split("///")[1], isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")

        async def let_go() -> None:
            other.close()

        return let_go
    engine = open_engine(database_url)
    holder = await engine.connect()
    await holder.execute(text("SELECT id FROM owners WHERE name = 'ann' FOR UPDATE"))

    async def let_go_of_the_row() -> None:
        await holder.close()
        await engine.dispose()

    return let_go_of_the_row


async def test_a_busy_database_is_tried_again_and_then_an_error_that_says_what_to_do(
    ledger: Ledger, database_url: str
) -> None:
    waiting = Ledger(open_engine(database_url, lock_wait_ms=5), lambda: 1, QUICK)
    let_go = await locked(database_url)
    with pytest.raises(DatabaseBusyError) as caught:
        await waiting.post(posting("a", give("ann", 5)))
    assert caught.value.attempts == 3
    assert "nothing was written" in str(caught.value)
    assert "do the same again" in str(caught.value)
    await let_go()
    assert not (await waiting.post(posting("a", give("ann", 5)))).replayed
    await waiting.engine.dispose()


async def test_a_database_that_is_busy_for_a_moment_is_waited_for(ledger: Ledger, database_url: str) -> None:
    patience = Patience(attempts_max=200, wait_s_min=0.01, wait_s_max=0.05)
    waiting = Ledger(open_engine(database_url, lock_wait_ms=5), lambda: 1, patience)
    let_go = await locked(database_url)

    async def later() -> None:
        await asyncio.sleep(0.1)
        await let_go()

    outcome, _ = await asyncio.gather(waiting.post(posting("a", give("ann", 5))), later())
    assert not outcome.replayed
    assert (await waiting.balances("ann"))["savings"] == 5
    await waiting.engine.dispose()


async def test_a_connection_that_was_lost_at_the_commit_posts_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went through, and its answer did not: the next attempt finds the key."""
    dialect = ledger.engine.sync_engine.dialect
    commit = dialect.do_commit
    lost = iter([True, False])

    def commit_and_lose_the_answer(connection: Any) -> None:
        commit(connection)
        if next(lost, False):
            raise ConnectionResetError("connection reset by peer")

    await ledger.open_accounts(["ann", HOUSE], ("savings",), floor=0)
    monkeypatch.setattr(dialect, "do_commit", commit_and_lose_the_answer)
    outcome = await ledger.post(posting("a", give("ann", 5)))
    assert outcome.replayed
    assert (await ledger.balances("ann"))["savings"] == 5


async def test_a_defect_is_not_retried(engine: AsyncEngine) -> None:
    calls = []

    async def defective(connection) -> None:
        calls.append(1)
        await connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError, match="nowhere"):
        await take_turn(engine, defective, QUICK)
    assert len(calls) == 1


async def test_a_server_that_is_away_is_an_error_after_the_last_attempt(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql+asyncpg://ccd@/ccd?host={tmp_path}")
    with pytest.raises(DatabaseBusyError, match="nothing was written"):
        await Ledger(engine, lambda: 1, QUICK).post(posting("a", give("ann", 5)))


def test_waits_are_drawn_below_a_limit_that_grows_up_to_its_own() -> None:
    patience = Patience(wait_s_min=0.1, wait_s_max=1.0)
    assert all(0 <= patience.wait_s(1) <= 0.2 for _ in range(100))
    assert all(0 <= patience.wait_s(30) <= 1.0 for _ in range(100))
    assert len({patience.wait_s(5) for _ in range(20)}) > 1
