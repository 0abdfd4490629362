"""What people did, with their reasons; and what an organisation imported, each in full. Both only grow."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0013"
down_revision = "0012"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
UNIQUE_KEYS = {
    "acts": ("number = new.number", "id = new.id"),
    "org_imports": ("kind = new.kind AND number = new.number", "act = new.act"),
}


def upgrade() -> None:
    op.create_table(
        "acts",
        sa.Column("number", RowNumber, primary_key=True),
        # Made by whoever asks: an answer that was lost is no second act.
        sa.Column("id", Exact, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", Exact, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("kind", Exact, nullable=False),
        sa.Column("subject", Exact, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.UniqueConstraint("id"),
        sa.CheckConstraint("why <> ''", name="says_why"),
    )
    op.create_table(
        "org_imports",
        sa.Column("kind", Exact, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("act", Exact, sa.ForeignKey("acts.id"), nullable=False),
        # Two who import at once: the second finds that what it would replace is replaced.
        sa.PrimaryKeyConstraint("kind", "number"),
        sa.UniqueConstraint("act"),
        sa.CheckConstraint("number >= 1", name="is_counted_from_one"),
    )
    if op.get_context().dialect.name == "sqlite":
        _sqlite_triggers()
        return
    for table in UNIQUE_KEYS:
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )


def _sqlite_triggers() -> None:
    for table, keys in UNIQUE_KEYS.items():
        for event, when in (("UPDATE", "never_change"), ("DELETE", "never_go")):
            _refuse(f"{table}_{when}", f"BEFORE {event} ON {table}", f"append-only: {table} stay as they were said")
        same = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in keys)
        _refuse(
            f"{table}_are_never_replaced",
            f"BEFORE INSERT ON {table} WHEN {same}",
            f"append-only: {table} already have this row",
        )


def _refuse(name: str, when: str, sentence: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")
