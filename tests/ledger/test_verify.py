"""Verify finds nothing where nothing was done, and names the place of whatever another hand did."""

import re
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import LargeBinary, String, Table, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.digest import DIGEST_FORMAT, account_digest
from ccd.ledger.model import Late
from ccd.ledger.proving import head_now
from ccd.ledger.recorded import accounts_opened
from ccd.ledger.schema import (
    accounts,
    balances,
    blocks,
    daily_sums,
    entries,
    owners,
    periods,
    reservations,
    resolutions,
    transactions,
)
from ccd.ledger.terms import terms_text
from ccd.ledger.verify import Verdict, Verifier, verify
from ccd.sql.engine import open_engine
from ccd.sql.metadata import RowNumber
from ccd.sql.migrate import upgrade
from tests.ledger.accounts import DAY
from tests.ledger.forging import TABLES, changed, forged, row_itself, without_guards
from tests.ledger.histories import everything

# What the finding has to name, by the table that was changed: the row itself, or the block that sealed it.
PLACES = {
    "owners": r"owner|account|transaction",
    "accounts": r"account|block|balance",
    "balances": r"balance",
    "caps": r"cap",
    "periods": r"month|periods",
    "transactions": r"transaction|block",
    "entries": r"transaction|block",
    "reservations": r"reservation",
    "resolutions": r"end of reservation|resolutions",
    "blocks": r"block",
    "daily_sums": r"block|daily_sums",
}


# Owners without the key that no name is there twice.
REBUILT = (
    "CREATE TABLE rebuilt AS SELECT * FROM owners",
    "DROP TABLE owners",
    "ALTER TABLE rebuilt RENAME TO owners",
)


async def checked(connection: AsyncConnection) -> Verdict:
    return await Verifier(connection, lambda done, total: None).verdict()


@pytest.fixture
async def bare(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A ledger in which everything has happened, in a transaction with the rights of who owns the server or the file:
    nothing is refused, and all is undone at the end."""
    await everything(engine)
    async with without_guards(engine) as connection:
        yield connection
        await connection.exec_driver_sql("ROLLBACK")


async def test_a_ledger_as_it_was_written_is_found_right(engine: AsyncEngine) -> None:
    await everything(engine)
    seen: list[tuple[int, int]] = []
    verdict = await verify(engine, lambda done, total: seen.append((done, total)))
    assert verdict.findings == []
    assert (verdict.transactions, verdict.entries, verdict.blocks, verdict.unsealed) == (12, 13, 3, 1)
    assert seen[-1] == (12, 12)


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_a_change_of_any_column_of_any_row_is_named(bare: AsyncConnection, table: Table) -> None:
    rows = (await bare.execute(select(table))).all()
    assert rows, "the history leaves no table empty"
    for column, row in product(table.columns, rows):
        async with bare.begin_nested() as undone:
            await bare.execute(
                update(table).where(row_itself(table, row)).values({column: changed(column, row._mapping[column.name])})
            )
            findings = (await checked(bare)).findings
            await undone.rollback()
        assert findings, f"{column} of {row} was changed, and nothing was found"
        assert any(re.match(PLACES[table.name], finding.place) for finding in findings), findings


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_a_row_that_is_gone_is_named(bare: AsyncConnection, table: Table) -> None:
    for row in (await bare.execute(select(table))).all():
        async with bare.begin_nested() as undone:
            await bare.execute(table.delete().where(row_itself(table, row)))
            findings = (await checked(bare)).findings
            await undone.rollback()
        assert any(re.match(PLACES[table.name], finding.place) for finding in findings), (row, findings)


# What SQLite keeps in any column of texts, of bytes and of all else, and none can hold: the like of it as something
# else, half a second, what is no text in UTF-8.
NO_TEXT = ("x'78'", "CAST({} AS BLOB)", "CAST(x'ff' AS TEXT)")
NO_BYTES = ("'x'", "465.5", "CAST(x'ff' AS TEXT)")
NO_NUMBER = ("'x'", "x'78'", "465.5", "CAST(x'ff' AS TEXT)")


@pytest.mark.parametrize("table", TABLES, ids=str)
@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
async def test_what_only_sqlite_can_hold_is_named(bare: AsyncConnection, table: Table) -> None:
    columns = [column for column in table.columns if column.type is not RowNumber]  # that one holds numbers alone
    itself = " AND ".join(f"{key.name} = ?{number}" for number, key in enumerate(table.primary_key, 1))
    row = (await bare.exec_driver_sql(f"SELECT * FROM {table.name} ORDER BY 1 DESC LIMIT 1")).one()
    key = tuple(row._mapping[key.name] for key in table.primary_key)
    for column in columns:
        is_text, is_bytes = (isinstance(column.type, kind) for kind in (String, LargeBinary))
        for value in NO_TEXT if is_text else NO_BYTES if is_bytes else NO_NUMBER:
            async with bare.begin_nested() as undone:
                held = value.format(column.name)
                await bare.exec_driver_sql(f"UPDATE {table.name} SET {column.name} = {held} WHERE {itself}", key)
                findings = (await checked(bare)).findings
                await undone.rollback()
            assert any(re.match(PLACES[table.name], one.place) for one in findings), (column, value, findings)


@pytest.mark.parametrize("terms", ["[[]]", "[" * 200_000], ids=["none", "deep"])
async def test_terms_that_are_none_are_named(bare: AsyncConnection, terms: str) -> None:
    await bare.execute(update(transactions).where(transactions.c.id == 7).values(terms=terms))
    assert "transaction 7 (drawn/r1)" in [finding.place for finding in (await checked(bare)).findings]


@pytest.mark.parametrize("state", ["closing", "x"])
async def test_a_month_that_is_neither_open_nor_closed_is_named(bare: AsyncConnection, state: str) -> None:
    """What waits for a month to be open would go on to the next, and the next."""
    await bare.execute(update(periods).where(periods.c.month == "2026-12").values(state=state))
    (finding,) = (await checked(bare)).findings
    assert str(finding) == f"month 2026-12 of demo: it is {state}, which none can be"


PUT_IN = [
    (transactions, "id", -(2**63)),
    (transactions, "id", -5),
    (entries, "transaction_id", -(2**63)),
    (entries, "transaction_id", 2**63 - 1),
    (reservations, "transaction_id", -(2**63)),
    (resolutions, "reservation", 9),
    (accounts, "id", -5),
    (blocks, "number", -(2**63)),
    (blocks, "number", -5),
    (daily_sums, "block", -5),
    (balances, "account_id", -5),
    (owners, "id", -5),
]


@pytest.mark.parametrize(("table", "column", "number"), PUT_IN, ids=str)
async def test_a_row_that_was_put_in_beyond_all_others_is_named(
    bare: AsyncConnection, table: Table, column: str, number: int
) -> None:
    """As right in itself as the row that it is a copy of."""
    row = (await bare.execute(select(table).order_by(table.c[column]).limit(1))).one()
    other: dict[str, Any] = {
        name: f"{row._mapping[name]} too" for name in ("key", "name", "kind") if name in table.columns
    }
    if table is resolutions:  # of the reservation that is open
        other["transaction_id"] = -(2**63)
    await bare.execute(table.insert().values({**row._mapping, **other, column: number}))
    if table is transactions:
        await forged(bare, number)
    if table is accounts:
        await fitted(bare, number)
    findings = (await checked(bare)).findings
    assert findings
    if (table, number) != (owners, -5):
        assert not any(finding.place.startswith("owner") for finding in findings)


async def test_an_account_of_nobody_s_is_named_before_it_is_sealed(bare: AsyncConnection) -> None:
    row = (await bare.execute(select(accounts).order_by(accounts.c.id).limit(1))).one()
    await bare.execute(accounts.insert().values({**row._mapping, "id": 99, "owner_id": 99}))
    assert [str(one) for one in (await checked(bare)).findings] == ["account 99 (savings): its owner is not there"]


async def test_an_account_that_is_there_twice_is_named(bare: AsyncConnection) -> None:
    """Digests name accounts by owner and kind, so that a transfer could go over to the other unseen."""
    for key in ("ALTER TABLE owners DROP CONSTRAINT uq_owners_name",) if bare.dialect.name == "postgresql" else REBUILT:
        await bare.exec_driver_sql(key)
    row = (await bare.execute(select(accounts).where(accounts.c.kind == "gift").limit(1))).one()
    name = await bare.scalar(select(owners.c.name).where(owners.c.id == row.owner_id))
    await bare.execute(owners.insert().values(id=99, name=name))
    await bare.execute(accounts.insert().values({**row._mapping, "id": 99, "owner_id": 99}))
    seconds = await bare.scalar(select(balances.c.seconds).where(balances.c.account_id == row.id))
    await bare.execute(update(entries).where(entries.c.debit == row.id).values(debit=99))
    await bare.execute(update(entries).where(entries.c.credit == row.id).values(credit=99))
    await bare.execute(update(balances).where(balances.c.account_id == row.id).values(seconds=0))
    await bare.execute(balances.insert().values(account_id=99, seconds=seconds, floor=row.floor))
    (finding,) = (await checked(bare)).findings
    assert str(finding) == (
        f"account 99 (gift of {name}): account {row.id} is the same one's, and no digest tells them apart"
    )


async def fitted(connection: AsyncConnection, number: int) -> None:
    """Gives an account the digest that fits."""
    (one,) = [one for one in await accounts_opened(connection) if one.id == number]
    digest = account_digest(one.account, one.kind, one.unit, one.opened_at, one.asked_by)
    await connection.execute(update(accounts).where(accounts.c.id == number).values(digest=digest))
    await connection.execute(balances.insert().values(account_id=number, seconds=0, floor=one.kind.floor))


async def test_a_change_with_a_digest_that_fits_is_named_by_its_block(bare: AsyncConnection) -> None:
    await forged(bare, 2, asked_by="eve")
    assert [finding.place for finding in (await checked(bare)).findings] == ["block 2 (transactions 2 to 9)"]


RESERVED_WRONGLY = "its transfers are not those of what it reserves, or of the reservation that it ends"


async def test_transfers_that_a_reservation_does_not_come_to_are_named_where_their_digest_fits(
    bare: AsyncConnection,
) -> None:
    """Less is put aside than it says, or put back elsewhere; or what a reservation moved is taken back beside it."""
    (of_bob,) = (await bare.execute(select(entries).where(entries.c.transaction_id == 9))).all()
    taking_back = {
        "debit": of_bob.credit, "credit": of_bob.debit, "seconds": of_bob.seconds, "reverses_transaction": 9,
        "reverses_leg": 1,
    }  # fmt: skip
    for number, leg, values, says in (
        (9, 1, {"seconds": 499}, f"transaction 9 (held too/r1): {RESERVED_WRONGLY}"),
        (10, 2, {"credit": of_bob.debit}, f"transaction 10 (taken/r1): {RESERVED_WRONGLY}"),
        (12, 1, taking_back, "transaction 12 (late/r1): it takes back transfer 9.1, which it may not"),
    ):
        async with bare.begin_nested() as undone:
            itself = (entries.c.transaction_id == number, entries.c.leg == leg)
            await bare.execute(update(entries).where(*itself).values(values))
            await forged(bare, number)
            lines = [str(one) for one in (await checked(bare)).findings]
            await undone.rollback()
        assert says in lines
        assert not any("its content is not" in line for line in lines)


NEVER_WRITTEN: dict[str, tuple[dict[str, object], str]] = {
    "format": ({"format": 7}, "its format is 7, which nothing writes"),
    "before all formats": ({"format": 0}, "its format is 0, which nothing writes"),
    "revision": ({"revision": -1}, "its revision is -1, which no posting can have"),
    "refusal": ({"refusal": "{}"}, "it was posted, and has a reason why it was refused"),
    "month": ({"month": "2027-03"}, f"it counts in 2027-03; for {DAY} it can't, and late it counts in 2026-12"),
}


@pytest.mark.parametrize("told", NEVER_WRITTEN)
async def test_what_nothing_writes_is_named_where_its_digest_fits(bare: AsyncConnection, told: str) -> None:
    """Of a transaction with terms, and of one that is like most."""
    values, says = NEVER_WRITTEN[told]
    with_terms, plain = (
        (12, terms_text((Late("2026-12"),), DAY)), (5, terms_text((Late("2026-12"),), DAY) if told == "month" else ""),
    )  # fmt: skip
    for number, terms in (with_terms, plain):
        async with bare.begin_nested() as undone:
            await forged(bare, number, terms=terms, **values)
            lines = [str(one) for one in (await checked(bare)).findings]
            await undone.rollback()
        assert any(line.endswith(f": {says}") and f"transaction {number} " in line for line in lines), lines
        assert not any("its content is not" in line for line in lines)


OF_DAY = f'["day","{DAY}"]'
NO_TERMS = (
    '{"a":1}', '"x"', "[[]]", '[["dance"]]', '[["dance","2026-11-23"]]', f'[{OF_DAY},["late",null]]',
    f'[{OF_DAY},["late","2026-13"]]', f'[{OF_DAY},["limit",null,3]]', f'[{OF_DAY},["draw","team-1",0.5]]',
    f'[{OF_DAY},["reserve",[["bob",null]],["bob","reserved"],5,"leave",null]]',
    f'[{OF_DAY},["reserve",[["bob","savings"]],["bob","reserved"],"5","leave",null]]',
    f'[{OF_DAY},["resolve",["held too",1],"leave",null,null]]',
)  # fmt: skip


@pytest.mark.parametrize("terms", NO_TERMS)
async def test_terms_that_nothing_writes_are_named_where_their_digest_fits(bare: AsyncConnection, terms: str) -> None:
    await forged(bare, 5, terms=terms)
    lines = [str(one) for one in (await checked(bare)).findings]
    assert any(line.startswith("transaction 5 ") and "its terms can't be read" in line for line in lines), lines


async def test_what_is_taken_of_a_reservation_beside_it_is_named(bare: AsyncConnection) -> None:
    reserved = await bare.scalar(select(entries.c.credit).where(entries.c.transaction_id == 9))
    await bare.execute(update(entries).where(entries.c.transaction_id == 12).values(debit=reserved))
    await forged(bare, 12)
    lines = [str(one) for one in (await checked(bare)).findings]
    assert "transaction 12 (late/r1): its transfer 1 takes what is held for reservations, and ends none" in lines
    assert not any("its content is not" in line for line in lines)


@pytest.mark.parametrize("version", [1, 2])
async def test_what_was_posted_in_an_earlier_format_is_right(bare: AsyncConnection, version: int) -> None:
    """The block says only that another digest was sealed."""
    assert (await bare.scalar(select(transactions.c.format).where(transactions.c.id == 2))) == DIGEST_FORMAT
    await forged(bare, 2, format=version)
    assert [finding.place for finding in (await checked(bare)).findings] == ["block 2 (transactions 2 to 9)"]
    await bare.execute(update(transactions).where(transactions.c.id == 2).values(facts='{"a":1}'))
    places = {finding.place.split(" (")[0] for finding in (await checked(bare)).findings}
    assert places == {"block 2", "transaction 2"}


async def test_terms_that_were_put_to_what_was_posted_before_there_were_any_are_named(bare: AsyncConnection) -> None:
    """In format 1 no digest is of them; these move nothing, so that nothing else shows them."""
    await forged(bare, 2, format=1)
    terms = terms_text((Late("2026-12"),), DAY)
    await bare.execute(update(transactions).where(transactions.c.id == 2).values(terms=terms))
    places = [finding.place for finding in (await checked(bare)).findings]
    assert places == ["transaction 2 (refused/r1)", "block 2 (transactions 2 to 9)"]


async def test_two_transactions_that_change_places_are_named_by_their_blocks(bare: AsyncConnection) -> None:
    for table, column in ((transactions, "id"), (entries, "transaction_id")):
        for before, after in ((5, -5), (10, 5), (-5, 10)):
            await bare.execute(update(table).where(table.c[column] == before).values({column: after}))
    places = {finding.place for finding in (await checked(bare)).findings}
    blocks_named = {"block 2 (transactions 2 to 9)", "block 3 (transactions 10 to 11)"}
    assert places == blocks_named | {"end of reservation 8", "transaction 5 (taken/r1)"}


async def test_a_transaction_that_was_put_in_is_named_by_its_block(bare: AsyncConnection) -> None:
    columns = ", ".join(column.name for column in transactions.columns if column.name not in ("id", "key"))
    await bare.execute(update(blocks).where(blocks.c.number == 3).values(up_to=blocks.c.up_to + 2))
    await bare.execute(text(f"INSERT INTO transactions (id, key, {columns}) SELECT 13, 'put in', {columns}"
                            " FROM transactions WHERE key = 'nothing'"))  # fmt: skip
    await forged(bare, 13)
    places = {finding.place for finding in (await checked(bare)).findings}
    assert places == {"block 3 (transactions 10 to 13)", "transaction 13 (put in/r1)"}


async def test_a_ledger_that_was_rewritten_shows_against_a_head_from_before(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """Another history, as whole and as right in itself."""
    await everything(engine)
    async with engine.connect() as connection:
        head = (await head_now(connection, Ed25519PrivateKey.generate(), 7)).head
    assert (await verify(engine, lambda done, total: None, head)).findings == []
    another = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'another.sqlite'}")
    await upgrade(another)
    await everything(another, says="other words")
    assert (await verify(another, lambda done, total: None)).findings == []
    (finding,) = (await verify(another, lambda done, total: None, head)).findings
    assert finding.found == "the blocks up to it are not those of the head: the ledger was rewritten, or is another"
    await another.dispose()


async def test_the_newest_blocks_cut_off_show_against_a_head_from_before(bare: AsyncConnection) -> None:
    """Everything of the last block and after it, taken out so that what is left is right in itself."""
    head = (await head_now(bare, Ed25519PrivateKey.generate(), 7)).head
    for number in (12, 11, 10):
        for table, column in ((resolutions, "transaction_id"), (entries, "transaction_id"), (transactions, "id")):
            await bare.execute(table.delete().where(table.c[column] == number))
    await bare.execute(blocks.delete().where(blocks.c.number == 3))
    await bare.execute(daily_sums.delete().where(daily_sums.c.block == 3))
    await bare.execute(update(periods).values(state="open").where(periods.c.month == "2026-11"))
    for kind, seconds in (("savings", 0), ("gift", 65), ("reserved", 500)):
        account = select(accounts.c.id).join(owners).where(owners.c.name == "ann", accounts.c.kind == kind)
        await bare.execute(
            update(balances).where(balances.c.account_id == account.scalar_subquery()).values(seconds=seconds)
        )
    assert (await checked(bare)).findings == []
    (finding,) = (await Verifier(bare, lambda done, total: None, head).verdict()).findings
    assert str(finding) == "the end: the head is of 3 blocks, and 2 are there"
