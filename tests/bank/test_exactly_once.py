"""Two processes that settle the same day at once, and one that is killed at every step: each day is settled once."""

import asyncio
import itertools
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.fate import Fate
from ccd.bank.measured import Measured
from ccd.bank.settle import Settler
from ccd.bank.statement import agent_account
from ccd.ledger.books import Ledger
from ccd.sql.engine import open_engine
from tests.bank.days import DAY, POLICIES, TODAY, worth
from tests.databases import TEMPLATE, PostgreSQL, before_each_statement, writing

NETS = (300, -200, 465, 0, -1_000)


def days_of(name: str, revision: int = 1, shift: int = 0) -> list[Measured]:
    return [worth(net - shift, agent=f"{name}-{number}", revision=revision) for number, net in enumerate(NETS)]


async def settle(url: str, centre: str, days: list[Measured], batch: int, arm: Callable[[AsyncEngine], None]) -> int:
    """How many days this process posted."""
    engine = open_engine(url)
    arm(engine)
    settlement = await Settler(Ledger(engine, lambda: 1), POLICIES, centre, lambda: TODAY, batch=batch).settle(days)
    await engine.dispose()
    return settlement.fates.get(Fate.POSTED, 0)


def unarmed(_: AsyncEngine) -> None:
    pass


def in_a_process(work: Callable[[], int]) -> int:
    """Starts it, and gives its process number; it ends with what `work` returns, or 255 where that fails."""
    number = os.fork()
    if number == 0:
        code = 255
        try:
            code = work()
        finally:
            os._exit(code)
    return number


def killed_at(step: int) -> Callable[[AsyncEngine], None]:
    """The process kills itself before its `step`th statement, commit, or return from a commit."""
    steps = itertools.count()

    def count(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(engine: AsyncEngine) -> None:
        before_each_statement(engine, count)
        dialect = writing(engine).dialect
        commit = dialect.do_commit

        def counted_commit(connection: Any) -> None:
            count()
            commit(connection)
            count()

        monkeypatched: Any = dialect
        monkeypatched.do_commit = counted_commit

    return arm


async def check(url: str, name: str, nets: list[int]) -> None:
    engine = open_engine(url)
    ledger = Ledger(engine, lambda: 1)
    for number, net in enumerate(nets):
        account = await agent_account(ledger, f"{name}-{number}")
        assert account.balance_s - account.kinds["leave"] == net
    owned = sum([sum((await agent_account(ledger, f"{name}-{number}")).kinds.values()) for number in range(len(nets))])
    assert sum((await ledger.sums(f"house/{name}")).values()) == -owned
    async with engine.connect() as connection:
        entries = await connection.execute(
            text("SELECT count(DISTINCT transactions.id) FROM transactions WHERE book = :book"), {"book": name}
        )
        assert entries.scalar_one() % len(nets) == 0
    await engine.dispose()


@pytest.mark.timeout(300)
def test_killed_at_any_step_and_done_again_each_day_is_settled_once(database_url: str) -> None:
    """First a settlement, then a revision of each day; a death at each step, and then the same again to its end."""
    for revision, shift in ((1, 0), (2, 150)):
        killed = 0
        for step in itertools.count():
            name = f"kill{revision}-{step}"
            if revision == 2:
                asyncio.run(settle(database_url, name, days_of(name), 3, unarmed))
            days = days_of(name, revision, shift)

            def work(step: int = step, name: str = name, days: list[Measured] = days) -> int:
                return asyncio.run(settle(database_url, name, days, 3, killed_at(step)))

            status = os.waitpid(in_a_process(work), 0)[1]
            if os.WIFSIGNALED(status):
                assert os.WTERMSIG(status) == signal.SIGKILL
                killed += 1
                asyncio.run(settle(database_url, name, days, 3, unarmed))
            asyncio.run(check(database_url, name, [net - shift for net in NETS]))
            if not os.WIFSIGNALED(status):
                assert os.WEXITSTATUS(status) != 255
                break
        assert killed > 15


def cut_at(step: int, postgresql: PostgreSQL, database: str) -> tuple[Callable[[AsyncEngine], None], list[int]]:
    """The server cuts every connection to the database before the `step`th statement; gives the steps done, too."""
    done: list[int] = []

    def count(*_: object) -> None:
        done.append(step)
        if len(done) == step + 1:
            postgresql.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")

    return lambda engine: before_each_statement(engine, count), done


@pytest.mark.timeout(300)
def test_a_connection_that_is_cut_before_any_statement_loses_and_repeats_nothing(postgresql: PostgreSQL) -> None:
    url = postgresql.create(TEMPLATE)
    database = url.split("/")[3].split("?")[0]
    for step in itertools.count():
        name = f"cut-{step}"
        arm, done = cut_at(step, postgresql, database)
        posted = asyncio.run(settle(url, name, days_of(name), 3, arm))
        assert posted <= len(NETS)
        asyncio.run(check(url, name, list(NETS)))
        if len(done) <= step:
            break
    assert step > 15
    postgresql.drop()


async def test_a_database_that_is_serializable_by_default_settles_as_any_other(postgresql: PostgreSQL) -> None:
    url = postgresql.create(TEMPLATE)
    database = url.split("/")[3].split("?")[0]
    postgresql.run(f"ALTER DATABASE {database} SET default_transaction_isolation = serializable")
    await asyncio.gather(*(settle(url, "one", days_of("one"), 2, unarmed) for _ in range(3)))
    await check(url, "one", list(NETS))
    postgresql.drop()


async def test_behind_a_pooler_that_keeps_no_statements_days_settle_all_the_same(postgresql: PostgreSQL) -> None:
    url = postgresql.create(TEMPLATE) + "&prepared_statement_cache_size=0&statement_cache_size=0"
    await settle(url, "pooled", days_of("pooled"), 2, unarmed)
    await check(url, "pooled", list(NETS))
    postgresql.drop()


def test_two_processes_settle_the_same_day_at_once_and_each_agent_is_settled_once(database_url: str) -> None:
    name, count = "both", 240
    days = [worth(number % 400 + 1, agent=f"{name}-{number}", day=DAY) for number in range(count)]
    start_reading, start_writing = os.pipe()

    def work(order: int) -> int:
        os.read(start_reading, 1)  # both wait here, so that both begin at once
        return asyncio.run(settle(database_url, name, days[::order], 20, unarmed)) // 2

    numbers = [in_a_process(partial(work, order)) for order in (1, -1)]
    os.write(start_writing, b"..")
    posted = [os.WEXITSTATUS(os.waitpid(number, 0)[1]) for number in numbers]
    assert 255 not in posted
    asyncio.run(check(database_url, name, [number % 400 + 1 for number in range(count)]))
    assert abs(sum(posted) - count // 2) <= 1
    os.close(start_reading)
    os.close(start_writing)
