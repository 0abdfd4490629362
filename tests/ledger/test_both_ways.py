"""A posting is presumed to be well, or goes by the desk: whatever is asked, both leave the same ledger."""

import itertools
import random
from collections.abc import Callable, Sequence
from datetime import date

import pytest

from ccd.errors import LedgerError
from ccd.ledger.books import Ledger
from ccd.ledger.model import (
    Account,
    Close,
    Draw,
    Kind,
    Late,
    Leg,
    Limit,
    Outcome,
    Posting,
    PostingState,
    Reserve,
    Side,
    Term,
)
from ccd.ledger.recorded import recorded_after
from ccd.sql.engine import open_engine
from tests.ledger.histories import MOMENT
from tests.ledger.on_postgresql import check_whole

OWNERS, HELD = ("ann", "bob", "cy"), "reserved"
GUARDED = (Kind("savings", Side.CREDIT, 0), Kind("overdraft", Side.CREDIT, -50))
HOUSE = (Kind("savings", Side.DEBIT, None), Kind("guarded", Side.DEBIT, -30))
ACCOUNTS = [
    *(Account(owner, kind.name) for owner in OWNERS for kind in GUARDED),
    *(Account("house", kind.name) for kind in HOUSE),
]
CAPS = ("team", "month")
BATCHES, ALL = 50, 10_000


class Presuming(Ledger):
    """Counts what was written so."""

    written = 0

    async def _post_presuming(self, postings: Sequence[Posting]) -> list[Outcome]:
        outcomes = await super()._post_presuming(postings)
        self.written += len(outcomes)
        return outcomes


class ByDesk(Ledger):
    """Presumes nothing."""

    async def _post_presuming(self, postings: Sequence[Posting]) -> list[Outcome]:
        return []


class Chance:
    """Postings that little speaks against, and some of whatever there is."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._new = itertools.count()
        self._asked: list[Posting] = []
        self.now = MOMENT

    def batch(self) -> list[Posting]:
        chance = self._random
        self.now += chance.choice((0, 1, 1, 5))
        batch = [self._posting() for _ in range(chance.choice((1, 1, 1, 1, 2, 3, 8)))]
        if self._asked and chance.random() < 0.2:
            batch[-1] = chance.choice(self._asked)
        self._asked += batch
        return batch

    def _posting(self) -> Posting:
        chance = self._random
        key = f"taken/{chance.randrange(40)}" if chance.random() < 0.1 else f"new/{next(self._new)}"
        legs = tuple(self._leg() for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 4))))
        terms: tuple[Term, ...] = tuple(
            Draw(chance.choice(CAPS), chance.choice((-1, 1, 1)) * chance.randint(1, 15))
            for _ in range(chance.choice((0, 0, 0, 0, 1, 2)))
        )
        match chance.choices(("as it is", "held", "limit", "close", "late", "nobody's"), (90, 3, 2, 1, 2, 2))[0]:
            case "held":
                legs, terms = (), (self._reserve(),)
            case "limit":
                terms = (Limit(chance.choice(CAPS), chance.randint(0, 100)),)
            case "close":
                legs, terms = (), (Close(),)
            case "late":
                terms += (Late("2027-01"),)
            case "nobody's":
                legs += (Leg(ACCOUNTS[0], Account("nobody", "savings"), 3, "gift"),)
        months = (10,) if Close() in terms else (10, 11, 12, 12, 12)
        day = date(2026, chance.choice(months), chance.randint(1, 28))
        revision, book = chance.choice((1, 1, 1, 2)), chance.choice(("demo", "demo", "other"))
        return Posting(key, revision, book, day, legs, "test", terms=terms)

    def _leg(self) -> Leg:
        debit, credit = self._random.sample(ACCOUNTS, 2)
        return Leg(debit, credit, self._random.randint(1, 25), self._random.choice(("savings", "gift")))

    def _reserve(self) -> Reserve:
        owner = self._random.choice(OWNERS)
        accounts = tuple(Account(owner, kind.name) for kind in GUARDED)
        until = self._random.choice((None, self.now + self._random.randint(1, 30)))
        return Reserve(accounts, Account(owner, HELD), self._random.randint(1, 30), "leave", until)


async def opened(ledger: Ledger) -> None:
    await ledger.open_accounts(OWNERS, (*GUARDED, Kind(HELD, Side.CREDIT, 0)), "demo", "test")
    await ledger.open_accounts(["house"], HOUSE, "demo", "test")
    house, day = Account("house", "savings"), date(2026, 11, 1)
    given = tuple(Leg(house, account, 200, "savings") for account in ACCOUNTS if account != house)
    limits = [Posting(cap, 1, "demo", day, (), "test", terms=(Limit(cap, 60),)) for cap in CAPS]
    await ledger.post_many([Posting("given", 1, "demo", day, given, "test"), *limits])


async def answer(ledger: Ledger, postings: Sequence[Posting]) -> list[object]:
    """All but the number of the transaction: on PostgreSQL one is drawn in vain where what was presumed is not so."""
    try:
        return [outcome._replace(transaction=0) for outcome in await ledger.post_many(postings)]
    except LedgerError as error:
        return [type(error), str(error)]


async def kept(ledger: Ledger) -> list[tuple[str, int, str, bytes]]:
    async with ledger.engine.connect() as connection:
        recorded = await recorded_after(connection, 0, ALL)
    return [(row.key, row.revision, row.month, row.digest) for row, _ in recorded]


@pytest.mark.parametrize("seed", range(4))
async def test_presuming_and_by_the_desk_the_same_is_answered_and_kept(
    new_database: Callable[[], str], seed: int
) -> None:
    chance, posted = Chance(seed), 0
    engines = [open_engine(new_database()) for _ in range(2)]
    presuming, by_desk = Presuming(engines[0], lambda: chance.now), ByDesk(engines[1], lambda: chance.now)
    ledgers = (presuming, by_desk)
    for ledger in ledgers:
        await opened(ledger)
    for _ in range(BATCHES):
        batch = chance.batch()
        answers = await answer(presuming, batch)
        assert answers == await answer(by_desk, batch), batch
        posted += sum(isinstance(one, Outcome) and one.state is PostingState.POSTED for one in answers)
    assert min(posted, presuming.written) > BATCHES / 3  # of what is refused alone, nothing could differ
    assert await kept(presuming) == await kept(by_desk)
    for ledger in ledgers:
        await check_whole(ledger)
        await ledger.engine.dispose()
