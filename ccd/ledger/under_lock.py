"""What most postings wait for and read, in two statements, however many they are.

On PostgreSQL the second sees what the last one before us committed, because it begins once the first has its locks
(READ COMMITTED). On SQLite one writes at a time, and there is nothing to lock.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.ledger.rules import OPEN, Month
from ccd.ledger.schema import periods
from ccd.sql.rows import insert_rows

# A CTE that nothing reads is not done; so the owners are counted. What follows in the transaction finds its few rows by
# an index, and its plan is kept: a table that was small when it was made would be read from end to end each time.
LOCK = """
WITH asked_months AS (
    SELECT book, month, state FROM periods WHERE (book, month) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY book, month FOR {strength}
), asked_owners AS (
    SELECT id FROM owners WHERE id = ANY ($3::bigint[]) ORDER BY id FOR NO KEY UPDATE
)
SELECT book, month, state FROM asked_months
UNION ALL SELECT '', '', count(*)::text FROM asked_owners
UNION ALL SELECT '', '', set_config('enable_seqscan', 'off', true)
"""
LOCK_TO_POST, LOCK_TO_CLOSE = LOCK.format(strength="SHARE"), LOCK.format(strength="UPDATE")
MONTHS_ON_SQLITE = """
SELECT book, month, state FROM periods
WHERE (book, month) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))
"""

# Numbers are drawn under lock, so that an owner's rise in the order of commits; and see ccd.sql.decided. Where it is
# not certain yet how many it takes, none is drawn: one that is not used leaves a gap.
LOOK = """
WITH uncertain AS (
    SELECT 'claimed' AS why WHERE EXISTS (SELECT FROM transactions WHERE key = ANY ($3::text[]))
    UNION ALL SELECT 'expired' WHERE EXISTS (
        SELECT FROM reservations WHERE owner_id = ANY ($4::bigint[]) AND expires_at <= $5::bigint
        AND NOT EXISTS (SELECT FROM resolutions WHERE reservation = reservations.transaction_id))
)
SELECT 'number', nextval('transaction_ids'), 0::bigint, 0::bigint FROM generate_series(1, $1::int)
    WHERE NOT EXISTS (SELECT FROM uncertain)
UNION ALL SELECT 'balance', account_id, seconds, floor FROM balances WHERE account_id = ANY ($2::bigint[])
UNION ALL SELECT why, 0, 0, 0 FROM uncertain
"""
LOOK_ON_SQLITE = """
SELECT 'last', coalesce(max(id), 0), 0, 0 FROM transactions
UNION ALL SELECT 'balance', account_id, seconds, floor FROM balances
    WHERE account_id IN (SELECT value FROM json_each(?1))
UNION ALL SELECT 'claimed', 0, 0, 0 WHERE EXISTS (
    SELECT 1 FROM transactions WHERE key IN (SELECT value FROM json_each(?2)))
UNION ALL SELECT 'expired', 0, 0, 0 WHERE EXISTS (
    SELECT 1 FROM reservations WHERE owner_id IN (SELECT value FROM json_each(?3)) AND expires_at <= ?4
    AND NOT EXISTS (SELECT 1 FROM resolutions WHERE reservation = reservations.transaction_id))
"""


class Seen(NamedTuple):
    """`numbers` are as many as were asked for, rising, where nothing is claimed or expired; `balances` have seconds and
    floor, by account."""

    numbers: list[int]
    balances: dict[int, tuple[int, int]]
    some_claimed: bool  # of the keys, in whichever revision
    some_expired: bool  # of the owners' reservations


def lock(
    connection: Connection, months: Iterable[Month], owner_ids: Iterable[int] = (), closing: bool = False
) -> dict[Month, str]:
    """The states of the months, share-locked so that none closes under a posting; a month not seen yet opens. Then the
    owners, against everybody else.

    Who is going to close a month keeps everybody else away from all of them.
    """
    wanted = sorted(set(months))
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(MONTHS_ON_SQLITE, (json.dumps(wanted),))
    else:
        asked = ([book for book, _ in wanted], [month for _, month in wanted], sorted(owner_ids))
        rows = connection.exec_driver_sql(LOCK_TO_CLOSE if closing else LOCK_TO_POST, asked)
    found = {(book, month): state for book, month, state in rows if month}
    missing = [month for month in wanted if month not in found]
    if missing:
        # Two that open the same month: the second's INSERT fails, its turn is taken again, and it finds the row.
        rows_to_be = [(book, month, OPEN) for book, month in missing]
        insert_rows(connection, periods, ("book", "month", "state"), rows_to_be)
        found.update(dict.fromkeys(missing, OPEN))
    return found


def look(
    connection: Connection,
    count: int,
    accounts: Collection[int] = (),
    keys: Sequence[str] = (),
    owner_ids: Collection[int] = (),
    now: int = 0,
) -> Seen:
    """Draws `count` numbers for transactions, and reads what a posting depends on; all of it has to be under lock."""
    if connection.dialect.name == "sqlite":
        asked = (*(json.dumps(list(each)) for each in (accounts, keys, owner_ids)), now)
        rows = connection.exec_driver_sql(LOOK_ON_SQLITE, asked)
    else:
        rows = connection.exec_driver_sql(LOOK, (count, list(accounts), list(keys), list(owner_ids), now))
    numbers: list[int] = []
    last = 0
    balances: dict[int, tuple[int, int]] = {}
    others = set()
    for what, number, seconds, floor in rows:
        if what == "number":
            numbers.append(number)
        elif what == "last":
            last = number
        elif what == "balance":
            balances[number] = seconds, floor
        else:
            others.add(what)
    if connection.dialect.name == "sqlite":
        numbers = list(range(last + 1, last + 1 + count))
    return Seen(sorted(numbers), balances, "claimed" in others, "expired" in others)
