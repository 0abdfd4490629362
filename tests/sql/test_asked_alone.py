"""What is asked of PostgreSQL alone: by the driver itself, on a connection that is kept."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_of_one_statement
from ccd.sql.writer import LoopWriter
from tests.databases import PostgreSQL, writer_of

OWN_BACKEND = "SELECT pg_backend_pid() AS pid"


async def alone(engine: AsyncEngine, statement: str, *values: object) -> object:
    [[answer]] = await take_turn_of_one_statement(engine, statement, values, Patience(wait_s_max=0.1))
    return answer


@pytest.fixture
async def on_postgresql(postgresql: PostgreSQL) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(postgresql.create())
    yield engine
    await engine.dispose()
    postgresql.drop()


async def test_what_is_asked_alone_keeps_its_connection_and_is_committed(on_postgresql: AsyncEngine) -> None:
    backend = await alone(on_postgresql, OWN_BACKEND)
    assert await alone(on_postgresql, "SELECT $1::int + 1", 2) == 3
    assert await alone(on_postgresql, OWN_BACKEND) == backend
    count = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state LIKE 'idle in transaction%'"
    idle = asyncio.gather(alone(on_postgresql, "SELECT 1 FROM pg_sleep(0.2)"), alone(on_postgresql, count, backend))
    assert tuple(await idle) == (1, 0)


async def test_an_error_of_what_is_asked_alone_is_said_as_any_and_the_next_is_answered(
    on_postgresql: AsyncEngine,
) -> None:
    with pytest.raises(DBAPIError, match="division by zero"):
        await alone(on_postgresql, "SELECT 1 / $1::int", 0)
    assert await alone(on_postgresql, "SELECT 7") == 7


@pytest.mark.parametrize("rested", [False, True])
async def test_a_kept_connection_that_is_gone_is_not_missed(
    on_postgresql: AsyncEngine, monkeypatch: pytest.MonkeyPatch, rested: bool
) -> None:
    backend = await alone(on_postgresql, OWN_BACKEND)
    async with on_postgresql.connect() as other:
        await other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    if rested:
        monkeypatch.setattr("ccd.sql.writer.ASKED_AFTER_S", 0.0)
    assert await alone(on_postgresql, OWN_BACKEND) != backend


async def test_who_is_cancelled_leaves_no_answer_to_the_next(on_postgresql: AsyncEngine) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await alone(on_postgresql, "SELECT 1 FROM pg_sleep(20)")
    assert await alone(on_postgresql, "SELECT 2") == 2


async def test_who_is_cancelled_while_a_connection_is_asked_after_its_rest_holds_it_no_longer(
    on_postgresql: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alone(on_postgresql, OWN_BACKEND)
    writer = writer_of(on_postgresql)
    assert isinstance(writer, LoopWriter)
    assert writer._kept is not None

    async def never(statement: str) -> None:
        await asyncio.Event().wait()

    writer._kept.driver = SimpleNamespace(fetchrow=never)
    monkeypatch.setattr("ccd.sql.writer.ASKED_AFTER_S", 0.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await alone(on_postgresql, OWN_BACKEND)
    pool = writer.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    assert await alone(on_postgresql, "SELECT 2") == 2
