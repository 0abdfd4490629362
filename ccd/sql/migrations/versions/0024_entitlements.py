"""What agents are entitled to, without a reason: never unsaid."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0024"
down_revision = "0023"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = "number = new.number OR act = new.act"


def upgrade() -> None:
    op.create_table(
        "entitlements",
        # What was said last of a day holds.
        sa.Column("number", RowNumber, primary_key=True),
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("until_day", sa.Date),
        # Neither: from then on to nothing.
        sa.Column("rate_ppm", sa.Integer),
        sa.Column("minimum_s", sa.Integer),
        sa.UniqueConstraint("act"),
        sa.CheckConstraint("until_day > first_day", name="ends_after_it_starts"),
        sa.CheckConstraint("rate_ppm > 0 AND rate_ppm <= 1000000", name="is_a_part_of_time"),
        sa.CheckConstraint("minimum_s > 0", name="is_some_time"),
    )
    op.create_index("ix_entitlements_agent", "entitlements", ["agent"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER entitlements_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON entitlements"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    for name, when in (
        ("never_change", "BEFORE UPDATE ON entitlements"),
        ("never_go", "BEFORE DELETE ON entitlements"),
        ("are_never_replaced", f"BEFORE INSERT ON entitlements WHEN EXISTS (SELECT 1 FROM entitlements WHERE {SAME})"),
    ):
        refuse = "SELECT RAISE(ABORT, 'append-only: entitlements stay as they were said')"
        op.execute(f"CREATE TRIGGER entitlements_{name} {when} BEGIN {refuse}; END")
