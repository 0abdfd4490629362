"""Opening, migrating, and databases that are busy, unsafe or away."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ccd.errors import DatabaseBusyError, DatabaseRefusedError, SchemaError, UnsafeDatabaseError
from ccd.ledger import schema
from ccd.ledger.books import Ledger
from ccd.ledger.model import Limit, Term
from ccd.sql.engine import SQLITE_SETTINGS, check_sqlite, open_engine
from ccd.sql.metadata import metadata
from ccd.sql.migrate import heads_of, upgrade, wanted_heads
from ccd.sql.plain import ask
from ccd.sql.refusals import refusals_said
from ccd.sql.turns import Patience, take_turn, take_turn_at_once
from tests.databases import TEMPLATE, PostgreSQL, differences, lose_the_next_answer
from tests.ledger.accounts import HOUSE, give, open_guarded, open_house, posting

# What PostgreSQL's triggers hold, once a statement (tests/ledger/test_append_only.py).
NO_FOREIGN_KEYS = {
    "fk_transactions_book_month", "fk_entries_transaction_id", "fk_entries_debit", "fk_entries_credit",
    "fk_entries_reverses_transaction_reverses_leg",
}  # fmt: skip
QUICK = Patience(attempts_max=3, wait_s_min=0.001, wait_s_max=0.01)


async def test_the_migrated_tables_are_those_of_the_model(engine: AsyncEngine) -> None:
    own = {table.name for table in metadata.tables.values() if table.name in schema_tables()}

    found = await differences(engine, own)
    expected = NO_FOREIGN_KEYS if engine.dialect.name == "postgresql" else set()
    assert [what for what, _ in found] == ["add_fk"] * len(expected)
    assert {key.name for _, key in found} == expected


def schema_tables() -> set[str]:
    found = {table.name for table in vars(schema).values() if isinstance(table, Table)}
    assert {"accounts", "transactions", "entries", "blocks"} < found
    return found


async def test_migrating_again_changes_nothing(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, lambda: 0)
    await open_guarded(ledger, ["agent/1001"], ("savings",))
    await upgrade(engine)
    assert await heads_of(engine) == wanted_heads()
    assert await ledger.balances("agent/1001") == {"savings": 0}, "what was there is there"


async def test_two_that_start_at_once_migrate_one_after_the_other(postgresql: PostgreSQL, tmp_path: Path) -> None:
    for url in (postgresql.create(), f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite'}"):
        first, second = open_engine(url), open_engine(url)
        await asyncio.gather(upgrade(first), upgrade(second))
        assert await heads_of(first) == wanted_heads()
        await first.dispose()
        await second.dispose()


async def test_a_role_that_may_not_migrate_says_which_tables_are_missing_and_who_can(postgresql: PostgreSQL) -> None:
    role = f"weak_{next(postgresql.numbers)}"
    postgresql.run(f"CREATE ROLE {role} LOGIN")
    engine = open_engine(postgresql.create().replace("postgres@", f"{role}@"))
    with pytest.raises(SchemaError, match=r"has tables of revision none, .* run `ccd migrate`"):
        await upgrade(engine)
    await engine.dispose()


async def ledger_on(url: str) -> Ledger:
    opened = Ledger(open_engine(url), lambda: 1, QUICK)
    await open_guarded(opened, ["ann"], ("savings",))
    await open_house(opened, HOUSE, ("savings",))
    return opened


async def test_a_server_that_only_answers_questions_is_named_and_nothing_is_written(postgresql: PostgreSQL) -> None:
    database_url = postgresql.create(TEMPLATE)
    ledger = await ledger_on(database_url)
    postgresql.run(f"ALTER DATABASE {ledger.engine.url.database} SET default_transaction_read_only = on")
    engine = open_engine(database_url)
    with pytest.raises(DatabaseRefusedError, match="read-only transaction; this server only answers questions"):
        async with refusals_said():
            await Ledger(engine, lambda: 1).post(posting("a", give("ann", 5)))
    await engine.dispose()
    assert (await ledger.balances("ann"))["savings"] == 0
    await ledger.engine.dispose()


async def test_a_sqlite_file_that_is_full_takes_all_of_a_posting_or_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'full.sqlite'}")
    await upgrade(engine)
    ledger = Ledger(engine, lambda: 1)
    await open_guarded(ledger, ["ann"], ("savings",))
    await open_house(ledger, HOUSE, ("savings",))

    def no_more(connection: Connection) -> None:
        ask(connection, "PRAGMA max_page_count = 1")  # SQLite makes it what there is: not one page more

    await take_turn_at_once(engine, no_more, QUICK)
    posted = 0

    async def post_on_and_on() -> None:
        nonlocal posted
        async with refusals_said():
            for number in range(10_000):
                await ledger.post(posting(f"key-{number}", give("ann", 5), text="x" * 500))
                posted += 1

    with pytest.raises(DatabaseRefusedError, match="disk is full; make room on the disk"):
        await post_on_and_on()
    assert posted > 0
    assert (await ledger.balances("ann"))["savings"] == 5 * posted == -(await ledger.sums(HOUSE))["savings"]
    await engine.dispose()


async def test_a_sqlite_file_that_can_only_be_read_says_so_and_changes_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'kept.sqlite'}")
    await upgrade(engine)
    ledger = Ledger(engine, lambda: 1)
    await open_guarded(ledger, ["ann"], ("savings",))
    await take_turn_at_once(engine, _only_read, QUICK)
    with pytest.raises(DatabaseRefusedError, match="readonly database; let ccd's user write the file"):
        async with refusals_said():
            await open_guarded(ledger, ["bob"], ("savings",))
    assert await ledger.balances("bob") == {}
    await engine.dispose()


def _only_read(connection: Connection) -> None:
    """As a file is to a user who may not write it; the tests' own user may write everything."""
    ask(connection, "PRAGMA query_only = ON")


@pytest.mark.parametrize("where", ["", "/file:here?uri=true&mode=memory"])
async def test_a_database_in_memory_is_refused_because_it_can_not_be_safe(where: str) -> None:
    engine = open_engine(f"sqlite+aiosqlite://{where}")
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
    assert name in str(caught.value)
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


async def test_what_an_address_leaves_out_is_as_the_service_that_it_names_says(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    url, services = make_url(postgresql.url(TEMPLATE)), tmp_path / "services"
    host, port = url.host or url.query["host"], url.port or url.query.get("port", 5432)
    services.write_text(f"[bank]\nhost={host}\nport={port}\nuser={url.username}\npassword={url.password or ''}\n")
    engine = open_engine(f"postgresql:///{TEMPLATE}?service=bank&servicefile={services}")
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT current_database()")) == TEMPLATE
    await engine.dispose()


async def test_a_server_that_may_lose_a_commit_is_refused(postgresql: PostgreSQL) -> None:
    url = postgresql.create()
    postgresql.run(f"ALTER DATABASE {url.split('/')[3].split('?')[0]} SET synchronous_commit = off")
    engine = open_engine(url)
    with pytest.raises(UnsafeDatabaseError, match="synchronous_commit is off, and has to be on"):
        async with engine.connect():
            pass
    await engine.dispose()


async def test_a_database_that_can_not_hold_every_name_is_refused(postgresql: PostgreSQL) -> None:
    postgresql.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    postgresql.created.append("latin")
    engine = open_engine(postgresql.url("latin"))
    with pytest.raises(UnsafeDatabaseError, match="server_encoding is LATIN1, and has to be UTF8"):
        async with engine.connect():
            pass
    await engine.dispose()


async def test_for_a_statement_of_milliseconds_the_server_starts_no_other_processes(postgresql: PostgreSQL) -> None:
    engine = open_engine(postgresql.create())
    async with engine.connect() as connection:
        for statement in (
            "CREATE TABLE many AS SELECT number FROM generate_series(1, 300000) AS number",
            "ANALYZE many",
        ):
            await connection.exec_driver_sql(statement)
        planned = "\n".join((await connection.exec_driver_sql("EXPLAIN SELECT sum(number) FROM many")).scalars())
        assert "Seq Scan on many" in planned, planned
        assert "Gather" not in planned, planned
    await engine.dispose()


async def test_a_statement_that_the_server_cuts_short_is_tried_again_and_then_told(postgresql: PostgreSQL) -> None:
    database_url = postgresql.create(TEMPLATE)
    ledger = await ledger_on(database_url)
    let_go = await locked(database_url)
    postgresql.run(f"ALTER DATABASE {ledger.engine.url.database} SET statement_timeout = 20")
    waiting = Ledger(open_engine(database_url), lambda: 1, QUICK)
    with pytest.raises(DatabaseBusyError, match=r"statement timeout.*nothing was written"):
        await waiting.post(posting("a", give("ann", 5)))
    await let_go()
    await waiting.engine.dispose()
    assert (await ledger.balances("ann"))["savings"] == 0
    await ledger.engine.dispose()


async def test_a_sqlite_transaction_that_writes_takes_its_lock_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}")
    statements: list[str] = []
    dialect = engine.sync_engine.dialect

    def note(cursor: Any, statement: str, *rest: Any, do_execute: Callable[..., None] = dialect.do_execute) -> None:
        statements.append(statement)
        do_execute(cursor, statement, *rest)

    monkeypatch.setattr(dialect, "do_execute", note)

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


@pytest.mark.parametrize("terms", [(), (Limit("cap", 5),)], ids=["without a look", "at the desk"])
async def test_a_connection_that_was_lost_at_the_commit_posts_once(
    ledger: Ledger, terms: tuple[Term, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt finds the key."""
    await ledger.post(posting("opens the month", give("ann", 1)))
    lose_the_next_answer(ledger.engine, monkeypatch)
    outcome = await ledger.post(posting("a", give("ann", 5))._replace(terms=terms))
    assert outcome.replayed
    assert (await ledger.balances("ann"))["savings"] == 6


async def test_where_no_connection_of_ours_is_free_the_database_is_busy(tmp_path: Path) -> None:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}", pool_size=1, max_overflow=0, pool_timeout=0.01
    )

    async def nothing(_: object) -> None:
        return None

    async with engine.connect():
        with pytest.raises(DatabaseBusyError, match=r"1 attempts.*nothing was written"):
            await take_turn(engine, nothing, QUICK)
    await engine.dispose()


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


async def test_a_connection_that_rested_is_asked_whether_the_server_still_knows_it(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql.create()
    engine = open_engine(url)
    pid = text("SELECT pg_backend_pid()")
    async with engine.connect() as connection:
        first = (await connection.execute(pid)).scalar_one()
    async with engine.connect() as connection:
        assert (await connection.execute(pid)).scalar_one() == first
    postgresql.run(f"SELECT pg_terminate_backend({first})")
    monkeypatch.setattr("ccd.sql.engine.ASKED_AFTER_S", 0.0)
    async with engine.connect() as connection:
        assert (await connection.execute(pid)).scalar_one() != first
    await engine.dispose()


def test_waits_are_drawn_below_a_limit_that_grows_up_to_its_own() -> None:
    patience = Patience(wait_s_min=0.1, wait_s_max=1.0)
    assert all(0 <= patience.wait_s(1) <= 0.2 for _ in range(100))
    assert all(0 <= patience.wait_s(30) <= 1.0 for _ in range(100))
    assert len({patience.wait_s(5) for _ in range(20)}) > 1
