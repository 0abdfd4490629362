"""What became of each caller: answered, abandoned, or out of the queue in another way, and how long that took."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "queue_calls",
        # A number of its own: a caller comes again, and a switch that says a thing twice is no fault of the database's.
        # That a batch is written once, `sources` holds.
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("pbx", Exact, nullable=False),
        sa.Column("queue", Exact, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("joined_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("became", sa.Text, nullable=False),
        sa.Column("seat", Exact, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.CheckConstraint("became IN ('answered', 'abandoned', 'left', 'lost')", name="known_end"),
        # Nothing is reckoned of who was not seen all the time: such a one has no beginning.
        sa.CheckConstraint("joined_at <= ended_at", name="ends_after_it_joined"),
        sa.CheckConstraint("(became = 'answered') = (seat <> '')", name="somebody_answered"),
    )
    # A report asks for days.
    op.create_index("ix_queue_calls_ended_at", "queue_calls", ["ended_at"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER queue_calls_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON queue_calls"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    for name, when in (
        ("never_change", "BEFORE UPDATE ON queue_calls"),
        ("never_go", "BEFORE DELETE ON queue_calls"),
        (
            "are_never_replaced",
            "BEFORE INSERT ON queue_calls WHEN EXISTS (SELECT 1 FROM queue_calls WHERE id = new.id)",
        ),
    ):
        refuse = "SELECT RAISE(ABORT, 'append-only: queue calls stay as they are')"
        op.execute(f"CREATE TRIGGER queue_calls_{name} {when} BEGIN {refuse}; END")
