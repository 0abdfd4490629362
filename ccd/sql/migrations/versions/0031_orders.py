"""What leaders ask of the switches about agents, who took it there, and what came of it: never unsaid."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0031"
down_revision = "0030"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {
    "orders": "number = new.number OR act = new.act",
    "order_takings": "number = new.number",
    "order_ends": "number = new.number OR act = new.act",
}


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("number", RowNumber, primary_key=True),
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("what", Exact, nullable=False),
        sa.Column("until_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("act"),
        sa.CheckConstraint("what IN ('pause', 'unpause', 'sign out')", name="known_what"),
    )
    # What is open is looked for several times a second.
    op.create_index("ix_orders_until_at", "orders", ["until_at"])
    op.create_table(
        "order_takings",
        # Of two who take an order to the switches the first has it.
        sa.Column("number", sa.BigInteger, sa.ForeignKey("orders.number"), primary_key=True, autoincrement=False),
        sa.Column("by", Exact, nullable=False),
        sa.Column("start_at", sa.BigInteger),
        sa.Column("end_at", sa.BigInteger),
    )
    op.create_table(
        "order_ends",
        sa.Column("number", sa.BigInteger, sa.ForeignKey("orders.number"), primary_key=True, autoincrement=False),
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.Column("outcome", Exact, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("start_at", sa.BigInteger),
        sa.Column("end_at", sa.BigInteger),
        sa.UniqueConstraint("act"),
        sa.CheckConstraint(
            "outcome IN ('done', 'partly', 'not_there', 'refused', 'not_asked', 'unknown')", name="known_outcome"
        ),
        sa.CheckConstraint("(start_at IS NULL) = (end_at IS NULL)", name="has_a_span_or_none"),
    )
    # Each night asks who was signed out by a leader on its day.
    op.create_index("ix_order_ends_end_at", "order_ends", ["end_at"])
    postgresql = op.get_context().dialect.name == "postgresql"
    for table, same in SAME.items():
        if postgresql:
            op.execute(
                f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
            )
            continue
        for name, when in (
            ("never_change", f"BEFORE UPDATE ON {table}"),
            ("never_go", f"BEFORE DELETE ON {table}"),
            ("are_never_replaced", f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"),
        ):
            refuse = f"SELECT RAISE(ABORT, 'append-only: {table} stay as they are')"
            op.execute(f"CREATE TRIGGER {table}_{name} {when} BEGIN {refuse}; END")
