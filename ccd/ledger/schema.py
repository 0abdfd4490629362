"""The ledger's tables, as statements see them. What the database itself holds to stands in the migration.

Append-only: `transactions`, `entries`, `daily_deltas`, `owners`, `accounts`. Changed in place: `balances` (always
together with entries, and derivable from them) and the state of a month in `periods`.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Sequence,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ccd.sql.metadata import Exact, RowNumber, metadata

owners = Table(
    "owners",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("name", Exact, nullable=False, unique=True),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("owner_id", BigInteger, ForeignKey(owners.c.id), nullable=False),
    Column("kind", Exact, nullable=False),
    UniqueConstraint("owner_id", "kind"),
)

# Only accounts with a floor have a row: the accounts that everybody posts to are no lock that everybody waits for.
balances = Table(
    "balances",
    metadata,
    Column("account_id", BigInteger, ForeignKey(accounts.c.id), primary_key=True, autoincrement=False),
    Column("seconds", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False),
    CheckConstraint("seconds >= floor", name="not_below_its_floor"),
)

periods = Table(
    "periods",
    metadata,
    Column("book", Exact, nullable=False),
    Column("month", String(7), nullable=False),  # 2026-11
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("book", "month"),
    CheckConstraint("state IN ('open', 'closing', 'closed')", name="known_state"),
)

transaction_ids = Sequence("transaction_ids", metadata=metadata)

transactions = Table(
    "transactions",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=False),
    Column("key", Exact, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("book", Exact, nullable=False),
    Column("month", String(7), nullable=False),
    Column("state", Text, nullable=False),
    Column("legs", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("format", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the transaction with all its legs
    UniqueConstraint("key", "revision"),
    ForeignKeyConstraint(["book", "month"], [periods.c.book, periods.c.month]),
    CheckConstraint("state IN ('posted', 'refused')", name="known_state"),
    CheckConstraint("legs >= 0", name="legs_are_counted"),
    CheckConstraint("state = 'posted' OR (legs = 0 AND refusal <> '')", name="a_refusal_moves_nothing"),
    CheckConstraint("length(digest) = 32", name="digest_is_whole"),
)

entries = Table(
    "entries",
    metadata,
    Column("transaction_id", BigInteger, ForeignKey(transactions.c.id), nullable=False),
    Column("leg", Integer, nullable=False),
    Column("debit", BigInteger, ForeignKey(accounts.c.id), nullable=False),
    Column("credit", BigInteger, ForeignKey(accounts.c.id), nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("service", Text, nullable=False),
    Column("reverses_transaction", BigInteger),
    Column("reverses_leg", Integer),
    PrimaryKeyConstraint("transaction_id", "leg"),
    ForeignKeyConstraint(["reverses_transaction", "reverses_leg"], ["entries.transaction_id", "entries.leg"]),
    CheckConstraint("seconds > 0", name="moves_something"),
    CheckConstraint("debit <> credit", name="moves_somewhere"),
    CheckConstraint("leg > 0", name="legs_count_from_1"),
    CheckConstraint("(reverses_transaction IS NULL) = (reverses_leg IS NULL)", name="reverses_one_transfer"),
    Index("ix_entries_debit", "debit", "transaction_id"),
    Index("ix_entries_credit", "credit", "transaction_id"),
    Index(
        "uq_entries_reverses",
        "reverses_transaction",
        "reverses_leg",
        unique=True,
        sqlite_where=text("reverses_transaction IS NOT NULL"),
        postgresql_where=text("reverses_transaction IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

# What one database transaction moved on an account without a balance row; `transaction_id` is the first it wrote.
daily_deltas = Table(
    "daily_deltas",
    metadata,
    Column("account_id", BigInteger, ForeignKey(accounts.c.id), nullable=False),
    Column("day", Date, nullable=False),
    Column("transaction_id", BigInteger, ForeignKey(transactions.c.id), nullable=False),
    Column("seconds", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "day", "transaction_id"),
    sqlite_with_rowid=False,
)
