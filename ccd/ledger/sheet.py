"""The sheet: postings are put on it one by one, each against the rules, and written in as few statements as tables.

A hundred thousand postings go over it in a row, so each is turned into rows at once and let go.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection

from ccd.errors import LedgerBrokenError, PostingError
from ccd.ledger.chart import Chart
from ccd.ledger.digest import DIGEST_FORMAT, posting_digest
from ccd.ledger.keys import refusal_text
from ccd.ledger.model import Account, Leg, Posting, PostingState, Refusal, month_of
from ccd.ledger.rules import Back, Changes, Move, Standing
from ccd.ledger.schema import entries, transactions
from ccd.ledger.term_rows import TermRows, write_term_rows
from ccd.ledger.terms import terms_text
from ccd.sql.plain import ask, ask_many
from ccd.sql.rows import insert_arrays, insert_rows

TRANSACTION_COLUMNS = (
    "id", "key", "revision", "book", "month", "state", "legs", "reference", "text", "asked_by", "facts", "terms",
    "refusal", "recorded_at", "format", "digest",
)  # fmt: skip
ENTRY_COLUMNS = (
    "transaction_id", "leg", "debit", "credit", "seconds", "day", "service", "reverses_transaction", "reverses_leg",
)  # fmt: skip
NO_REVERSAL = (None, None)

# To balances is added what each account's sum is, where none falls below its floor. Fewer rows changed than asked for:
# some balance did not allow it, or has no row, and the whole transaction is given up.
ADD_ON_SQLITE = "UPDATE balances SET seconds = seconds + ?1 WHERE account_id = ?2 AND seconds + ?1 >= floor"
WRITE = f"""
WITH new_transactions AS ({insert_arrays(transactions, TRANSACTION_COLUMNS)}),
new_entries AS ({insert_arrays(entries, ENTRY_COLUMNS, len(TRANSACTION_COLUMNS) + 1)}),
changed AS (
    UPDATE balances SET seconds = balances.seconds + asked.delta
    FROM unnest(${len(TRANSACTION_COLUMNS + ENTRY_COLUMNS) + 1}::bigint[],
                ${len(TRANSACTION_COLUMNS + ENTRY_COLUMNS) + 2}::bigint[]) AS asked (account_id, delta)
    WHERE balances.account_id = asked.account_id AND balances.seconds + asked.delta >= balances.floor
    RETURNING 1
)
SELECT count(*) FROM changed
"""
POSTED, REFUSED = (
    PostingState.POSTED.value,
    PostingState.REFUSED.value,
)  # drivers take a plain string several times as fast


@dataclass(slots=True)
class Sheet:
    """`numbers` were reserved, as many as there are postings to come; `keep_day` says how the engine keeps a day."""

    chart: Chart
    standing: Standing
    now: int
    numbers: Iterator[int]
    keep_day: Callable[[date], Any]
    terms: TermRows
    transactions: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    changes: dict[int, int] = field(default_factory=dict)  # of balances, by account, in seconds
    _days: dict[date, tuple[Any, str]] = field(default_factory=dict)  # as kept, and its month

    def put(self, posting: Posting) -> Refusal | None:
        """Checks the rules, and puts down what comes of it. PostingError where no rule could make it right."""
        key, revision, book, on, legs, asked_by, reference, text, facts, terms, counts_in = posting
        day, month = self._days.get(on) or self._know(on)
        if counts_in:
            month = counts_in
        if terms:
            month = self.standing.month_of(posting, month)
            legs, refusal = self._legs(posting, month)
        else:
            refusal = None
        moves, changes, backs = self._moves(posting, legs)
        refusal = refusal or self.standing.admit(posting, month, changes, backs, self.chart.names)
        number = next(self.numbers)
        if refusal is None:
            state, written, kept, count = PostingState.POSTED, POSTED, "", len(legs)
            self._enter(number, legs, day, moves, changes)
            if terms:
                self.terms.add(number, posting, month, legs, self.standing, self.chart)
        else:
            kept = refusal_text(posting, refusal, self.standing.originals)
            state, written, count = PostingState.REFUSED, REFUSED, 0
        said = terms_text(terms, on) if terms else ""
        self.transactions.append(
            (
                number, key, revision, book, month, written, count, reference, text, asked_by, facts, said, kept,
                self.now, DIGEST_FORMAT,
                posting_digest(posting, month, legs, state, said, kept, self.now, self.standing.originals),
            )
        )  # fmt: skip
        return refusal

    def _legs(self, posting: Posting, month: str) -> tuple[tuple[Leg, ...], Refusal | None]:
        legs = self.standing.legs(posting, month, self.chart.account_ids)
        return ((), legs) if isinstance(legs, Refusal) else (legs, None)

    def _know(self, day: date) -> tuple[Any, str]:
        self._days[day] = self.keep_day(day), month_of(day)
        return self._days[day]

    def _moves(self, posting: Posting, legs: tuple[Leg, ...]) -> tuple[list[Move], Changes, list[Back]]:
        ids, guarded, read = self.chart.account_ids, self.chart.guarded, self.standing.balances
        moves, backs = [], []
        changes: Changes = {}
        try:
            for debit, credit, seconds, _, back in legs:
                of, to = ids[debit], ids[credit]
                if of in guarded:
                    if of not in read:
                        unread = f"{debit.kind} of {debit.owner} is debited, and was not read under lock"
                        raise LedgerBrokenError(unread, account=debit)
                    changes[of] = changes.get(of, 0) - seconds
                if to in guarded:
                    changes[to] = changes.get(to, 0) + seconds
                moves.append((of, to, seconds))
                if back is not None:
                    backs.append((back, moves[-1]))
        except KeyError as missing:
            account: Account = missing.args[0]
            found = f"names the account {account.kind} of {account.owner}"
            raise PostingError(posting.spelled, found, "accounts that are open", account=account) from None
        return moves, changes, backs

    def _enter(self, number: int, legs: tuple[Leg, ...], day: Any, moves: list[Move], changes: Changes) -> None:
        for leg, ((debit, credit, seconds), asked) in enumerate(zip(moves, legs, strict=True), 1):
            _, _, _, service, back = asked
            first, first_leg = back or NO_REVERSAL
            self.entries.append((number, leg, debit, credit, seconds, day, service, first, first_leg))
        summed = self.changes
        for account, seconds in changes.items():
            summed[account] = summed.get(account, 0) + seconds


def write_sheet(connection: Connection, sheet: Sheet) -> None:
    """Everything on the sheet. LedgerBrokenError where a balance does not allow what the rules had allowed."""
    if not sheet.transactions:
        return
    changes = {account: seconds for account, seconds in sheet.changes.items() if seconds}
    if connection.dialect.name == "sqlite":
        changed = _write_on_sqlite(connection, sheet, changes)
    else:
        columns = (
            *columns_of(sheet.transactions, TRANSACTION_COLUMNS),
            *columns_of(sheet.entries, ENTRY_COLUMNS),
        )
        [[changed]] = ask(connection, WRITE, (*columns, list(changes), list(changes.values())))
    if changed != len(changes):
        raise LedgerBrokenError(f"{len(changes) - changed} balances do not follow from what was read under lock")
    write_term_rows(connection, sheet.terms)


def _write_on_sqlite(connection: Connection, sheet: Sheet, changes: dict[int, int]) -> int:
    insert_rows(connection, transactions, TRANSACTION_COLUMNS, sheet.transactions)
    insert_rows(connection, entries, ENTRY_COLUMNS, sheet.entries)
    if not changes:
        return 0
    return ask_many(connection, ADD_ON_SQLITE, [(delta, account) for account, delta in changes.items()])


def columns_of(rows: list[tuple[Any, ...]], names: Sequence[str]) -> Sequence[Sequence[Any]]:
    """As many as there are names, even of no rows."""
    return list(zip(*rows, strict=True)) if rows else [()] * len(names)
