"""Emergencies, the strike team, call-outs, and time that was entered, as they are kept. Append-only: what holds is what
was said last. What alone is derived, and may be written again, is how an emergency was measured."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    func,
    insert,
    select,
    update,
)

from ccd.bank.overtime import Emergency
from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import among

emergencies = Table(
    "emergencies",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("unit", Exact, nullable=False),
    Column("level", Text, nullable=False),
    Column("interest_ppm", Integer, nullable=False),
    Column("round_up_s", Integer, nullable=False),
    Column("start_at", BigInteger, nullable=False, index=True),  # µs, as all instants here
    Column("opened_at", BigInteger, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("why <> ''", name="says_why"),
)

emergency_ends = Table(
    "emergency_ends",
    metadata,
    Column("emergency", Exact, ForeignKey(emergencies.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("said_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("emergency", "number"),
    CheckConstraint("number > 0", name="counted_from_1"),
)

strike_team = Table(
    "strike_team",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("unit", Exact, nullable=False, index=True),
    Column("agent", Exact, nullable=False),
    Column("joins", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
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

overtime_entries = Table(
    "overtime_entries",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("emergency", Exact, ForeignKey(emergencies.c.id), nullable=False, index=True),
    Column("agent", Exact, nullable=False),
    Column("day", Date, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("needs_second", Boolean, nullable=False),  # it counts once a second person approves
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("seconds >= 0", name="not_below_nothing"),
    CheckConstraint("why <> ''", name="says_why"),
)

overtime_approvals = Table(
    "overtime_approvals",
    metadata,
    Column("entry", Exact, ForeignKey(overtime_entries.c.id), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
)

# Up to what a day of an emergency was measured and posted: what is newer has it measured anew.
overtime_days = Table(
    "overtime_days",
    metadata,
    Column("emergency", Exact, ForeignKey(emergencies.c.id), nullable=False),
    Column("unit", Exact, nullable=False),
    Column("day", Date, nullable=False),
    Column("said", Integer, nullable=False),  # how much had been said of the emergency
    Column("measured_at", BigInteger, nullable=False),  # of the unit's day; 0 before it was closed
    PrimaryKeyConstraint("emergency", "unit", "day"),
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


class Mark(NamedTuple):
    """Up to what a day of an emergency is measured: how much was said of it, and the measurement of the unit's day."""

    emergency: str
    unit: str
    day: date
    said: int
    measured_at: int


class CallOut(NamedTuple):
    """`comes` is None while nothing was answered; `signed_in_at` where it was measured."""

    agent: str
    called_at: int
    comes: bool | None
    answered_at: int | None
    arrived_at: int | None
    signed_in_at: int | None


class Entry(NamedTuple):
    """Time that somebody said an agent worked in an emergency, on a business day of the agent's."""

    id: str
    emergency: str
    agent: str
    day: date
    seconds: int
    needs_second: bool
    at: int
    by: str
    why: str
    approved_by: str | None = None

    @property
    def counts(self) -> bool:
        return self.approved_by is not None or not self.needs_second


def add_emergency(connection: Connection, one: Emergency, by: str, why: str) -> None:
    row = {
        "id": one.id, "unit": one.unit, "level": one.level, "interest_ppm": one.interest_ppm,
        "round_up_s": one.round_up_s, "start_at": one.start, "opened_at": one.opened_at, "opened_by": by, "why": why,
    }  # fmt: skip
    connection.execute(insert(emergencies).values(row))
    say_end(connection, one.id, 1, one.end, one.opened_at, by)


def say_end(connection: Connection, emergency: str, number: int, end: int, at: int, by: str) -> None:
    """An IntegrityError where somebody said another meanwhile: the next look finds it."""
    row = {"emergency": emergency, "number": number, "end_at": end, "said_at": at, "by": by}
    connection.execute(insert(emergency_ends).values(row))


def ends_said(connection: Connection, emergency: str) -> int:
    query = select(func.count()).select_from(emergency_ends).where(emergency_ends.c.emergency == emergency)
    return connection.scalar(query) or 0


def emergency_of(connection: Connection, name: str) -> Emergency | None:
    found = _read(connection, emergencies.c.id == name)
    return found[0] if found else None


def emergencies_within(connection: Connection, start: int, end: int) -> list[Emergency]:
    """Those that reach into a span, µs, by what was said last of their ends."""
    return [one for one in _read(connection, emergencies.c.start_at < end) if one.end > start]


def _read(connection: Connection, condition: Any) -> list[Emergency]:
    table, later = emergencies.c, emergency_ends.alias()
    said_since = select(later.c.number).where(
        later.c.emergency == emergency_ends.c.emergency, later.c.number > emergency_ends.c.number
    )
    query = (
        select(table.id, table.unit, table.level, table.interest_ppm, table.round_up_s, table.start_at,
               emergency_ends.c.end_at, table.opened_at)
        .join(emergency_ends, emergency_ends.c.emergency == table.id)
        .where(condition, ~said_since.exists())
        .order_by(table.start_at, table.id)
    )  # fmt: skip
    return [Emergency(*row) for row in connection.execute(query)]


def join_or_leave(connection: Connection, unit: str, agent: str, joins: bool, at: int, by: str) -> None:
    connection.execute(insert(strike_team).values(unit=unit, agent=agent, joins=joins, at=at, by=by))


def members(connection: Connection, units: Collection[str], start: int, end: int) -> set[str]:
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


def measured_calls(connection: Connection, start: int, end: int) -> list[CallOut]:
    """The call-outs between two instants, µs, of emergencies that were measured; in the order of the instants."""
    calls = call_outs.c
    within = select(calls.emergency).where(calls.called_at >= start, calls.called_at < end).distinct()
    measured = select(overtime_days.c.emergency).where(overtime_days.c.emergency.in_(within)).distinct()
    found = [call for name in connection.scalars(measured) for call in calls_of(connection, name).values()]
    return sorted((call for call in found if start <= call.called_at < end), key=lambda call: call[:2][::-1])


def add_entry(connection: Connection, entry: Entry) -> None:
    row = entry._asdict()
    del row["approved_by"]
    connection.execute(insert(overtime_entries).values(row))


def approve_entry(connection: Connection, entry: str, at: int, by: str) -> None:
    connection.execute(insert(overtime_approvals).values(entry=entry, at=at, by=by))


def entry_of(connection: Connection, name: str) -> Entry | None:
    found = _entries(connection, overtime_entries.c.id == name)
    return found[0] if found else None


def entries_of(connection: Connection, found: Collection[str]) -> list[Entry]:
    """Of these emergencies, in the order in which they came to count, or were made where they do not yet."""
    return _entries(connection, among(connection, overtime_entries.c.emergency, found))


def _entries(connection: Connection, condition: Any) -> list[Entry]:
    query = (
        select(overtime_entries, overtime_approvals.c.by.label("approved_by"))
        .join(overtime_approvals, overtime_approvals.c.entry == overtime_entries.c.id, isouter=True)
        .where(condition)
        .order_by(func.coalesce(overtime_approvals.c.at, overtime_entries.c.at), overtime_entries.c.id)
    )
    return [Entry(*row) for row in connection.execute(query)]


def said_of(connection: Connection, found: Collection[str]) -> dict[str, int]:
    """By emergency, how much was said of it: ends, call-outs, entries, approvals. It only grows."""
    entries = overtime_entries.c
    counted = [
        (table.c.emergency, select(table.c.emergency, func.count()).select_from(table))
        for table in (emergency_ends, call_outs, overtime_entries)
    ]
    approved = select(entries.emergency, func.count()).join(
        overtime_approvals, overtime_approvals.c.entry == entries.id
    )
    sums = dict.fromkeys(found, 0)
    for whose, query in (*counted, (entries.emergency, approved)):
        for emergency, count in connection.execute(query.where(among(connection, whose, found)).group_by(whose)):
            sums[emergency] += count
    return sums


def measured_up_to(connection: Connection, found: Collection[str]) -> list[Mark]:
    """Of each of these emergencies that was measured, up to what."""
    own = overtime_days.c
    query = select(own.emergency, own.unit, own.day, own.said, own.measured_at)
    return [Mark(*row) for row in connection.execute(query.where(among(connection, own.emergency, found)))]


def note_measured(connection: Connection, mark: Mark) -> None:
    """Never back to less than was noted: of two who measure at once, one may have looked earlier."""
    own, (emergency, unit, day, said, measured_at) = overtime_days.c, mark
    same = and_(own.emergency == emergency, own.unit == unit, own.day == day)
    known = connection.execute(select(own.said, own.measured_at).where(same).with_for_update()).first()
    if known is None:
        row = {"emergency": emergency, "unit": unit, "day": day, "said": said, "measured_at": measured_at}
        connection.execute(insert(overtime_days).values(row))
    elif (said, measured_at) != tuple(known) and said >= known.said and measured_at >= known.measured_at:
        connection.execute(update(overtime_days).where(same).values(said=said, measured_at=measured_at))


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
