"""Changes that one person proposes and another agrees to, and who has read a policy: never unsaid."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0027"
down_revision = "0026"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {
    "proposed_changes": "number = new.number OR act = new.act",
    "change_ends": "change = new.change OR act = new.act",
    "policy_readings": "(change = new.change AND agent = new.agent) OR act = new.act",
}


def upgrade() -> None:
    op.create_table(
        "proposed_changes",
        sa.Column("number", RowNumber, primary_key=True),
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.Column("kind", Exact, nullable=False),
        sa.Column("subject", Exact, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", Exact, nullable=False),
        # As it was shown before it was decided.
        sa.Column("effect", sa.Text, nullable=False),
        sa.UniqueConstraint("act"),
        sa.CheckConstraint("kind IN ('policy', 'roster')", name="known_kind"),
    )
    op.create_table(
        "change_ends",
        # A change is decided once.
        sa.Column("change", sa.BigInteger, sa.ForeignKey("proposed_changes.number"), primary_key=True),
        # Of a change that needs nobody else, its own.
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.Column("verdict", Exact, nullable=False),
        sa.UniqueConstraint("act"),
        sa.CheckConstraint("verdict IN ('agreed', 'withdrawn')", name="known_verdict"),
    )
    op.create_table(
        "policy_readings",
        sa.Column("change", sa.BigInteger, sa.ForeignKey("proposed_changes.number"), primary_key=True),
        sa.Column("agent", Exact, primary_key=True),
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.UniqueConstraint("act"),
    )
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
