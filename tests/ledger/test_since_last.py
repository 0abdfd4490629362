"""Verify goes on from an earlier one: it finds what the whole finds, but for what was sealed by then."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import FileError
from ccd.ledger.blocks import START
from ccd.ledger.books import Ledger
from ccd.ledger.heads import Head
from ccd.ledger.merkle import leaf, root_of
from ccd.ledger.proving import head_now
from ccd.ledger.remembered import Remembered, read_remembered
from ccd.ledger.schema import (
    accounts,
    balances,
    blocks,
    caps,
    daily_sums,
    entries,
    owners,
    periods,
    reservations,
    resolutions,
    transactions,
)
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import Verifier, verify
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.turns import Patience
from tests.ledger.accounts import give, posting
from tests.ledger.forging import TABLES, changed, row_itself, without_guards
from tests.ledger.histories import everything, more

# Where a row stands in the ledger: the transactions up to 11, the accounts up to 8 and the blocks up to 3 are sealed by
# the time of the first verification. Rows of the other tables are changed in place, and are compared each time.
SEALED_BY_THEN = {
    "transactions": ("id", 11),
    "entries": ("transaction_id", 11),
    "reservations": ("transaction_id", 11),
    "resolutions": ("transaction_id", 11),
    "blocks": ("number", 3),
    "daily_sums": ("block", 3),
}


def nobody_asks(done: int, total: int) -> None:
    """Of a verification's progress."""


async def found(connection: AsyncConnection, since: Remembered | None = None, against: Head | None = None) -> list[str]:
    return sorted(map(str, (await Verifier(connection, nobody_asks, against, since).verdict()).findings))


async def remembered_by(engine: AsyncEngine, since: Remembered | None = None) -> Remembered:
    """As a file has it."""
    verdict = await verify(engine, nobody_asks, since=since)
    assert verdict.findings == []
    assert verdict.remembered
    return read_remembered(verdict.remembered.as_text(), "the file")


@pytest.fixture
async def by_then(engine: AsyncEngine) -> Remembered:
    """What was remembered when everything had happened, before more did."""
    ledger = await everything(engine)
    remembered = await remembered_by(engine)
    await more(ledger)
    return remembered


@pytest.fixture
async def bare(engine: AsyncEngine, by_then: Remembered) -> AsyncIterator[AsyncConnection]:
    async with without_guards(engine) as connection:
        yield connection
        await connection.exec_driver_sql("ROLLBACK")


async def test_it_goes_through_what_came_since_and_remembers_the_same_as_the_whole(
    engine: AsyncEngine, by_then: Remembered
) -> None:
    told: list[tuple[int, int]] = []
    verdict = await verify(engine, lambda done, total: told.append((done, total)), since=by_then)
    assert verdict.findings == []
    assert (verdict.since, verdict.blocks, verdict.transactions, verdict.unsealed) == (3, 7, 12, 1)
    assert told[-1] == (12, 12)
    whole = await verify(engine, nobody_asks)
    assert verdict.peaks.root == whole.peaks.root
    assert verdict.remembered == whole.remembered


async def test_of_a_ledger_with_nothing_in_it_it_remembers_that(engine: AsyncEngine, ledger: Ledger) -> None:
    since = await remembered_by(engine)
    assert since.block == START
    await ledger.post(posting("unsealed", give("ann", 60)))
    assert (await verify(engine, nobody_asks, since=since)).transactions == 1
    assert await remembered_by(engine, since) == since
    await Sealer(engine, lambda: 5_000_000, Patience()).seal()
    assert (await remembered_by(engine, since)).block.number == 1


async def test_what_another_ledger_remembered_is_not_of_this_one(
    engine: AsyncEngine, by_then: Remembered, tmp_path: Path
) -> None:
    another = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'another.sqlite'}")
    await upgrade(another)
    await more(await everything(another, says="other words"))
    verdict = await verify(another, nobody_asks, since=by_then)
    await another.dispose()
    assert verdict.findings[0].found == "it is not the one that was verified before"
    assert verdict.remembered is None


async def test_it_may_go_on_again_and_again(engine: AsyncEngine, ledger: Ledger) -> None:
    since, sealer = None, Sealer(engine, lambda: 5_000_000, Patience())
    for number in range(4):
        await ledger.post(posting(f"of {number}", give("ann", 60)))
        await sealer.seal()
        since = await remembered_by(engine, since)
        assert since == (await verify(engine, nobody_asks)).remembered
        assert (await verify(engine, nobody_asks, since=since)).transactions == 0, "nothing new"


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_a_change_after_it_is_found_as_the_whole_finds_it(
    bare: AsyncConnection, by_then: Remembered, table: Table
) -> None:
    """Each column of every third row and of the last, and each of those rows gone."""
    rows = [row for row in (await bare.execute(select(table))).all() if not was_sealed(table, row)]
    assert rows
    for row in {*rows[::3], rows[-1]}:
        for column in (*table.columns, None):
            async with bare.begin_nested() as undone:
                if column is None:
                    await bare.execute(table.delete().where(row_itself(table, row)))
                else:
                    other = changed(column, row._mapping[column.name])
                    await bare.execute(update(table).where(row_itself(table, row)).values({column: other}))
                whole, since = await found(bare), await found(bare, by_then)
                await undone.rollback()
            assert whole, f"{column} of {row} was changed, and nothing was found"
            assert since, f"{column} of {row} was changed, and it was not seen"
            if table not in (owners, accounts):  # of old ones the whole tells more: each block that sealed some
                assert since == whole, (column, row)


def was_sealed(table: Table, row: Row[Any]) -> bool:
    name, last = SEALED_BY_THEN.get(table.name, ("", 0))
    return bool(name) and row._mapping[name] <= last


async def test_what_was_sealed_before_it_is_not_looked_at_again(bare: AsyncConnection, by_then: Remembered) -> None:
    """The whole finds it."""
    await bare.execute(update(transactions).where(transactions.c.id == 2).values(asked_by="eve"))
    await bare.execute(update(entries).where(entries.c.transaction_id == 1).values(seconds=9))
    await bare.execute(update(daily_sums).where(daily_sums.c.block == 1).values(seconds=9))
    assert await found(bare, by_then) == []
    assert {line.split(" (")[0] for line in await found(bare)} >= {"transaction 1", "transaction 2", "block 1"}


async def test_what_stands_for_all_of_it_is_compared_whenever_it_was_changed(
    bare: AsyncConnection, by_then: Remembered
) -> None:
    await bare.execute(update(balances).values(seconds=balances.c.seconds + 1))
    await bare.execute(update(caps).values(drawn_s=caps.c.drawn_s - 1))
    await bare.execute(update(periods).where(periods.c.month == "2026-11").values(state="open"))
    await bare.execute(blocks.delete().where(blocks.c.number == 3))
    since, whole = await found(bare, by_then), await found(bare)
    assert {line.split(" ")[0] for line in since} == {"balance", "cap", "month", "block"}
    assert set(since) - set(whole) == {"block 3 (transactions 10 to 11): it is not the one that was verified before"}


async def test_a_reservation_that_was_open_by_then_still_is_but_for_what_ended_it_since(
    bare: AsyncConnection, by_then: Remembered
) -> None:
    """However old the row that says otherwise: here of number 9, and of 8, that the taking at 10 had ended."""
    nine = reservations.c.transaction_id == 9
    row = {**(await bare.execute(select(reservations).where(nine))).one()._mapping}
    for change, says in (
        (update(reservations).where(nine).values(expires_at=5), "reservation 9: it says ('bob', 5), and"),
        (reservations.delete().where(nine), "reservation 9: it says None, and ('bob', "),
        (reservations.insert().values({**row, "transaction_id": 4}), "reservation 4: it says ('bob', "),
        (update(resolutions).where(resolutions.c.reservation == 9).values(transaction_id=4), "reservation 9: it says"),
        (resolutions.delete().where(resolutions.c.reservation == 8), "reservation 8: it says ('ann', "),
    ):
        async with bare.begin_nested() as undone:
            await bare.execute(change)
            lines = await found(bare, by_then)
            await undone.rollback()
        assert any(line.startswith(says) for line in lines), (says, lines)


async def test_a_ledger_that_was_cut_off_before_it_is_not_the_one_that_was_verified(
    bare: AsyncConnection, by_then: Remembered
) -> None:
    await bare.execute(blocks.delete().where(blocks.c.number >= 3))
    assert "block 3 (transactions 10 to 11): it is not the one that was verified before" in await found(bare, by_then)


async def test_a_month_that_was_closed_and_a_transfer_taken_back_before_it_still_count(
    bare: AsyncConnection, by_then: Remembered
) -> None:
    """What is posted into the month, or takes the transfer back again, is named though its digest were right."""
    await bare.execute(update(transactions).where(transactions.c.id == 13).values(month="2026-11"))
    (back,) = (await bare.execute(select(entries).where(entries.c.transaction_id == 3))).all()
    again = {**back._mapping, "transaction_id": 23, "leg": 2}
    await bare.exec_driver_sql("DROP INDEX uq_entries_reverses")
    await bare.execute(entries.insert().values(again))
    since = await found(bare, by_then)
    assert "transaction 13 (given/r1): 2026-11 of demo was closed before it" in since
    assert "transaction 23 (in january/r1): it takes back transfer 1.2, which it may not" in since
    assert since == await found(bare)


async def test_a_head_from_before_it_is_led_to_by_the_blocks_there_are(
    engine: AsyncEngine, by_then: Remembered
) -> None:
    async with engine.connect() as connection:
        newest = (await head_now(connection, Ed25519PrivateKey.generate(), 7)).head
        first = (await connection.execute(select(blocks).order_by(blocks.c.number).limit(2))).all()
        older = Head(2, root_of([leaf(row.hash) for row in first]), first[-1].local, 7)
        for head in (newest, older):
            assert await found(connection, by_then, head) == []
        for head, says in (
            (replace(newest, root=bytes(32)), "block 7 (transactions 21 to 22): the blocks up to it are not those"),
            (replace(older, root=bytes(32)), "block 2 (transactions 2 to 9): the blocks up to it are not those"),
            (replace(older, local=bytes(32)), "block 2 (transactions 2 to 9): numbers or times up to it are not those"),
        ):
            (line,) = await found(connection, by_then, head)
            assert line.startswith(says)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "is nothing that a verification remembered"),
        ("[]", "is nothing that a verification remembered"),
        ('{"format": 2}', "is of format 2; this program reads 1"),
        ('{"format": 1', "is nothing that a verification remembered"),
        ('{"format": 1}', "is nothing that a verification remembered (KeyError('block'))"),
    ],
)
def test_a_file_that_is_none_says_so(said: str, problem: str) -> None:
    with pytest.raises(FileError) as refused:
        read_remembered(said, "a.json")
    assert problem in str(refused.value)


async def test_a_file_with_a_number_that_is_none_says_so(by_then: Remembered) -> None:
    for name, number in (("leaves", float("inf")), ("up_to", 2**63), ("number", -1)):
        said = json.loads(by_then.as_text())
        said["block"][name] = number
        with pytest.raises(FileError, match="is nothing that a verification remembered"):
            read_remembered(json.dumps(said), "a.json")


async def test_a_file_whose_hashes_are_not_as_many_as_its_blocks_says_so(by_then: Remembered) -> None:
    said = json.loads(by_then.as_text())
    said["peaks"] = said["peaks"][:-1]
    with pytest.raises(FileError, match="its hashes are not as many as its blocks"):
        read_remembered(json.dumps(said), "a.json")
