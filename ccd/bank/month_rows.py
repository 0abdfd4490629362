"""What attendance has of each agent's month, as it is kept. Append-only: a correction is the next number."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    cast,
    exists,
    func,
    select,
)
from sqlalchemy.dialects import postgresql

from ccd.bank.attendance import FIGURES, HUNDREDTHS, AttendanceFault, FaultKind, Month
from ccd.bank.outbox import OutboxItem, OutboxKind
from ccd.sql.metadata import Exact, metadata
from ccd.sql.rows import insert_rows

attendance_results = Table(
    "attendance_results",
    metadata,
    Column("book", Exact, nullable=False),
    Column("month", Exact, nullable=False),
    Column("agent", Exact, nullable=False),
    Column("number", Integer, nullable=False),
    Column("unit", Exact, nullable=False),
    Column("full_attendance", Boolean, nullable=False),
    Column("points_100", Integer, nullable=False),
    Column("faults", Text, nullable=False),  # [["late","2026-11-03",420],…]
    Column("figures", Text, nullable=False),  # {"scheduled_s":…}
    Column("at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("by", Exact, nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("book", "month", "agent", "number"),
    CheckConstraint("number > 0", name="counted_from_1"),
    CheckConstraint("points_100 >= 0 AND (full_attendance OR points_100 = 0)", name="points_for_full_attendance"),
)
COLUMNS = tuple(column.name for column in attendance_results.c)


class Result(NamedTuple):
    """The `number`th that attendance was given of a month; the first at its close."""

    month: Month
    number: int
    at: int
    by: str
    why: str


def add_results(connection: Connection, book: str, month: str, results: Iterable[Result]) -> None:
    rows = []
    for of, number, at, by, why in results:
        faults = json.dumps([[one.what.value, one.day and one.day.isoformat(), one.seconds] for one in of.faults])
        figures = json.dumps({name: getattr(of, name) for name in FIGURES})
        rows.append((book, month, of.agent, number, of.unit, of.full, of.points_100, faults, figures, at, by, why))
    insert_rows(connection, attendance_results, COLUMNS, rows)


def result_told(book: str, month: str, result: Result) -> OutboxItem:
    """As attendance systems are told it; its number says which it is of those of the agent's month."""
    of, number, at, by, why = result
    data = {
        "site": book,
        "month": month,
        "number": number,
        "agent": of.agent,
        "unit": of.unit,
        "full_attendance": of.full,
        "points": of.points_100 / HUNDREDTHS,
        "faults": [
            {"what": one.what.value, "day": one.day and one.day.isoformat(), "seconds": one.seconds}
            for one in of.faults
        ],
        **{name: getattr(of, name) for name in FIGURES},
        "by": by,
        "why": why,
    }
    return OutboxItem(OutboxKind.MONTH, f"{book}/{month}/{of.agent}/{number}", at, data)


def is_closed(connection: Connection, book: str, month: str) -> bool:
    """Whether attendance was given it."""
    given = (attendance_results.c.book == book, attendance_results.c.month == month)
    return bool(connection.scalar(select(exists().where(*given))))


def results_of(connection: Connection, book: str, month: str, agent: str | None = None) -> dict[str, Result]:
    """The newest of each agent, by name."""
    query = select(attendance_results).where(*_newest_of(book, month)).order_by(attendance_results.c.agent)
    if agent is not None:
        query = query.where(attendance_results.c.agent == agent)
    return {row.agent: _result(row) for row in connection.execute(query)}


def agents_owing(connection: Connection, book: str, month: str) -> list[str]:
    """By name, whose newest result says that something was owed still: asked each night, of months that are over."""
    figures = attendance_results.c.figures
    if connection.dialect.name == "sqlite":
        owed_s: ColumnElement[Any] = func.json_extract(figures, "$.owed_s")
    else:
        owed_s = cast(cast(figures, postgresql.JSON)["owed_s"].astext, BigInteger)
    query = select(attendance_results.c.agent).where(*_newest_of(book, month), owed_s > 0)
    return list(connection.scalars(query.order_by(attendance_results.c.agent)))


def _newest_of(book: str, month: str) -> tuple[ColumnElement[bool], ...]:
    later = attendance_results.alias()
    same = [later.c[name] == attendance_results.c[name] for name in ("book", "month", "agent")]
    newest = ~exists().where(*same, later.c.number > attendance_results.c.number)
    return attendance_results.c.book == book, attendance_results.c.month == month, newest


def closed_months(connection: Connection, book: str) -> frozenset[str]:
    """Those that attendance was given."""
    return frozenset(
        connection.scalars(select(attendance_results.c.month).where(attendance_results.c.book == book).distinct())
    )


def _result(row: Any) -> Result:
    faults = tuple(
        AttendanceFault(FaultKind(what), date.fromisoformat(day) if day else None, seconds)
        for what, day, seconds in json.loads(row.faults)
    )
    month = Month(row.agent, row.unit, row.full_attendance, row.points_100, faults, **json.loads(row.figures))
    return Result(month, row.number, row.at, row.by, row.why)
