"""The ledger's door."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.asked import check_moment, check_page
from ccd.ledger.balances import OwnerStand, balances_at, balances_of, balances_on, standing_of, sums_of
from ccd.ledger.chart import Chart, Opening, check_opening, open_accounts
from ccd.ledger.desk import Desk, with_months
from ccd.ledger.model import ALL, Kind, Late, Months, Moved, Outcome, Posting, Statement, Wanted, day_at, month_of
from ccd.ledger.moved import moved_for
from ccd.ledger.presumed import depends_on_little
from ccd.ledger.presumed_on_postgresql import post_on_postgresql
from ccd.ledger.presumed_on_sqlite import post_on_sqlite
from ccd.ledger.reversal import reversal_of
from ccd.ledger.sound import as_written
from ccd.ledger.statement import LinesAsked, statement_of
from ccd.ledger.unit_sums import (
    OfAccounts,
    ServiceSupply,
    SupplyOfDay,
    Trial,
    closings,
    every_unit,
    guarded_balances,
    supply,
    supply_of_days,
    trial_balance,
)
from ccd.ledger.window import Window
from ccd.sql.engine import seeing_one_state
from ccd.sql.turns import Patience, take_turn, take_turn_at_once

T = TypeVar("T")

STATEMENT_LINES_MAX = 500


class Ledger:
    """Accounts and transfers. `now` gives microseconds since the epoch; it stamps what is recorded and decides nothing.

    Each posting is exactly once by its key: whoever got no answer asks again, with the same content. What does not say
    in which month it counts counts in that which `months` gives for its day.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        now: Callable[[], int],
        patience: Patience | None = None,
        months: Months = month_of,
    ) -> None:
        self.engine = engine
        self.month_of = months
        self._now = now
        self._patience = patience or Patience()
        self._chart = Chart()
        self._window = Window(self.post_many)
        self._opened: dict[tuple[Kind, ...], set[str]] = defaultdict(set)

    async def open_accounts(self, owners: Iterable[str], kinds: tuple[Kind, ...], unit: str, asked_by: str) -> None:
        """Opens what is not open yet, in the organisation `unit`. What is open stays what it was opened as.

        PostingError where there can be no such account.
        """
        names = set(owners) - self._opened[kinds]
        if not names:
            return
        check_opening([*names, unit, asked_by], kinds)
        await self._look(lambda connection: connection.run_sync(self._chart.read, names))
        missing = [name for name in names if any((name, kind.name) not in self._chart.account_ids for kind in kinds)]
        if missing:
            opening = Opening(unit, asked_by, self._now())
            await self._turn(lambda connection: open_accounts(connection, missing, kinds, opening))
            await self._look(lambda connection: connection.run_sync(self._chart.read_anew, missing))
        self._opened[kinds] |= names

    async def post(self, posting: Posting) -> Outcome:
        """Posts all legs or none. A rule's refusal is an outcome; KeyTakenError: the key stands for another.

        What is asked at the same time is written together.
        """
        return await self._window.post(posting)

    async def post_many(self, postings: Sequence[Posting]) -> list[Outcome]:
        """Several postings in one database transaction, each with an outcome of its own, in their order."""
        postings = with_months(postings, self.month_of)
        with as_written(IntegrityError):
            if outcomes := await self._post_presuming(postings):
                return outcomes
            return await self.at_desk(lambda desk: desk.post(postings))

    async def reverse(
        self, transaction: int, key: str, asked_by: str, text: str = "", runs: str | None = None
    ) -> Outcome:
        """Takes back all transfers of a transaction, and what it drew on caps, on its own day; where its month is
        closed, in the one that `runs` (None: by UTC).

        PostingError where there is no such transaction, or it moved nothing.
        """
        reversal = await self._look(lambda connection: reversal_of(connection, transaction, key))
        late = Late(runs or self.month_of(day_at(self._now())))
        return await self.post(reversal._replace(asked_by=asked_by, text=text, terms=(*reversal.terms, late)))

    async def at_desk(self, work: Callable[[Desk], T], keep: bool = True) -> T:
        """`work` inside one database transaction, retried as a whole; undone at its end where `keep` is False.

        For postings that depend on what was posted before: lock, read, write. `work` may run several times.
        """
        # What is undone must not be remembered either: accounts that were opened in it got numbers that are free again.
        chart = self._chart if keep else Chart()
        return await self._turn(lambda connection: work(Desk(connection, chart, self._now(), self.month_of)), keep)

    async def balances(self, owner: str) -> dict[str, int]:
        """Seconds by kind of account, of those accounts that have a floor; empty for who has no account."""
        return await self._look(lambda connection: balances_of(connection, owner))

    async def sums(self, owner: str) -> dict[str, int]:
        """Seconds by kind of account, of those without a floor: daily sums, and what is not sealed yet."""
        return await self._look(lambda connection: sums_of(connection, owner))

    async def balances_on(self, owner: str, day: date) -> dict[str, int]:
        """Seconds by kind of account, of all that is for days up to `day`, whenever it was recorded."""
        return await self._look(lambda connection: balances_on(connection, owner, day))

    async def balances_at(self, owner: str, moment: int) -> dict[str, int]:
        """Seconds by kind of account, of all that was recorded up to `moment` (microseconds since the epoch). On
        PostgreSQL what still waits for its accounts comes in afterwards (docs/ledger.md 2)."""
        check_moment("moment", moment)
        return await self._look(lambda connection: balances_at(connection, owner, moment))

    async def moved(self, owners: Iterable[str], days: Iterable[date]) -> list[Moved]:
        """The transfers for these days on accounts of these owners, in no order. Without a lock: a posting that depends
        on them asks the desk."""
        names = set(owners)

        def read(connection: Connection) -> list[Moved]:
            self._chart.read(connection, names)
            return moved_for(connection, self._chart, names, days)

        return await self._look(lambda connection: connection.run_sync(read))

    async def standing(self, owner: str) -> OwnerStand:
        """What the owner has and what of it is held by which reservation, in one consistent read."""
        return await self._look(lambda connection: standing_of(connection, owner))

    async def units(self) -> list[str]:
        """The organisations that accounts belong to."""
        return await self._look(every_unit)

    async def trial_balance(self, unit: str, month: str) -> list[Trial]:
        return await self._look(lambda connection: trial_balance(connection, unit, month))

    async def supply(self, unit: str) -> list[ServiceSupply]:
        return await self._look(lambda connection: supply(connection, unit))

    async def supply_of_days(self, unit: str, month: str) -> tuple[list[SupplyOfDay], OfAccounts, OfAccounts]:
        """What was given and taken in a month, by owner and day, what all had with its end, and what they hold now with
        what counts in months to come: in one read."""

        async def read(connection: AsyncConnection) -> tuple[list[SupplyOfDay], OfAccounts, OfAccounts]:
            rows = await supply_of_days(connection, unit, month)
            return rows, await closings(connection, unit, month), await guarded_balances(connection, unit)

        return await self._look(read)

    async def statement(
        self,
        owner: str,
        before: int | None = None,
        limit: int = 20,
        after: int | None = None,
        wanted: Wanted = ALL,
    ) -> Statement:
        """At most `limit` (and STATEMENT_LINES_MAX) transactions on the owner's accounts with a floor, newest first,
        each with the balances after it: the newest, those next below `before`, or those next above `after`.

        AskedWronglyError where there can be no such page.
        """
        check_page(limit, before, after, wanted)
        page = LinesAsked(min(limit, STATEMENT_LINES_MAX), before, after)
        return await self._look(lambda connection: statement_of(connection, owner, page, wanted))

    async def _post_presuming(self, postings: Sequence[Posting]) -> list[Outcome]:
        """None: it is for the desk."""
        if not all(map(depends_on_little, postings)):
            return []
        post = post_on_sqlite if self.engine.dialect.name == "sqlite" else post_on_postgresql
        return await post(self.engine, self._chart, self._patience, postings, self._now)

    async def _look(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        with as_written():
            return await take_turn(seeing_one_state(self.engine), work, self._patience, keep=False, writes=False)

    async def _turn(self, work: Callable[[Connection], T], keep: bool = True) -> T:
        return await take_turn_at_once(self.engine, work, self._patience, keep)
