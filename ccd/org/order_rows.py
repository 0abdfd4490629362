"""Orders as they are kept: each with the act that it is, once with who took it to the switches, and once with its end.
Append-only.

Of two who take one, the first has it: so no switch is asked twice, and not after whoever asked has given up.
"""

import json
from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Table,
    Text,
    and_,
    select,
)

from ccd.floor.spans import Span
from ccd.org.acts import Act, acts, note_act
from ccd.org.orders import Answered, Ended, OrderAnswer, OrderKind, OrderOutcome
from ccd.sql.locks import wait_for_others
from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import insert_rows

HERE = "ccd"  # who notes what the switches said

orders = Table(
    "orders",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False, unique=True),
    Column("agent", Exact, nullable=False),
    Column("what", Exact, nullable=False),
    Column("until_at", BigInteger, nullable=False, index=True),  # people's own time, µs: after it no switch is asked
    CheckConstraint("what IN ({})".format(", ".join(f"'{word}'" for word in OrderKind)), name="known_what"),
)

order_takings = Table(
    "order_takings",
    metadata,
    Column("number", BigInteger, ForeignKey(orders.c.number), primary_key=True, autoincrement=False),
    Column("by", Exact, nullable=False),
    Column("start_at", BigInteger),  # within these, µs of the switches, it is done, if it is
    Column("end_at", BigInteger),
)

order_ends = Table(
    "order_ends",
    metadata,
    Column("number", BigInteger, ForeignKey(orders.c.number), primary_key=True, autoincrement=False),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False, unique=True),
    Column("outcome", Exact, nullable=False),
    Column("answers", Text, nullable=False),  # JSON
    Column("start_at", BigInteger),
    Column("end_at", BigInteger),
    CheckConstraint("outcome IN ({})".format(", ".join(f"'{word}'" for word in OrderOutcome)), name="known_outcome"),
    CheckConstraint("(start_at IS NULL) = (end_at IS NULL)", name="has_a_span_or_none"),
    Index("ix_order_ends_end_at", "end_at"),
)


class Order(NamedTuple):
    """One that has not ended. `span`: of who has taken it; `taken` where somebody has."""

    number: int
    act: str
    agent: str
    what: OrderKind
    until: int
    taken: bool
    span: Span | None


class End(NamedTuple):
    """`act` is made before the turn at the database. `span`: the agent may have been signed out by it within that, µs
    of the switches."""

    act: str
    at: int
    outcome: OrderOutcome
    answers: tuple[OrderAnswer, ...] = ()
    span: Span | None = None


def ask(connection: Connection, act: str, agent: str, what: OrderKind, until: int) -> None:
    """By an act that is noted already."""
    insert_rows(connection, orders, ("act", "agent", "what", "until_at"), [(act, agent, what.value, until)])


def asked_by(connection: Connection, act: str) -> Order | None:
    """The order that an act is, ended or not."""
    return next(iter(_read(connection, orders.c.act == act)), None)


def open_since(connection: Connection, since: int) -> list[Order]:
    """Those that have not ended and were to be asked after an instant, µs, in the order in which they were given."""
    return _read(connection, and_(order_ends.c.number.is_(None), orders.c.until_at > since))


def take(connection: Connection, number: int, by: str, span: Span | None) -> bool:
    """False where another has it."""
    wait_for_others(connection, order_takings)
    taken_by = connection.scalar(select(order_takings.c.by).where(order_takings.c.number == number))
    if taken_by is None:
        start, end = span or (None, None)
        insert_rows(connection, order_takings, ("number", "by", "start_at", "end_at"), [(number, by, start, end)])
    return taken_by in (None, by)


def end(connection: Connection, order: Order, ended: End) -> None:
    """With an act that says so; what has ended before stays as it did."""
    wait_for_others(connection, order_ends)
    if connection.scalar(select(order_ends.c.number).where(order_ends.c.number == order.number)) is not None:
        return
    answers = written(ended.answers)
    said = f'{{"outcome":"{ended.outcome}","answers":{answers}}}'
    where = ", ".join(dict.fromkeys(each.pbx for each in ended.answers))
    kind = f"{order.what} answered"
    why = "as the switch said" if ended.answers else "no switch was asked"
    note_act(connection, Act(ended.act, ended.at, HERE, where, kind, order.agent, order.act, said, why))
    start, until = ended.span or (None, None)
    columns = ("number", "act", "outcome", "answers", "start_at", "end_at")
    row = (order.number, ended.act, ended.outcome.value, answers, start, until)
    insert_rows(connection, order_ends, columns, [row])


def end_of(connection: Connection, act: str) -> Ended | None:
    """Of the order that an act is."""
    columns = (orders.c.act, orders.c.agent, orders.c.what, order_ends.c.outcome, order_ends.c.answers)
    row = connection.execute(select(*columns).join_from(orders, order_ends).where(orders.c.act == act)).one_or_none()
    if row is None:
        return None
    return Ended(row.act, row.agent, OrderKind(row.what), OrderOutcome(row.outcome), read(row.answers))


def acts_between(connection: Connection, agent: str, start: int, end: int) -> list[str]:
    """Of the orders about an agent that were given between two instants (µs), the acts: each order's, and that of its
    end, where it has one."""
    wanted = (
        select(orders.c.act, order_ends.c.act)
        .join_from(orders, acts, acts.c.id == orders.c.act)
        .outerjoin(order_ends, order_ends.c.number == orders.c.number)
        .where(acts.c.subject == agent, acts.c.at >= start, acts.c.at < end)
        .order_by(orders.c.number)
    )
    return [act for both in connection.execute(wanted) for act in both if act is not None]


def signed_out_between(connection: Connection, start: int, end: int) -> dict[str, tuple[Span, ...]]:
    """By agent, the spans that reach into one, µs, in which leaders had them signed out; in the order of time."""
    wanted = (
        select(orders.c.agent, order_ends.c.start_at, order_ends.c.end_at)
        .join_from(order_ends, orders)
        .where(order_ends.c.end_at > start, order_ends.c.start_at < end)
        .order_by(order_ends.c.start_at, order_ends.c.number)
    )
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for agent, begins, ends in connection.execute(wanted):
        found[agent].append(Span(begins, ends))
    return {agent: tuple(spans) for agent, spans in found.items()}


def written(answers: tuple[OrderAnswer, ...]) -> str:
    return json.dumps([list(each) for each in answers], ensure_ascii=False, separators=(",", ":"))


def read(answers: str) -> tuple[OrderAnswer, ...]:
    return tuple(
        OrderAnswer(pbx, seat, queue, Answered(answered), said)
        for pbx, seat, queue, answered, said in json.loads(answers)
    )


def _read(connection: Connection, condition: ColumnElement[bool]) -> list[Order]:
    wanted = (
        select(orders, order_takings.c.by, order_takings.c.start_at, order_takings.c.end_at)
        .join_from(orders, order_takings, isouter=True)
        .outerjoin(order_ends, order_ends.c.number == orders.c.number)
        .where(condition)
        .order_by(orders.c.number)
    )
    return [
        Order(
            row.number, row.act, row.agent, OrderKind(row.what), row.until_at, row.by is not None,
            None if row.start_at is None else Span(row.start_at, row.end_at),
        )
        for row in connection.execute(wanted)
    ]  # fmt: skip
