"""The tables of what agents' time is planned for, as statements see them. What the database holds to stands in the
migration.

A row holds from `said_at` until `until_at`, NULL while it still does: what was withdrawn or said otherwise stays as it
was said. Instants are microseconds since the epoch.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, text

from ccd.sql.metadata import Exact, RowNumber, metadata

HOLDS = text("until_at IS NULL")


def _told(name: str, what: str, *checks: CheckConstraint) -> Table:
    return Table(
        name,
        metadata,
        Column("id", RowNumber, primary_key=True),
        Column("source", Exact, nullable=False),
        Column("uid", Exact, nullable=False),
        Column("agent", Exact, nullable=False),
        Column("day", Date, nullable=False),  # on which it begins, as the source says it
        Column("start_at", BigInteger, nullable=False),
        Column("end_at", BigInteger, nullable=False),
        Column(what, Text, nullable=False),
        Column("said_at", BigInteger, nullable=False),
        Column("until_at", BigInteger),
        CheckConstraint("end_at > start_at", name="ends_after_it_starts"),
        *checks,
        Index(f"ix_{name}_uid", "source", "uid", unique=True, sqlite_where=HOLDS, postgresql_where=HOLDS),
        Index(f"ix_{name}_agent", "agent", "end_at", sqlite_where=HOLDS, postgresql_where=HOLDS),
        Index(f"ix_{name}_day", "day"),
    )


shifts = _told(
    "shifts",
    "breaks",  # JSON: [[start, end], …]
    CheckConstraint("end_at - start_at < 86400000000", name="is_shorter_than_a_day"),
)
leaves = _told("leaves", "kind")
