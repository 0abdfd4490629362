"""On PostgreSQL a posting that depends on little is one way to the server and back: a function locks, looks and writes.

Each statement in it sees what was committed before it began, as the desk's own do: one statement that does all of it
would write over what was committed while it waited for its locks.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

TAKES = """
    text[], text[],                -- $1 the books and $2 months of the periods
    bigint[],                      -- $3 owners with a balance to guard
    bigint[], bigint[], bigint[],  -- $4 their accounts, $5 what each has to bear, $6 what it changes by
    text[], bigint[], bigint[],    -- $7 caps, $8 what is drawn on each, $9 what is given back
    bigint,                        -- $10 now, in microseconds since the epoch
    -- $11 to $25 transactions, from their keys on
    text[], integer[], text[], text[], text[], integer[], text[], text[], text[], text[], text[], text[], bigint[],
    integer[], bytea[],
    -- $26 to $32 transfers, of which the first says to which of the transactions each belongs
    integer[], integer[], bigint[], bigint[], bigint[], date[], text[]
"""


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        return
    op.execute(
        f"""CREATE FUNCTION ledger_post_if_allowed({TAKES}) RETURNS bigint[] LANGUAGE plpgsql AS $$
        DECLARE
            allowed boolean;
            numbers bigint[];
            changed bigint;
        BEGIN
            WITH months AS (
                SELECT state FROM periods WHERE (book, month) IN (SELECT * FROM unnest($1, $2))
                ORDER BY book, month FOR SHARE
            ), asked_owners AS (
                SELECT id FROM owners WHERE id = ANY ($3) AND (SELECT count(*) FROM months) >= 0
                ORDER BY id FOR NO KEY UPDATE
            ), asked_balances AS (
                SELECT account_id, seconds, floor FROM balances
                WHERE account_id = ANY ($4) AND (SELECT count(*) FROM asked_owners) >= 0
                ORDER BY account_id FOR NO KEY UPDATE
            ), asked_caps AS (
                SELECT name, limit_s, drawn_s FROM caps
                WHERE name = ANY ($7) AND (SELECT count(*) FROM asked_balances) >= 0
                ORDER BY name FOR NO KEY UPDATE
            )
            SELECT (SELECT count(*) FROM months WHERE state = 'open') = cardinality($1)
                AND (SELECT count(*) FROM unnest($4, $5) AS asked (account_id, lowest) JOIN asked_balances
                     USING (account_id) WHERE seconds + lowest >= floor) = cardinality($4)
                AND (SELECT count(*) FROM unnest($7, $8, $9) AS asked (name, drawn, back) JOIN asked_caps
                     USING (name) WHERE drawn_s + drawn <= limit_s AND drawn_s + back >= 0) = cardinality($7)
                AND NOT EXISTS (SELECT FROM transactions WHERE key = ANY ($11))
                AND NOT EXISTS (
                    SELECT FROM reservations WHERE owner_id = ANY ($3) AND expires_at <= $10
                    AND NOT EXISTS (SELECT FROM resolutions WHERE reservation = reservations.transaction_id))
                INTO allowed;
            IF NOT allowed THEN
                RETURN NULL;
            END IF;
            numbers := ARRAY (SELECT nextval('transaction_ids') FROM generate_series(1, cardinality($11)));
            WITH new_transactions AS (
                INSERT INTO transactions (id, key, revision, book, month, state, legs, reference, text, asked_by, facts,
                    terms, refusal, recorded_at, format, digest)
                SELECT * FROM unnest(numbers, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
            ), new_entries AS (
                INSERT INTO entries (transaction_id, leg, debit, credit, seconds, day, service)
                SELECT numbers[at], leg, debit, credit, seconds, day, service
                FROM unnest($26, $27, $28, $29, $30, $31, $32) AS asked (at, leg, debit, credit, seconds, day, service)
            ), new_caps AS (
                UPDATE caps SET drawn_s = drawn_s + drawn + back FROM unnest($7, $8, $9) AS asked (name, drawn, back)
                WHERE caps.name = asked.name
            ), new_balances AS (
                UPDATE balances SET seconds = balances.seconds + change
                FROM unnest($4, $6) AS asked (account_id, change)
                WHERE balances.account_id = asked.account_id AND balances.seconds + change >= balances.floor
                RETURNING 1
            )
            SELECT count(*) FROM new_balances INTO changed;
            IF changed <> cardinality($4) THEN
                RAISE EXCEPTION '% balances do not follow from what was read under lock', cardinality($4) - changed;
            END IF;
            RETURN numbers;
        END $$"""
    )
