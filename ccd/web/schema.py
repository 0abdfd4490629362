"""The tables of people and their sessions. Rows come and go: nothing in the ledger refers to them.

Of a password and of a session's token only hashes are kept.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from ccd.sql.metadata import Exact, metadata

users = Table(
    "users",
    metadata,
    Column("name", Exact, primary_key=True),
    Column("role", Text, nullable=False),
    Column("agent", Exact),
    Column("password", Text, nullable=False),  # an argon2id hash with its parameters
    Column("created_at", BigInteger, nullable=False),  # µs since the epoch
    CheckConstraint("role IN ('supervisor', 'agent')", name="known_role"),
    CheckConstraint("(role = 'agent') = (agent IS NOT NULL)", name="an_agent_is_one"),
)

user_units = Table(
    "user_units",
    metadata,
    Column("name", Exact, ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("unit", Exact, nullable=False),
    PrimaryKeyConstraint("name", "unit"),
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    metadata,
    Column("key", Exact, primary_key=True),  # the token's SHA-256, in hexadecimal
    Column("name", Exact, ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("until", BigInteger, nullable=False),  # µs since the epoch
    Index("ix_sessions_until", "until"),
    Index("ix_sessions_name", "name"),
    sqlite_with_rowid=False,
)
