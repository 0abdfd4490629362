"""The tables of people, their sessions, the keys that other systems speak with, and what was answered to whom under a
key of their own. Rows of people, sessions and answers come and go: nothing in the ledger refers to them. A system's key
stays, because acts name it.

Of a password, a session's token and a key only hashes are kept.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

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

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", Exact, primary_key=True),  # acts name it: a name is used once
    Column("key", Exact, nullable=False, unique=True),  # the key's SHA-256, in hexadecimal
    Column("scopes", Text, nullable=False),  # what it may do: ["propose_packets"]
    Column("units", Text, nullable=False),  # in which units, and all below: ["centre"]
    Column("until", BigInteger, nullable=False),  # µs since the epoch
    Column("made_at", BigInteger, nullable=False),  # µs since the epoch
    Column("made_by", Text, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("person", Exact, nullable=False),
    Column("key", Exact, nullable=False),  # the client's own
    Column("request", Text, nullable=False),  # its SHA-256, in hexadecimal
    Column("asked_at", BigInteger, nullable=False),  # µs since the epoch
    Column("status", Integer),
    Column("body", Text),  # below its ETag, where it had one
    PrimaryKeyConstraint("person", "key"),
    CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered_as_a_whole"),
    Index("ix_idempotency_asked_at", "asked_at"),
    sqlite_with_rowid=False,
)
