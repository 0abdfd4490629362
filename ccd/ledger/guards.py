"""What the database itself holds the ledger's tables to, and whether it still does.

What is written in a row shows by its digest. That there is no second row, as right as the first, is for keys to say,
and for indexes that hold what their table holds; that no row is changed, for triggers. Who takes one of them away and
puts it back is not seen here.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, ForeignKeyConstraint, Table, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Finding
from ccd.ledger.schema import TABLES, entries

# By table its triggers, which are called by its name and then so.
TRIGGERS: dict[str, tuple[str, ...]] = {
    "owners": ("never_change",),
    "accounts": ("never_change",),
    "balances": ("never_go", "keep_their_floor", "have_their_accounts_floor"),
    "caps": ("never_go", "keep_their_name"),
    "periods": ("never_go", "only_close"),
    "transactions": ("never_change", "need_an_open_month"),
    "entries": ("never_change",),
    "reservations": ("never_change",),
    "resolutions": ("never_change",),
    "blocks": ("never_change", "follow_each_other"),
    "daily_sums": ("never_change",),
}
ON_SQLITE = ("never_go", "are_never_replaced")  # there one trigger is of one act alone
OF_ENTRIES = {"sqlite": ("are_those_announced", "reverse_exactly"), "postgresql": ("are_checked",)}

OF_SINGLE_ROWS = [str(one.name) for table in TABLES for one in table.indexes if one.unique]

# Whatever holds a table: by the table's name its own, and whether it holds. An index that is to be of single rows does
# only where it is. SQLite keeps keys and checks as they were written.
HELD_BY = {
    "sqlite": """
SELECT tbl_name, name, type <> 'index' OR name NOT IN :singles OR sql LIKE 'CREATE UNIQUE %', sql
FROM sqlite_master WHERE type <> 'view'
""",
    "postgresql": """
SELECT tgrelid::regclass::text, tgname::text, tgenabled IN ('O', 'A'), '' FROM pg_trigger
UNION ALL SELECT conrelid::regclass::text, conname::text, true, '' FROM pg_constraint WHERE contype IN ('p', 'u', 'c')
UNION ALL SELECT indrelid::regclass::text, relname::text, indisunique OR relname::text NOT IN :singles, ''
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
""",
}
A_CONSTRAINT = re.compile(r"CONSTRAINT (\w+) (?:PRIMARY KEY|UNIQUE|CHECK)\b")
AS_IT_SHOULD_BE = "ok"
LOOKED_UP_IN_KB = 64_000  # each row is looked up in each index, in no order of theirs: with less, a third more time


async def guards_gone(connection: AsyncConnection) -> list[Finding]:
    """A finding for each key, check, index and trigger that is not there, or that is switched off."""
    return await connection.run_sync(_gone)


def _gone(connection: Connection) -> list[Finding]:
    held = held_by(connection)
    return [
        Finding(f"table {table.name}", f"{name} is gone, by which the database holds it to what it is")
        for table in TABLES
        for name in sorted(wanted_of(table, connection.dialect.name) - held[table.name])
    ]


def held_by(connection: Connection) -> Mapping[str, set[str]]:
    """By table, the names of its keys, checks, indexes and triggers; what is switched off holds nothing."""
    found = defaultdict[str, set[str]](set)
    asked = text(HELD_BY[connection.dialect.name]).bindparams(bindparam("singles", OF_SINGLE_ROWS, expanding=True))
    for table, name, holds, written in connection.execute(asked):
        if holds:
            found[table] |= {name, *A_CONSTRAINT.findall(written or "")}
    return found


def wanted_of(table: Table, engine: str) -> set[str]:
    """By name, whatever the database is to hold a table to, but for foreign keys."""
    triggers = {*TRIGGERS[table.name], *(ON_SQLITE if engine == "sqlite" else ())}
    triggers |= {*OF_ENTRIES[engine]} if table is entries else set()
    constraints = {str(one.name) for one in table.constraints if not isinstance(one, ForeignKeyConstraint)}
    return {f"{table.name}_{name}" for name in triggers} | constraints | {str(one.name) for one in table.indexes}


async def indexes_astray(connection: AsyncConnection, progress: Callable[[int, int], None]) -> list[Finding]:
    """Where an index of SQLite's says otherwise than its table: by it balances of the past and statements are read.

    All indexes are gone through, row by row. PostgreSQL keeps its own, and lets nobody write into one.
    """
    found: list[Finding] = []
    if connection.dialect.name != "sqlite":
        return found
    await connection.exec_driver_sql(f"PRAGMA cache_size = -{LOOKED_UP_IN_KB}")
    for done, table in enumerate(TABLES):
        progress(done, len(TABLES))
        said = (await connection.exec_driver_sql(f"PRAGMA integrity_check({table.name})")).scalars()
        found += [Finding(f"table {table.name}", f"SQLite says: {one}") for one in said if one != AS_IT_SHOULD_BE]
    return found
