"""What was posted stays as it is: the database itself refuses every other hand."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.books import Ledger
from ccd.ledger.model import Transfer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.metadata import metadata
from tests.databases import PostgreSQL
from tests.ledger.accounts import give, open_guarded, open_house, posting, take
from tests.ledger.histories import everything as full

REFUSED = "append-only|closed month|a reversal mirrors|keeps its account|never change|CHECK|check constraint"

UPDATES = {
    "owners": "name = 'x'",
    "accounts": "kind = 'x'",
    "transactions": "facts = 'x'",
    "entries": "seconds = 1",
}

# The same for what a ledger has in which everything has happened.
IN_FULL = {
    "reservations": "expires_at = 1",
    "resolutions": "transaction_id = 1",
    "blocks": "leaves = 1",
    "daily_sums": "seconds = 1",
}

# Tables of which no row may go, and the columns that make up a copy of one.
ROWS = (*UPDATES, "balances", "periods")


async def run(ledger: Ledger, *statements: str) -> None:
    async with ledger.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def everything(ledger: Ledger) -> dict[str, list[Any]]:
    async with ledger.engine.connect() as connection:
        found = {}
        for table in ROWS:
            rows = await connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))
            found[table] = [tuple(row) for row in rows.all()]
        return found


async def check_refused(ledger: Ledger, *statements: str, match: str = REFUSED) -> None:
    before = await everything(ledger)
    with pytest.raises(DBAPIError, match=match):
        await run(ledger, *statements)
    assert await everything(ledger) == before


@pytest.fixture
async def posted(ledger: Ledger) -> Ledger:
    first = await ledger.post(posting("a", give("ann", 465), give("bob", 10)))
    await ledger.post(posting("b", take("ann", 465, reverses=Transfer(first.transaction, 1))))
    return ledger


def copy_of(key: str, month: str = "month", state: str = "state", legs: int = 1, refusal: str = "refusal") -> str:
    """What inserts the transaction once more, as 999 with the key c, but for what is said."""
    return (
        f"INSERT INTO transactions SELECT 999, 'c', 1, book, {month}, {state}, {legs}, reference, text, asked_by,"
        f" facts, {refusal}, recorded_at, format, digest, terms FROM transactions WHERE key = '{key}'"
    )


@pytest.mark.parametrize("table", UPDATES)
async def test_no_row_is_ever_changed(posted: Ledger, table: str) -> None:
    await check_refused(posted, f"UPDATE {table} SET {UPDATES[table]}")


@pytest.mark.parametrize("table", ROWS)
async def test_no_row_is_ever_deleted(posted: Ledger, table: str) -> None:
    await check_refused(posted, f"DELETE FROM {table}", match="append-only|foreign key")


@pytest.mark.parametrize("table", ROWS)
async def test_no_table_is_emptied(posted: Ledger, table: str) -> None:
    if posted.engine.dialect.name == "sqlite":  # it has no TRUNCATE: a DELETE without a condition stands for it
        await check_refused(posted, f"DELETE FROM {table} WHERE true", match="append-only")
    else:
        await check_refused(posted, f"TRUNCATE {table} CASCADE", match="append-only")


@pytest.mark.parametrize("table", ROWS)
@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
async def test_no_row_is_put_in_the_place_of_another(posted: Ledger, table: str, recursive_triggers: str) -> None:
    """SQLite's INSERT OR REPLACE; PostgreSQL's ON CONFLICT DO UPDATE is an UPDATE."""
    if posted.engine.dialect.name == "sqlite":
        before = await everything(posted)
        engine = posted.engine
        async with engine.connect() as connection:
            await connection.exec_driver_sql("ROLLBACK")  # a PRAGMA takes effect only outside a transaction
            await connection.exec_driver_sql(f"PRAGMA recursive_triggers = {recursive_triggers}")
            with pytest.raises(DBAPIError, match="append-only"):
                await connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
            await connection.exec_driver_sql("PRAGMA recursive_triggers = ON")
        assert await everything(posted) == before
    elif table in UPDATES:
        column = UPDATES[table].split(" ")[0]
        await check_refused(
            posted,
            f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1 ON CONFLICT ON CONSTRAINT pk_{table}"
            f" DO UPDATE SET {column} = EXCLUDED.{column}",
            match="append-only",
        )


async def test_a_transfer_is_not_replaced_by_another_that_takes_back_the_same(posted: Ledger) -> None:
    await check_refused(
        posted,
        copy_of("b"),
        "INSERT INTO entries SELECT 999, 1, debit, credit, seconds, day, service, reverses_transaction, reverses_leg"
        " FROM entries WHERE reverses_leg IS NOT NULL",
        match="append-only|uq_entries_reverses",
    )


async def test_no_leg_joins_a_transaction_later(posted: Ledger) -> None:
    await check_refused(
        posted,
        "INSERT INTO entries (transaction_id, leg, debit, credit, seconds, day, service)"
        " SELECT transaction_id, 3, debit, credit, seconds, day, service FROM entries WHERE leg = 2",
        match="fewer legs",
    )


async def test_a_leg_is_of_a_transaction_that_is_there(posted: Ledger) -> None:
    await check_refused(
        posted,
        "INSERT INTO entries (transaction_id, leg, debit, credit, seconds, day, service)"
        " SELECT 999, 1, debit, credit, seconds, day, service FROM entries WHERE leg = 2",
        match="FOREIGN KEY|fewer legs",
    )


@pytest.mark.parametrize("accounts", ["999, credit", "debit, 999"])
async def test_a_transfer_is_between_accounts_that_are_there(posted: Ledger, accounts: str) -> None:
    await check_refused(
        posted,
        copy_of("a"),
        "INSERT INTO entries (transaction_id, leg, debit, credit, seconds, day, service)"
        f" SELECT 999, 1, {accounts}, seconds, day, service FROM entries WHERE leg = 2",
        match="FOREIGN KEY|accounts that are open",
    )


@pytest.mark.parametrize(("state", "refusal"), [("posted", ""), ("refused", "{}")])
async def test_a_transaction_counts_in_a_month_that_is_there(posted: Ledger, state: str, refusal: str) -> None:
    elsewhere = copy_of("a", month="'2031-01'", state=f"'{state}'", legs=0, refusal=f"'{refusal}'")
    await check_refused(posted, elsewhere, match="FOREIGN KEY|closed month")


async def test_a_reversal_that_does_not_mirror_is_refused_by_the_database_too(posted: Ledger) -> None:
    await check_refused(
        posted,
        copy_of("b"),
        "INSERT INTO entries SELECT 999, 1, credit, debit, seconds + 1, day, service, transaction_id, leg"
        " FROM entries WHERE leg = 2",
        match="a reversal mirrors",
    )


async def test_a_closed_month_takes_no_row_past_the_program_either(posted: Ledger) -> None:
    await run(posted, "UPDATE periods SET state = 'closing'")
    await check_refused(posted, copy_of("a", legs=0), match="closed month")


async def test_no_balance_falls_below_its_floor_past_the_program_either(posted: Ledger) -> None:
    await check_refused(posted, "UPDATE balances SET seconds = -1")


async def test_a_balance_keeps_its_floor(posted: Ledger) -> None:
    await check_refused(posted, "UPDATE balances SET floor = -1000000", match="append-only|keeps its account")


@pytest.mark.parametrize("bad", ["seconds = 0", "debit = credit", "leg = 0"])
async def test_an_entry_that_moves_nothing_can_not_be_written(posted: Ledger, bad: str) -> None:
    name, value = bad.split(" = ")
    columns = {"transaction_id": "999", "leg": "1", "debit": "debit", "credit": "credit", "seconds": "5", name: value}
    await check_refused(
        posted,
        copy_of("a"),
        f"INSERT INTO entries (day, service, {', '.join(columns)})"
        f" SELECT day, service, {', '.join(columns.values())} FROM entries WHERE leg = 2",
    )


@pytest.mark.parametrize("table", [*IN_FULL, "caps"])
async def test_what_else_a_ledger_keeps_is_neither_changed_nor_deleted_nor_replaced(
    engine: AsyncEngine, table: str
) -> None:
    ledger = await full(engine)
    columns = ", ".join(column.name for column in metadata.tables[table].columns)
    hands = [f"DELETE FROM {table}", *([f"UPDATE {table} SET {IN_FULL[table]}"] if table in IN_FULL else [])]
    if engine.dialect.name == "sqlite":
        hands.append(f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}")
    else:
        hands.append(f"TRUNCATE {table} CASCADE")
    for hand in hands:
        with pytest.raises(DBAPIError, match=r"append-only|foreign key"):
            await run(ledger, hand)


@pytest.mark.parametrize(
    "values", ["5, 11, 12, 8, 9", "4, 10, 12, 8, 9", "4, 11, 12, 7, 9", "1, 0, 5, 0, 5"]
)  # after 3, 11 and 8
async def test_a_block_that_does_not_follow_the_last_is_refused_by_the_database_too(
    engine: AsyncEngine, values: str
) -> None:
    ledger = await full(engine)
    with pytest.raises(DBAPIError, match=r"blocks follow each other|append-only|duplicate key"):
        await run(
            ledger,
            "INSERT INTO blocks (number, after, up_to, accounts_after, accounts_up_to, leaves, root, before, hash,"
            f" local, earliest, latest, sealed_at) SELECT {values}, 1, root, before, hash, local, 1, 1, 1 FROM blocks"
            " WHERE number = 3",
        )


async def test_a_balance_with_another_floor_than_its_accounts_is_refused_by_the_database_too(posted: Ledger) -> None:
    await run(posted, "INSERT INTO owners (id, name) VALUES (99, 'eve')")
    account = (
        "INSERT INTO accounts (id, owner_id, kind, unit, side, floor, opened_at, asked_by, digest)"
        " SELECT 99, 99, kind, unit, side, 0, opened_at, asked_by, digest FROM accounts WHERE id = 1"
    )
    await run(posted, account)
    await check_refused(
        posted, "INSERT INTO balances VALUES (99, 0, -1000)", match="a balance has the floor of its account"
    )


@pytest.fixture
async def daemon(postgresql: PostgreSQL) -> Ledger:
    """A ledger of which the daemon's own role works; the tables belong to the role that migrated."""
    role, url = await postgresql.of_a_daemon()
    return Ledger(open_engine(url.replace("postgres@", f"{role}@")), lambda: 1)


async def test_the_daemon_s_role_can_post_and_read(daemon: Ledger) -> None:
    await open_guarded(daemon, ["ann"], ("savings",))
    await open_house(daemon, "house", ("savings",))
    await daemon.post(posting("a", give("ann", 465)))
    await daemon.post(posting("b", take("ann", 65)))
    assert await daemon.balances("ann") == {"savings": 400}
    assert await daemon.sums("house") == {"savings": -400}
    assert len((await daemon.statement("ann")).lines) == 2
    await daemon.engine.dispose()


async def test_the_daemon_s_role_can_do_everything_that_a_ledger_does(daemon: Ledger) -> None:
    await full(daemon.engine)
    assert (await verify(daemon.engine, lambda done, total: None)).findings == []
    await daemon.engine.dispose()


async def test_the_daemon_s_role_sees_that_a_sequence_was_set_back(postgresql: PostgreSQL) -> None:
    role, url = await postgresql.of_a_daemon()
    by_owner, by_daemon = open_engine(url), open_engine(url.replace("postgres@", f"{role}@"))
    await full(by_daemon)
    async with by_owner.begin() as connection:
        await connection.execute(text("ALTER SEQUENCE owners_id_seq RESTART"))
    [found] = (await verify(by_daemon, lambda done, total: None)).findings
    assert found.place == "sequence owners_id_seq"
    await by_owner.dispose()
    await by_daemon.dispose()


FORBIDDEN = (
    "DELETE FROM blocks",
    "UPDATE blocks SET leaves = 1",
    "UPDATE caps SET name = 'x'",
    "DELETE FROM caps",
    "UPDATE periods SET month = '2026-01'",
    "UPDATE resolutions SET transaction_id = 1",
    "UPDATE entries SET seconds = 1",
    "DELETE FROM entries",
    "TRUNCATE entries",
    "UPDATE transactions SET facts = ''",
    "DELETE FROM balances",
    "UPDATE balances SET floor = -5",
    "ALTER TABLE entries DISABLE TRIGGER ALL",
    "DROP TABLE entries CASCADE",
    "DROP TRIGGER entries_never_change ON entries",
    "DELETE FROM alembic_version",
)


async def test_the_daemon_s_role_has_no_right_to_do_anything_else(daemon: Ledger) -> None:
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            await run(daemon, statement)
    await daemon.engine.dispose()


async def test_the_right_to_lock_an_owner_is_no_right_to_rename_one(daemon: Ledger) -> None:
    await open_guarded(daemon, ["ann"], ("savings",))
    with pytest.raises(DBAPIError, match="append-only"):
        await run(daemon, "UPDATE owners SET name = 'eve'")
    await daemon.engine.dispose()
