"""Red packets that other systems propose, what was decided of each, and the keys that these systems speak with."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0017"
down_revision = "0016"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {"packet_proposals": "number = new.number OR id = new.id", "packet_decisions": "proposal = new.proposal"}


def upgrade() -> None:
    op.create_table(
        "packet_proposals",
        sa.Column("number", RowNumber, primary_key=True),
        sa.Column("id", Exact, nullable=False),
        sa.Column("source", Exact, nullable=False),
        sa.Column("name", Exact, nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("agents", sa.Text, nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.BigInteger, nullable=False),
        # Two who propose it at once: the second finds the first's.
        sa.UniqueConstraint("id"),
        sa.CheckConstraint("seconds > 0", name="proposes_something"),
    )
    op.create_table(
        "packet_decisions",
        # Confirmed by one and declined by another at once: the second finds that it is decided.
        sa.Column("proposal", Exact, sa.ForeignKey("packet_proposals.id"), primary_key=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.CheckConstraint("verdict IN ('confirmed', 'declined')", name="known_verdict"),
    )
    op.create_table(
        "api_keys",
        sa.Column("name", Exact, primary_key=True),
        sa.Column("key", Exact, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("units", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.UniqueConstraint("key"),
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
