"""What people ruled of agents' time: about an agent or a unit, beside what was measured, and never unsaid."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0019"
down_revision = "0018"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = "number = new.number OR act = new.act OR reverses = new.reverses"


def upgrade() -> None:
    op.create_table(
        "rulings",
        # The newest wins.
        sa.Column("number", RowNumber, primary_key=True),
        # Who ruled, when and why stands there.
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.Column("agent", Exact),
        sa.Column("unit", Exact),
        sa.Column("start_at", sa.BigInteger, nullable=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        # What is reversed is so once.
        sa.Column("reverses", Exact),
        sa.UniqueConstraint("act"),
        sa.UniqueConstraint("reverses"),
        sa.CheckConstraint("(agent IS NULL) <> (unit IS NULL)", name="is_about_one"),
        sa.CheckConstraint("end_at > start_at", name="ends_after_it_starts"),
        sa.CheckConstraint("counts IN ('available', 'exempt', 'aux', 'left_out', 'as_measured')", name="known_counts"),
    )
    op.create_index("ix_rulings_end", "rulings", ["end_at"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER rulings_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON rulings"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    for name, when in (
        ("never_change", "BEFORE UPDATE ON rulings"),
        ("never_go", "BEFORE DELETE ON rulings"),
        ("are_never_replaced", f"BEFORE INSERT ON rulings WHEN EXISTS (SELECT 1 FROM rulings WHERE {SAME})"),
    ):
        refuse = "SELECT RAISE(ABORT, 'append-only: rulings stay as they were made')"
        op.execute(f"CREATE TRIGGER rulings_{name} {when} BEGIN {refuse}; END")
