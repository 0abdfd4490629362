"""What attendance systems are told by themselves, and how far each of them has come."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0026"
down_revision = "0025"

TABLE = "outbox"
# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = "number = new.number OR id = new.id"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("number", RowNumber, primary_key=True),
        sa.Column("id", Exact, nullable=False),
        sa.Column("kind", Exact, nullable=False),
        sa.Column("subject", Exact, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        # A fact is told under one name, however often somebody finds it.
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "webhooks",
        sa.Column("name", Exact, primary_key=True),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("trying_since", sa.BigInteger),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("stopped", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.CheckConstraint("taken >= 0 AND tries >= 0", name="counts_from_0"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TABLE}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    # What was told stays as it was told: it is signed, and may be sent again.
    for name, when in (
        ("never_change", f"BEFORE UPDATE ON {TABLE}"),
        ("never_go", f"BEFORE DELETE ON {TABLE}"),
        ("are_never_replaced", f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {SAME})"),
    ):
        refuse = f"SELECT RAISE(ABORT, 'append-only: {TABLE} stay as they are')"
        op.execute(f"CREATE TRIGGER {TABLE}_{name} {when} BEGIN {refuse}; END")
