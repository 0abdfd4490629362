"""Emergencies, the strike team, call-outs, and time that was entered; and up to what each was measured."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0018"
down_revision = "0017"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {
    "emergencies": "id = new.id",
    "emergency_ends": "emergency = new.emergency AND number = new.number",
    "strike_team": "id = new.id",
    "call_outs": "emergency = new.emergency AND agent = new.agent",
    "call_answers": "id = new.id",
    "overtime_entries": "id = new.id",
    "overtime_approvals": "entry = new.entry",
}


def upgrade() -> None:
    op.create_table(
        "emergencies",
        sa.Column("id", Exact, primary_key=True),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("interest_ppm", sa.Integer, nullable=False),
        sa.Column("round_up_s", sa.Integer, nullable=False),
        sa.Column("start_at", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.CheckConstraint("why <> ''", name="says_why"),
    )
    op.create_index("ix_emergencies_start_at", "emergencies", ["start_at"])
    op.create_table(
        "emergency_ends",
        sa.Column("emergency", Exact, sa.ForeignKey("emergencies.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        # Two who end one emergency at once: the second finds its number taken, and looks again.
        sa.PrimaryKeyConstraint("emergency", "number"),
        sa.CheckConstraint("number > 0", name="counted_from_1"),
    )
    op.create_table(
        "strike_team",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("joins", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("ix_strike_team_unit", "strike_team", ["unit"])
    _calls()
    _entries()
    for table, same in SAME.items():
        _keep(table, same)


def _calls() -> None:
    op.create_table(
        "call_outs",
        sa.Column("emergency", Exact, sa.ForeignKey("emergencies.id"), nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("called_at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("emergency", "agent"),
    )
    op.create_table(
        "call_answers",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("emergency", Exact, nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("comes", sa.Boolean, nullable=False),
        sa.Column("arrived_at", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("ix_call_answers_emergency", "call_answers", ["emergency"])
    # Derived from what was seen, and written again with each measurement.
    op.create_table(
        "call_sign_ins",
        sa.Column("emergency", Exact, nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("signed_in_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("emergency", "agent"),
    )


def _entries() -> None:
    op.create_table(
        "overtime_entries",
        sa.Column("id", Exact, primary_key=True),
        sa.Column("emergency", Exact, sa.ForeignKey("emergencies.id"), nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("needs_second", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.CheckConstraint("seconds >= 0", name="not_below_nothing"),
        sa.CheckConstraint("why <> ''", name="says_why"),
    )
    op.create_index("ix_overtime_entries_emergency", "overtime_entries", ["emergency"])
    op.create_table(
        "overtime_approvals",
        sa.Column("entry", Exact, sa.ForeignKey("overtime_entries.id"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    # How far an emergency was measured: derived, and moved on by who measures.
    op.create_table(
        "overtime_days",
        sa.Column("emergency", Exact, sa.ForeignKey("emergencies.id"), nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("said", sa.Integer, nullable=False),
        sa.Column("measured_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("emergency", "unit", "day"),
    )


def _keep(table: str, same: str) -> None:
    """What was said stays as it was said; what holds now is what was said last."""
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
