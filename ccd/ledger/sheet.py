"""The sheet: rows as they are going to be written, in as few statements as tables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import LedgerBrokenError
from ccd.ledger.chart import Chart
from ccd.ledger.digest import DIGEST_FORMAT, posting_digest
from ccd.ledger.model import Outcome, Posting, Refusal, State, Transfer
from ccd.ledger.rules import Move, Original
from ccd.ledger.schema import daily_deltas, entries, transactions
from ccd.ledger.sql.rows import add_guarded, insert_rows

TRANSACTION_COLUMNS = (
    "id", "key", "revision", "book", "month", "state", "legs", "reference", "text", "asked_by", "facts", "refusal",
    "recorded_at", "format", "digest",
)  # fmt: skip
ENTRY_COLUMNS = (
    "transaction_id", "leg", "debit", "credit", "seconds", "day", "service", "reverses_transaction", "reverses_leg",
)  # fmt: skip
DELTA_COLUMNS = ("account_id", "day", "transaction_id", "seconds")


@dataclass(slots=True)
class Sheet:
    """`numbers` were reserved, one for each posting to come; `days` says how the engine keeps each of their days."""

    chart: Chart
    now: int
    numbers: list[int]
    days: Mapping[date, Any]
    transactions: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    guarded: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    unguarded: dict[tuple[int, Any], int] = field(default_factory=lambda: defaultdict(int))
    outcomes: list[Outcome] = field(default_factory=list)

    def post(self, posting: Posting, moves: Sequence[Move], originals: Mapping[Transfer, Original]) -> None:
        number = self._head(posting, State.POSTED, "", originals)
        guarded, day = self.chart.guarded, self.days[posting.day]
        for leg, (_, _, _, service, back), (debit, credit, seconds) in zip(count(1), posting.legs, moves, strict=False):
            self.entries.append((number, leg, debit, credit, seconds, day, service, *(back or (None, None))))
            for account, change in ((debit, -seconds), (credit, seconds)):
                if account in guarded:
                    self.guarded[account] += change
                else:
                    self.unguarded[account, day] += change
        self.outcomes.append(Outcome(posting.key, posting.revision, number, State.POSTED, False, self.now))

    def refuse(self, posting: Posting, refusal: Refusal, kept: str) -> None:
        """`kept` is what the ledger keeps of the refusal."""
        number = self._head(posting, State.REFUSED, kept, {})
        self.outcomes.append(Outcome(posting.key, posting.revision, number, State.REFUSED, False, self.now, refusal))

    def _head(self, posting: Posting, state: State, refusal: str, originals: Mapping[Transfer, Original]) -> int:
        """Puts the transaction down, and says its number."""
        number = self.numbers[len(self.transactions)]
        legs = len(posting.legs) if state is State.POSTED else 0
        self.transactions.append(
            (
                number, posting.key, posting.revision, posting.book, posting.month, state, legs,
                posting.reference, posting.text, posting.asked_by, posting.facts, refusal, self.now, DIGEST_FORMAT,
                posting_digest(posting, state, refusal, self.now, originals),
            )
        )  # fmt: skip
        return number


async def reserve_numbers(connection: AsyncConnection, count: int) -> list[int]:
    """Rising numbers for the next transactions. An owner's rise in the order of commits: they are drawn under lock."""
    if connection.dialect.name == "sqlite":
        last = (await connection.execute(select(func.max(transactions.c.id)))).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    drawn = text("SELECT nextval('transaction_ids') FROM generate_series(1, :count)")
    return sorted((await connection.execute(drawn, {"count": count})).scalars())


async def write_sheet(connection: AsyncConnection, sheet: Sheet) -> None:
    """Everything on the sheet. LedgerBrokenError where a balance does not allow what the rules had allowed."""
    await insert_rows(connection, transactions, TRANSACTION_COLUMNS, sheet.transactions)
    await insert_rows(connection, entries, ENTRY_COLUMNS, sheet.entries)
    first = sheet.numbers[0] if sheet.numbers else 0
    deltas = [(account, day, first, seconds) for (account, day), seconds in sheet.unguarded.items() if seconds]
    await insert_rows(connection, daily_deltas, DELTA_COLUMNS, deltas)
    changes = {account: seconds for account, seconds in sheet.guarded.items() if seconds}
    changed = await add_guarded(connection, changes)
    if changed != len(changes):
        raise LedgerBrokenError(f"{len(changes) - changed} balances do not follow from what was read under lock")
