"""What is presumed is written to SQLite by a statement for each table, in one transaction."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.chart import Chart
from ccd.ledger.model import Outcome, Posting
from ccd.ledger.presumed import Presumed, needs_if_alone, presume
from ccd.ledger.schema import entries, transactions
from ccd.ledger.sheet import ENTRY_COLUMNS, TRANSACTION_COLUMNS
from ccd.sql.plain import ask_many, begin, end, insert_one
from ccd.sql.rows import day_keeper, insert_rows
from ccd.sql.turns import Patience, take_turn_at_once

INSERT_TRANSACTION = (
    f"INSERT INTO transactions ({', '.join(TRANSACTION_COLUMNS)}) VALUES ({', '.join('?' * len(TRANSACTION_COLUMNS))})"
)
BRIEF_LEGS_MAX = 4
# Each with what it has to bear, transfer by transfer, and nothing of its owner's that has expired.
MOVE = """
UPDATE balances SET seconds = seconds + ?1 WHERE account_id = ?2 AND seconds + ?3 >= floor
AND NOT EXISTS (SELECT 1 FROM reservations WHERE owner_id = ?4 AND expires_at <= ?5
                AND NOT EXISTS (SELECT 1 FROM resolutions WHERE reservation = reservations.transaction_id))
"""
DRAW = """
UPDATE caps SET drawn_s = drawn_s + ?2 + ?3 WHERE name = ?1 AND drawn_s + ?2 <= limit_s AND drawn_s + ?3 >= 0
"""


async def post_on_sqlite(
    engine: AsyncEngine, chart: Chart, patience: Patience, postings: Sequence[Posting], now: Callable[[], int]
) -> list[Outcome]:
    """The outcomes of all, which depend on little; of none where it is for the desk to say what becomes of them. The
    clock is read once nobody else writes: what was told of an earlier moment stays as it was told."""
    brief = sum(len(posting.legs) for posting in postings) <= BRIEF_LEGS_MAX
    work = partial(_post, chart=chart, postings=postings, now=now)
    return await take_turn_at_once(engine, work, patience, brief=brief)


def _post(connection: Connection, chart: Chart, postings: Sequence[Posting], now: Callable[[], int]) -> list[Outcome]:
    """Where it is for the desk, the connection's transaction is another afterwards."""
    needs = needs_if_alone(postings)
    if needs is None:
        return []
    chart.read(connection, needs.owners)
    presumed = presume(chart, needs, postings, now(), day_keeper(connection))
    return presumed.outcomes(_written(connection, presumed)) if presumed else []


def _written(connection: Connection, presumed: Presumed) -> Sequence[int]:
    """The numbers of the transactions; none where nothing was written. What the tables hold to (a key once, a month
    that is open) is what is not looked at before."""
    sheet = presumed.sheet
    try:
        first = insert_one(connection, INSERT_TRANSACTION, (None, *sheet.transactions[0][1:]))
        numbers = range(first, first + len(sheet.transactions))
        rest = zip(numbers[1:], sheet.transactions[1:], strict=True)
        insert_rows(connection, transactions, TRANSACTION_COLUMNS, [(number, *row[1:]) for number, row in rest])
        rows = [(number - 1 + first, *row) for number, *row in sheet.entries]
        insert_rows(connection, entries, ENTRY_COLUMNS, rows)
        allowed = _moved(connection, presumed)
    except IntegrityError:
        allowed = False
    if allowed:
        return numbers
    end(connection, keep=False)
    begin(connection)
    return ()


def _moved(connection: Connection, presumed: Presumed) -> bool:
    """Balances and caps, as far as nothing speaks against it; whether that is all of them."""
    sheet, chart = presumed.sheet, presumed.sheet.chart
    (drawn, back), lowest = presumed.draws(), presumed.lowest()
    owners = set(presumed.guarded())
    rows = []
    for account, change in sheet.changes.items():
        owner = chart.owner_ids[chart.names[account].owner]
        owners.discard(owner)
        rows.append((change, account, lowest[account], owner, sheet.now))
    if owners:
        return False  # whose reservations were not asked for, as no balance of theirs is moved
    if rows and ask_many(connection, MOVE, rows) < len(rows):
        return False
    draws = [(name, seconds, back[name]) for name, seconds in drawn.items()]
    return not draws or ask_many(connection, DRAW, draws) == len(draws)
