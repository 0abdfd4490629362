"""The ledger's door."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger.chart import Chart, Opening, open_accounts
from ccd.ledger.desk import Desk
from ccd.ledger.model import Kind, Outcome, Posting, Statement
from ccd.ledger.reading import balances_of, sums_of
from ccd.ledger.statement import statement_of
from ccd.sql.engine import seeing_one_state
from ccd.sql.turns import Patience, take_turn

T = TypeVar("T")

STATEMENT_LINES_MAX = 500


class Ledger:
    """Accounts and transfers. `now` gives microseconds since the epoch; it stamps what is recorded and decides nothing.

    Each posting is exactly once by its key: whoever got no answer asks again, with the same content.
    """

    def __init__(self, engine: AsyncEngine, now: Callable[[], int], patience: Patience | None = None) -> None:
        self.engine = engine
        self._now = now
        self._patience = patience or Patience()
        self._chart = Chart()
        self._opened: dict[tuple[Kind, ...], set[str]] = defaultdict(set)

    async def open_accounts(self, owners: Iterable[str], kinds: tuple[Kind, ...], unit: str, asked_by: str) -> None:
        """Opens what is not open yet, in the organisation `unit`. What is open stays what it was opened as."""
        names = set(owners) - self._opened[kinds]
        if not names:
            return
        await self._look(lambda connection: self._chart.read(connection, names))
        missing = [name for name in names if any((name, kind.name) not in self._chart.account_ids for kind in kinds)]
        if missing:
            opening = Opening(unit, asked_by, self._now())
            await self._turn(lambda connection: open_accounts(connection, missing, kinds, opening))
            self._chart.forget(missing)
            await self._look(lambda connection: self._chart.read(connection, missing))
        self._opened[kinds] |= names

    async def post(self, posting: Posting) -> Outcome:
        """Posts all legs or none. A rule's refusal is an outcome; KeyTakenError: the key stands for another."""
        return (await self.post_many([posting]))[0]

    async def post_many(self, postings: Sequence[Posting]) -> list[Outcome]:
        """Several postings in one database transaction, each with an outcome of its own, in their order."""
        return await self.at_desk(lambda desk: desk.post(postings))

    async def at_desk(self, work: Callable[[Desk], Awaitable[T]], keep: bool = True) -> T:
        """`work` inside one database transaction, retried as a whole; undone at its end where `keep` is False.

        For postings that depend on what was posted before: lock, read, write. `work` may run several times.
        """
        # What is undone must not be remembered either: accounts that were opened in it got numbers that are free again.
        chart = self._chart if keep else Chart()
        return await self._turn(lambda connection: work(Desk(connection, chart, self._now())), keep)

    async def balances(self, owner: str) -> dict[str, int]:
        """Seconds by kind of account, of those accounts that have a floor; empty for who has no account."""
        return await self._look(lambda connection: balances_of(connection, owner))

    async def sums(self, owner: str) -> dict[str, int]:
        """Seconds by kind of account, of those without a floor: daily sums, and what is not sealed yet."""
        return await self._look(lambda connection: sums_of(connection, owner))

    async def statement(self, owner: str, before: int | None = None, limit: int = 20) -> Statement:
        """The newest `limit` transactions (at most STATEMENT_LINES_MAX) on the owner's accounts with a floor, older
        than transaction `before`; each with the balances after it."""
        lines = min(limit, STATEMENT_LINES_MAX)
        return await self._look(lambda connection: statement_of(connection, owner, before, lines))

    async def _look(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        return await take_turn(seeing_one_state(self.engine), work, self._patience, keep=False, writes=False)

    async def _turn(self, work: Callable[[AsyncConnection], Awaitable[T]], keep: bool = True) -> T:
        return await take_turn(self.engine, work, self._patience, keep)
