"""The sheet: rows as they are going to be written, in as few statements as tables."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import LedgerBrokenError
from ccd.ledger.chart import Chart
from ccd.ledger.digest import DIGEST_FORMAT, entry_digest, transaction_digest
from ccd.ledger.model import Outcome, Posting, Refusal, State, Transfer
from ccd.ledger.schema import daily_deltas, entries, transactions
from ccd.ledger.sql.rows import add_guarded, insert_rows

TRANSACTION_COLUMNS = (
    "id", "key", "revision", "book", "month", "state", "legs", "reference", "text", "asked_by", "facts", "refusal",
    "recorded_at", "format", "digest",
)  # fmt: skip
ENTRY_COLUMNS = (
    "transaction_id", "leg", "debit", "credit", "seconds", "day", "service", "reverses_transaction", "reverses_leg",
    "digest",
)  # fmt: skip
DELTA_COLUMNS = ("account_id", "day", "transaction_id", "seconds")


@dataclass(slots=True)
class Sheet:
    """`number` is that of the next transaction; as many as there are postings were reserved from it on."""

    chart: Chart
    now: int
    numbers: list[int]
    transactions: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    guarded: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    unguarded: dict[tuple[int, date], int] = field(default_factory=lambda: defaultdict(int))
    outcomes: list[Outcome] = field(default_factory=list)

    def post(self, posting: Posting, reversed_digests: dict[Transfer, bytes]) -> None:
        number = self.numbers[len(self.outcomes)]
        digest = transaction_digest(posting, State.POSTED, len(posting.legs), "", self.now)
        self._head(number, posting, State.POSTED, len(posting.legs), "", digest)
        ids, guarded = self.chart.account_ids, self.chart.guarded
        day, spelled = posting.day, posting.day.isoformat()
        for leg_number, leg in enumerate(posting.legs, 1):
            debit, credit, back = ids[leg.debit], ids[leg.credit], leg.reverses
            self.entries.append(
                (
                    number, leg_number, debit, credit, leg.seconds, day, leg.service,
                    back.transaction if back else None, back.leg if back else None,
                    entry_digest(digest, leg_number, leg, spelled, reversed_digests[back] if back else None),
                )
            )  # fmt: skip
            for account, seconds in ((debit, -leg.seconds), (credit, leg.seconds)):
                if account in guarded:
                    self.guarded[account] += seconds
                else:
                    self.unguarded[account, day] += seconds
        self.outcomes.append(Outcome(posting.key, posting.revision, number, State.POSTED, False, self.now))

    def refuse(self, posting: Posting, refusal: Refusal, kept: str) -> None:
        """`kept` is what the ledger keeps of the refusal."""
        number = self.numbers[len(self.outcomes)]
        digest = transaction_digest(posting, State.REFUSED, 0, kept, self.now)
        self._head(number, posting, State.REFUSED, 0, kept, digest)
        self.outcomes.append(Outcome(posting.key, posting.revision, number, State.REFUSED, False, self.now, refusal))

    def _head(self, number: int, posting: Posting, state: State, legs: int, refusal: str, digest: bytes) -> None:
        self.transactions.append(
            (
                number, posting.key, posting.revision, posting.book, posting.month, state.value, legs,
                posting.reference, posting.text, posting.asked_by, posting.facts, refusal,
                self.now, DIGEST_FORMAT, digest,
            )
        )  # fmt: skip


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
