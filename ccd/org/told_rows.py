"""What sources tell of agents' time, in SQL: taken over whole or not at all, and never forgotten."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, and_, cast, func, or_, select, update
from sqlalchemy.dialects import postgresql

from ccd.errors import Fault, ImportFaultsError
from ccd.org import csv_faults
from ccd.org.told import DaysTold, SpanChange, Told, meeting, told_changes
from ccd.sql.locks import wait_for_others
from ccd.sql.rows import among, insert_rows


class Teller(NamedTuple):
    """Who tells, and in which file."""

    source: str
    file: Path


COLUMNS = ("source", "uid", "agent", "day", "start_at", "end_at")


def take_told(
    connection: Connection, table: Table, said: Teller, told: Collection[Told], window: DaysTold | None, now: int
) -> list[SpanChange]:
    """Makes what a source tells of the window what holds from `now`, µs, on, and says what that changes.

    ImportFaultsError where an agent would have two spans at a time: nothing is written then.
    """
    wait_for_others(connection, table)
    source = said.source
    what = _what(table)
    held = _of_source(connection, table, source, told, window)
    changed = told_changes(held, told, window)
    taken = [change.after for change in changed if change.after is not None]
    gone = [change.before.uid for change in changed if change.before is not None]
    _check(connection, table, said, taken, gone)
    holds = and_(table.c.source == source, table.c.until_at.is_(None), _among(connection, table.c.uid, gone))
    if gone:
        connection.execute(update(table).where(holds).values(until_at=now))
    rows = [(source, each.uid, each.agent, each.day, each.start, each.end, each.what, now) for each in taken]
    insert_rows(connection, table, (*COLUMNS, what, "said_at"), rows)
    return changed


def told_by(connection: Connection, table: Table, source: str, window: DaysTold | None = None) -> list[Told]:
    """What holds of what a source told, by agent and in order of time; of a window, or of all days."""
    days = () if window is None else (table.c.day >= window.first, table.c.day <= window.last)
    mine = and_(table.c.source == source, table.c.until_at.is_(None), *days)
    found = connection.execute(select(table).where(mine).order_by(table.c.agent, table.c.start_at))
    return [_told(table, row) for row in found]


def told_within(
    connection: Connection, table: Table, agents: Iterable[str], start: int, end: int, longest: int | None = None
) -> list[Row[Any]]:
    """The rows that hold of these agents and reach into a span, µs, in order of time. Where none is longer than
    `longest`, what ends later is not looked through for those that begin before: planners plan for months."""
    meets = and_(table.c.start_at < end, table.c.end_at > start, table.c.until_at.is_(None))
    if longest is not None:
        meets = and_(meets, table.c.end_at < end + longest)
    return list(
        connection.execute(
            select(table).where(meets, _among(connection, table.c.agent, agents)).order_by(table.c.start_at, table.c.id)
        )
    )


def _of_source(
    connection: Connection, table: Table, source: str, told: Iterable[Told], window: DaysTold | None
) -> dict[str, Told]:
    """What holds by uid of what is told anew, and of the window: a shift may have been moved into it."""
    asked: list[ColumnElement[bool]] = [_among(connection, table.c.uid, [each.uid for each in told])]
    if window is not None:
        asked.append(and_(table.c.day >= window.first, table.c.day <= window.last))
    found = connection.execute(select(table).where(table.c.source == source, table.c.until_at.is_(None), or_(*asked)))
    return {row.uid: _told(table, row) for row in found}


def _check(connection: Connection, table: Table, said: Teller, taken: Sequence[Told], gone: Collection[str]) -> None:
    """Nobody has two spans at a time, whoever tells of them. The tables refuse it too; here the line is named."""
    if not taken:
        return
    start, end = min(each.start for each in taken), max(each.end for each in taken)
    replaced = frozenset(gone)
    others = {
        _told(table, row): row.source
        for row in told_within(connection, table, {each.agent for each in taken}, start, end)
        if row.source != said.source or row.uid not in replaced
    }
    faults = []
    for pair in meeting([*taken, *others]):
        mine, other = sorted(pair, key=lambda each: each in others)
        problem = f"is within the time of {other.uid!r} of the source {others[other]!r}, which holds already"
        faults.append(Fault(said.file, mine.line, _begins(table), problem))
    csv_faults.raise_any(faults, ImportFaultsError)


def _among(connection: Connection, column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """As `among`, for tens of thousands: PostgreSQL would hold each row against each value of an array."""
    if connection.dialect.name == "sqlite":
        return among(connection, column, values)
    return column.in_(select(func.unnest(cast(list(values), postgresql.ARRAY(column.type)))))


def _begins(table: Table) -> str:
    """The column of a file that says when one begins."""
    return "start" if "breaks" in table.c else "from"


def _what(table: Table) -> str:
    return "breaks" if "breaks" in table.c else "kind"


def _told(table: Table, row: Row[Any]) -> Told:
    day: date = row.day
    return Told(row.uid, row.agent, day, row.start_at, row.end_at, getattr(row, _what(table)))
