"""Leases: which process records a site and its PBXs, so that one that is started beside it stands by."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", Exact, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("beats", sa.BigInteger, nullable=False),
        sa.Column("term", sa.BigInteger, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sa.CheckConstraint("beats >= 0 AND term >= 0", name="counts_from_0"),
        sqlite_with_rowid=False,
    )
