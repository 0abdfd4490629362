"""Hours declared for a unit and a month: what its red packets are measured by, where there are no schedules."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "declared_hours",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("declared_at", sa.BigInteger, nullable=False),
        sa.Column("declared_by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.CheckConstraint("seconds >= 0", name="not_below_nothing"),
    )
    op.create_index("ix_declared_hours_month", "declared_hours", ["month"])
    # Whoever declares other hours adds a row: who said what, and when, stays.
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER declared_hours_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON declared_hours"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    for event, when in (("UPDATE", "never_change"), ("DELETE", "never_go")):
        op.execute(
            f"CREATE TRIGGER declared_hours_{when} BEFORE {event} ON declared_hours"
            " BEGIN SELECT RAISE(ABORT, 'append-only: declared hours stay as they were said'); END"
        )
    op.execute(
        "CREATE TRIGGER declared_hours_are_never_replaced BEFORE INSERT ON declared_hours"
        " WHEN EXISTS (SELECT 1 FROM declared_hours WHERE id = new.id)"
        " BEGIN SELECT RAISE(ABORT, 'append-only: declared hours already have this row'); END"
    )
