"""Applications and quotas as they are kept. Append-only: an application's state, and a quota, is what was said last."""

import json
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    exists,
    select,
)

from ccd.bank.withdrawal import OPEN, Application, Hold, State
from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import among, insert_rows

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("agent", Exact, nullable=False),
    Column("unit", Exact, nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("seconds", BigInteger, nullable=False),
    Column("applied_at", BigInteger, nullable=False),  # microseconds since the epoch
    CheckConstraint("seconds > 0", name="asks_for_something"),
)

withdrawal_states = Table(
    "withdrawal_states",
    metadata,
    Column("withdrawal", Exact, ForeignKey(withdrawals.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("hold", Integer),  # the revision of the posting that holds
    Column("quotas", Text, nullable=False),  # the units on whose quotas it drew: ["team-1","centre"]
    Column("at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("withdrawal", "number"),
    CheckConstraint("number > 0", name="counted_from_1"),
    CheckConstraint("(state IN ('applied', 'approved')) = (hold IS NOT NULL)", name="holds_while_it_is_open"),
)

quotas = Table(
    "quotas",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("unit", Exact, nullable=False, index=True),
    Column("day", Date),
    Column("weekday", Integer),
    Column("holds_from", Date, nullable=False),
    Column("agents", Integer, nullable=False),
    Column("set_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("set_by", Text, nullable=False),
    CheckConstraint("agents >= 0", name="nobody_or_more"),
    CheckConstraint("(day IS NULL) <> (weekday IS NULL)", name="one_day_or_a_weekday"),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="known_weekday"),
)


class Changed(NamedTuple):
    """A new state of an application: who made it so, when (microseconds since the epoch), and why."""

    application: Application
    at: int
    by: str
    why: str


class Quota(NamedTuple):
    """How many agents of a unit may be off by it: on a day, or on a day of the week (0: Monday) from a day on."""

    unit: str
    on: date | int
    holds_from: date
    agents: int


def add(connection: Connection, application: Application) -> None:
    day: Any = application.day
    row = (application.id, application.agent, application.unit, day, application.seconds, application.applied_at)
    insert_rows(connection, withdrawals, ("id", "agent", "unit", "day", "seconds", "applied_at"), [row])


def change(connection: Connection, *changed: Changed) -> None:
    columns = ("withdrawal", "number", "state", "hold", "quotas", "at", "by", "why")
    rows = []
    for one, at, by, why in changed:
        hold, units = one.hold or (None, ())
        rows.append((one.id, one.number, one.state.value, hold, json.dumps(units), at, by, why))
    insert_rows(connection, withdrawal_states, columns, rows)


def with_id(connection: Connection, name: str) -> Application | None:
    found = _read(connection, _newest().where(withdrawals.c.id == name))
    return found[0] if found else None


def states_of(connection: Connection, name: str) -> list[dict[str, Any]]:
    """What became of an application, state by state: with who made it so, when (`at`, µs), and why."""
    columns = (withdrawal_states.c[column] for column in ("state", "at", "by", "why"))
    rows = select(*columns).where(withdrawal_states.c.withdrawal == name).order_by(withdrawal_states.c.number)
    return [row._asdict() for row in connection.execute(rows)]


def on_days(connection: Connection, first: date, last: date) -> list[Application]:
    """All of these days, in the order in which they were applied for."""
    return _read(connection, _newest().where(withdrawals.c.day.between(first, last)))


def open_days(connection: Connection, last: date) -> list[date]:
    """The days up to `last` for which some application is neither spent nor ended."""
    newest = _newest().where(withdrawals.c.day <= last).subquery()
    query = select(newest.c.day).where(newest.c.state.in_([state.value for state in OPEN])).distinct()
    return list(connection.scalars(query.order_by(newest.c.day)))


def set_quota(connection: Connection, quota: Quota, at: int, by: str) -> None:
    day, weekday = (None, quota.on) if isinstance(quota.on, int) else (quota.on, None)
    columns = ("unit", "day", "weekday", "holds_from", "agents", "set_at", "set_by")
    insert_rows(connection, quotas, columns, [(quota.unit, day, weekday, quota.holds_from, quota.agents, at, by)])


def quotas_of(connection: Connection, units: Collection[str], days: Iterable[date]) -> dict[tuple[str, date], int]:
    """By unit and day, for those that have one: the day's own before that of its weekday, and of these the last that
    was said."""
    wanted = list(days)
    query = select(quotas).where(among(connection, quotas.c.unit, units)).order_by(quotas.c.id)
    found: dict[tuple[str, date], int] = {}
    own = set()
    for row in connection.execute(query):
        for day in wanted:
            if row.day == day:
                found[row.unit, day] = row.agents
                own.add((row.unit, day))
            elif row.weekday == day.weekday() and row.holds_from <= day and (row.unit, day) not in own:
                found[row.unit, day] = row.agents
    return found


def _newest() -> Select[Any]:
    states, later = withdrawal_states.c, withdrawal_states.alias()
    said_since = exists().where(later.c.withdrawal == states.withdrawal, later.c.number > states.number)
    return (
        select(withdrawals, states.state, states.number, states.hold, states.quotas)
        .join(withdrawal_states, states.withdrawal == withdrawals.c.id)
        .where(~said_since)
        .order_by(withdrawals.c.applied_at, withdrawals.c.id)
    )


def _read(connection: Connection, query: Select[Any]) -> list[Application]:
    found = []
    for name, agent, unit, day, seconds, applied_at, state, number, revision, units in connection.execute(query):
        hold = None if revision is None else Hold(revision, tuple(json.loads(units)))
        found.append(Application(name, agent, unit, day, seconds, applied_at, State(state), number, hold))
    return found
