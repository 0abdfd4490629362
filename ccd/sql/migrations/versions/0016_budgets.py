"""Budgets for red packets: what was handed to whom, and that it was taken back."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0016"
down_revision = "0015"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {"budgets": "id = new.id", "budget_ends": "budget = new.budget"}


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("id", Exact, primary_key=True),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("holder", Exact, nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("handed_at", sa.BigInteger, nullable=False),
        sa.Column("handed_by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.CheckConstraint("seconds > 0", name="hands_something"),
    )
    op.create_index("ix_budgets_month", "budgets", ["month"])
    op.create_table(
        "budget_ends",
        # Taken back twice at once: the second finds that it is, and looks again.
        sa.Column("budget", Exact, sa.ForeignKey("budgets.id"), primary_key=True),
        sa.Column("back_s", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.CheckConstraint("back_s >= 0", name="takes_nothing_from_anybody"),
    )
    for table, same in SAME.items():
        _keep(table, same)


def _keep(table: str, same: str) -> None:
    """What was said stays as it was said."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    for name, when in (
        ("never_change", f"BEFORE UPDATE ON {table}"),
        ("never_go", f"BEFORE DELETE ON {table}"),
        ("are_never_replaced", f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"),
    ):
        refuse = f"SELECT RAISE(ABORT, 'append-only: {table} stay as they are')"
        op.execute(f"CREATE TRIGGER {table}_{name} {when} BEGIN {refuse}; END")
