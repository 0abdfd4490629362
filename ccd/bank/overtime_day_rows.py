"""Up to what each day of an emergency was measured and posted. It is derived, and may be written again."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    and_,
    func,
    insert,
    select,
    update,
)

from ccd.bank.call_out_rows import CallOut, call_outs, calls_of
from ccd.bank.emergency_rows import emergencies, emergency_ends
from ccd.bank.overtime_entry_rows import overtime_approvals, overtime_entries
from ccd.sql.metadata import Exact, metadata
from ccd.sql.rows import among

# What is newer has the day measured anew.
overtime_days = Table(
    "overtime_days",
    metadata,
    Column("emergency", Exact, ForeignKey(emergencies.c.id), nullable=False),
    Column("unit", Exact, nullable=False),
    Column("day", Date, nullable=False),
    Column("said", Integer, nullable=False),  # how much had been said of the emergency
    Column("measured_at", BigInteger, nullable=False),  # µs, of the unit's day; 0 before it was closed
    PrimaryKeyConstraint("emergency", "unit", "day"),
)


class Mark(NamedTuple):
    """Up to what a day of an emergency is measured: how much was said of it, and the measurement of the unit's day."""

    emergency: str
    unit: str
    day: date
    said: int
    measured_at: int


def measured_calls(connection: Connection, start: int, end: int) -> list[CallOut]:
    """The call-outs between two instants, µs, of emergencies that were measured; in the order of the instants."""
    calls = call_outs.c
    within = select(calls.emergency).where(calls.called_at >= start, calls.called_at < end).distinct()
    measured = select(overtime_days.c.emergency).where(overtime_days.c.emergency.in_(within)).distinct()
    found = [call for name in connection.scalars(measured) for call in calls_of(connection, name).values()]
    return sorted((call for call in found if start <= call.called_at < end), key=lambda call: call[:2][::-1])


def how_much_said(connection: Connection, found: Collection[str]) -> dict[str, int]:
    """By emergency, how much was said of it: ends, call-outs, entries, approvals. It only grows."""
    entries = overtime_entries.c
    counted = [
        (table.c.emergency, select(table.c.emergency, func.count()).select_from(table))
        for table in (emergency_ends, call_outs, overtime_entries)
    ]
    approved = (
        select(entries.emergency, func.count())
        .join(overtime_approvals, overtime_approvals.c.entry == entries.id)
        .where(overtime_approvals.c.approves)
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


def marks_since(connection: Connection, first: date) -> frozenset[Mark]:
    """Those of the days from `first` on: another one for each that was measured anew, or of which more was said."""
    own = overtime_days.c
    query = select(own.emergency, own.unit, own.day, own.said, own.measured_at).where(own.day >= first)
    return frozenset(Mark(*row) for row in connection.execute(query))


def note_mark(connection: Connection, mark: Mark) -> None:
    """Never back to less than was noted: of two who measure at once, one may have looked earlier."""
    own, (emergency, unit, day, said, measured_at) = overtime_days.c, mark
    same = and_(own.emergency == emergency, own.unit == unit, own.day == day)
    known = connection.execute(select(own.said, own.measured_at).where(same).with_for_update()).first()
    if known is None:
        row = {"emergency": emergency, "unit": unit, "day": day, "said": said, "measured_at": measured_at}
        connection.execute(insert(overtime_days).values(row))
    elif (said, measured_at) != tuple(known) and said >= known.said and measured_at >= known.measured_at:
        connection.execute(update(overtime_days).where(same).values(said=said, measured_at=measured_at))
