"""Durable transfers a second, against what the bare driver does with the same durability, on both engines.

    python -m benchmarks.ledger [--engine sqlite|postgresql] [--seconds N]

One JSON object an engine. `singles` is one client that waits for each posting, by a transaction of the driver that
inserts two rows; `clients` eight of them in one process, by eight such (on SQLite by one, whose calls wait in the
loop); `batches` postings in transactions of 500, by the driver inserting as many rows in transactions as large.
`hot_house` is eight clients who all post to one house account, by eight who each have their own; `hot_cap` all drawing
on one cap, by the same without. On PostgreSQL `pgledger_50` and `pgledger_2` are eight clients among 50 and among 2
accounts, by pgledger's way: one call of a function that locks both accounts' rows, checks, inserts two entries with the
balance after each, and changes both balances. Each ratio is of transfers a second, the middle of the rounds, taken by
turns.
"""

import argparse
import asyncio
import itertools
import json
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.settlement import urls
from ccd.daemon.following import leave_to_itself
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Draw, Kind, Leg, Limit, Posting, Side, State
from ccd.sql.engine import SQLITE_SETTINGS, open_engine
from ccd.sql.migrate import upgrade

CLIENTS, OWNERS, BATCH, ROUNDS = 8, 50, 500, 5
RICH_S = 10**9
DAY = date(2026, 11, 23)
GUARDED = Kind("savings", Side.CREDIT, 0)
HOUSE = Kind("savings", Side.DEBIT, None)

PGLEDGER = """
CREATE TABLE bare_accounts (id bigint PRIMARY KEY, balance bigint NOT NULL, version bigint NOT NULL);
CREATE TABLE bare_transfers (id bigserial PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL,
    amount bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE bare_entries (id bigserial PRIMARY KEY, account bigint NOT NULL REFERENCES bare_accounts,
    transfer bigint NOT NULL REFERENCES bare_transfers, amount bigint NOT NULL, before bigint NOT NULL,
    after bigint NOT NULL, version bigint NOT NULL);
CREATE INDEX ON bare_entries (account);
CREATE INDEX ON bare_entries (transfer);
CREATE FUNCTION bare_transfer(of bigint, to_ bigint, amount_ bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE number bigint; debited bare_accounts; credited bare_accounts;
BEGIN
    PERFORM FROM bare_accounts WHERE id IN (of, to_) ORDER BY id FOR UPDATE;
    INSERT INTO bare_transfers (debit, credit, amount) VALUES (of, to_, amount_) RETURNING id INTO number;
    UPDATE bare_accounts SET balance = balance - amount_, version = version + 1 WHERE id = of RETURNING * INTO debited;
    IF debited.balance < 0 THEN RAISE EXCEPTION 'not enough'; END IF;
    UPDATE bare_accounts SET balance = balance + amount_, version = version + 1 WHERE id = to_ RETURNING *
        INTO credited;
    INSERT INTO bare_entries (account, transfer, amount, before, after, version) VALUES
        (of, number, -amount_, debited.balance + amount_, debited.balance, debited.version),
        (to_, number, amount_, credited.balance - amount_, credited.balance, credited.version);
    RETURN number;
END $$;
"""
BARE = """
CREATE TABLE bare_heads (id bigint PRIMARY KEY, key text NOT NULL UNIQUE, facts text NOT NULL);
CREATE TABLE bare_rows (head bigint PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL,
    seconds bigint NOT NULL);
"""
NUMBERS = itertools.count(1)

Client = Callable[[], Awaitable[int]]  # posts once, and says how many transfers that were


async def rate(clients: list[Client], seconds: float) -> float:
    """Transfers a second of all clients together, each waiting for its own before it goes on."""
    until = time.perf_counter() + seconds

    async def go_on(client: Client) -> int:
        done = 0
        while time.perf_counter() < until:
            done += await client()
        return done

    began = time.perf_counter()
    done = await asyncio.gather(*(go_on(client) for client in clients))
    return sum(done) / (time.perf_counter() - began)


def pairs_of(owners: int) -> Iterator[list[int]]:
    """Who pays whom, endlessly: drawn before the clock runs."""
    chance = random.Random(1)
    return itertools.cycle([chance.sample(range(owners), 2) for _ in range(10_000)])


class Ours:
    """A ledger with owners who can pay for anything, and houses; `pairs` say who pays whom, of how many."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.ledger = Ledger(engine, lambda: time.time_ns() // 1_000)
        self.pairs = {owners: pairs_of(owners) for owners in (2, OWNERS)}

    async def open(self) -> None:
        names = [f"owner-{number}" for number in range(OWNERS)]
        houses = [f"house-{number}" for number in range(CLIENTS)]
        await self.ledger.open_accounts(names, (GUARDED,), "bench", "bench")
        await self.ledger.open_accounts(houses, (HOUSE,), "bench", "bench")
        legs = tuple(Leg(Account("house-0", "savings"), Account(name, "savings"), RICH_S, "bench") for name in names)
        limit = (Limit("cap", RICH_S),)
        await self.ledger.post(Posting("begin", 1, "bench", DAY, legs, "bench", terms=limit))

    def among(self, owners: int) -> Client:
        async def client() -> int:
            return self.posted(await self.ledger.post(self.drawn(owners)))

        return client

    def to_house(self, number: int, cap: bool = False) -> Client:
        terms = (Draw("cap", 1),) if cap else ()

        async def client() -> int:
            posting = self.posting(f"owner-{next(self.pairs[OWNERS])[0]}", f"house-{number}")
            return self.posted(await self.ledger.post(posting._replace(terms=terms)))

        return client

    async def batch(self) -> int:
        postings = [self.drawn(OWNERS) for _ in range(BATCH)]
        outcomes = await self.ledger.post_many(postings)
        assert all(outcome.state is State.POSTED for outcome in outcomes)
        return BATCH

    def drawn(self, owners: int) -> Posting:
        debit, credit = next(self.pairs[owners])
        return self.posting(f"owner-{debit}", f"owner-{credit}")

    def posting(self, debit: str, credit: str) -> Posting:
        leg = Leg(Account(debit, "savings"), Account(credit, "savings"), 1, "bench")
        return Posting(f"bench/{next(NUMBERS)}", 1, "bench", DAY, (leg,), "bench")

    @staticmethod
    def posted(outcome: Any) -> int:
        assert outcome.state is State.POSTED, outcome
        return 1


def sqlite_client(file: str) -> tuple[Client, Client]:
    """One that inserts two rows a transaction, and one that inserts a batch of them."""
    connection = sqlite3.connect(file, isolation_level=None)
    for name, (wish, _) in SQLITE_SETTINGS.items():
        connection.execute(f"PRAGMA {name} = {wish}")

    async def insert(count: int) -> int:
        numbers = [next(NUMBERS) for _ in range(count)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO bare_heads VALUES (?, ?, ?)", [(n, f"bare/{n}", "{}") for n in numbers])
        connection.executemany("INSERT INTO bare_rows VALUES (?, ?, ?, ?)", [(n, 1, 2, 1) for n in numbers])
        connection.execute("COMMIT")
        await asyncio.sleep(0)
        return count

    return lambda: insert(1), lambda: insert(BATCH)


async def asyncpg_client(url: str) -> tuple[asyncpg.Connection, Client, Client]:
    connection = await asyncpg.connect(url)
    head = await connection.prepare("INSERT INTO bare_heads VALUES ($1, $2, $3)")
    row = await connection.prepare("INSERT INTO bare_rows VALUES ($1, $2, $3, $4)")

    async def insert(count: int) -> int:
        numbers = [next(NUMBERS) for _ in range(count)]
        async with connection.transaction():
            if count == 1:
                await head.fetch(numbers[0], f"bare/{numbers[0]}", "{}")
                await row.fetch(numbers[0], 1, 2, 1)
            else:
                await head.executemany([(n, f"bare/{n}", "{}") for n in numbers])
                await row.executemany([(n, 1, 2, 1) for n in numbers])
        return count

    return connection, lambda: insert(1), lambda: insert(BATCH)


def pgledger_client(connection: asyncpg.Connection, owners: int) -> Client:
    pairs = pairs_of(owners)

    async def client() -> int:
        await connection.fetchval("SELECT bare_transfer($1, $2, 1)", *next(pairs))
        return 1

    return client


async def compare(name: str, url: str, seconds: float) -> dict[str, Any]:
    engine = open_engine(url)
    await upgrade(engine)
    ours = Ours(engine)
    await ours.open()
    ways: dict[str, list[Client]] = {
        "singles": [ours.among(OWNERS)],
        "clients": [ours.among(OWNERS)] * CLIENTS,
        "batches": [ours.batch],
        "own_houses": [ours.to_house(number) for number in range(CLIENTS)],
        "hot_house": [ours.to_house(0)] * CLIENTS,
        "hot_cap": [ours.to_house(number, cap=True) for number in range(CLIENTS)],
    }
    by = {"singles": "bare", "clients": "bare_clients", "batches": "bare_batches",
          "hot_house": "own_houses", "hot_cap": "own_houses"}  # fmt: skip
    connections: list[asyncpg.Connection] = []
    if name == "sqlite":
        file = str(engine.url.database)
        sqlite3.connect(file).executescript(BARE)
        single, batch = sqlite_client(file)
        ways |= {"bare": [single], "bare_clients": [single], "bare_batches": [batch]}
    else:
        plain = f"postgresql://postgres@/{engine.url.database}?host={engine.url.query['host']}"
        bare = []
        for number in range(CLIENTS):
            if number == 0:
                first = await asyncpg.connect(plain)
                await first.execute(BARE + PGLEDGER)
                await first.execute(
                    f"INSERT INTO bare_accounts SELECT n, {RICH_S}, 0 FROM generate_series(0, {OWNERS}) AS n"
                )
                await first.close()
            bare.append(await asyncpg_client(plain))
        connections = [one[0] for one in bare]
        ways |= {
            "bare": [bare[0][1]],
            "bare_clients": [one[1] for one in bare],
            "bare_batches": [bare[0][2]],
            "few": [ours.among(2)] * CLIENTS,
            "pgledger_50": [pgledger_client(one, OWNERS) for one in connections],
            "pgledger_2": [pgledger_client(one, 2) for one in connections],
        }
        by |= {"pgledger_50": "", "pgledger_2": ""}
    leave_to_itself()  # as the daemon does
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(ROUNDS):
        for way, clients in ways.items():
            rates[way].append(await rate(clients, seconds))
        print(f"ledger: {name}: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    for one in connections:
        await one.close()
    await engine.dispose()

    def ratio(of: str, to: str) -> float:
        return round(statistics.median(a / b for a, b in zip(rates[of], rates[to], strict=True)), 2)

    ratios = {way: ratio(way, other) for way, other in by.items() if other}
    if name == "postgresql":
        ratios |= {"pgledger_50": ratio("clients", "pgledger_50"), "pgledger_2": ratio("few", "pgledger_2")}
    per_s = {way: round(statistics.median(each)) for way, each in rates.items()}
    return {"name": "ledger", "engine": name, **ratios, "transfers_per_s": per_s}


def engines(chosen: str | None) -> Iterator[str]:
    yield from [chosen] if chosen else ("sqlite", "postgresql")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--engine", choices=("sqlite", "postgresql"))
    arguments.add_argument("--seconds", type=float, default=2.0, help="of one way in one round")
    chosen = arguments.parse_args()
    for name in engines(chosen.engine):
        with urls(name) as new_urls:
            print(json.dumps(asyncio.run(compare(name, next(new_urls), chosen.seconds))), flush=True)


if __name__ == "__main__":
    main()
