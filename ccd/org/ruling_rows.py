"""Rulings as they are kept: each with the act that it is. Append-only."""

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

from ccd.org.acts import acts
from ccd.org.rulings import COUNTS, Ruling, in_force
from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import insert_rows

rulings = Table(
    "rulings",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False, unique=True),
    Column("agent", Exact),
    Column("unit", Exact),
    Column("start_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("end_at", BigInteger, nullable=False),
    Column("counts", Text, nullable=False),
    Column("reverses", Exact, unique=True),
    CheckConstraint("(agent IS NULL) <> (unit IS NULL)", name="is_about_one"),
    CheckConstraint("end_at > start_at", name="ends_after_it_starts"),
    CheckConstraint("counts IN ({})".format(", ".join(f"'{word}'" for word in COUNTS)), name="known_counts"),
    Index("ix_rulings_end", "end_at"),
)

COLUMNS = ("act", "agent", "unit", "start_at", "end_at", "counts", "reverses")


def add_ruling(connection: Connection, ruling: Ruling) -> None:
    """With a number of its own; its act is noted already."""
    insert_rows(connection, rulings, COLUMNS, [ruling[1:]])


def ruling_with_ref(connection: Connection, ref: str) -> Ruling | None:
    return next(iter(_read(connection, rulings.c.act == ref)), None)


def reversal_of_ruling(connection: Connection, ref: str) -> Ruling | None:
    return next(iter(_read(connection, rulings.c.reverses == ref)), None)


def rulings_between(connection: Connection, start: int, end: int) -> list[Ruling]:
    """All that reach into a span, µs, and what reverses them, in the order in which they were made."""
    return _read(connection, and_(rulings.c.end_at > start, rulings.c.start_at < end))


def rulings_that_hold(connection: Connection, start: int, end: int) -> list[Ruling]:
    return in_force(rulings_between(connection, start, end))


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Ruling]:
    wanted = select(rulings.c.number, *(rulings.c[name] for name in COLUMNS)).where(*conditions)
    return [Ruling(*row) for row in connection.execute(wanted.order_by(rulings.c.number))]
