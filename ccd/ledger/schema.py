"""The ledger's tables, as statements see them. What the database itself holds to stands in the migration.

Append-only: `owners`, `accounts`, `transactions`, `entries`, `reservations`, `resolutions`, and what the sealer adds,
`blocks` and `daily_sums`. Changed in place, and derivable from those: `balances`, `caps`, the state of a month in
`periods`.
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
    Column("unit", Exact, nullable=False),  # the organisation it belongs to
    Column("side", Text, nullable=False),  # on which its balance normally stands
    Column("floor", BigInteger),  # seconds; without one it has no balance row
    Column("opened_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("asked_by", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("owner_id", "kind"),
    CheckConstraint("side IN ('credit', 'debit')", name="known_side"),
    CheckConstraint("length(digest) = 32", name="digest_is_whole"),
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

# What may be drawn on it, and what has been: a rule for postings of many owners together.
caps = Table(
    "caps",
    metadata,
    Column("name", Exact, primary_key=True),
    Column("limit_s", BigInteger, nullable=False),
    Column("drawn_s", BigInteger, nullable=False),
    CheckConstraint("drawn_s BETWEEN 0 AND limit_s", name="not_beyond_its_limit"),
)

periods = Table(
    "periods",
    metadata,
    Column("book", Exact, nullable=False),
    Column("month", String(7), nullable=False),  # 2026-11
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("book", "month"),
    CheckConstraint("state IN ('open', 'closing', 'closed')", name="known_state"),  # nothing writes 'closing'
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
    Column("terms", Text, nullable=False, server_default=""),
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
    Index("ix_entries_debit", "debit", "transaction_id", "day", "seconds"),
    Index("ix_entries_credit", "credit", "transaction_id", "day", "seconds"),
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

# An account's transfers are those on either side: the own account, the other's, and the sign of what they move.
SIDES = ((entries.c.debit, entries.c.credit, -1), (entries.c.credit, entries.c.debit, 1))

reservations = Table(
    "reservations",
    metadata,
    Column("transaction_id", BigInteger, ForeignKey(transactions.c.id), primary_key=True, autoincrement=False),
    Column("owner_id", BigInteger, ForeignKey(owners.c.id), nullable=False, index=True),
    Column("expires_at", BigInteger),  # microseconds since the epoch; NULL: never
)

# At most one a reservation: posted, in full or in part, or given back.
resolutions = Table(
    "resolutions",
    metadata,
    Column("reservation", BigInteger, ForeignKey(reservations.c.transaction_id), primary_key=True, autoincrement=False),
    Column("transaction_id", BigInteger, ForeignKey(transactions.c.id), nullable=False, unique=True),
)

# What the sealer has sealed: transactions above `after` up to `up_to`, accounts above `accounts_after` likewise.
blocks = Table(
    "blocks",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("after", BigInteger, nullable=False),
    Column("up_to", BigInteger, nullable=False),
    Column("accounts_after", BigInteger, nullable=False),
    Column("accounts_up_to", BigInteger, nullable=False),
    Column("leaves", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),  # of the digests of its transactions, then of its accounts
    Column("before", LargeBinary, nullable=False),  # root of the tree of all blocks before it
    Column("hash", LargeBinary, nullable=False),  # of number, leaves, root and before
    Column("local", LargeBinary, nullable=False),  # hash of what is this database's own: numbers, times
    Column("earliest", BigInteger, nullable=False),  # recorded_at of its transactions
    Column("latest", BigInteger, nullable=False),
    Column("sealed_at", BigInteger, nullable=False),
    CheckConstraint("leaves > 0", name="seals_something"),
    CheckConstraint("up_to >= after AND accounts_up_to >= accounts_after", name="goes_forward"),
    *(CheckConstraint(f"length({name}) = 32", name=f"{name}_is_whole") for name in ("root", "before", "hash", "local")),
)

# What a block's transfers moved on an account without a balance row, by the day that they are for.
daily_sums = Table(
    "daily_sums",
    metadata,
    Column("account_id", BigInteger, ForeignKey(accounts.c.id), nullable=False),
    Column("day", Date, nullable=False),
    Column("block", BigInteger, ForeignKey(blocks.c.number), nullable=False),
    Column("seconds", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "day", "block"),
    sqlite_with_rowid=False,
)

# In the order in which each finds what it refers to.
TABLES: tuple[Table, ...] = (
    owners, accounts, balances, caps, periods, transactions, entries, reservations, resolutions, blocks, daily_sums,
)  # fmt: skip

# On PostgreSQL, by name, what gives out their numbers.
NUMBERED_BY = {"owners_id_seq": owners, "accounts_id_seq": accounts, transaction_ids.name: transactions}
