"""On PostgreSQL what a posting refers to is looked up once a statement, and no longer once a row.

A foreign key is a query for each row: of a batch of postings those took half of the server's time. What they held the
triggers hold that look at all rows of a statement at once. Nothing they refer to can go: it is append-only.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

KEYS = {
    "transactions": ("fk_transactions_book_month",),
    "entries": (
        "fk_entries_transaction_id",
        "fk_entries_debit",
        "fk_entries_credit",
        "fk_entries_reverses_transaction_reverses_leg",
    ),
}


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        return
    for table, names in KEYS.items():
        for name in names:
            op.drop_constraint(name, table, type_="foreignkey")
    op.execute(
        """CREATE OR REPLACE FUNCTION ledger_needs_an_open_month() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM (SELECT DISTINCT book, month, state FROM added) AS asked
                       LEFT JOIN periods ON (periods.book, periods.month) = (asked.book, asked.month)
                       WHERE periods.state IS NULL OR (asked.state = 'posted' AND periods.state <> 'open')) THEN
                RAISE EXCEPTION 'closed month: it takes no postings' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$"""
    )
    op.execute(
        """CREATE OR REPLACE FUNCTION ledger_checks_entries() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM added LEFT JOIN transactions ON transactions.id = added.transaction_id
                       WHERE transactions.id IS NULL OR added.leg > transactions.legs) THEN
                RAISE EXCEPTION 'append-only: the transaction has fewer legs' USING ERRCODE = 'restrict_violation';
            END IF;
            IF EXISTS (SELECT FROM (SELECT debit FROM added UNION SELECT credit FROM added) AS asked (id)
                       LEFT JOIN accounts USING (id) WHERE accounts.opened_at IS NULL) THEN
                RAISE EXCEPTION 'a transfer is between accounts that are open'
                USING ERRCODE = 'foreign_key_violation';
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
