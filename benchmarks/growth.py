"""What a posting and what reads cost in a ledger of 10 million transfers, on both engines.

    python -m benchmarks.growth [--engine sqlite|postgresql] [--transfers N] [--small N]

One JSON object an engine. Ledgers are filled (benchmarks.filling), then as many days of 5,000 agents as it takes: a
house is on the other side of every transfer, and each agent has the six accounts of a time bank. `posting` is the time
of one durable posting in the large ledger by that in the small one, `batch` that of 500 in one transaction; by turns,
the middle of the rounds, each of which is in `rounds_us`, the small ledger's before the large one's. `reads_ms` are
whole reads through the ledger's door, of agents, days and moments by chance: the middle in milliseconds, and that
which 99 of 100 are below; `small_reads_ms` the same in the small ledger.
"""

import argparse
import asyncio
import itertools
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.filling import BOOK, FACTS, FIRST_DAY, HOUSE, SERVICE, WHO, Shape, fill, moment_of
from benchmarks.settlement import urls
from ccd.bank.accounts import AGENT_ACCOUNTS
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting, PostingState
from ccd.ledger.sealing import Sealer
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.turns import Patience

TRANSFERS, SMALL = 10_000_000, 100_000
ROUNDS, SINGLES, BATCHES, BATCH, READS = 9, 100, 4, 500, 500
AGENTS_AT_ONCE = 1_000
TODAY = date(2026, 11, 23)
NUMBERS = itertools.count(1)

Read = Callable[[], Awaitable[object]]


class Grown:
    """A ledger with transfers of many years; `chance` says whom they ask about and when."""

    def __init__(self, engine: AsyncEngine, transfers: int) -> None:
        self.engine = engine
        self.ledger = Ledger(engine, now)
        self.shape = Shape(transfers)
        self.chance = random.Random(1)

    async def grow(self) -> None:
        await upgrade(self.engine)
        await fill(self.engine, self.shape, told)
        for at in range(0, self.shape.owners, AGENTS_AT_ONCE):
            names = self.shape.names[at : at + AGENTS_AT_ONCE]
            await self.ledger.open_accounts(names, AGENT_ACCOUNTS, BOOK, WHO)
        await self.seal()

    async def seal(self) -> None:
        """And what was written is written where it stays: neither ledger's posting waits for that of the filling."""
        await Sealer(self.engine, now, Patience()).seal()
        checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)" if self.engine.dialect.name == "sqlite" else "CHECKPOINT"
        async with self.engine.connect() as connection:
            await connection.exec_driver_sql("ROLLBACK")
            await connection.exec_driver_sql(checkpoint)

    async def post(self, count: int, size: int) -> float:
        """Seconds that as many transactions take, one after another, each of that many postings."""
        asked = [[self.posting() for _ in range(size)] for _ in range(count)]
        began = time.perf_counter()
        for postings in asked:
            outcomes = await self.ledger.post_many(postings)
            assert all(outcome.state is PostingState.POSTED for outcome in outcomes)
        return time.perf_counter() - began

    def posting(self) -> Posting:
        agent = self.agent()
        leg = Leg(HOUSE, Account(agent, "savings"), 60, SERVICE)
        return Posting(f"settle/{agent}/{TODAY}/{next(NUMBERS)}", 1, BOOK, TODAY, (leg,), WHO, facts=FACTS)

    def agent(self) -> str:
        return self.chance.choice(self.shape.names)

    def day(self) -> date:
        return FIRST_DAY + timedelta(days=self.chance.randrange(self.shape.transfers // self.shape.owners))

    def moment(self) -> int:
        return moment_of(self.transfer())

    def transfer(self) -> int:
        return self.chance.randint(1, self.shape.transfers)

    def reads(self) -> dict[str, Read]:
        ledger, house = self.ledger, HOUSE.owner
        return {
            "balance": lambda: ledger.balances(self.agent()),
            "balance_on_day": lambda: ledger.balances_on(self.agent(), self.day()),
            "balance_at_moment": lambda: ledger.balances_at(self.agent(), self.moment()),
            "standing": lambda: ledger.standing(self.agent()),
            "first_page": lambda: ledger.statement(self.agent()),
            "page_within": lambda: ledger.statement(self.agent(), before=self.transfer()),
            "house_balance": lambda: ledger.sums(house),
            "house_balance_on_day": lambda: ledger.balances_on(house, self.day()),
            "house_balance_at_moment": lambda: ledger.balances_at(house, self.moment()),
        }


def now() -> int:
    return time.time_ns() // 1_000


def told(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rgrowth: {done:,} of {total:,} transfers", end="", file=sys.stderr, flush=True)


async def posting_costs(small: Grown, large: Grown) -> dict[str, Any]:
    """By turns, whoever is first changing with the round; the first round only warms up."""
    shapes = {"posting": (SINGLES, 1), "batch": (BATCHES, BATCH)}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in shapes}
    for number in range(ROUNDS + 1):
        for name, (count, size) in shapes.items():
            seconds = {}
            for ledger in (small, large) if number % 2 else (large, small):
                seconds[ledger] = await ledger.post(count, size) / (count * size)
            if number:
                took[name].append((seconds[small], seconds[large]))
    ratios = {name: round(statistics.median(b / a for a, b in each), 2) for name, each in took.items()}
    return {
        **ratios,
        "small_us": {name: round(statistics.median(a for a, _ in each) * 1e6) for name, each in took.items()},
        "large_us": {name: round(statistics.median(b for _, b in each) * 1e6) for name, each in took.items()},
        "rounds_us": {name: [[round(one * 1e6) for one in pair] for pair in each] for name, each in took.items()},
    }


async def read_costs(reads: Mapping[str, Read]) -> dict[str, dict[str, float]]:
    costs = {}
    for name, read in reads.items():
        took = []
        for _ in range(READS):
            began = time.perf_counter()
            await read()
            took.append((time.perf_counter() - began) * 1e3)
        costs[name] = {"p50": round(statistics.median(took), 2), "p99": round(statistics.quantiles(took, n=100)[98], 2)}
    return costs


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"\rgrowth: {what}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


async def measure(name: str, new_urls: Iterator[str], transfers: int, few: int) -> dict[str, Any]:
    small, large = (Grown(open_engine(next(new_urls)), count) for count in (few, transfers))
    for ledger in (small, large):
        with timed(f"{name}: {ledger.shape.transfers:,} transfers filled"):
            await ledger.grow()
    with timed(f"{name}: posted"):
        posting = await posting_costs(small, large)
    await small.seal()
    await large.seal()
    with timed(f"{name}: read"):
        read, small_read = await read_costs(large.reads()), await read_costs(small.reads())
    for ledger in (small, large):
        await ledger.engine.dispose()
    sizes = {"transfers": transfers, "small": few}
    return {"name": "growth", "engine": name, **sizes, **posting, "reads_ms": read, "small_reads_ms": small_read}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    arguments.add_argument("--transfers", type=int, default=TRANSFERS)
    arguments.add_argument("--small", type=int, default=SMALL)
    chosen = arguments.parse_args()
    for name in chosen.engine or ("sqlite", "postgresql"):
        with urls(name) as new_urls:
            measured = asyncio.run(measure(name, iter(new_urls), chosen.transfers, chosen.small))
            print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
