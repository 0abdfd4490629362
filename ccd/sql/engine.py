"""Opens the database: SQLite as a file beside the daemon, or a PostgreSQL server. Refuses what loses commits."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from asyncpg.exceptions import ClientCannotConnectError
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from ccd.errors import UnsafeDatabaseError
from ccd.sql import at_once, decided
from ccd.sql.checkpoints import LOG_PAGES_MAX
from ccd.sql.lacking import tune
from ccd.sql.plain import ask
from ccd.sql.writer import ASKED_AFTER_S, LoopWriter, ThreadWriter

USED_AT = "ccd_used_at"  # of a pooled connection, by the monotonic clock
LOCK_WAIT_MS = 2_000  # how long one attempt waits for who writes now; a hung holder must not hang everybody
POSTGRESQL_VERSION_MIN = 130_000
BESIDE_COST = 100_000  # by the server's reckoning: to read some million rows; a start of other processes is no less
STILL_PART = 0.25  # of the time a writer has: so long it may ask nothing, several times over, and is still within it
DURABLE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")

# Of the connection that writes the ledger, and of each other. A batch of postings changes a thousand pages, each
# somewhere else in a ledger that has grown: with less, SQLite writes them out and reads them again in the middle of the
# transaction.
WRITER_CACHE_KB = 64_000
CACHE_KB = 16_000
PAGES_MAX = 4_000  # 16 MB of log, copied within the commit of somebody else who writes: some 50 ms

# Execution option of a connection that is going to write. SQLite then takes its write lock at once: a lock that is
# asked for in the middle of a transaction can't be waited for.
WRITES = "ccd_writes"

# Execution option of an engine: its Writer.
WRITER = "ccd_writer"

SQLITE_SETTINGS = {
    "journal_mode": ("WAL", "wal"),  # readers and the writer do not wait for each other
    "synchronous": ("FULL", "2"),  # a commit that was answered survives a power cut
    "recursive_triggers": ("ON", "1"),  # off, INSERT OR REPLACE deletes a protected row without its trigger
    "foreign_keys": ("ON", "1"),
}


def open_engine(url: str | URL, pool_size: int = 5, lock_wait_ms: int = LOCK_WAIT_MS) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`; it connects when it is first used.

    Each connection sets what ccd stands on and reads it back; UnsafeDatabaseError says what it found instead.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, pool_size, lock_wait_ms)
    return _open_postgresql(parsed, pool_size, lock_wait_ms)


def seeing_one_state(engine: AsyncEngine) -> AsyncEngine:
    """Its connections only read, and see one state of the database until their transaction ends."""
    if engine.dialect.name == "sqlite":
        return engine  # there a transaction that only reads does so by itself
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _open_sqlite(url: URL, pool_size: int, lock_wait_ms: int) -> AsyncEngine:
    # isolation_level None: the driver begins nothing by itself, our `begin` below does.
    connect_args = {"isolation_level": None}
    in_memory = url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"
    pools: list[dict[str, Any]] = [
        {"poolclass": StaticPool} if in_memory else {"pool_size": size, "max_overflow": 0} for size in (pool_size, 2)
    ]
    plain = create_engine(
        url.set(drivername="sqlite"),
        connect_args={**connect_args, "check_same_thread": False},  # the one who closes it is in another
        execution_options={WRITES: True},
        **pools[1],
    )
    writer = ThreadWriter(plain, lock_wait_ms)
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        connect_args=connect_args,
        execution_options={WRITER: writer},
        **pools[0],
    )
    event.listen(engine.sync_engine, "do_connect", _connect)
    for one in (engine.sync_engine, plain):
        _make_safe(one, url.database or ":memory:", lock_wait_ms)
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "invalidate", _undo)
    event.listen(plain, "begin", _begin_once)
    event.listen(plain, "connect", partial(_make_fast, cache_kb=WRITER_CACHE_KB, log_pages=LOG_PAGES_MAX))
    event.listen(engine.sync_engine, "connect", partial(_make_fast, cache_kb=CACHE_KB, log_pages=PAGES_MAX))
    event.listen(engine.sync_engine, "engine_disposed", lambda _: writer.close())
    return engine


def _connect(dialect: Dialect, _record: object, where: Sequence[Any], settings: Mapping[str, Any]) -> DBAPIConnection:
    # A thread of the driver's that could not open the file tells so to a loop that may have ended by then.
    sqlite3.connect(*where, **settings).close()
    return at_once.connect(dialect.loaded_dbapi, where, settings)


def file_of(url: URL) -> Path:
    """What an address of SQLite's opens, as its driver is told: with `uri=true` it holds an address, `file:PATH`."""
    (name,), settings = url.get_dialect()().create_connect_args(url)
    is_address = settings.get("uri") and name.startswith("file:")
    return Path(unquote(urlsplit(name).path) if is_address else name)


def _make_safe(engine: Engine, database: str, lock_wait_ms: int) -> None:
    @event.listens_for(engine, "connect")
    def settle_in(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {lock_wait_ms}")
        for name, (wish, _) in SQLITE_SETTINGS.items():
            cursor.execute(f"PRAGMA {name} = {wish}")
        cursor.close()
        check_sqlite(connection, database)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    ask(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")


def _undo(connection: Any, _record: object, _error: object) -> None:
    """Of who is told to stop in the middle, SQLAlchemy closes the connection; SQLite keeps what is begun, and its lock,
    for as long as anything still knows a cursor of it, a traceback as well. So it is undone before.

    It goes to the driver's thread at once: what closes the connection comes after it.
    """
    asked = connection.driver_connection.rollback()
    with suppress(ValueError):  # it is closed already
        asked.send(None)
    asked.close()


def _begin_once(connection: Connection) -> None:
    """The writer's turns begin by themselves (ccd.sql.writer), before the first statement that SQLAlchemy is asked."""
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction:
        _begin(connection)


def _make_fast(connection: Any, _record: object, cache_kb: int, log_pages: int) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA cache_size = -{cache_kb}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {log_pages}")
    cursor.close()


def check_sqlite(connection: Any, database: str) -> None:
    """Reads the settings back: SQLite ignores a PRAGMA that it can't follow (WAL on a network disk, in memory)."""
    cursor = connection.cursor()
    for name, (wish, wanted) in SQLITE_SETTINGS.items():
        cursor.execute(f"PRAGMA {name}")
        found = str(cursor.fetchone()[0])
        if found != wanted:
            raise UnsafeDatabaseError(database, name, found, wish)
    cursor.close()


def _open_postgresql(url: URL, pool_size: int, lock_wait_ms: int) -> AsyncEngine:
    settings = {"application_name": "ccd", "lock_timeout": f"{lock_wait_ms}ms"}
    # Every statement is short: compiling one to machine code costs more than all of it, and so does planning one anew
    # for the values that it is asked with. Without those it guesses, and gives a statement that it takes for a long one
    # to processes that it starts first, which takes longer than the statement.
    planner = {"jit": "off", "plan_cache_mode": "force_generic_plan", "parallel_setup_cost": str(BESIDE_COST)}
    # Who stood still with its numbers drawn would commit them after higher ones were sealed by the clock: between two
    # statements, and before the commit, the server waits less long than that.
    still_ms = int(decided.WRITER_S_MAX * STILL_PART * 1000)
    of_writer = {
        **settings,
        "default_transaction_isolation": "read committed",
        "idle_in_transaction_session_timeout": f"{still_ms}ms",
    }
    # A posting finds its few rows by an index. Its plan is kept, and a table that was small when that was made would be
    # read from end to end each time.
    writing = _postgresql_pool(url, pool_size, of_writer, {**planner, "enable_seqscan": "off"})
    writer = LoopWriter(writing)
    engine = _postgresql_pool(url, pool_size, settings, planner, {WRITER: writer})

    @event.listens_for(engine.sync_engine, "engine_disposed")
    def dispose_too(_: object) -> None:
        writer.let_go()
        writing.sync_engine.dispose()

    return engine


def _postgresql_pool(
    url: URL,
    size: int,
    settings: Mapping[str, str],
    planner: Mapping[str, str],
    options: dict[str, Any] | None = None,
) -> AsyncEngine:
    cached = url.query.get("statement_cache_size")  # 0 where a pooler stands between us and the server
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg").difference_update_query(["statement_cache_size"]),
        pool_size=size,
        max_overflow=0,
        isolation_level="READ COMMITTED",
        execution_options=options or {},
        connect_args={
            **({"statement_cache_size": int(str(cached))} if cached is not None else {}),
            **({"dsn": "postgresql://"} if "service" in url.query else {}),  # without one the driver reads no service
            "server_settings": settings,
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def settle_in(connection: Any, _record: object) -> None:
        check_postgresql(connection, url.database or "postgresql")
        tune(connection, planner)

    event.listen(engine.sync_engine, "do_connect", _reach)
    _ask_after_a_rest(engine.sync_engine)
    return engine


def _reach(dialect: Any, _record: object, where: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """What the system says of a server that is not reached, in many ways, is said as a driver says that a connection
    can't be had: so it is known as the database's, whatever else was done beside it."""
    try:
        return dialect.connect(*where, **settings)
    except (OSError, UnicodeError) as error:  # the latter of a name that no host can have
        why = getattr(error, "strerror", None) or str(error) or "no answer in time"
        said = f"PostgreSQL at {_place(settings)} was not reached: {why}"
        raise dialect.loaded_dbapi.OperationalError(said, ClientCannotConnectError(said)) from error


def _place(settings: Mapping[str, Any]) -> str:
    """Where it was looked for, one server or several; without a word of who came."""
    hosts, ports = (
        [each for each in (said if isinstance(said, (list, tuple)) else [said]) if each]
        for said in (settings.get("host"), settings.get("port"))
    )
    if not hosts:
        return "the address of the environment"
    return ", ".join(f"{host}:{port}" if port else str(host) for host, port in zip_longest(hosts, ports))


def _ask_after_a_rest(engine: Engine) -> None:
    """A connection that was not used for a while is asked whether the server still knows it: that costs as much as
    half a posting, so it is not asked each time. Who finds it gone meanwhile takes a turn anew (ccd.sql.turns)."""

    @event.listens_for(engine, "checkin")
    def note(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        used_at = record.info.get(USED_AT)  # not there before its first use
        if used_at is None or time.monotonic() - used_at < ASKED_AFTER_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def check_postgresql(connection: Any, database: str) -> None:
    cursor = connection.cursor()
    names = ("server_version_num", "server_encoding", *DURABLE_SETTINGS)
    cursor.execute("SELECT " + ", ".join(f"current_setting('{name}', true)" for name in names))
    version, encoding, *found = cursor.fetchone()
    cursor.close()
    if int(version) < POSTGRESQL_VERSION_MIN:
        raise UnsafeDatabaseError(database, "server_version_num", version, f"{POSTGRESQL_VERSION_MIN} or newer")
    for name, value in zip(DURABLE_SETTINGS, found, strict=True):
        if value == "off":
            raise UnsafeDatabaseError(database, name, value, "on")
    if encoding != "UTF8":
        raise UnsafeDatabaseError(database, "server_encoding", encoding, "UTF8, which a database is created with")
