"""What attendance is given of each agent's month."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0021"
down_revision = "0020"

TABLE = "attendance_results"
# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = "book = new.book AND month = new.month AND agent = new.agent AND number = new.number"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("book", Exact, nullable=False),
        sa.Column("month", Exact, nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("full_attendance", sa.Boolean, nullable=False),
        sa.Column("points_100", sa.Integer, nullable=False),
        sa.Column("faults", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", Exact, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        # Two who correct one month at once: the second finds its number taken, and looks again.
        sa.PrimaryKeyConstraint("book", "month", "agent", "number"),
        sa.CheckConstraint("number > 0", name="counted_from_1"),
        sa.CheckConstraint(
            "points_100 >= 0 AND (full_attendance OR points_100 = 0)", name="points_for_full_attendance"
        ),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TABLE}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    # What attendance was given stays as it was given; a correction is the next number.
    for name, when in (
        ("never_change", f"BEFORE UPDATE ON {TABLE}"),
        ("never_go", f"BEFORE DELETE ON {TABLE}"),
        ("are_never_replaced", f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {SAME})"),
    ):
        refuse = f"SELECT RAISE(ABORT, 'append-only: {TABLE} stay as they are')"
        op.execute(f"CREATE TRIGGER {TABLE}_{name} {when} BEGIN {refuse}; END")
