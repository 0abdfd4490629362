"""Appeals against lines of a statement, and how each ended: never unsaid."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0023"
down_revision = "0022"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {"appeals": "act = new.act", "appeal_ends": "appeal = new.appeal"}


def upgrade() -> None:
    op.create_table(
        "appeals",
        # Who appealed, when and why stands there.
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), primary_key=True),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("transaction_id", sa.BigInteger, nullable=False),
        sa.Column("leg", sa.Integer, nullable=False),
    )
    op.create_index("ix_appeals_day", "appeals", ["day"])
    op.create_table(
        "appeal_ends",
        # Of two who decide at once, the second finds that it is decided.
        sa.Column("appeal", Exact, sa.ForeignKey("appeals.act"), primary_key=True),
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ruling", Exact, sa.ForeignKey("rulings.act")),
        sa.CheckConstraint("state IN ('upheld', 'rejected', 'withdrawn')", name="known_state"),
        sa.CheckConstraint("(state = 'upheld') = (ruling IS NOT NULL)", name="is_upheld_with_a_ruling"),
    )
    for table, same in SAME.items():
        _keep(table, same)


def _keep(table: str, same: str) -> None:
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
        refuse = f"SELECT RAISE(ABORT, 'append-only: {table} stay as they were said')"
        op.execute(f"CREATE TRIGGER {table}_{name} {when} BEGIN {refuse}; END")
