"""What the database itself holds the ledger's tables to, and whether it still does.

What is written in a row shows by its digest. That there is no second row, as right as the first, is for keys to say,
and for indexes that hold what their table holds; that no row is changed, for triggers. `guards.toml` has each by its
table and name, with a digest of what the migrations made: who leaves the name and takes away what it does is seen, too.
Who changes one and puts it back is not.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Finding
from ccd.ledger.schema import TABLES

GUARDS = Path(__file__).with_name("guards.toml")
WHERE_ROWS_ARE_LOOKED_AT = "by_row"  # instead of whole statements: what is made otherwise by ccd.sql.lacking

# By table whatever holds it, the table itself among them: its name, whether it acts, and what it says. What is switched
# off is not there.
HELD_BY = {
    "sqlite": """
SELECT lower(tbl_name), name, type = 'trigger', sql FROM sqlite_master
WHERE sql IS NOT NULL AND type <> 'view' AND lower(tbl_name) IN :tables
""",
    "postgresql": """
SELECT * FROM (
    SELECT tgrelid::regclass::text AS of_table, tgname::text, true,
           concat_ws(' ', pg_get_triggerdef(pg_trigger.oid, true), lanname, prosecdef, proconfig, prosrc)
    FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_language ON pg_language.oid = prolang
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
    UNION ALL SELECT ev_class::regclass::text, rulename::text, true, pg_get_ruledef(oid, true) FROM pg_rewrite
    UNION ALL SELECT conrelid::regclass::text, conname::text, false, pg_get_constraintdef(oid, true)
    FROM pg_constraint WHERE contype IN ('p', 'u', 'c', 'f')
    UNION ALL SELECT indrelid::regclass::text, relname::text, false, pg_get_indexdef(indexrelid, 0, true)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indisvalid AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)
    UNION ALL SELECT oid::regclass::text, relname::text, false, concat_ws(' ', relkind, relpersistence, relrowsecurity)
    FROM pg_class
    UNION ALL SELECT attrelid::regclass::text, attname::text, false,
           concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attgenerated, attcollation::regcollation,
                     pg_get_expr(adbin, adrelid))
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384 -- below are the server's own
) AS held WHERE of_table IN :tables
""",
}

# Of a server that only speaks PostgreSQL's language, which tells what it was given in words of its own.
NAMES_ALONE = """
SELECT * FROM (
    SELECT tgrelid::regclass::text AS of_table, tgname::text, true, NULL FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
    UNION ALL SELECT conrelid::regclass::text, conname::text, false, NULL FROM pg_constraint
    UNION ALL SELECT indrelid::regclass::text, relname::text, false, NULL
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    UNION ALL SELECT oid::regclass::text, relname::text, false, NULL FROM pg_class
    UNION ALL SELECT attrelid::regclass::text, attname::text, false, NULL FROM pg_attribute
) AS held WHERE of_table IN :tables
"""
POSTGRESQL_ITSELF = re.compile(r"PostgreSQL [0-9.]+ ")

BETWEEN_ITEMS = re.compile(r",\s*\n\t")  # of a table, as SQLAlchemy writes it
ITS_NAME = re.compile(r"(?:CONSTRAINT )?(\w+)")
DIGEST_LENGTH = 16
AS_IT_SHOULD_BE = "ok"
LOOKED_UP_IN_KB = 64_000  # each row is looked up in each index, in no order of theirs: with less, a third more time


class TableGuard(NamedTuple):
    """`acts`: by itself, when a row is written. `digest`: of what it says; None where the server tells it otherwise."""

    acts: bool
    digest: str | None


async def guards_astray(connection: AsyncConnection) -> list[Finding]:
    """A finding for each key, check, index and trigger that is not there, is switched off, or says something else than
    it was made to; and for each trigger and rule that ccd did not make."""
    return await connection.run_sync(_astray)


def _astray(connection: Connection) -> list[Finding]:
    held = held_by(connection)
    wanted = made_as(connection.dialect.name)
    return [
        Finding(f"table {table.name}", f"{name} {what}")
        for table in TABLES
        for name, what in _of_table(held[table.name], wanted[table.name])
    ]


def _of_table(held: Mapping[str, TableGuard], wanted: Mapping[str, set[str | None]]) -> Iterator[tuple[str, str]]:
    for name in sorted(wanted):
        if name not in held:
            yield name, "is gone, by which the database holds it to what it is"
        elif held[name].digest not in wanted[name] | {None}:
            yield name, "is not what it was made as, by which the database holds it to what it is"
    for name in sorted(held.keys() - wanted.keys()):
        if held[name].acts:
            yield name, "is none of ccd's, and acts on what is written"


def held_by(connection: Connection) -> Mapping[str, dict[str, TableGuard]]:
    """By table, its guards by their names; what is switched off holds nothing."""
    found = defaultdict[str, dict[str, TableGuard]](dict)
    asked = text(_asked_of(connection)).bindparams(bindparam("tables", [one.name for one in TABLES], expanding=True))
    as_one_text = connection.dialect.name == "sqlite"
    for table, name, acts, said in connection.execute(asked):
        for item, of_item in _items(said) if as_one_text and name == table else [(name, said)]:
            found[table][item] = TableGuard(bool(acts), None if of_item is None else _digest(of_item))
    return found


def _asked_of(connection: Connection) -> str:
    if connection.dialect.name == "postgresql":
        version = str(connection.execute(text("SELECT version()")).scalar_one())
        if not POSTGRESQL_ITSELF.match(version):
            return NAMES_ALONE
    return HELD_BY[connection.dialect.name]


def _items(table: str) -> Iterator[tuple[str, str]]:
    """The columns, keys and checks of a table of SQLite's, which keeps all of it as one text."""
    _, _, items = table.partition("(")
    for item in BETWEEN_ITEMS.split(items.strip()):
        if name := ITS_NAME.match(item):
            yield name[1], item


def _digest(said: str) -> str:
    return sha256(" ".join(said.split()).encode()).hexdigest()[:DIGEST_LENGTH]


@cache
def made_as(engine: str) -> Mapping[str, Mapping[str, set[str | None]]]:
    """By table and name, the digests of what the migrations make on it."""
    made = tomllib.loads(GUARDS.read_text("utf-8"))
    by_row = made[WHERE_ROWS_ARE_LOOKED_AT] if engine == "postgresql" else {}
    return {
        table: {name: {digest, by_row.get(table, {}).get(name, digest)} for name, digest in guards.items()}
        for table, guards in made[engine].items()
    }


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
