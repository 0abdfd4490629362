"""Applications for days off, what became of each, and how many agents of a unit may take one."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0014"
down_revision = "0013"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {
    "withdrawals": "id = new.id",
    "withdrawal_states": "withdrawal = new.withdrawal AND number = new.number",
    "quotas": "id = new.id",
}


def upgrade() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", Exact, primary_key=True),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("applied_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("seconds > 0", name="asks_for_something"),
    )
    op.create_index("ix_withdrawals_day", "withdrawals", ["day"])
    op.create_table(
        "withdrawal_states",
        sa.Column("withdrawal", Exact, sa.ForeignKey("withdrawals.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("hold", sa.Integer),
        sa.Column("quotas", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        # Two who change one application at once: the second finds its number taken, and looks again.
        sa.PrimaryKeyConstraint("withdrawal", "number"),
        sa.CheckConstraint("number > 0", name="counted_from_1"),
        sa.CheckConstraint("(state IN ('applied', 'approved')) = (hold IS NOT NULL)", name="holds_while_it_is_open"),
    )
    op.create_table(
        "quotas",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date),
        sa.Column("weekday", sa.Integer),
        sa.Column("holds_from", sa.Date, nullable=False),
        sa.Column("agents", sa.Integer, nullable=False),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.CheckConstraint("agents >= 0", name="nobody_or_more"),
        sa.CheckConstraint("(day IS NULL) <> (weekday IS NULL)", name="one_day_or_a_weekday"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="known_weekday"),
    )
    op.create_index("ix_quotas_unit", "quotas", ["unit"])
    for table, same in SAME.items():
        _keep(table, same)


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
