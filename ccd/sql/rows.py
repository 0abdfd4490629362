"""Rows as each engine takes them best: many in one statement, many values in one question, one in place of another."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, Table, any_, cast, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.sql.plain import ask, ask_many

Rows = Sequence[tuple[Any, ...]]


def insert_rows(connection: Connection, table: Table, names: Sequence[str], rows: Rows) -> None:
    """Inserts the rows in their order, into the columns named; all or none. Days come as `day_keeper` keeps them, or as
    `date`s."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        statement, days = _insert_of_each(table, tuple(names))
        ask_many(connection, statement, _with_days_as_kept(rows, days, day_keeper(connection)))
        return
    ask(connection, insert_arrays(table, tuple(names)), tuple(zip(*rows, strict=True)))


@cache
def insert_arrays(table: Table, names: tuple[str, ...], first: int = 1) -> str:
    """PostgreSQL's statement for many rows, whose columns are the parameters from number `first` on, an array each."""
    dialect = make_url("postgresql://").get_dialect()()
    kinds = [table.c[name].type.compile(dialect=dialect).split(" COLLATE")[0] for name in names]
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, first))
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({arrays})"


def insert_into(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what becomes of a row that is there already: both engines can, each by its own."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def among(connection: AsyncConnection | Connection, column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column IN (values)` with all values in one parameter: a statement that stays the same, and no limit to them."""
    wanted = list(values)
    if connection.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(wanted)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(cast(wanted, postgresql.ARRAY(column.type)))


def day_keeper(connection: AsyncConnection | Connection | AsyncEngine) -> Callable[[date], Any]:
    """How the engine wants a day: SQLite has no type for it, and keeps 2026-11-23 as SQLAlchemy reads it."""
    return date.isoformat if connection.dialect.name == "sqlite" else _as_it_is


def _as_it_is(day: date) -> date:
    return day


@cache
def _insert_of_each(table: Table, names: tuple[str, ...]) -> tuple[str, list[int]]:
    """SQLite's statement for one row, and which of the columns are days."""
    days = [at for at, name in enumerate(names) if isinstance(table.c[name].type, Date)]
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", days


def _with_days_as_kept(rows: Rows, days: Sequence[int], keep: Callable[[date], Any]) -> Rows:
    for at in days:
        if isinstance(rows[0][at], date):
            rows = [(*row[:at], keep(row[at]), *row[at + 1 :]) for row in rows]
    return rows
