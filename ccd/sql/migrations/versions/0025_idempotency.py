"""What was asked under a client's own key, and what was answered: a retry whose answer was lost is told the same."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("person", Exact, nullable=False),
        sa.Column("key", Exact, nullable=False),
        # Of method, path, query and body, in hexadecimal: another request under the same key is refused.
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        # Neither until it is answered, and for good where it was refused: then it can be asked again.
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.Text),
        sa.PrimaryKeyConstraint("person", "key"),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered_as_a_whole"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_asked_at", "idempotency", ["asked_at"])
