"""Verify says what the database no longer holds the ledger to."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.guards import TRIGGERS, guards_gone, indexes_astray, wanted_of
from ccd.ledger.schema import TABLES as IN_ORDER
from ccd.ledger.verify import verify
from tests.ledger.forging import TABLES
from tests.ledger.histories import everything


@pytest.fixture
async def as_owner(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """In a transaction that is undone at the end."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        yield connection
        await connection.rollback()


async def triggers_of(connection: AsyncConnection, table: Table) -> set[str]:
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table",
        "postgresql": (
            "SELECT tgname::text FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid = CAST(CAST(:table AS text) AS regclass)"
        ),
    }
    said = text(asked[connection.dialect.name])
    return {*(await connection.execute(said, {"table": table.name})).scalars()}


async def gone(connection: AsyncConnection) -> list[str]:
    return [str(one) for one in await guards_gone(connection)]


def named(table: str, name: str) -> str:
    return f"table {table}: {name} is gone, by which the database holds it to what it is"


async def test_what_is_wanted_of_the_tables_is_all_that_the_migrations_made(as_owner: AsyncConnection) -> None:
    assert [*IN_ORDER] == [*TABLES]
    assert [*TRIGGERS] == [table.name for table in TABLES]
    assert await gone(as_owner) == []
    for table in TABLES:
        there = await triggers_of(as_owner, table)
        assert there == {name for name in wanted_of(table, as_owner.dialect.name) if name in there}


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_each_trigger_that_was_dropped_is_named(as_owner: AsyncConnection, table: Table) -> None:
    on_table = f" ON {table.name}" if as_owner.dialect.name == "postgresql" else ""
    for name in sorted(await triggers_of(as_owner, table)):
        async with as_owner.begin_nested() as undone:
            await as_owner.execute(text(f"DROP TRIGGER {name}{on_table}"))
            assert await gone(as_owner) == [named(table.name, name)]
            await undone.rollback()


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_a_trigger_that_was_switched_off_is_named(as_owner: AsyncConnection) -> None:
    await as_owner.execute(text("ALTER TABLE entries DISABLE TRIGGER entries_never_change"))
    assert await gone(as_owner) == [named("entries", "entries_never_change")]


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_each_key_check_and_index_that_was_taken_away_is_named(as_owner: AsyncConnection, table: Table) -> None:
    triggers = await triggers_of(as_owner, table)
    wanted = wanted_of(table, as_owner.dialect.name) - triggers
    if as_owner.dialect.name == "sqlite":  # of a table that was made anew, with what it held
        for statement in (
            f"CREATE TABLE rebuilt AS SELECT * FROM {table.name}",
            f"DROP TABLE {table.name}",
            f"CREATE TABLE {table.name} AS SELECT * FROM rebuilt",
        ):
            await as_owner.exec_driver_sql(statement)
        assert await gone(as_owner) == [named(table.name, name) for name in sorted(wanted | triggers)]
        return
    indexes = {one.name for one in table.indexes}
    for name in sorted(wanted):
        drop = f"DROP INDEX {name}" if name in indexes else f"ALTER TABLE {table.name} DROP CONSTRAINT {name} CASCADE"
        async with as_owner.begin_nested() as undone:
            await as_owner.execute(text(drop))
            assert await gone(as_owner) == [named(table.name, name)]
            await undone.rollback()


async def test_an_index_of_the_same_name_that_lets_a_transfer_be_taken_back_twice_is_named(
    as_owner: AsyncConnection,
) -> None:
    await as_owner.execute(text("DROP INDEX uq_entries_reverses"))
    await as_owner.execute(text("CREATE INDEX uq_entries_reverses ON entries (reverses_transaction, reverses_leg)"))
    assert await gone(as_owner) == [named("entries", "uq_entries_reverses")]


async def test_a_trigger_of_the_same_name_on_another_table_is_none(as_owner: AsyncConnection) -> None:
    made = {
        "sqlite": "CREATE TRIGGER caps_never_go BEFORE DELETE ON periods BEGIN SELECT 1; END",
        "postgresql": (
            "CREATE TRIGGER caps_never_go BEFORE UPDATE ON periods FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
    }
    on_table = " ON caps" if as_owner.dialect.name == "postgresql" else ""
    await as_owner.execute(text(f"DROP TRIGGER caps_never_go{on_table}"))
    await as_owner.execute(text(made[as_owner.dialect.name]))
    assert await gone(as_owner) == [named("caps", "caps_never_go")]


async def test_verify_says_so_and_nothing_is_remembered_of_it(engine: AsyncEngine) -> None:
    await everything(engine)
    on_table = " ON caps" if engine.dialect.name == "postgresql" else ""
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP TRIGGER caps_never_go{on_table}"))
    verdict = await verify(engine, lambda done, total: None)
    assert ([str(one) for one in verdict.findings], verdict.remembered) == ([named("caps", "caps_never_go")], None)
    async with engine.connect() as connection:
        assert await indexes_astray(connection, lambda done, total: None) == []
