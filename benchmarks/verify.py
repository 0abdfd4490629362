"""How fast a ledger is derived again, transfers a second of one core, and what ten times the transfers cost.

    python -m benchmarks.verify [--engine sqlite|postgresql] [--transfers N] [--rounds N]

One JSON object an engine. Each transaction keeps as much of a day as settlement does, and has one transfer, as most of
settlement's have: the dearest shape. `transfers_per_s` is of that by the CPU time of the process that verifies,
`transfers_per_s_of_four` where each has four, `wall_transfers_per_s` by the clock; on PostgreSQL the server's reading
is in the latter alone. `ratio_large` is what a transfer costs in a ledger ten times as large, CPU time.
`two_processes` is how many times as fast two are as one, by the clock. `hashing_us` is what the hashes of a transfer
cost alone (SHA-256 of its transaction's content, of the leaf, of a node), and `ratio_hashing` how many times that
verify takes. SQLite's indexes are held against their tables in each of these, as the command does. All by turns, the
middle of the rounds. `since_last_ms` is one that goes on from the last, with nothing new; `peak_mb` the memory of a
process that verifies the small ledger, and the large one.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.filling import Shape, filled
from benchmarks.lanes import SPAWN, by_turns, lanes, median
from benchmarks.settlement import urls
from ccd.ledger import verify as verifying
from ccd.ledger.guards import indexes_astray
from ccd.ledger.merkle import leaf, root_of
from ccd.ledger.verify import Verdict, verify
from ccd.sql.engine import open_engine

TRANSFERS, TIMES, ROUNDS = 1_000_000, 10, 5
LEGS = 4  # of the other shape
CONTENT_BYTES = 540  # of what is written in a filled ledger, with its one transfer
CORES = 2


class Verifying:
    """A way to verify a ledger whole, as `ccd ledger verify` does: on SQLite its indexes too."""

    def __init__(self, engine: AsyncEngine, transfers: int, processes: int) -> None:
        self._engine = engine
        self._transfers = transfers
        self._processes = processes

    async def prepare(self) -> int:
        return self._transfers

    async def run(self) -> int:
        verdict = await right(self._engine, processes=self._processes)
        async with self._engine.connect() as connection:
            assert not await indexes_astray(connection, lambda done, total: None)
        return verdict.entries


class Hashing:
    """What can't be done without, whoever verifies: three hashes an entry."""

    def __init__(self, entries: int) -> None:
        self._contents = [b"%d" % number + bytes(CONTENT_BYTES) for number in range(entries)]

    async def prepare(self) -> int:
        return len(self._contents)

    async def run(self) -> int:
        root_of([leaf(sha256(content).digest()) for content in self._contents])
        return len(self._contents)


@asynccontextmanager
async def verified(url: str, transfers: int, processes: int) -> AsyncIterator[Verifying]:
    engine = open_engine(url)
    try:
        yield Verifying(engine, transfers, processes)
    finally:
        await engine.dispose()


@asynccontextmanager
async def hashed(entries: int) -> AsyncIterator[Hashing]:
    yield Hashing(entries)


async def right(engine: AsyncEngine, **how: Any) -> Verdict:
    verdict = await verify(engine, lambda done, total: None, **how)
    assert not verdict.findings, verdict.findings
    return verdict


async def since_last(url: str) -> float:
    """Milliseconds of a verification with nothing new."""
    engine = open_engine(url)
    remembered = (await right(engine)).remembered
    began = time.perf_counter()
    await right(engine, since=remembered)
    took = time.perf_counter() - began
    await engine.dispose()
    return took * 1e3


def peak_mb(url: str) -> int:
    """Of a process of its own."""
    with ProcessPoolExecutor(1, SPAWN) as fresh:
        return fresh.submit(_verify_and_tell, url).result()


def _verify_and_tell(url: str) -> int:
    async def whole() -> None:
        async with verified(url, 0, 1) as way:
            await way.run()

    asyncio.run(whole())
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())  # getrusage has our parent's, too
    return round(int(peak[1]) / 1e3) if peak else 0


def compare(name: str, new_urls: Iterator[str], transfers: int, rounds: int) -> dict[str, Any]:
    small = transfers // TIMES
    shapes = {"small": Shape(small), "large": Shape(transfers), "four": Shape(transfers, legs=LEGS)}
    ledgers = {which: next(new_urls) for which in shapes}
    for which, url in ledgers.items():
        asyncio.run(filled(url, shapes[which], lambda done, total: None))
        print(f"verify: {name}: {shapes[which].transfers:,} transfers are there", file=sys.stderr, flush=True)
    ways = {which: partial(verified, ledgers[which], shapes[which].transfers, 1) for which in shapes}
    beside = {"beside": partial(verified, ledgers["large"], transfers, CORES)}
    with lanes({**ways, **beside, "hashing": partial(hashed, small)}) as opened:
        costs = by_turns(opened, rounds)
    cpu = {way: median([cost.cpu_us for cost in told]) for way, told in costs.items()}
    wall = {way: median([cost.wall_us for cost in told]) for way, told in costs.items()}
    return {
        "name": "verify",
        "engine": name,
        "transfers": transfers,
        "transfers_per_s": round(1e6 / cpu["large"]),
        "transfers_per_s_of_four": round(1e6 / cpu["four"]),
        "wall_transfers_per_s": round(1e6 / wall["large"]),
        "ratio_large": round(cpu["large"] / cpu["small"], 3),
        "two_processes": round(wall["large"] / wall["beside"], 2),
        "hashing_us": round(cpu["hashing"], 2),
        "ratio_hashing": round(cpu["large"] / cpu["hashing"], 2),
        "since_last_ms": round(asyncio.run(since_last(ledgers["large"])), 1),
        "peak_mb": {which: peak_mb(ledgers[which]) for which in ("small", "large")},
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    arguments.add_argument("--transfers", type=int, default=TRANSFERS, help="of the large ledger")
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = arguments.parse_args()
    if chosen.transfers < verifying.SIDE_BY_SIDE_MIN:
        arguments.error(f"side by side are only ledgers of {verifying.SIDE_BY_SIDE_MIN} transactions and more")
    for name in chosen.engine or ("sqlite", "postgresql"):
        with urls(name) as new_urls:
            print(json.dumps(compare(name, iter(new_urls), chosen.transfers, chosen.rounds)), flush=True)


if __name__ == "__main__":
    main()
