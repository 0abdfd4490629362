"""Durable transfers a second, against what the bare driver does with the same durability, on both engines.

    python -m benchmarks.ledger [--engine sqlite|postgresql] [--seconds N]

One JSON object an engine. `singles` is one client that waits for each posting, by a transaction of the driver that
inserts two rows; `clients` eight of them in one process, by eight such (on SQLite by one, whose calls wait in the
loop). `batches` are postings in transactions of 500, by the driver inserting as many rows in transactions as large.
Those are rows of three and four columns, and for `singles_whole` and `batches_whole` of as many columns and indexes as
ours. `hot_house` is eight clients who all post to one house account, by eight who each have their own; `hot_cap` all
drawing on one cap, by the same without. On PostgreSQL `pgledger_50` and `pgledger_2` are eight clients among 50 and
among 2 accounts, by pgledger's way: one call of a function that locks both accounts' rows, checks, inserts two entries
with the balance after each, and changes both balances. Each ratio is of transfers a second, the middle of the rounds,
taken by turns.
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
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import quoted_name

from benchmarks.settlement import urls
from ccd.daemon.switches.following import leave_to_itself
from ccd.ledger import schema
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Draw, Kind, Leg, Limit, Posting, PostingState, Side
from ccd.sql.engine import SQLITE_SETTINGS, open_engine
from ccd.sql.metadata import metadata
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
Row = Callable[[int], dict[str, Any]]  # what a number makes of it, by column

NARROW: dict[str, Row] = {
    "bare_heads": lambda n: {"id": n, "key": f"bare/{n}", "facts": "{}"},
    "bare_rows": lambda n: {"head": n, "debit": 1, "credit": 2, "seconds": 1},
}
WHOLE: dict[str, Row] = {
    "whole_transactions": lambda n: {
        "id": n, "key": f"whole/{n}", "revision": 1, "book": "bench", "month": "2026-11", "state": "posted", "legs": 1,
        "reference": "", "text": "", "asked_by": "bench", "facts": "{}", "terms": "", "refusal": "", "recorded_at": n,
        "format": 2, "digest": bytes(32),
    },
    "whole_entries": lambda n: {
        "transaction_id": n, "leg": 1, "debit": 1 + n % OWNERS, "credit": 2 + n % OWNERS, "seconds": 1, "day": DAY,
        "service": "bench",
    },
}  # fmt: skip

# What is told: this many times as much as that.
FIGURES = {
    "singles": ("singles", "bare"),
    "singles_whole": ("singles", "whole"),
    "clients": ("clients", "bare_clients"),
    "batches": ("batches", "bare_batches"),
    "batches_whole": ("batches", "whole_batches"),
    "hot_house": ("hot_house", "own_houses"),
    "hot_cap": ("hot_cap", "own_houses"),
    "pgledger_50": ("clients", "pgledger_50"),
    "pgledger_2": ("few", "pgledger_2"),
}


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
        assert all(outcome.state is PostingState.POSTED for outcome in outcomes)
        return BATCH

    def drawn(self, owners: int) -> Posting:
        debit, credit = next(self.pairs[owners])
        return self.posting(f"owner-{debit}", f"owner-{credit}")

    def posting(self, debit: str, credit: str) -> Posting:
        leg = Leg(Account(debit, "savings"), Account(credit, "savings"), 1, "bench")
        return Posting(f"bench/{next(NUMBERS)}", 1, "bench", DAY, (leg,), "bench")

    @staticmethod
    def posted(outcome: Any) -> int:
        assert outcome.state is PostingState.POSTED, outcome
        return 1


def inserts(rows: dict[str, Row], mark: str) -> list[tuple[str, Row]]:
    made = []
    for table, row in rows.items():
        names = list(row(0))
        marks = ", ".join(mark.format(number) for number in range(1, len(names) + 1))
        made.append((f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row))
    return made


async def make_whole_tables(engine: AsyncEngine) -> None:
    """As the ledger's, with their indexes, and without what guards them."""
    apart = MetaData(naming_convention=metadata.naming_convention)
    async with engine.begin() as connection:
        for table in (schema.transactions, schema.entries):
            whole = table.to_metadata(apart, name=f"whole_{table.name}")
            for constraint in whole.constraints:
                constraint.name = quoted_name(f"whole_{constraint.name}", quote=None)
            await connection.execute(CreateTable(whole, include_foreign_key_constraints=[]))
            for index in whole.indexes:
                index.name = quoted_name(f"whole_{index.name}", quote=None)
                await connection.execute(CreateIndex(index))


def sqlite_clients(file: str) -> dict[str, list[Client]]:
    """What the driver does by itself."""
    connection = sqlite3.connect(file, isolation_level=None)
    for name, (wish, _) in SQLITE_SETTINGS.items():
        connection.execute(f"PRAGMA {name} = {wish}")
    connection.executescript(BARE)

    def client(count: int, rows: dict[str, Row]) -> Client:
        statements = inserts(rows, "?{}")

        async def insert() -> int:
            numbers = [next(NUMBERS) for _ in range(count)]
            connection.execute("BEGIN IMMEDIATE")
            for statement, row in statements:
                connection.executemany(statement, [tuple(row(number).values()) for number in numbers])
            connection.execute("COMMIT")
            await asyncio.sleep(0)
            return count

        return insert

    return {
        "bare": [client(1, NARROW)],
        "whole": [client(1, WHOLE)],
        "bare_clients": [client(1, NARROW)],
        "bare_batches": [client(BATCH, NARROW)],
        "whole_batches": [client(BATCH, WHOLE)],
    }


async def asyncpg_client(url: str, count: int, rows: dict[str, Row]) -> Client:
    connection = await asyncpg.connect(url)
    statements = [(await connection.prepare(statement), row) for statement, row in inserts(rows, "${}")]

    async def insert() -> int:
        numbers = [next(NUMBERS) for _ in range(count)]
        async with connection.transaction():
            for statement, row in statements:
                if count == 1:
                    await statement.fetch(*row(numbers[0]).values())
                else:
                    await statement.executemany([tuple(row(number).values()) for number in numbers])
        return count

    return insert


async def postgresql_clients(url: str) -> dict[str, list[Client]]:
    """The same, and pgledger's."""
    first = await asyncpg.connect(url)
    await first.execute(BARE + PGLEDGER)
    await first.execute(f"INSERT INTO bare_accounts SELECT n, {RICH_S}, 0 FROM generate_series(0, {OWNERS}) AS n")
    await first.close()
    return {
        "bare": [await asyncpg_client(url, 1, NARROW)],
        "whole": [await asyncpg_client(url, 1, WHOLE)],
        "bare_clients": [await asyncpg_client(url, 1, NARROW) for _ in range(CLIENTS)],
        "bare_batches": [await asyncpg_client(url, BATCH, NARROW)],
        "whole_batches": [await asyncpg_client(url, BATCH, WHOLE)],
        "pgledger_50": [pgledger_client(await asyncpg.connect(url), OWNERS) for _ in range(CLIENTS)],
        "pgledger_2": [pgledger_client(await asyncpg.connect(url), 2) for _ in range(CLIENTS)],
    }


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
    await make_whole_tables(engine)
    ways: dict[str, list[Client]] = {
        "singles": [ours.among(OWNERS)],
        "clients": [ours.among(OWNERS)] * CLIENTS,
        "batches": [ours.batch],
        "own_houses": [ours.to_house(number) for number in range(CLIENTS)],
        "hot_house": [ours.to_house(0)] * CLIENTS,
        "hot_cap": [ours.to_house(number, cap=True) for number in range(CLIENTS)],
    }
    if name == "sqlite":
        ways |= sqlite_clients(str(engine.url.database))
    else:
        ways["few"] = [ours.among(2)] * CLIENTS
        ways |= await postgresql_clients(
            f"postgresql://postgres@/{engine.url.database}?host={engine.url.query['host']}"
        )
    leave_to_itself()  # as the daemon does
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(ROUNDS):
        for way, clients in ways.items():
            rates[way].append(await rate(clients, seconds))
        print(f"ledger: {name}: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    await engine.dispose()

    def ratio(of: str, to: str) -> float:
        return round(statistics.median(a / b for a, b in zip(rates[of], rates[to], strict=True)), 2)

    ratios = {figure: ratio(of, to) for figure, (of, to) in FIGURES.items() if to in ways}
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
