"""The ledger: owners and accounts, balances, periods, transactions and entries, daily deltas.

Every constraint and trigger is here because a program with a defect, or a hand at a prompt, must not get past it.
"""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0001"
down_revision = None

APPEND_ONLY = ("owners", "accounts", "transactions", "entries", "daily_deltas")

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
UNIQUE_KEYS = {
    "owners": ("id = new.id", "name = new.name"),
    "accounts": ("id = new.id", "owner_id = new.owner_id AND kind = new.kind"),
    "balances": ("account_id = new.account_id",),
    "periods": ("book = new.book AND month = new.month",),
    "transactions": ("id = new.id", "key = new.key AND revision = new.revision"),
    "entries": (
        "transaction_id = new.transaction_id AND leg = new.leg",
        "reverses_transaction = new.reverses_transaction AND reverses_leg = new.reverses_leg",
    ),
    "daily_deltas": ("account_id = new.account_id AND day = new.day AND transaction_id = new.transaction_id",),
}


def upgrade() -> None:
    _accounts()
    _transactions()
    _entries()
    if op.get_context().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _accounts() -> None:
    op.create_table(
        "owners",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("name", Exact, nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("owner_id", sa.BigInteger, sa.ForeignKey("owners.id"), nullable=False),
        sa.Column("kind", Exact, nullable=False),
        sa.UniqueConstraint("owner_id", "kind"),
    )
    op.create_table(
        "balances",
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("floor", sa.BigInteger, nullable=False),
        # The rule of rules: whatever the programs do, no guarded balance goes below its floor.
        sa.CheckConstraint("seconds >= floor", name="not_below_its_floor"),
    )
    op.create_table(
        "periods",
        sa.Column("book", Exact, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("book", "month"),
        sa.CheckConstraint("state IN ('open', 'closing', 'closed')", name="known_state"),
    )


def _transactions() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("transaction_ids")))
    op.create_table(
        "transactions",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=False),
        sa.Column("key", Exact, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("book", Exact, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("legs", sa.Integer, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("refusal", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        # A key is claimed once and for ever, by the INSERT that does what it stands for.
        sa.UniqueConstraint("key", "revision"),
        sa.ForeignKeyConstraint(["book", "month"], ["periods.book", "periods.month"]),
        sa.CheckConstraint("state IN ('posted', 'refused')", name="known_state"),
        sa.CheckConstraint("legs >= 0", name="legs_are_counted"),
        # A refusal is an outcome like any other: kept, with the rule that spoke, and without a transfer.
        sa.CheckConstraint("state = 'posted' OR (legs = 0 AND refusal <> '')", name="a_refusal_moves_nothing"),
        sa.CheckConstraint("length(digest) = 32", name="digest_is_whole"),
    )


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("transaction_id", sa.BigInteger, sa.ForeignKey("transactions.id"), nullable=False),
        sa.Column("leg", sa.Integer, nullable=False),
        sa.Column("debit", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("credit", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("reverses_transaction", sa.BigInteger),
        sa.Column("reverses_leg", sa.Integer),
        # One row is one whole transfer, so an imbalance can't be written down.
        sa.PrimaryKeyConstraint("transaction_id", "leg"),
        sa.ForeignKeyConstraint(["reverses_transaction", "reverses_leg"], ["entries.transaction_id", "entries.leg"]),
        sa.CheckConstraint("seconds > 0", name="moves_something"),
        sa.CheckConstraint("debit <> credit", name="moves_somewhere"),
        sa.CheckConstraint("leg > 0", name="legs_count_from_1"),
        sa.CheckConstraint("(reverses_transaction IS NULL) = (reverses_leg IS NULL)", name="reverses_one_transfer"),
        sqlite_with_rowid=False,
    )
    # An owner's statement reads both sides.
    op.create_index("ix_entries_debit", "entries", ["debit", "transaction_id"])
    op.create_index("ix_entries_credit", "entries", ["credit", "transaction_id"])
    # A transfer is taken back at most once.
    op.create_index(
        "uq_entries_reverses",
        "entries",
        ["reverses_transaction", "reverses_leg"],
        unique=True,
        sqlite_where=sa.text("reverses_transaction IS NOT NULL"),
        postgresql_where=sa.text("reverses_transaction IS NOT NULL"),
    )
    op.create_table(
        "daily_deltas",
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("transaction_id", sa.BigInteger, sa.ForeignKey("transactions.id"), nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "day", "transaction_id"),
        sqlite_with_rowid=False,
    )


def _sqlite_triggers() -> None:
    for table in APPEND_ONLY:
        _sqlite_refuse(f"{table}_never_change", f"BEFORE UPDATE ON {table}", f"append-only: {table} never change")
    for table, keys in UNIQUE_KEYS.items():
        _sqlite_refuse(f"{table}_never_go", f"BEFORE DELETE ON {table}", f"append-only: {table} are never deleted")
        # Speaks even where a connection has recursive_triggers off: then REPLACE deletes without the trigger above.
        # One lookup a key, so that each finds its index.
        same = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in keys)
        _sqlite_refuse(
            f"{table}_are_never_replaced",
            f"BEFORE INSERT ON {table} WHEN {same}",
            f"append-only: {table} already have this row",
        )
    _sqlite_refuse(
        "balances_keep_their_floor",
        "BEFORE UPDATE OF account_id, floor ON balances",
        "a balance keeps its account and its floor",
    )
    # A posting counts in a month, and a month that is not open takes none.
    _sqlite_refuse(
        "transactions_need_an_open_month",
        "BEFORE INSERT ON transactions WHEN new.state = 'posted' AND NOT EXISTS (SELECT 1 FROM periods"
        " WHERE book = new.book AND month = new.month AND state = 'open')",
        "closed month: it takes no postings",
    )
    # A transaction is whole when it is written: no leg joins it later.
    _sqlite_refuse(
        "entries_are_those_announced",
        "BEFORE INSERT ON entries WHEN new.leg > (SELECT legs FROM transactions WHERE id = new.transaction_id)",
        "append-only: the transaction has fewer legs",
    )
    # A reversal takes back exactly what the first transfer moved.
    _sqlite_refuse(
        "entries_reverse_exactly",
        "BEFORE INSERT ON entries WHEN new.reverses_transaction IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entries"
        " WHERE transaction_id = new.reverses_transaction AND leg = new.reverses_leg"
        " AND debit = new.credit AND credit = new.debit AND seconds = new.seconds)",
        "a reversal mirrors the transfer that it names",
    )


def _sqlite_refuse(name: str, when: str, sentence: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")


def _postgresql_triggers() -> None:
    op.execute(
        """CREATE FUNCTION ledger_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'append-only: % refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
        END $$"""
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
    for table in ("balances", "periods"):
        op.execute(
            f"CREATE TRIGGER {table}_never_go BEFORE DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
    op.execute(
        "CREATE TRIGGER balances_keep_their_floor BEFORE UPDATE OF account_id, floor ON balances"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
    )
    # A posting counts in a month, and a month that is not open takes none. Once a statement, not once a row.
    op.execute(
        """CREATE FUNCTION ledger_needs_an_open_month() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM (SELECT DISTINCT book, month FROM added WHERE state = 'posted') AS asked
                       LEFT JOIN periods USING (book, month) WHERE periods.state IS DISTINCT FROM 'open') THEN
                RAISE EXCEPTION 'closed month: it takes no postings' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER transactions_need_an_open_month AFTER INSERT ON transactions REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_needs_an_open_month()"
    )
    # A transaction is whole when it is written: no leg joins it later. A reversal takes back exactly what was moved.
    op.execute(
        """CREATE FUNCTION ledger_checks_entries() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM added JOIN transactions ON transactions.id = added.transaction_id
                       WHERE added.leg > transactions.legs) THEN
                RAISE EXCEPTION 'append-only: the transaction has fewer legs' USING ERRCODE = 'restrict_violation';
            END IF;
            IF EXISTS (SELECT FROM added LEFT JOIN entries AS first
                       ON (first.transaction_id, first.leg) = (added.reverses_transaction, added.reverses_leg)
                       WHERE added.reverses_transaction IS NOT NULL
                       AND (first.debit, first.credit, first.seconds)
                           IS DISTINCT FROM (added.credit, added.debit, added.seconds)) THEN
                RAISE EXCEPTION 'a reversal mirrors the transfer that it names' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER entries_are_checked AFTER INSERT ON entries REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_checks_entries()"
    )
