"""What is presumed goes to PostgreSQL, where each statement is a way to the server and back, as one, which is a
transaction of its own. It locks what the desk locks, in the same order."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.chart import Chart
from ccd.ledger.model import Outcome, Posting
from ccd.ledger.presumed import Presumed, needs_if_alone, presume
from ccd.ledger.sheet import ENTRY_COLUMNS, TRANSACTION_COLUMNS, columns_of
from ccd.sql.rows import day_keeper
from ccd.sql.turns import Patience, take_turn_at_once, take_turn_of_one_statement

# The function stands in migration 0010, with what it takes and in which order.
POST = f"SELECT ledger_post_if_allowed({', '.join(f'${number}' for number in range(1, 33))})"


async def post_on_postgresql(
    engine: AsyncEngine, chart: Chart, patience: Patience, postings: Sequence[Posting], now: Callable[[], int]
) -> list[Outcome]:
    """The outcomes of all, which depend on little; of none where it is for the desk to say what becomes of them."""
    needs = needs_if_alone(postings)
    if needs is None:
        return []
    if unknown := chart.unknown(needs.owners):
        await take_turn_at_once(engine, partial(chart.read_anew, names=unknown), patience)
    presumed = presume(chart, needs, postings, now(), day_keeper(engine))
    if presumed is None:
        return []
    [[numbers]] = await take_turn_of_one_statement(engine, POST, _values(presumed), patience)
    return presumed.outcomes(numbers or ())


def _values(presumed: Presumed) -> tuple[Any, ...]:
    """POST's, in its order."""
    sheet, months = presumed.sheet, list(presumed.needs.months)
    (drawn, back), lowest = presumed.draws(), presumed.lowest()
    return (
        [book for book, _ in months], [month for _, month in months], presumed.guarded(),
        list(sheet.changes), [lowest[account] for account in sheet.changes], list(sheet.changes.values()),
        list(drawn), list(drawn.values()), list(back.values()), sheet.now,
        *columns_of(sheet.transactions, TRANSACTION_COLUMNS)[1:], *columns_of(sheet.entries, ENTRY_COLUMNS)[:-2],
    )  # fmt: skip
