"""What the database itself holds the ledger's tables to, and whether it still does.

What is written in a row shows by its digest. That there is no second row, as right as the first, is for keys to say,
and for indexes that hold what their table holds; that no row is changed, for triggers. Who takes one of them away and
puts it back is not seen here.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Finding
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

# Each table with its triggers, which are called by its name and then so.
TRIGGERS: dict[Table, tuple[str, ...]] = {
    owners: ("never_change",),
    accounts: ("never_change",),
    balances: ("never_go", "keep_their_floor", "have_their_accounts_floor"),
    caps: ("never_go", "keep_their_name"),
    periods: ("never_go", "only_close"),
    transactions: ("never_change", "need_an_open_month"),
    entries: ("never_change",),
    reservations: ("never_change",),
    resolutions: ("never_change",),
    blocks: ("never_change", "follow_each_other"),
    daily_sums: ("never_change",),
}
ON_SQLITE = ("never_go", "are_never_replaced")  # there one trigger is of one act alone
OF_ENTRIES = {"sqlite": ("are_those_announced", "reverse_exactly"), "postgresql": ("are_checked",)}

TRIGGERS_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname::text FROM pg_trigger WHERE tgenabled IN ('O', 'A')"
        " AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)"
    ),
}
AS_IT_SHOULD_BE = "ok"
LOOKED_UP_IN_KB = 64_000  # each row is looked up in each index, in no order of theirs: with less, a third more time


async def guards_gone(connection: AsyncConnection) -> list[Finding]:
    """A finding for each key, check, index and trigger that is not there, or that is switched off."""
    return await connection.run_sync(_gone)


def _gone(connection: Connection) -> list[Finding]:
    engine = connection.dialect.name
    there = set(connection.execute(text(TRIGGERS_THERE[engine])).scalars())
    inspector = inspect(connection)
    found = []
    for table in TRIGGERS:
        held = _kept_by(inspector, table.name) | there
        found += [
            Finding(f"table {table.name}", f"{name} is gone, by which the database holds it to what it is")
            for name in sorted(wanted_of(table, engine) - held)
        ]
    return found


def wanted_of(table: Table, engine: str) -> set[str]:
    """By name, whatever the database is to hold a table to, but for foreign keys."""
    triggers = {*TRIGGERS[table], *(ON_SQLITE if engine == "sqlite" else ())}
    triggers |= {*OF_ENTRIES[engine]} if table is entries else set()
    constraints = {str(one.name) for one in table.constraints if not isinstance(one, ForeignKeyConstraint)}
    return {f"{table.name}_{name}" for name in triggers} | constraints | {str(one.name) for one in table.indexes}


def _kept_by(inspector: Any, table: str) -> set[str]:
    """Keys, checks and indexes; one that is to be of single rows only where it is."""
    of_single_rows = {str(one.name) for one in entries.indexes if one.unique}
    indexes = [one for one in inspector.get_indexes(table) if one["unique"] or one["name"] not in of_single_rows]
    held = (inspector.get_pk_constraint(table), *inspector.get_unique_constraints(table),
            *inspector.get_check_constraints(table), *indexes)  # fmt: skip
    return {one["name"] for one in held if one["name"]}


async def indexes_astray(connection: AsyncConnection, progress: Callable[[int, int], None]) -> list[Finding]:
    """Where an index of SQLite's says otherwise than its table: by it balances of the past and statements are read.

    All indexes are gone through, row by row. PostgreSQL keeps its own, and lets nobody write into one.
    """
    found: list[Finding] = []
    if connection.dialect.name != "sqlite":
        return found
    await connection.exec_driver_sql(f"PRAGMA cache_size = -{LOOKED_UP_IN_KB}")
    for done, table in enumerate(TRIGGERS):
        progress(done, len(TRIGGERS))
        said = (await connection.exec_driver_sql(f"PRAGMA integrity_check({table.name})")).scalars()
        found += [Finding(f"table {table.name}", f"SQLite says: {one}") for one in said if one != AS_IT_SHOULD_BE]
    return found
