"""Posting without a look first: all is presumed to be well, and the database finds out whether it is as it writes.

For PostgreSQL, where each statement is a way to the server and back, and this is one, and a transaction of its own. It
locks what the desk locks, in the same order, and writes everything or nothing. Nothing is written where anything speaks
against it: a balance, a month, a cap, a claimed key, a reservation whose time is over. The desk then goes through it
rule by rule, and says which it was.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import Connection

from ccd.errors import PostingError
from ccd.ledger.chart import Chart
from ccd.ledger.desk import Needs, asked_once, needs_of
from ccd.ledger.model import Draw, Outcome, Posting, State
from ccd.ledger.rules import OPEN, Cap, Standing
from ccd.ledger.sheet import ENTRY_COLUMNS, TRANSACTION_COLUMNS, Sheet, columns_of
from ccd.ledger.term_rows import TermRows
from ccd.sql.plain import ask
from ccd.sql.rows import day_keeper

ENOUGH_S = 2**62  # presumed to be on each account, and under each cap as much to draw and to give back

# The function stands in migration 0010, with what it takes and in which order.
POST = f"SELECT ledger_post_if_allowed({', '.join(f'${number}' for number in range(1, 33))})"


def post_presuming(connection: Connection, chart: Chart, postings: Sequence[Posting], now: int) -> list[Outcome]:
    """The outcomes of all, which depend on little; of none where it is for the desk to say what becomes of them.

    The connection has to be one that commits each statement.
    """
    if len(asked_once(postings)) < len(postings):
        return []
    needs = needs_of(postings)
    chart.read(connection, needs.owners)
    sheet = _presuming_sheet(connection, chart, needs, now)
    try:
        if any(sheet.put(posting) for posting in postings):
            return []  # it draws on a cap what no cap has
    except PostingError:
        return []  # its key may have been claimed: that is looked up first, and said instead
    [[numbers]] = ask(connection, POST, _values(sheet, needs, postings))
    return [
        Outcome(posting.key, posting.revision, number, State.POSTED, False, now)
        for posting, number in zip(postings, numbers or (), strict=numbers is not None)
    ]


def depends_on_little(posting: Posting) -> bool:
    """What comes of it is known beforehand, but for whether it is allowed."""
    return all(isinstance(term, Draw) for term in posting.terms) and not any(leg.reverses for leg in posting.legs)


def _presuming_sheet(connection: Connection, chart: Chart, needs: Needs, now: int) -> Sheet:
    debited = [chart.account_ids[account] for account in needs.debited if account in chart.account_ids]
    standing = Standing(
        months=dict.fromkeys(needs.months, OPEN),
        balances=dict.fromkeys(debited, ENOUGH_S),
        floors=dict.fromkeys(debited, 0),
        caps=dict.fromkeys(needs.caps, Cap(limit_s=2 * ENOUGH_S, drawn_s=ENOUGH_S)),
    )
    return Sheet(chart, standing, now, count(1), day_keeper(connection), TermRows(frozenset(needs.caps)))


def _values(sheet: Sheet, needs: Needs, postings: Sequence[Posting]) -> tuple[Any, ...]:
    """POST's, in its order."""
    chart, months = sheet.chart, list(needs.months)
    owners = [chart.owner_ids[name] for name in needs.owners & chart.guarded_owners]
    lowest, drawn, back = _lowest(sheet), dict.fromkeys(needs.caps, 0), dict.fromkeys(needs.caps, 0)
    for posting in postings:
        for draw in posting.terms:
            assert isinstance(draw, Draw)
            (drawn if draw.seconds > 0 else back)[draw.cap] += draw.seconds
    return (
        [book for book, _ in months], [month for _, month in months], owners,
        list(sheet.changes), [lowest[account] for account in sheet.changes], list(sheet.changes.values()),
        list(drawn), list(drawn.values()), list(back.values()), sheet.now,
        *columns_of(sheet.transactions, TRANSACTION_COLUMNS)[1:], *columns_of(sheet.entries, ENTRY_COLUMNS)[:-2],
    )  # fmt: skip


def _lowest(sheet: Sheet) -> dict[int, int]:
    """How far below where it stands each balance comes, transfer by transfer, in seconds; 0 where it never does."""
    if len(sheet.entries) == 1:
        return {account: min(change, 0) for account, change in sheet.changes.items()}
    moved, lowest = dict.fromkeys(sheet.changes, 0), dict.fromkeys(sheet.changes, 0)
    for _, _, debit, credit, seconds, *_ in sheet.entries:
        if credit in moved:
            moved[credit] += seconds
        if debit in moved:
            moved[debit] -= seconds
            lowest[debit] = min(lowest[debit], moved[debit])
    return lowest
