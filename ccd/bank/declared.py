"""Hours that are declared for a unit and a month, where there are no schedules (docs/time-bank.md 3.3). Append-only:
what was declared last holds."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Connection, String, Table, Text, select

from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import insert_rows

declared_hours = Table(
    "declared_hours",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("unit", Exact, nullable=False),
    Column("month", String(7), nullable=False, index=True),  # 2026-11
    Column("seconds", BigInteger, nullable=False),
    Column("declared_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("declared_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("seconds >= 0", name="not_below_nothing"),
)
COLUMNS = ("unit", "month", "seconds", "declared_at", "declared_by", "why")


def declare_hours(connection: Connection, unit: str, month: str, seconds: int, at: int, by: str, why: str) -> None:
    insert_rows(connection, declared_hours, COLUMNS, [(unit, month, seconds, at, by, why)])


def declared_for(connection: Connection, month: str) -> dict[str, int]:
    """In seconds, by unit."""
    rows = select(declared_hours.c.unit, declared_hours.c.seconds).where(declared_hours.c.month == month)
    return {row.unit: row.seconds for row in connection.execute(rows.order_by(declared_hours.c.id))}
