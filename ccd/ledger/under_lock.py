"""What most postings wait for and read, in one statement, however many they are.

On PostgreSQL each row that a lock is taken on comes as the last one before us committed it, however long that was
waited for. What is read without a lock stands as it stood when the statement began: whether a key is claimed, which
the key of the table decides in the end, and whether something held has expired, which is looked at again before
anything is made of it. On SQLite one writes at a time, and there is nothing to lock.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ccd.ledger.rules import OPEN, Cap, Month
from ccd.ledger.schema import periods
from ccd.sql.plain import ask
from ccd.sql.rows import insert_rows

# The order of locks is that of the CTEs: each counts the one before it, and is not begun until that is known. Numbers
# are drawn under all of them, so that an owner's rise in the order of commits; and see ccd.sql.decided. Where it is not
# certain yet how many it takes, none is drawn: one that is not used leaves a gap.
LOCK = """
WITH months AS (
    SELECT book, month, state FROM periods WHERE (book, month) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY book, month FOR {strength}
), asked_owners AS (
    SELECT id FROM owners WHERE id = ANY ($3::bigint[]) AND (SELECT count(*) FROM months) >= 0
    ORDER BY id FOR NO KEY UPDATE
), asked_balances AS (
    SELECT account_id, seconds, floor FROM balances
    WHERE account_id = ANY ($4::bigint[]) AND (SELECT count(*) FROM asked_owners) >= 0
    ORDER BY account_id FOR NO KEY UPDATE
), asked_caps AS (
    SELECT name, limit_s, drawn_s FROM caps WHERE name = ANY ($5::text[]) AND (SELECT count(*) FROM asked_balances) >= 0
    ORDER BY name FOR NO KEY UPDATE
), uncertain AS (
    SELECT 'claimed' AS why WHERE EXISTS (SELECT FROM transactions WHERE key = ANY ($6::text[]))
    UNION ALL SELECT 'expired' WHERE EXISTS (
        SELECT FROM reservations WHERE owner_id = ANY ($3::bigint[]) AND expires_at <= $7::bigint
        AND NOT EXISTS (SELECT FROM resolutions WHERE reservation = reservations.transaction_id))
)
SELECT 'month', book, month, state, 0::bigint, 0::bigint, 0::bigint FROM months
UNION ALL SELECT 'balance', '', '', '', account_id, seconds, floor FROM asked_balances
UNION ALL SELECT 'cap', name, '', '', 0, drawn_s, limit_s FROM asked_caps
UNION ALL SELECT why, '', '', '', 0, 0, 0 FROM uncertain
UNION ALL SELECT 'number', '', '', '', nextval('transaction_ids'), 0, 0 FROM generate_series(1, $8::int)
    WHERE (SELECT count(*) FROM asked_caps) >= 0 AND NOT EXISTS (SELECT FROM uncertain)
"""
LOCK_TO_POST, LOCK_TO_CLOSE = LOCK.format(strength="SHARE"), LOCK.format(strength="UPDATE")

ON_SQLITE = """
SELECT 'month', book, month, state, 0, 0, 0 FROM periods WHERE {months}
UNION ALL SELECT 'balance', '', '', '', account_id, seconds, floor FROM balances WHERE account_id IN ({accounts})
UNION ALL SELECT 'cap', name, '', '', 0, drawn_s, limit_s FROM caps WHERE name IN ({caps})
UNION ALL SELECT 'claimed', '', '', '', 0, 0, 0 WHERE EXISTS (SELECT 1 FROM transactions WHERE key IN ({keys}))
UNION ALL SELECT 'expired', '', '', '', 0, 0, 0 WHERE EXISTS (
    SELECT 1 FROM reservations WHERE owner_id IN ({owners}) AND expires_at <= ?
    AND NOT EXISTS (SELECT 1 FROM resolutions WHERE reservation = reservations.transaction_id))
UNION ALL SELECT 'last', '', '', '', coalesce(max(id), 0), 0, 0 FROM transactions
"""
LISTED = "SELECT value FROM json_each(?)"
MANY_ON_SQLITE = ON_SQLITE.format(
    months="(book, month) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))",
    accounts=LISTED, caps=LISTED, keys=LISTED, owners=LISTED,
)  # fmt: skip
FEW_MAX = 4  # of each: SQLite looks up what is written out twice as fast as what comes in a list


class Touched(NamedTuple):
    """What is to be locked, read and drawn. Owners and accounts go by number, `now` is in microseconds since the
    epoch; `numbers_wanted` is how many transactions it may take. `closing` keeps everybody else away from the months;
    else they are locked only against that.
    """

    months: Iterable[Month] = ()
    owners: Collection[int] = ()
    accounts: Collection[int] = ()
    caps: Iterable[str] = ()
    keys: Collection[str] = ()
    numbers_wanted: int = 0
    now: int = 0
    closing: bool = False


class Seen(NamedTuple):
    """`numbers` are as many as were asked for, rising, where nothing is claimed or expired; `balances` have seconds and
    floor, by account. A cap that was never given a limit is left out."""

    months: dict[Month, str]
    balances: dict[int, tuple[int, int]]
    caps: dict[str, Cap]
    numbers: list[int]
    some_claimed: bool  # of the keys, in whichever revision
    some_expired: bool  # of the owners' reservations


def lock(connection: Connection, touched: Touched) -> Seen:
    """Locks months, owners, balances and caps, in this order and each sorted; a month that is not there yet opens."""
    months, owners, accounts, caps, keys, count, now, closing = touched
    wanted = sorted(set(months))
    if connection.dialect.name == "sqlite":
        rows = _look_on_sqlite(connection, wanted, (accounts, list(caps), keys, owners), now)
    else:
        statement = LOCK_TO_CLOSE if closing else LOCK_TO_POST
        books = [book for book, _ in wanted], [month for _, month in wanted]
        rows = ask(connection, statement, (*books, list(owners), list(accounts), list(caps), list(keys), now, count))
    seen = _seen(rows, count)
    missing = [month for month in wanted if month not in seen.months]
    if missing:
        # Two that open the same month: the second's INSERT fails, its turn is taken again, and it finds the row.
        insert_rows(connection, periods, ("book", "month", "state"), [(*month, OPEN) for month in missing])
        seen.months.update(dict.fromkeys(missing, OPEN))
    return seen


def _look_on_sqlite(
    connection: Connection, months: Sequence[Month], others: Sequence[Collection[int | str]], now: int
) -> list[Sequence[Any]]:
    counts = (len(months), *map(len, others))
    if max(counts) <= FEW_MAX:
        return ask(connection, _few_on_sqlite(counts), (*chain(*months, *others), now))
    return ask(connection, MANY_ON_SQLITE, (*(json.dumps(list(each)) for each in (months, *others)), now))


@cache
def _few_on_sqlite(counts: tuple[int, ...]) -> str:
    months, *others = counts
    marks = zip(("accounts", "caps", "keys", "owners"), (", ".join("?" * count) for count in others), strict=True)
    return ON_SQLITE.format(months=" OR ".join(["(book, month) = (?, ?)"] * months) or "0", **dict(marks))


def _seen(rows: Iterable[Sequence[Any]], count: int) -> Seen:
    months: dict[Month, str] = {}
    balances: dict[int, tuple[int, int]] = {}
    caps: dict[str, Cap] = {}
    numbers: list[int] = []
    uncertain = set()
    for what, name, month, state, number, seconds, bound in rows:
        if what == "number":
            numbers.append(number)
        elif what == "last":
            numbers.extend(range(number + 1, number + 1 + count))
        elif what == "balance":
            balances[number] = seconds, bound
        elif what == "month":
            months[name, month] = state
        elif what == "cap":
            caps[name] = Cap(limit_s=bound, drawn_s=seconds)
        else:
            uncertain.add(what)
    return Seen(months, balances, caps, sorted(numbers), "claimed" in uncertain, "expired" in uncertain)
