"""Transactions that are gone through at once, as they have one frame and a transfer each, are found as one by one."""

from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Row, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.filling import Shape, fill
from ccd.ledger import recorded
from ccd.ledger.digest import fields_told
from ccd.ledger.parts import Walk
from ccd.ledger.recorded import accounts_of, recorded_as
from ccd.ledger.schema import entries, transactions
from ccd.ledger.verify import Verifier, verify
from tests.ledger.forging import changed, forged, row_itself, without_guards

SHAPE = Shape(transfers=12, owners=2, block=5)  # on the fifth day they are given back
MIDDLE = 6
SOME = (1, MIDDLE, 12)
ODD = ("CAST({} || '' AS BLOB)", "'x'", "x'78'", "465.5", "CAST(x'ff' AS TEXT)")


@pytest.fixture
async def bare(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    await fill(engine, SHAPE)
    async with without_guards(engine) as connection:
        yield connection
        await connection.exec_driver_sql("ROLLBACK")


async def found(connection: AsyncConnection) -> list[str]:
    return [str(one) for one in (await Verifier(connection, lambda done, total: None).verdict()).findings]


async def found_alike(connection: AsyncConnection, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is found, which is the same where each is gone through by itself."""
    at_once = await found(connection)
    with monkeypatch.context() as patched:
        patched.setattr(recorded, "framed_plainly", lambda frame: None)
        assert at_once == await found(connection)
    return at_once


async def some_of(connection: AsyncConnection, table: Table) -> Sequence[Row[Any]]:
    (first, *_) = table.primary_key
    return (await connection.execute(select(table).where(first.in_(SOME)).order_by(first))).all()


async def test_they_are_gone_through_at_once(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one: list[Any] = []
    going = Walk._go

    def seen(walk: Walk, rows: Sequence[Any], *rest: Any) -> None:
        one_by_one.extend(rows)
        going(walk, rows, *rest)

    monkeypatch.setattr(Walk, "_go", seen)
    await fill(engine, SHAPE)
    verdict = await verify(engine, lambda done, total: None)
    assert (verdict.findings, verdict.transactions, verdict.entries, one_by_one) == ([], 12, 12, [])


@pytest.mark.parametrize("table", [transactions, entries], ids=str)
async def test_a_change_is_found_alike(bare: AsyncConnection, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    for column, row in product(table.columns, await some_of(bare, table)):
        async with bare.begin_nested() as undone:
            other = changed(column, row._mapping[column.name])
            await bare.execute(update(table).where(row_itself(table, row)).values({column: other}))
            assert await found_alike(bare, monkeypatch), (column, row)
            await undone.rollback()


@pytest.mark.parametrize("table", [transactions, entries], ids=str)
@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
async def test_what_only_sqlite_can_hold_is_found_alike(
    bare: AsyncConnection, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    itself = "id" if table is transactions else "transaction_id"
    for column, odd in product(table.columns, ODD):
        is_blob_or_empty = column is transactions.c.digest or column.nullable
        if column is transactions.c.id or (is_blob_or_empty and odd == ODD[0]):
            continue  # the one holds numbers alone, the others hold that
        async with bare.begin_nested() as undone:
            held = odd.format(column.name)
            await bare.exec_driver_sql(f"UPDATE {table.name} SET {column.name} = {held} WHERE {itself} = {MIDDLE}")
            assert await found_alike(bare, monkeypatch), (column, odd)
            await undone.rollback()


@pytest.mark.parametrize("table", [transactions, entries], ids=str)
async def test_a_row_that_is_gone_is_found_alike(
    bare: AsyncConnection, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in await some_of(bare, table):
        async with bare.begin_nested() as undone:
            await bare.execute(delete(table).where(row_itself(table, row)))
            assert await found_alike(bare, monkeypatch)
            await undone.rollback()


@pytest.mark.parametrize(("transaction", "leg"), [(MIDDLE, 2), (MIDDLE, 0), (-3, 1), (10**6, 1)])
async def test_a_transfer_that_was_put_in_is_found_alike(
    bare: AsyncConnection, transaction: int, leg: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = (await bare.execute(select(entries).where(entries.c.transaction_id == MIDDLE))).one()
    await bare.execute(insert(entries).values(**{**row._mapping, "transaction_id": transaction, "leg": leg}))
    assert any(f"transaction {transaction}" in line for line in await found_alike(bare, monkeypatch))


async def test_one_that_took_too_much_with_a_digest_that_fits_is_found_alike(
    bare: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = 9  # of the fifth day
    await bare.execute(update(entries).where(entries.c.transaction_id == number).values(seconds=10**6))
    await forged(bare, number)
    lines = await found_alike(bare, monkeypatch)
    assert not any("its content is not" in line for line in lines)
    assert any(line.startswith(f"transaction {number} ") and "below its floor" in line for line in lines)


@pytest.mark.parametrize("seconds", [-(10**6), 0, None], ids=["below zero", "nothing", "to itself"])
async def test_one_that_moves_what_no_transfer_can_with_a_digest_that_fits_is_found_alike(
    bare: AsyncConnection, seconds: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By it an account could come below its floor that nothing was taken from."""
    changed_to = {"credit": entries.c.debit} if seconds is None else {"seconds": seconds}
    await bare.execute(update(entries).where(entries.c.transaction_id == MIDDLE).values(changed_to))
    await forged(bare, MIDDLE)
    lines = await found_alike(bare, monkeypatch)
    assert not any("its content is not" in line for line in lines)
    why = "its transfer 1 is no whole seconds above 0 between two accounts"
    assert any(line.startswith(f"transaction {MIDDLE} ") and why in line for line in lines)


@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
async def test_bytes_under_a_digest_that_tells_them_as_a_text_are_found_alike(
    bare: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((kept, (entry,)),) = await recorded_as(bare, [MIDDLE])
    names = await accounts_of(bare, [entry])
    fields = fields_told((kept.key, "1", kept.book, kept.month, kept.state, kept.reference, kept.text, kept.asked_by))
    rest = fields_told((kept.terms, kept.refusal, str(kept.recorded_at), *names[entry.debit], *names[entry.credit]))
    move = fields_told((str(entry.seconds), entry.day.isoformat(), entry.service, "", ""))
    digest = sha256(f"3;{fields}2:b'{{}}'{rest}{move}".encode()).digest()
    held = f"facts = x'7b7d', digest = x'{digest.hex()}'"
    await bare.exec_driver_sql(f"UPDATE transactions SET {held} WHERE id = {MIDDLE}")
    lines = await found_alike(bare, monkeypatch)
    assert any(line.startswith(f"transaction {MIDDLE} ") and "it holds what none can hold" in line for line in lines)


async def test_numbers_that_were_drawn_in_vain_are_no_finding(
    engine: AsyncEngine, bare: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the last are, as nothing is sealed of them yet."""
    for number in (11, 12):
        for table, column in ((entries, entries.c.transaction_id), (transactions, transactions.c.id)):
            await bare.execute(update(table).where(column == number).values({column: number * 100}))
    lines = await found_alike(bare, monkeypatch)
    assert not any(line.startswith("transaction") for line in lines)
