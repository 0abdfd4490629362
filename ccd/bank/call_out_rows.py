"""The strike team, and who was called out in an emergency, as they are kept. Append-only: what holds is what was said
last. What alone is derived, and may be written again, is when who was called was seen."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    insert,
    select,
    update,
)

from ccd.bank.emergency_rows import emergencies
from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import among

strike_team = Table(
    "strike_team",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("unit", Exact, nullable=False, index=True),
    Column("agent", Exact, nullable=False),
    Column("joins", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),  # µs, as all instants here
    Column("by", Text, nullable=False),
)

call_outs = Table(
    "call_outs",
    metadata,
    Column("emergency", Exact, ForeignKey(emergencies.c.id), nullable=False),
    Column("agent", Exact, nullable=False),
    Column("called_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("emergency", "agent"),
)

call_answers = Table(
    "call_answers",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("emergency", Exact, nullable=False, index=True),
    Column("agent", Exact, nullable=False),
    Column("comes", Boolean, nullable=False),
    Column("arrived_at", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
)

# When who was called was seen signed in, in the first minutes; as it was measured last.
call_sign_ins = Table(
    "call_sign_ins",
    metadata,
    Column("emergency", Exact, nullable=False),
    Column("agent", Exact, nullable=False),
    Column("signed_in_at", BigInteger),
    PrimaryKeyConstraint("emergency", "agent"),
)


class CallOut(NamedTuple):
    """`comes` is None while nothing was answered; `signed_in_at` where it was measured."""

    agent: str
    called_at: int
    comes: bool | None
    answered_at: int | None
    arrived_at: int | None
    signed_in_at: int | None


def join_or_leave(connection: Connection, unit: str, agent: str, joins: bool, at: int, by: str) -> None:
    connection.execute(insert(strike_team).values(unit=unit, agent=agent, joins=joins, at=at, by=by))


def strike_team_members(connection: Connection, units: Collection[str], start: int, end: int) -> set[str]:
    """Who was on the strike team of one of the units at some instant of [start, end)."""
    query = (
        select(strike_team.c.unit, strike_team.c.agent, strike_team.c.joins, strike_team.c.at)
        .where(among(connection, strike_team.c.unit, units), strike_team.c.at < end)
        .order_by(strike_team.c.id)
    )
    found: set[str] = set()
    before: dict[tuple[str, str], bool] = {}
    for unit, agent, joins, at in connection.execute(query):
        if joins and at > start:
            found.add(agent)
        elif at <= start:
            before[unit, agent] = joins
    return found | {agent for (_, agent), is_member in before.items() if is_member}


def add_call_outs(connection: Connection, emergency: str, agents: Iterable[str], at: int, by: str) -> None:
    for agent in agents:
        connection.execute(insert(call_outs).values(emergency=emergency, agent=agent, called_at=at, by=by))


def add_answer(
    connection: Connection, emergency: str, agent: str, comes: bool, arrived_at: int | None, at: int, by: str
) -> None:
    row = {"emergency": emergency, "agent": agent, "comes": comes, "arrived_at": arrived_at, "at": at, "by": by}
    connection.execute(insert(call_answers).values(row))


def calls_of(connection: Connection, emergency: str) -> dict[str, CallOut]:
    """By agent, in the order of their names, with what was answered last."""
    signed_in = _sign_ins(connection, emergency)
    answers = select(call_answers).where(call_answers.c.emergency == emergency).order_by(call_answers.c.id)
    said = {row.agent: row for row in connection.execute(answers)}
    query = select(call_outs).where(call_outs.c.emergency == emergency).order_by(call_outs.c.agent)
    found = {}
    for row in connection.execute(query):
        answer = said.get(row.agent)
        known = CallOut(row.agent, row.called_at, None, None, None, signed_in.get(row.agent))
        if answer is not None:
            known = known._replace(comes=answer.comes, answered_at=answer.at, arrived_at=answer.arrived_at)
        found[row.agent] = known
    return found


def note_sign_ins(connection: Connection, emergency: str, found: Mapping[str, int | None]) -> None:
    own = call_sign_ins.c
    known = _sign_ins(connection, emergency)
    for agent, at in found.items():
        if agent not in known:
            connection.execute(insert(call_sign_ins).values(emergency=emergency, agent=agent, signed_in_at=at))
        elif known[agent] != at:
            same = and_(own.emergency == emergency, own.agent == agent)
            connection.execute(update(call_sign_ins).where(same).values(signed_in_at=at))


def _sign_ins(connection: Connection, emergency: str) -> dict[str, int | None]:
    own = call_sign_ins.c
    rows = connection.execute(select(own.agent, own.signed_in_at).where(own.emergency == emergency))
    return {row.agent: row.signed_in_at for row in rows}
