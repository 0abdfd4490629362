"""Whoever reads a ledger that was changed behind its back is told so, or told what is kept: nothing else is raised."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Table, make_url, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import CcdError
from ccd.ledger.books import Ledger
from ccd.ledger.exports.beancount import BEANCOUNT
from ccd.ledger.exports.hledger import HLEDGER
from ccd.ledger.exports.records import CSV, JSON_LINES
from ccd.ledger.exports.told import whole_export
from ccd.ledger.model import Account, Resolve, Wanted
from ccd.ledger.proofs import proof_text
from ccd.ledger.proving import head_now, proven_statement
from ccd.ledger.schema import accounts, entries
from ccd.ledger.sound import as_written, reading_as_written
from ccd.sql.engine import file_of
from ccd.sql.refusals import refusals_said
from tests.ledger.accounts import DAY, HOUSE, give, posting
from tests.ledger.forging import TABLES, without_guards
from tests.ledger.histories import MOMENT, everything, with_terms

Ask = Callable[[Ledger], Awaitable[object]]


async def exported(ledger: Ledger, form: Any) -> list[str]:
    return [piece async for piece in whole_export(ledger.engine, form)]


async def proved(ledger: Ledger) -> str:
    async with reading_as_written(ledger.engine) as connection:
        proven = await proven_statement(connection, "ann", Ed25519PrivateKey.generate(), MOMENT)
        await head_now(connection, Ed25519PrivateKey.generate(), MOMENT)
    with as_written():
        return proof_text("ann", proven.head, proven.lines)


ASKED: dict[str, Ask] = {
    "balances": lambda ledger: ledger.balances("ann"),
    "sums": lambda ledger: ledger.sums(HOUSE),
    "on a day": lambda ledger: ledger.balances_on("ann", DAY),
    "of the house on a day": lambda ledger: ledger.balances_on(HOUSE, DAY),
    "at a moment": lambda ledger: ledger.balances_at(HOUSE, MOMENT + 5),
    "standing": lambda ledger: ledger.standing("bob"),
    "moved": lambda ledger: ledger.moved(["ann"], [DAY]),
    "units": lambda ledger: ledger.units(),
    "trial balance": lambda ledger: ledger.trial_balance("demo", "2026-11"),
    "supply": lambda ledger: ledger.supply("demo"),
    "supply of days": lambda ledger: ledger.supply_of_days("demo", "2026-11"),
    "statement": lambda ledger: ledger.statement("ann"),
    "page of a statement": lambda ledger: ledger.statement("bob", before=10, limit=2),
    "some of a statement": lambda ledger: ledger.statement("ann", wanted=Wanted(recorded_from=MOMENT, day_to=DAY)),
    "beancount": lambda ledger: exported(ledger, BEANCOUNT),
    "hledger": lambda ledger: exported(ledger, HLEDGER),
    "csv": lambda ledger: exported(ledger, CSV),
    "json lines": lambda ledger: exported(ledger, JSON_LINES),
    "proof": proved,
    "reverse": lambda ledger: ledger.reverse(5, "taken back", "test", runs="2027-01"),
    "post": lambda ledger: ledger.post(posting("posted", give("ann", 1), day=date(2027, 1, 2))),
    "resolve": lambda ledger: ledger.post(
        with_terms("posted of it", Resolve(("held too", 1), "leave", 7, Account(HOUSE, "savings")))
    ),
}  # fmt: skip

# What the file's owner can put in the place of anything.
ANYTHING = ("NULL", "'x'", "x'ff'", "CAST(x'ff' AS TEXT)", "1.5", "-7", "9223372036854775807", "-9223372036854775808")
PART = 5  # of all that can be asked, one in so many is of each value: in turns, so that each is of each column
TAKES_NULL = "UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL, ', ', ') WHERE type = 'table'"


@contextmanager
def by_another_hand(file: Path) -> Iterator[sqlite3.Connection]:
    """Nothing is refused; what stood there is remembered."""
    with sqlite3.connect(file, isolation_level=None) as hand:
        for (name,) in hand.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            hand.execute(f"DROP TRIGGER {name}")
        hand.execute("PRAGMA writable_schema = ON")
        hand.execute(TAKES_NULL)
    with sqlite3.connect(file, isolation_level=None) as hand:
        hand.execute("PRAGMA ignore_check_constraints = ON")
        for table in TABLES:
            hand.execute(f"CREATE TEMP TABLE kept_{table.name} AS SELECT * FROM main.{table.name}")
        yield hand


def put_back(hand: sqlite3.Connection) -> None:
    for table in TABLES:
        hand.execute(f"DELETE FROM main.{table.name}")
        hand.execute(f"INSERT INTO main.{table.name} SELECT * FROM kept_{table.name}")


async def asked(engine: AsyncEngine, how: str, clock: Iterator[int], names: Iterable[str] = ASKED) -> dict[str, str]:
    """What each says who is told no answer; anything else that is raised is a defect."""
    told = {}
    for name in names:
        try:
            async with refusals_said():
                await ASKED[name](Ledger(engine, clock.__next__))
        except CcdError as error:
            told[name] = str(error)
        except Exception as error:
            raise AssertionError(f"{name} of a ledger in which {how}") from error
    return told


@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_whatever_stands_in_a_column_is_told_or_is_an_error_of_ccd_s(
    engine: AsyncEngine, database_url: str, table: Table
) -> None:
    await everything(engine)
    clock = iter(range(MOMENT + 10**13, MOMENT + 2 * 10**13))
    turn = count()
    assert await asked(engine, "all is right", clock) == {}
    with by_another_hand(file_of(make_url(database_url))) as hand:
        for column in table.columns:
            for value in ANYTHING:
                hand.execute("BEGIN IMMEDIATE")
                with suppress(sqlite3.IntegrityError):  # a row's number is one, whoever writes it
                    hand.execute(f"UPDATE OR IGNORE main.{table.name} SET {column.name} = {value}")
                hand.execute("COMMIT")
                names = [name for at, name in enumerate(ASKED, next(turn)) if at % PART == 0]
                await asked(engine, f"{column} is {value}", clock, names)
                hand.execute("BEGIN IMMEDIATE")
                put_back(hand)
                hand.execute("COMMIT")
        hand.execute(f"DELETE FROM main.{table.name}")
        await asked(engine, f"{table.name} is empty", clock)


async def test_accounts_that_are_gone_and_transfers_to_nobody_are_told(engine: AsyncEngine) -> None:
    await everything(engine)
    async with without_guards(engine) as hand:
        await hand.execute(update(entries).where(entries.c.transaction_id == 5).values(debit=9_999))
        await hand.execute(accounts.delete().where(accounts.c.kind == "gift"))
        await hand.exec_driver_sql("COMMIT")
    told = await asked(engine, "accounts are gone", iter(range(MOMENT + 10**13, MOMENT + 2 * 10**13)))
    assert {"beancount", "hledger", "proof", "reverse"} <= told.keys()
    assert all("`ccd ledger verify` says where" in said for said in told.values()), told
