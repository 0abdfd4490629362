"""People and their sessions (ccd.web.schema): who signs in, and the units they lead."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("name", Exact, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("agent", Exact),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("role IN ('supervisor', 'agent')", name="known_role"),
        # Whoever reads `me` reads exactly one agent's; a supervisor has no page of an agent.
        sa.CheckConstraint("(role = 'agent') = (agent IS NOT NULL)", name="an_agent_is_one"),
    )
    op.create_table(
        "user_units",
        # With the person go their units, and whatever they are signed in with.
        sa.Column("name", Exact, sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.PrimaryKeyConstraint("name", "unit"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("key", Exact, primary_key=True),
        sa.Column("name", Exact, sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sessions_until", "sessions", ["until"])
    op.create_index("ix_sessions_name", "sessions", ["name"])
