"""The ledger in full: what accounts are, terms of postings, caps, reservations, and the sealer's blocks and sums.

Every constraint and trigger is here because a program with a defect, or a hand at a prompt, must not get past it.
"""

from hashlib import sha256
from struct import pack
from typing import Any

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0007"
down_revision = "0006"

APPEND_ONLY = ("reservations", "resolutions", "blocks", "daily_sums")

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
UNIQUE_KEYS = {
    "accounts": ("id = new.id", "owner_id = new.owner_id AND kind = new.kind"),
    "caps": ("name = new.name",),
    "reservations": ("transaction_id = new.transaction_id",),
    "resolutions": ("reservation = new.reservation", "transaction_id = new.transaction_id"),
    "blocks": ("number = new.number",),
    "daily_sums": ("account_id = new.account_id AND day = new.day AND block = new.block",),
}


def upgrade() -> None:
    op.add_column("transactions", sa.Column("terms", sa.Text, nullable=False, server_default=""))
    _caps_and_reservations()
    _blocks()
    # The sealer makes the sums anew, by block.
    op.drop_table("daily_deltas")
    if op.get_context().dialect.name == "sqlite":
        _accounts_on_sqlite()
        _sqlite_triggers()
    else:
        _accounts_on_postgresql()
        _postgresql_triggers()


def _caps_and_reservations() -> None:
    op.create_table(
        "caps",
        sa.Column("name", Exact, primary_key=True),
        sa.Column("limit_s", sa.BigInteger, nullable=False),
        sa.Column("drawn_s", sa.BigInteger, nullable=False),
        # Two managers who press the button at once share this row: the second finds what is left.
        sa.CheckConstraint("drawn_s BETWEEN 0 AND limit_s", name="not_beyond_its_limit"),
    )
    op.create_table(
        "reservations",
        sa.Column("transaction_id", sa.BigInteger, sa.ForeignKey("transactions.id"), nullable=False),
        sa.Column("owner_id", sa.BigInteger, sa.ForeignKey("owners.id"), nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("transaction_id"),
    )
    op.create_index("ix_reservations_owner_id", "reservations", ["owner_id"])
    op.create_table(
        "resolutions",
        # A reservation ends once.
        sa.Column("reservation", sa.BigInteger, sa.ForeignKey("reservations.transaction_id"), nullable=False),
        sa.Column("transaction_id", sa.BigInteger, sa.ForeignKey("transactions.id"), nullable=False),
        sa.PrimaryKeyConstraint("reservation"),
        sa.UniqueConstraint("transaction_id"),
    )


def _blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("up_to", sa.BigInteger, nullable=False),
        sa.Column("accounts_after", sa.BigInteger, nullable=False),
        sa.Column("accounts_up_to", sa.BigInteger, nullable=False),
        sa.Column("leaves", sa.Integer, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("before", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("local", sa.LargeBinary, nullable=False),
        sa.Column("earliest", sa.BigInteger, nullable=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.CheckConstraint("leaves > 0", name="seals_something"),
        sa.CheckConstraint("up_to >= after AND accounts_up_to >= accounts_after", name="goes_forward"),
        *(
            sa.CheckConstraint(f"length({name}) = 32", name=f"{name}_is_whole")
            for name in ("root", "before", "hash", "local")
        ),
    )
    op.create_table(
        "daily_sums",
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("block", sa.BigInteger, sa.ForeignKey("blocks.number"), nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "day", "block"),
        sqlite_with_rowid=False,
    )


def _accounts_on_sqlite() -> None:
    """Made anew, because SQLite adds no column that has to hold something. Rows go out and come in again, so that
    what refers to them is satisfied at the commit."""
    rows = _accounts_as_they_were()
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.drop_table("accounts")
    op.create_table(
        "accounts",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("owner_id", sa.BigInteger, sa.ForeignKey("owners.id"), nullable=False),
        sa.Column("kind", Exact, nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("floor", sa.BigInteger),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("owner_id", "kind"),
        sa.CheckConstraint("side IN ('credit', 'debit')", name="known_side"),
        sa.CheckConstraint("length(digest) = 32", name="digest_is_whole"),
    )
    if rows:
        names = ", ".join(rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        op.get_bind().execute(sa.text(f"INSERT INTO accounts ({names}) VALUES ({marks})"), rows)


def _accounts_on_postgresql() -> None:
    rows = _accounts_as_they_were()
    op.execute("DROP TRIGGER accounts_never_change ON accounts")
    columns = (
        sa.Column("unit", Exact),
        sa.Column("side", sa.Text),
        sa.Column("floor", sa.BigInteger),
        sa.Column("opened_at", sa.BigInteger),
        sa.Column("asked_by", sa.Text),
        sa.Column("digest", sa.LargeBinary),
    )
    for column in columns:
        op.add_column("accounts", column)
    if rows:
        filled = ", ".join(f"{column.name} = :{column.name}" for column in columns)
        op.get_bind().execute(sa.text(f"UPDATE accounts SET {filled} WHERE id = :id"), rows)
    for column in columns:
        if column.name != "floor":
            op.alter_column("accounts", column.name, nullable=False)
    op.create_check_constraint("known_side", "accounts", "side IN ('credit', 'debit')")
    op.create_check_constraint("digest_is_whole", "accounts", "length(digest) = 32")
    op.execute(
        "CREATE TRIGGER accounts_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
    )


def _accounts_as_they_were() -> list[dict[str, Any]]:
    """With what they get now. An account belongs to the book that was first posted to it; one with a floor is owed."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT accounts.id, owner_id, owners.name, kind, floor, book, recorded_at FROM accounts"
            " JOIN owners ON owners.id = owner_id LEFT JOIN balances ON account_id = accounts.id"
            " LEFT JOIN transactions ON transactions.id = (SELECT min(transaction_id) FROM entries"
            " WHERE debit = accounts.id OR credit = accounts.id) ORDER BY accounts.id"
        )
    )
    rows = []
    for number, owner_id, owner, kind, floor, book, recorded_at in found:
        side, unit, opened_at = "debit" if floor is None else "credit", book or "", recorded_at or 0
        said = ("account", owner, kind, unit, side, "" if floor is None else str(floor), str(opened_at), "")
        rows.append(
            {
                "id": number, "owner_id": owner_id, "kind": kind, "unit": unit, "side": side, "floor": floor,
                "opened_at": opened_at, "asked_by": "", "digest": _digest(said),
            }
        )  # fmt: skip
    return rows


def _digest(fields: tuple[str, ...]) -> bytes:
    """Format 2 of ccd.ledger.digest, as it is for ever."""
    encoded = [field.encode() for field in fields]
    lengths = pack(f">HH{len(fields)}I", 2, len(fields), *map(len, encoded))
    return sha256(lengths + b"".join(encoded)).digest()


def _sqlite_triggers() -> None:
    _sqlite_refuse("accounts_never_change", "BEFORE UPDATE ON accounts", "append-only: accounts never change")
    for table in APPEND_ONLY:
        _sqlite_refuse(f"{table}_never_change", f"BEFORE UPDATE ON {table}", f"append-only: {table} never change")
    for table, keys in UNIQUE_KEYS.items():
        _sqlite_refuse(f"{table}_never_go", f"BEFORE DELETE ON {table}", f"append-only: {table} are never deleted")
        same = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in keys)
        _sqlite_refuse(
            f"{table}_are_never_replaced",
            f"BEFORE INSERT ON {table} WHEN {same}",
            f"append-only: {table} already have this row",
        )
    _sqlite_refuse("caps_keep_their_name", "BEFORE UPDATE OF name ON caps", "a cap keeps its name")
    # A balance row has the floor that its account was opened with.
    _sqlite_refuse(
        "balances_have_their_accounts_floor",
        "BEFORE INSERT ON balances WHEN new.floor IS NOT (SELECT floor FROM accounts WHERE id = new.account_id)",
        "a balance has the floor of its account",
    )
    # A closed month stays closed, and one that is about to close opens no more.
    _sqlite_refuse(
        "periods_only_close",
        "BEFORE UPDATE ON periods WHEN new.book <> old.book OR new.month <> old.month OR old.state = 'closed'"
        " OR new.state = 'open'",
        "a month only closes",
    )
    # A block begins where the one before it ended. Of two with one number, the key of the table lets in the first.
    _sqlite_refuse(
        "blocks_follow_each_other",
        "BEFORE INSERT ON blocks WHEN (new.number, new.after, new.accounts_after) <> (1, 0, 0) AND NOT EXISTS"
        " (SELECT 1 FROM blocks WHERE number = new.number - 1 AND up_to = new.after"
        " AND accounts_up_to = new.accounts_after)",
        "blocks follow each other",
    )


def _sqlite_refuse(name: str, when: str, sentence: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")


def _postgresql_triggers() -> None:
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
    op.execute(
        "CREATE TRIGGER caps_never_go BEFORE DELETE OR TRUNCATE ON caps"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
    )
    op.execute(
        "CREATE TRIGGER caps_keep_their_name BEFORE UPDATE OF name ON caps"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
    )
    # A balance row has the floor that its account was opened with.
    op.execute(
        """CREATE FUNCTION ledger_checks_floors() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM added JOIN accounts ON accounts.id = added.account_id
                       WHERE accounts.floor IS DISTINCT FROM added.floor) THEN
                RAISE EXCEPTION 'a balance has the floor of its account' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER balances_have_their_accounts_floor AFTER INSERT ON balances REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_checks_floors()"
    )
    # A closed month stays closed, and one that is about to close opens no more.
    op.execute(
        """CREATE FUNCTION ledger_only_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER periods_only_close BEFORE UPDATE ON periods FOR EACH ROW WHEN"
        " (new.book <> old.book OR new.month <> old.month OR old.state = 'closed' OR new.state = 'open')"
        " EXECUTE FUNCTION ledger_only_goes_forward('a month only closes')"
    )
    # A block begins where the one before it ended. Of two with one number, the key of the table lets in the first.
    op.execute(
        """CREATE FUNCTION ledger_checks_blocks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (new.number, new.after, new.accounts_after) <> (1, 0, 0) AND NOT EXISTS
               (SELECT FROM blocks WHERE number = new.number - 1 AND up_to = new.after
                AND accounts_up_to = new.accounts_after) THEN
                RAISE EXCEPTION 'blocks follow each other' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN new;
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER blocks_follow_each_other BEFORE INSERT ON blocks"
        " FOR EACH ROW EXECUTE FUNCTION ledger_checks_blocks()"
    )
