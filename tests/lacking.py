"""A PostgreSQL from which is taken what databases of many machines lack that speak its language.

None of those is to be had as a package, so this one stands for them. It has no triggers that look at a whole statement,
no privileges on columns, no advisory locks, and counts no transactions.

As a plugin this has whole folders run on such a one:

    pytest -p tests.lacking -k postgresql tests/ledger tests/org tests/history tests/bank tests/cases

Only those fail then in which the tables' owner is refused a TRUNCATE, or what is under way is known by its number.
"""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.sql import decided
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from tests.databases import PREPARED_BY, PostgreSQL

REFUSES = (
    """CREATE FUNCTION refuse_what_is_lacking() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal AND (tgtype & 1 = 0 OR tgnewtable IS NOT NULL)) THEN
            RAISE EXCEPTION 'triggers for statements are not supported' USING ERRCODE = 'feature_not_supported';
        END IF;
        IF EXISTS (SELECT FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                   WHERE attacl IS NOT NULL AND relnamespace = 'public'::regnamespace) THEN
            RAISE EXCEPTION 'privileges on columns are not supported' USING ERRCODE = 'feature_not_supported';
        END IF;
    END $$""",
    "CREATE EVENT TRIGGER lacking ON ddl_command_end EXECUTE FUNCTION refuse_what_is_lacking()",
)
LACKS_FUNCTIONS = """
SELECT format('ALTER FUNCTION %s RENAME TO %I', oid::regprocedure, 'no_' || proname) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
AND (proname ~ '^pg_(try_)?advisory' OR proname IN ('pg_current_xact_id', 'pg_current_snapshot', 'pg_snapshot_xmin'))
"""
TEMPLATE = "lacking"  # a database of that kind, migrated
DAEMON = "daemon_of_many_machines"  # the role that the daemon has in it


def pytest_configure() -> None:
    PREPARED_BY.append(take_away)
    decided.WRITER_S_MAX = 0  # what can't be counted is waited for by the clock


@pytest.fixture(scope="session")
def lacking(postgresql: PostgreSQL) -> PostgreSQL:
    """The server, where TEMPLATE is to be had."""
    postgresql.run(f"CREATE DATABASE {TEMPLATE}")
    postgresql.run(f"CREATE ROLE {DAEMON} LOGIN")
    asyncio.run(_make(postgresql.url(TEMPLATE)))
    return postgresql


@pytest.fixture
def new_database(lacking: PostgreSQL) -> Iterator[Callable[..., str]]:
    """As that of tests.databases, of this kind alone."""

    def create(like: str = lacking.url(TEMPLATE)) -> str:
        return lacking.create(make_url(like).database or TEMPLATE)

    yield create
    lacking.drop()


async def _make(url: str) -> None:
    engine = open_engine(url)
    await take_away(engine)
    await upgrade(engine, application_role=DAEMON)
    await engine.dispose()


async def take_away(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for statement in REFUSES:
            await connection.execute(text(statement))
        for statement in (await connection.execute(text(LACKS_FUNCTIONS))).scalars().all():
            await connection.execute(text(statement))
