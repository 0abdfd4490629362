"""Emergencies and their ends as they are kept. Append-only: what holds is what was said last."""

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    func,
    insert,
    select,
)

from ccd.bank.overtime import Emergency
from ccd.sql.metadata import Exact, metadata

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
    return [Emergency(*row) for row in connection.execute(_newest().where(condition))]


@cache
def _newest() -> Select[Any]:
    """Each with what was said last of its end."""
    table, later = emergencies.c, emergency_ends.alias()
    said_since = select(later.c.number).where(
        later.c.emergency == emergency_ends.c.emergency, later.c.number > emergency_ends.c.number
    )
    return (
        select(table.id, table.unit, table.level, table.interest_ppm, table.round_up_s, table.start_at,
               emergency_ends.c.end_at, table.opened_at)
        .join(emergency_ends, emergency_ends.c.emergency == table.id)
        .where(~said_since.exists())
        .order_by(table.start_at, table.id)
    )  # fmt: skip
