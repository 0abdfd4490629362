"""Overtime that was entered by hand, and what a second person said of it, as they are kept. Append-only."""

from collections.abc import Collection, Iterable
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
    Table,
    Text,
    and_,
    case,
    func,
    insert,
    select,
    true,
)

from ccd.bank.emergency_rows import emergencies
from ccd.sql.metadata import Exact, metadata
from ccd.sql.rows import among

overtime_entries = Table(
    "overtime_entries",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("emergency", Exact, ForeignKey(emergencies.c.id), nullable=False, index=True),
    Column("agent", Exact, nullable=False),
    Column("day", Date, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("needs_second", Boolean, nullable=False),  # it counts once a second person approves
    Column("at", BigInteger, nullable=False),  # µs, as all instants here
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
    Column("approves", Boolean, nullable=False, server_default=true()),  # or declines
    Column("why", Text, nullable=False, server_default=""),
    CheckConstraint("approves OR why <> ''", name="declined_says_why"),
)


class OvertimeEntry(NamedTuple):
    """Time that somebody said an agent worked in an emergency, on a business day of the agent's. Of one that waits,
    `already_s` is what counts by now of the agent's day, by entries in other emergencies; up to `limit_s` in all none
    would."""

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
    declined_by: str | None = None
    declined_why: str = ""
    already_s: int = 0
    limit_s: int = 0

    @property
    def counts(self) -> bool:
        return self.approved_by is not None or not self.needs_second

    @property
    def waits(self) -> bool:
        return not self.counts and self.declined_by is None


def add_entry(connection: Connection, entry: OvertimeEntry) -> None:
    row = {name: value for name, value in entry._asdict().items() if name in overtime_entries.c}
    connection.execute(insert(overtime_entries).values(row))


def approve_entry(connection: Connection, entry: str, at: int, by: str) -> None:
    """As to decline: an IntegrityError where somebody decided meanwhile; the next look finds it."""
    connection.execute(insert(overtime_approvals).values(entry=entry, at=at, by=by))


def decline_entry(connection: Connection, entry: str, at: int, by: str, why: str) -> None:
    connection.execute(insert(overtime_approvals).values(entry=entry, at=at, by=by, approves=False, why=why))


def entry_of(connection: Connection, name: str) -> OvertimeEntry | None:
    found = _entries(connection, overtime_entries.c.id == name)
    return found[0] if found else None


def unapproved(connection: Connection) -> list[OvertimeEntry]:
    """What waits for a second person, in the order in which it was entered."""
    return _entries(connection, and_(overtime_entries.c.needs_second, overtime_approvals.c.entry.is_(None)))


def entries_of(connection: Connection, found: Collection[str]) -> list[OvertimeEntry]:
    """Of these emergencies, in the order in which they came to count, or were made where they do not yet."""
    return _entries(connection, among(connection, overtime_entries.c.emergency, found))


def entered_already(connection: Connection, entry: OvertimeEntry) -> tuple[int, int]:
    """In seconds, what counts by now of the agent's day: by entries in the very emergency, and in all others."""
    own, agent, day = overtime_entries.c, entry.agent, entry.day
    known_s = entered_s(_entries(connection, and_(own.agent == agent, own.day == day)), agent, day)
    here_s = known_s.pop(entry.emergency, 0)
    return here_s, sum(known_s.values())


def entered_s(entries: Iterable[OvertimeEntry], agent: str, day: date) -> dict[str, int]:
    """By emergency, what was entered last for the agent's day, of what counts."""
    return {one.emergency: one.seconds for one in entries if (one.agent, one.day) == (agent, day) and one.counts}


def _entries(connection: Connection, condition: Any) -> list[OvertimeEntry]:
    said = overtime_approvals.c
    query = (
        select(
            overtime_entries,
            case((said.approves, said.by)).label("approved_by"),
            case((~said.approves, said.by)).label("declined_by"),
            func.coalesce(said.why, "").label("declined_why"),
        )
        .join(overtime_approvals, said.entry == overtime_entries.c.id, isouter=True)
        .where(condition)
        .order_by(func.coalesce(said.at, overtime_entries.c.at), overtime_entries.c.id)
    )
    return [OvertimeEntry(*row) for row in connection.execute(query)]
