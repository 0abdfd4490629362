"""Applications and quotas as they are kept. Append-only: an application's state, and a quota, is what was said last."""

import json
from collections.abc import Collection
from datetime import date
from functools import cache
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    exists,
    func,
    select,
)

from ccd.bank.quota import Quota
from ccd.bank.said import Said
from ccd.bank.withdrawal import OPEN, Application, ApplicationState, Hold
from ccd.sql.locks import lock_names
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
    Column("start_at", BigInteger),  # of a part of the day, where it was said which, µs
    Column("end_at", BigInteger),
    Column("run", Exact),  # the name of several days that were applied for together
    Column("whole", Boolean, nullable=False),  # the day, whatever is planned for it
    CheckConstraint("seconds > 0", name="asks_for_something"),
)

withdrawal_states = Table(
    "withdrawal_states",
    metadata,
    Column("withdrawal", Exact, ForeignKey(withdrawals.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("hold", Integer),  # the revision of the posting that holds
    # The units on whose quotas it drew: ["team-1","centre"]; with those that count hours: {"units":[…],"in_hours":[…]}
    Column("quotas", Text, nullable=False),
    Column("seconds", BigInteger),  # that it is for from then on; None: as it was applied for
    Column("missing_s", BigInteger),  # that are planned besides, and could not be held
    Column("unit", Exact),  # that it is of from then on; None: of the one in which it was applied for
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
    Column("weekday", Integer),  # 0: Monday; 7: statutory holidays
    Column("load", Exact, nullable=False),  # of which days alone; "": of any
    Column("holds_from", Date, nullable=False),
    Column("agents", Integer, nullable=False),
    Column("seconds", BigInteger),  # of all together; None: any
    Column("set_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("set_by", Text, nullable=False),
    CheckConstraint("agents >= 0", name="nobody_or_more"),
    CheckConstraint("(day IS NULL) <> (weekday IS NULL)", name="one_day_or_a_weekday"),
    CheckConstraint("seconds >= 0", name="nothing_or_more"),
    CheckConstraint("weekday BETWEEN 0 AND 7", name="known_weekday"),
)

day_loads = Table(
    "day_loads",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("unit", Exact, nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("load", Exact, nullable=False),
    Column("said_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("said_by", Text, nullable=False),
)


class Changed(NamedTuple):
    """A new state of an application: who made it so, when (microseconds since the epoch), and why."""

    application: Application
    at: int
    by: str
    why: str


def add_application(connection: Connection, application: Application) -> None:
    one, day = application, application.day
    columns = ("id", "agent", "unit", "day", "seconds", "applied_at", "start_at", "end_at", "run", "whole")
    row: tuple[Any, ...] = (
        one.id, one.agent, one.unit, day, one.seconds, one.applied_at, one.start, one.end, one.run or None,
        one.whole,
    )  # fmt: skip
    insert_rows(connection, withdrawals, columns, [row])


def change(connection: Connection, *changed: Changed) -> None:
    columns = ("withdrawal", "number", "state", "hold", "quotas", "seconds", "missing_s", "unit", "at", "by", "why")
    rows = []
    for one, at, by, why in changed:
        revision, units, in_hours = one.hold or (None, (), ())
        drawn = json.dumps({"units": units, "in_hours": in_hours} if in_hours else units)
        row = (one.id, one.number, one.state.value, revision, drawn, one.seconds, one.missing_s or None, one.unit)
        rows.append((*row, at, by, why))
    insert_rows(connection, withdrawal_states, columns, rows)


def became(connection: Connection, now: Application, said: Said, why: str) -> Application:
    """As it is `now`, under its next number."""
    now = now._replace(number=now.number + 1)
    change(connection, Changed(now, said.at, said.by, why))
    return now


def application_with_id(connection: Connection, name: str) -> Application | None:
    found = _read(connection, _newest().where(withdrawals.c.id == name))
    return found[0] if found else None


def of_run(connection: Connection, run: str) -> list[Application]:
    """The days that were applied for together, in their order."""
    return sorted(_read(connection, _newest().where(withdrawals.c.run == run)), key=lambda one: one.day)


def states_of(connection: Connection, name: str) -> list[dict[str, Any]]:
    """What became of an application, state by state: with who made it so, when (`at`, µs), and why."""
    columns = (withdrawal_states.c[column] for column in ("state", "at", "by", "why"))
    rows = select(*columns).where(withdrawal_states.c.withdrawal == name).order_by(withdrawal_states.c.number)
    return [row._asdict() for row in connection.execute(rows)]


def waits_since(connection: Connection, name: str) -> int:
    """Since when an application that waits has, in the unit that it is of now; µs."""
    columns = (withdrawal_states.c[column] for column in ("state", "unit", "at"))
    newest_first = select(*columns).where(withdrawal_states.c.withdrawal == name)
    rows = connection.execute(newest_first.order_by(withdrawal_states.c.number.desc())).all()
    since: int = [row.at for row in takewhile(lambda row: row[:2] == rows[0][:2], rows)][-1]
    return since


def take_days(connection: Connection, days: Collection[date]) -> None:
    """Until the end of the transaction nobody else acts on applications for these days: who has applied stays so."""
    lock_names(connection, [f"{withdrawals.name} {day}" for day in days])


def on_days(connection: Connection, first: date, last: date) -> list[Application]:
    """All of these days, in the order in which they were applied for."""
    return _read(connection, _newest().where(withdrawals.c.day.between(first, last)))


def open_days(connection: Connection, last: date) -> list[date]:
    """The days up to `last` for which some application is neither spent nor ended."""
    return _days(connection, withdrawals.c.day <= last, withdrawal_states.c.state.in_([state.value for state in OPEN]))


def waiting_days(connection: Connection, first: date) -> list[date]:
    """The days from `first` on for which somebody waits for a place."""
    waits = withdrawal_states.c.state == ApplicationState.WAITING.value
    return _days(connection, withdrawals.c.day >= first, waits)


def awaiting_days(connection: Connection, first: date) -> list[date]:
    """The days from `first` on for which somebody's seconds are held without a place."""
    applied = withdrawal_states.c.state == ApplicationState.APPLIED.value
    return _days(connection, withdrawals.c.day >= first, applied, withdrawal_states.c.quotas == "[]")


def granted_days(connection: Connection, agents: Collection[str], first: date, before: date) -> dict[str, int]:
    """By agent, how many days were granted to them that lie in a span."""
    granted = withdrawal_states.c.state.in_([ApplicationState.APPROVED.value, ApplicationState.TAKEN.value])
    count = (
        _newest()
        .with_only_columns(withdrawals.c.agent, func.count().label("days"))
        .where(among(connection, withdrawals.c.agent, agents), granted)
        .where(withdrawals.c.day >= first, withdrawals.c.day < before)
        .order_by(None)
        .group_by(withdrawals.c.agent)
    )
    return {row.agent: row.days for row in connection.execute(count)}


def _days(connection: Connection, *which: ColumnElement[bool]) -> list[date]:
    """Of such applications, by what was said of them last; in their order."""
    days = _newest().with_only_columns(withdrawals.c.day).where(*which).distinct().order_by(None)
    return list(connection.scalars(days.order_by(withdrawals.c.day)))


def set_quota(connection: Connection, quota: Quota, at: int, by: str) -> None:
    day, weekday = (None, quota.on) if isinstance(quota.on, int) else (quota.on, None)
    columns = ("unit", "day", "weekday", "load", "holds_from", "agents", "seconds", "set_at", "set_by")
    row = (quota.unit, day, weekday, quota.load, quota.holds_from, quota.agents, quota.seconds, at, by)
    insert_rows(connection, quotas, columns, [row])


def set_load(connection: Connection, unit: str, day: date, load: str, at: int, by: str) -> None:
    said: Any = day
    insert_rows(connection, day_loads, ("unit", "day", "load", "said_at", "said_by"), [(unit, said, load, at, by)])


def quotas_of(connection: Connection, units: Collection[str]) -> dict[str, list[Quota]]:
    """By unit, of those that have any, in the order in which they were said."""
    found: dict[str, list[Quota]] = {}
    query = select(quotas).where(among(connection, quotas.c.unit, units)).order_by(quotas.c.id)
    for row in connection.execute(query):
        on = row.day if row.weekday is None else row.weekday
        said = Quota(row.unit, on, row.holds_from, row.agents, row.seconds, row.load)
        found.setdefault(row.unit, []).append(said)
    return found


def loads_of(connection: Connection, units: Collection[str], first: date, last: date) -> dict[tuple[str, date], str]:
    """By unit and day, where one was said: the last that was."""
    said = among(connection, day_loads.c.unit, units)
    query = select(day_loads).where(said, day_loads.c.day.between(first, last)).order_by(day_loads.c.id)
    return {(row.unit, row.day): row.load for row in connection.execute(query)}


@cache
def _newest() -> Select[Any]:
    """Made once: to put together a question about so many columns takes longer than to find that nothing is there."""
    states, later = withdrawal_states.c, withdrawal_states.alias()
    said_since = exists().where(later.c.withdrawal == states.withdrawal, later.c.number > states.number)
    return (
        select(
            withdrawals,
            states.state,
            states.number,
            states.hold,
            states.quotas,
            states.missing_s,
            func.coalesce(states.seconds, withdrawals.c.seconds).label("seconds_now"),
            func.coalesce(states.unit, withdrawals.c.unit).label("unit_now"),
        )
        .select_from(withdrawals)
        .join(withdrawal_states, states.withdrawal == withdrawals.c.id)
        .where(~said_since)
        .order_by(withdrawals.c.applied_at, withdrawals.c.id)
    )


def _read(connection: Connection, query: Select[Any]) -> list[Application]:
    found = []
    for row in connection.execute(query):
        hold = None if row.hold is None else _hold(row.hold, json.loads(row.quotas))
        found.append(
            Application(
                row.id, row.agent, row.unit_now, row.day, row.seconds_now, row.applied_at,
                ApplicationState(row.state), row.number,
                hold, row.start_at, row.end_at, row.run or "", row.whole, row.missing_s or 0, row.unit,
            )
        )  # fmt: skip
    return found


def _hold(revision: int, drawn: Any) -> Hold:
    if isinstance(drawn, dict):
        return Hold(revision, tuple(drawn["units"]), tuple(drawn["in_hours"]))
    return Hold(revision, tuple(drawn))
