"""Budgets as they are kept. Append-only: that one has ended is a row of its own."""

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Select,
    String,
    Table,
    Text,
    and_,
    or_,
    select,
)

from ccd.bank.budgets import Budget, budget_cap
from ccd.ledger.schema import caps
from ccd.sql.metadata import Exact, metadata
from ccd.sql.rows import insert_rows

budgets = Table(
    "budgets",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("unit", Exact, nullable=False),
    Column("month", String(7), nullable=False, index=True),  # 2026-11
    Column("holder", Exact, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("line", Text, nullable=False),  # the units on whose caps it was drawn: ["team-1","centre"]
    Column("day", Date, nullable=False),
    Column("handed_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("handed_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("seconds > 0", name="hands_something"),
)

budget_ends = Table(
    "budget_ends",
    metadata,
    Column("budget", Exact, ForeignKey(budgets.c.id), primary_key=True),
    Column("back_s", BigInteger, nullable=False),  # what was left, and went back
    Column("at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("back_s >= 0", name="takes_nothing_from_anybody"),
)


def add_budget(connection: Connection, budget: Budget, at: int, by: str) -> None:
    columns = ("id", "unit", "month", "holder", "seconds", "line", "day", "handed_at", "handed_by", "why")
    day: Any = budget.day
    row = (budget.id, budget.unit, budget.month, budget.holder, budget.seconds, json.dumps(budget.line), day, at, by,
           budget.why)  # fmt: skip
    insert_rows(connection, budgets, columns, [row])


def end_budget(connection: Connection, name: str, back_s: int, at: int, by: str, why: str) -> None:
    insert_rows(connection, budget_ends, ("budget", "back_s", "at", "by", "why"), [(name, back_s, at, by, why)])


def budget_with_id(connection: Connection, name: str) -> Budget | None:
    found = _read(connection, _all().where(budgets.c.id == name))
    return found[0] if found else None


def of_month(connection: Connection, month: str) -> list[Budget]:
    return _read(connection, _all().where(budgets.c.month == month))


def left_before(connection: Connection, month: str) -> list[Budget]:
    """Those of earlier months that nobody has taken back, and of any month those that were, and have something left
    again."""
    own = caps.c.name == budget_cap("") + budgets.c.id
    open_ = and_(budgets.c.month < month, budget_ends.c.budget.is_(None))
    left_again = and_(budget_ends.c.budget.is_not(None), caps.c.drawn_s < caps.c.limit_s)
    return _read(connection, _all().join(caps, own).where(or_(open_, left_again)))


def _all() -> Select[Any]:
    columns = (budgets.c.id, budgets.c.unit, budgets.c.holder, budgets.c.seconds, budgets.c.line, budgets.c.day)
    every = select(*columns, budgets.c.why, budget_ends.c.budget.is_not(None).label("ended"))
    return every.outerjoin(budget_ends).order_by(budgets.c.handed_at, budgets.c.id)


def _read(connection: Connection, query: Select[Any]) -> list[Budget]:
    return [
        Budget(name, unit, holder, seconds, tuple(json.loads(line)), day, why, ended)
        for name, unit, holder, seconds, line, day, why, ended in connection.execute(query)
    ]
