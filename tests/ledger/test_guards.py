"""Verify says what the database no longer holds the ledger to."""

import re
import tomllib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.guards import GUARDS, guards_astray, held_by, indexes_astray, made_as
from ccd.ledger.schema import TABLES as IN_ORDER
from ccd.ledger.verify import verify
from tests.ledger.accounts import posting
from tests.ledger.forging import TABLES
from tests.ledger.histories import everything

POST = "ledger_post_if_allowed"


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


async def astray(connection: AsyncConnection) -> list[str]:
    return [str(one) for one in await guards_astray(connection)]


def named(table: str, name: str, what: str = "gone") -> str:
    return f"table {table}: {name} is {what}, by which the database holds it to what it is"


def weaker(table: str, name: str) -> str:
    return named(table, name, "not what it was made as")


def none_of_ours(table: str, name: str) -> str:
    return f"table {table}: {name} is none of ccd's, and acts on what is written or read"


async def test_what_is_wanted_of_the_tables_is_all_that_the_migrations_made(as_owner: AsyncConnection) -> None:
    """What stands on the left is what is to stand in the file."""
    assert [*IN_ORDER] == [*TABLES]
    assert await astray(as_owner) == []
    held = await as_owner.run_sync(held_by)
    made = {table.name: {name: one.digest for name, one in held[table.name].items()} for table in TABLES}
    assert made == tomllib.loads(GUARDS.read_text("utf-8"))[as_owner.dialect.name]
    for table in TABLES:
        keys_and_checks = {str(one.name) for one in table.constraints if not isinstance(one, ForeignKeyConstraint)}
        assert keys_and_checks | {str(one.name) for one in table.indexes} <= made[table.name].keys()
        assert await triggers_of(as_owner, table) == {name for name, one in held[table.name].items() if one.acts}


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_each_trigger_that_was_dropped_is_named(as_owner: AsyncConnection, table: Table) -> None:
    on_table = f" ON {table.name}" if as_owner.dialect.name == "postgresql" else ""
    for name in sorted(await triggers_of(as_owner, table)):
        async with as_owner.begin_nested() as undone:
            await as_owner.execute(text(f"DROP TRIGGER {name}{on_table}"))
            assert await astray(as_owner) == [named(table.name, name)]
            await undone.rollback()


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("change", ["TYPE timestamp", "DROP NOT NULL", "SET DEFAULT '2026-11-23'"])
async def test_a_column_that_takes_something_else_is_named(as_owner: AsyncConnection, change: str) -> None:
    """An hour of a day is in no digest, and puts its transfer beyond the day for balances of the past."""
    await as_owner.execute(text(f"ALTER TABLE entries ALTER COLUMN day {change}"))
    assert await astray(as_owner) == [weaker("entries", "day")]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_a_trigger_that_was_switched_off_is_named(as_owner: AsyncConnection) -> None:
    await as_owner.execute(text("ALTER TABLE entries DISABLE TRIGGER entries_never_change"))
    assert await astray(as_owner) == [named("entries", "entries_never_change")]


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_each_key_check_and_index_that_was_taken_away_is_named(as_owner: AsyncConnection, table: Table) -> None:
    wanted = made_as(as_owner.dialect.name)[table.name].keys()
    if as_owner.dialect.name == "sqlite":  # of a table that was made anew, with what it held
        for statement in (
            f"CREATE TABLE rebuilt AS SELECT * FROM {table.name}",
            f"DROP TABLE {table.name}",
            f"CREATE TABLE {table.name} AS SELECT * FROM rebuilt",
        ):
            await as_owner.exec_driver_sql(statement)
        assert {*await astray(as_owner)} >= {named(table.name, name) for name in wanted - {*table.columns.keys()}}
        return
    indexes = {one.name for one in table.indexes}
    for name in sorted(wanted - {table.name, *table.columns.keys(), POST} - await triggers_of(as_owner, table)):
        drop = f"DROP INDEX {name}" if name in indexes else f"ALTER TABLE {table.name} DROP CONSTRAINT {name} CASCADE"
        async with as_owner.begin_nested() as undone:
            await as_owner.execute(text(drop))
            assert named(table.name, name) in await astray(as_owner)
            await undone.rollback()


async def test_an_index_of_the_same_name_that_lets_a_transfer_be_taken_back_twice_is_named(
    as_owner: AsyncConnection,
) -> None:
    await as_owner.execute(text("DROP INDEX uq_entries_reverses"))
    await as_owner.execute(text("CREATE INDEX uq_entries_reverses ON entries (reverses_transaction, reverses_leg)"))
    assert await astray(as_owner) == [weaker("entries", "uq_entries_reverses")]


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
    assert await astray(as_owner) == [named("caps", "caps_never_go"), none_of_ours("periods", "caps_never_go")]


@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
async def test_on_sqlite_a_trigger_and_a_check_that_kept_their_names_alone_are_named(as_owner: AsyncConnection) -> None:
    await as_owner.exec_driver_sql("DROP TRIGGER entries_never_change")
    await as_owner.exec_driver_sql("CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries BEGIN SELECT 1; END")
    await as_owner.exec_driver_sql("PRAGMA writable_schema = ON")
    await as_owner.exec_driver_sql("UPDATE sqlite_master SET sql = replace(sql, '(drawn_s BETWEEN 0 AND', '(0 <=')")
    assert await astray(as_owner) == [
        weaker("caps", "ck_caps_not_beyond_its_limit"),
        weaker("entries", "entries_never_change"),
    ]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_on_postgresql_whatever_kept_its_name_alone_is_named(as_owner: AsyncConnection) -> None:
    for statement in (
        """CREATE OR REPLACE FUNCTION ledger_checks_entries() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RETURN NULL; END'""",
        "ALTER TABLE caps DROP CONSTRAINT ck_caps_not_beyond_its_limit",
        "ALTER TABLE caps ADD CONSTRAINT ck_caps_not_beyond_its_limit CHECK (0 <= limit_s)",
        "ALTER TABLE blocks ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE daily_sums SET UNLOGGED",
    ):
        await as_owner.execute(text(statement))
    assert await astray(as_owner) == [
        weaker("caps", "ck_caps_not_beyond_its_limit"),
        weaker("entries", "entries_are_checked"),
        weaker("blocks", "blocks"),
        weaker("daily_sums", "daily_sums"),
    ]


async def test_what_acts_on_the_ledger_and_is_not_of_ccd_s_is_named(as_owner: AsyncConnection) -> None:
    made = {
        "sqlite": ["CREATE TRIGGER more BEFORE INSERT ON ENTRIES BEGIN SELECT 1; END"],
        "postgresql": [
            """CREATE TRIGGER more BEFORE UPDATE ON entries FOR EACH ROW
            EXECUTE FUNCTION suppress_redundant_updates_trigger()""",
            "CREATE RULE nothing AS ON INSERT TO owners DO INSTEAD NOTHING",
        ],
    }
    for statement in made[as_owner.dialect.name]:
        await as_owner.execute(text(statement))
    await as_owner.execute(text("CREATE INDEX of_somebody ON entries (service)"))  # which only makes reading faster
    rule = [none_of_ours("owners", "nothing")] if as_owner.dialect.name == "postgresql" else []
    assert await astray(as_owner) == [*rule, none_of_ours("entries", "more")]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_a_table_that_adds_its_rows_to_those_of_the_ledger_is_named(as_owner: AsyncConnection) -> None:
    await as_owner.execute(text("CREATE TABLE more_entries () INHERITS (entries)"))
    assert await astray(as_owner) == [none_of_ours("entries", "more_entries")]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_the_function_that_posts_in_one_way_is_named_where_it_does_something_else_or_is_gone(
    as_owner: AsyncConnection,
) -> None:
    made = str(await as_owner.scalar(text(f"SELECT pg_get_functiondef('{POST}'::regproc)")))
    other = made.replace("balances.seconds + ", "balances.seconds - ")
    assert other != made
    await as_owner.exec_driver_sql(other)
    assert await astray(as_owner) == [weaker("transactions", POST)]
    await as_owner.exec_driver_sql(f"DROP FUNCTION {POST}")
    assert await astray(as_owner) == [named("transactions", POST)]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_a_sequence_that_gives_out_again_what_is_given_is_named(engine: AsyncEngine) -> None:
    ledger = await everything(engine)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT setval('transaction_ids', 3)"))
        await connection.execute(text("ALTER SEQUENCE owners_id_seq RESTART"))
    verdict = await verify(engine, lambda done, total: None)
    assert [str(one) for one in verdict.findings] == [
        "sequence owners_id_seq: it stands at 0, and 3 is given out",
        "sequence transaction_ids: it stands at 3, and 12 is given out",
    ]
    async with engine.begin() as connection:
        await connection.execute(text("SELECT setval('transaction_ids', 12), setval('owners_id_seq', 3)"))
    assert (await verify(engine, lambda done, total: None)).findings == []
    assert (await ledger.post(posting("after it"))).transaction == 13


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_a_sequence_that_goes_on_where_it_was_told_to_is_not_named(engine: AsyncEngine) -> None:
    """Nothing has been asked of it since."""
    ledger = await everything(engine)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER SEQUENCE transaction_ids RESTART WITH 13"))
        await connection.execute(text("ALTER SEQUENCE owners_id_seq RESTART WITH 3"))
    verdict = await verify(engine, lambda done, total: None)
    assert [str(one) for one in verdict.findings] == ["sequence owners_id_seq: it stands at 2, and 3 is given out"]
    assert (await ledger.post(posting("after it"))).transaction == 13


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_of_a_server_that_tells_its_guards_in_words_of_its_own_names_are_looked_at(
    as_owner: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccd.ledger.guards.POSTGRESQL_ITSELF", re.compile("PostgreSQL 0"))
    await as_owner.execute(text("ALTER TABLE blocks ENABLE ROW LEVEL SECURITY"))
    assert await astray(as_owner) == []
    await as_owner.execute(text("DROP TRIGGER caps_never_go ON caps"))
    assert await astray(as_owner) == [named("caps", "caps_never_go")]


async def test_verify_says_so_and_nothing_is_remembered_of_it(engine: AsyncEngine) -> None:
    await everything(engine)
    on_table = " ON caps" if engine.dialect.name == "postgresql" else ""
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP TRIGGER caps_never_go{on_table}"))
    verdict = await verify(engine, lambda done, total: None)
    assert ([str(one) for one in verdict.findings], verdict.remembered) == ([named("caps", "caps_never_go")], None)
    async with engine.connect() as connection:
        assert await indexes_astray(connection, lambda done, total: None) == []
