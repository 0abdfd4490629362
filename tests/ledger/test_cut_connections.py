"""The connection to PostgreSQL is cut in each step of a posting: what is asked is there once."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from ccd.ledger.books import Ledger
from ccd.ledger.model import (
    Account,
    Close,
    Draw,
    Late,
    Leg,
    Limit,
    Outcome,
    Posting,
    PostingState,
    Reserve,
    Resolve,
    Term,
    Transfer,
)  # fmt: skip
from ccd.sql.engine import open_engine
from tests.databases import PostgreSQL
from tests.ledger.accounts import DAY, HOUSE, give, posting, take
from tests.ledger.cut_wire import Cut, Wire
from tests.ledger.histories import ALL_KINDS, MOMENT
from tests.ledger.on_postgresql import QUICK, check_whole, opened

STEPS_MAX = 100


def with_all_terms(number: int, first: Outcome) -> list[Posting]:
    """Everything that a posting can do, in one transaction: Ann ends with 10 s more, and so does Bob with 7 s.

    `first` gave Bob 7 s, and is taken back. The month of a book of its own is closed.
    """
    own = tuple(Account("ann", kind) for kind in ALL_KINDS)
    book, key = f"book-{number}", f"step-{number}"
    taken = Account(HOUSE, "savings")

    def one(name: str, *terms: Term, legs: tuple[Leg, ...] = ()) -> Posting:
        return Posting(f"{key}/{name}", 1, book, DAY, legs, "test", terms=terms)

    return [
        one("limit", Limit(key, 100)),
        one("drawn", Draw(key, 12), legs=(give("ann", 12),)),
        one("held", Reserve(own[:2], own[2], 5, "leave")),
        one("ended", Resolve((f"{key}/held", 1), "leave", 2, taken)),
        one("back", legs=(take("bob", 7, reverses=Transfer(first.transaction, 1)),)),
        one("too much", legs=(take("bob", 10**9),)),
        one("close", Close()),
        one("late", Late("2026-12"), legs=(give("bob", 7),)),
    ]


def with_little(number: int, first: Outcome) -> list[Posting]:
    """What is written without a look: both end with as much more."""
    key = f"step-{number}"
    return [
        posting(f"{key}/legs", give("ann", 12), take("ann", 2), give("bob", 5)),
        Posting(f"{key}/drawn", 1, "demo", DAY, (take("bob", 5),), "test", terms=(Draw("cap", 1),)),
    ]


@dataclass(frozen=True)
class Way:
    """How a posting goes to the server: what is asked, what becomes of it, what stands in the question that commits,
    and how many steps there are at least."""

    asked: Callable[[int, Outcome], list[Posting]]
    posted: list[bool]
    commit: bytes
    steps_min: int
    steps_min_new: int


IN_STEPS = Way(with_all_terms, [True] * 5 + [False] + [True] * 2, b"COMMIT", 12, 30)
AT_ONCE = Way(with_little, [True, True], b"step-", 1, 5)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("is_new", [False, True], ids=["in use", "new"])
@pytest.mark.parametrize("way", [IN_STEPS, AT_ONCE], ids=["in steps", "at once"])
async def test_a_connection_that_is_cut_in_any_step_posts_once(
    postgresql: PostgreSQL, url: str, cut: Cut, is_new: bool, way: Way
) -> None:
    """Each question that goes over the wire, in turn, until the posting passes before the wire is cut: on a connection
    that is in use, and on one that has to be made, and has prepared nothing yet."""
    name = make_url(url).database
    data = Path(postgresql.server.pgdata)
    admin = await asyncpg.connect(user="postgres", database="postgres", host=str(data))

    async def terminate(process: int) -> None:
        await admin.execute("SELECT pg_terminate_backend($1, 5000)", process)

    beside = await opened(url)
    await beside.post(Posting("cap", 1, "demo", DAY, (), "test", terms=(Limit("cap", 1_000),)))
    commits = set()
    with tempfile.TemporaryDirectory(prefix="ccd-wire-") as folder:
        async with Wire(data, Path(folder), terminate) as wire:
            ledger = Ledger(open_engine(f"postgresql+asyncpg://postgres@/{name}?host={folder}"), lambda: MOMENT, QUICK)
            await ledger.post(posting("knows all", give("ann", 1), take("ann", 1), give("bob", 1), take("bob", 1)))
            for number in range(1, STEPS_MAX):
                first = await beside.post(posting(f"first-{number}", give("bob", 7)))
                if is_new:
                    await ledger.engine.dispose()
                wire.arm(number, cut)
                outcomes = await ledger.post_many(way.asked(number, first))
                if not wire.is_cut:
                    break
                assert [one.state is PostingState.POSTED for one in outcomes] == way.posted
                replayed = {one.replayed for one in outcomes}
                assert len(replayed) == 1, "all or none was there when it was asked again"
                if replayed == {True}:
                    commits.add(wire.questions[number - 1])
                assert await beside.balances("ann") == {"savings": 10 * number, "gift": 0, "reserved": 0}
                assert await beside.balances("bob") == {"savings": 7 * number, "gift": 0, "reserved": 0}
            await ledger.engine.dispose()
    assert (way.steps_min_new if is_new else way.steps_min) < number < STEPS_MAX, "each step was cut once"
    if cut in (Cut.UNANSWERED, Cut.HALF):
        (commit,) = commits
        assert way.commit in commit
    else:
        assert commits == set()
    await check_whole(beside)
    await beside.engine.dispose()
    await admin.close()
