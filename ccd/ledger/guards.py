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

from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Finding
from ccd.ledger.schema import NUMBERED_BY, TABLES, transactions
from ccd.sql.roles import FUNCTIONS

GUARDS = Path(__file__).with_name("guards.toml")
WHERE_ROWS_ARE_LOOKED_AT = "by_row"  # instead of whole statements: what is made otherwise by ccd.sql.lacking

# By table whatever holds it, the table itself among them: its name, whether it acts, and what it says. What is switched
# off is not there.
OF_SQLITE = """
SELECT lower(tbl_name), name, type = 'trigger', sql FROM sqlite_master
WHERE sql IS NOT NULL AND type <> 'view' AND lower(tbl_name) IN :tables
"""


class Catalogue(NamedTuple):
    """Where a server tells of some of it: the columns with its table, its name and whether it acts; the rows. And what
    PostgreSQL itself is asked: what it says, the rows that takes beside these, and which of them."""

    columns: str
    rows: str
    says: str
    with_rows: str = ""
    which: str = ""


CATALOGUES = (
    Catalogue(
        "tgrelid::regclass::text AS of_table, tgname::text, true",
        "pg_trigger{} WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
        "concat_ws(' ', pg_get_triggerdef(pg_trigger.oid, true), lanname, prosecdef, proconfig, prosrc)",
        " JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_language ON pg_language.oid = prolang",
    ),
    Catalogue(
        "conrelid::regclass::text, conname::text, false",
        "pg_constraint{} WHERE contype IN ('p', 'u', 'c', 'f')",
        "pg_get_constraintdef(oid, true)",
    ),
    Catalogue(
        "indrelid::regclass::text, relname::text, false",
        "pg_index JOIN pg_class ON pg_class.oid = indexrelid{} WHERE indisvalid",
        "pg_get_indexdef(indexrelid, 0, true)",
        which=" AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)",
    ),
    Catalogue(
        "oid::regclass::text, relname::text, false",
        "pg_class{} WHERE true",
        "concat_ws(' ', relkind, relpersistence, relrowsecurity)",
    ),
    Catalogue(
        "attrelid::regclass::text, attname::text, false",
        "pg_attribute{} WHERE attnum > 0 AND NOT attisdropped",
        "concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attgenerated, attcollation::regcollation,"
        " pg_get_expr(adbin, adrelid))",
        " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum",
        " AND attrelid >= 16384",  # below are the server's own
    ),
    Catalogue(  # which no trigger calls: it posts in one way to the server
        f"'{transactions.name}', proname::text, false",
        f"pg_proc{{}} WHERE proname IN ({', '.join(map(repr, FUNCTIONS))})",
        "concat_ws(' ', pg_get_function_arguments(pg_proc.oid), pg_get_function_result(pg_proc.oid), lanname,"
        " prosecdef, proconfig, prosrc)",
        " JOIN pg_language ON pg_language.oid = prolang",
        " AND pg_function_is_visible(pg_proc.oid)",
    ),
)
# What PostgreSQL alone is asked for: a table that inherits from another adds its rows to that one's.
OF_POSTGRESQL_ALONE = (
    "SELECT ev_class::regclass::text, rulename::text, true, pg_get_ruledef(oid, true) FROM pg_rewrite",
    "SELECT inhparent::regclass::text, inhrelid::regclass::text, true, NULL FROM pg_inherits",
)
SEQUENCES_READ = """
SELECT relname FROM pg_class
WHERE relkind = 'S' AND pg_table_is_visible(oid) AND relname IN :sequences AND has_sequence_privilege(oid, 'SELECT')
"""
# Until it is asked, its last is what it gives out next.
HIGHEST_GIVEN = "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {}"
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
    """A finding for each key, check, index, trigger and function that is not there, is switched off, or says something
    else than it was made to; for each trigger, rule and table to inherit that ccd did not make; and for each sequence
    that was set back."""
    return await connection.run_sync(_astray)


def _astray(connection: Connection) -> list[Finding]:
    held = held_by(connection)
    wanted = made_as(connection.dialect.name)
    found = [
        Finding(f"table {table.name}", f"{name} {what}")
        for table in TABLES
        for name, what in _of_table(held[table.name], wanted[table.name])
    ]
    return found + _set_back(connection) if _is_postgresql_itself(connection) else found


def _set_back(connection: Connection) -> list[Finding]:
    """Sequences that give out again what is given, so that whoever posts finds it taken."""
    asked = text(SEQUENCES_READ).bindparams(bindparam("sequences", list(NUMBERED_BY), expanding=True))
    found = []
    for sequence in sorted(connection.execute(asked).scalars()):
        stands_at = connection.execute(text(HIGHEST_GIVEN.format(sequence))).scalar_one()
        highest = connection.scalar(select(func.max(NUMBERED_BY[sequence].c.id))) or 0
        if stands_at < highest:
            found.append(Finding(f"sequence {sequence}", f"it stands at {stands_at}, and {highest} is given out"))
    return found


def _of_table(held: Mapping[str, TableGuard], wanted: Mapping[str, set[str | None]]) -> Iterator[tuple[str, str]]:
    for name in sorted(wanted):
        if name not in held:
            yield name, "is gone, by which the database holds it to what it is"
        elif held[name].digest not in wanted[name] | {None}:
            yield name, "is not what it was made as, by which the database holds it to what it is"
    for name in sorted(held.keys() - wanted.keys()):
        if held[name].acts:
            yield name, "is none of ccd's, and acts on what is written or read"


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
    """Of a server that only speaks PostgreSQL's language, names alone: what it was given, it tells in its own words."""
    if connection.dialect.name == "sqlite":
        return OF_SQLITE
    if _is_postgresql_itself(connection):
        told = [
            f"SELECT {one.columns}, {one.says} FROM {one.rows.format(one.with_rows)}{one.which}" for one in CATALOGUES
        ]
        told += OF_POSTGRESQL_ALONE
    else:
        told = [f"SELECT {one.columns}, NULL FROM {one.rows.format('')}" for one in CATALOGUES]
    return f"SELECT * FROM ({' UNION ALL '.join(told)}) AS held WHERE of_table IN :tables"


def _is_postgresql_itself(connection: Connection) -> bool:
    is_like_it = connection.dialect.name == "postgresql"
    return is_like_it and bool(POSTGRESQL_ITSELF.match(str(connection.scalar(text("SELECT version()")))))


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
