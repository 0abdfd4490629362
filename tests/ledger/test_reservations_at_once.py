"""Reservations that several processes make and end at once: each ends once, and what is not there yet is not ended."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from ccd.errors import PostingError
from ccd.ledger import desk
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Close, Late, Posting, PostingState, Reserve, Resolve, Term
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from tests.ledger.accounts import HOUSE, give, open_guarded, open_house, posting

OWNERS, KINDS = ("ann", "bob"), ("savings", "gift")
RESERVATIONS = range(16)
LATE = Late("2026-12")


def with_term(key: str, term: Term, month: int = 11) -> Posting:
    terms = (term,) if isinstance(term, Close) else (term, LATE)
    return Posting(key, 1, "demo", date(2026, month, 5), (), asked_by="test", terms=terms)


def reserve(key: str, owner: str, seconds: int, expires_at: int | None = None) -> Posting:
    accounts = tuple(Account(owner, kind) for kind in KINDS)
    return with_term(key, Reserve(accounts, Account(owner, "reserved"), seconds, "leave", expires_at))


def another(ledger: Ledger, now: Callable[[], int]) -> Ledger:
    """As another process has it."""
    return Ledger(open_engine(ledger.engine.url.render_as_string(hide_password=False)), now)


async def opened(engine: AsyncEngine, now: Callable[[], int]) -> Ledger:
    ledger = Ledger(engine, now)
    await open_guarded(ledger, OWNERS, (*KINDS, "reserved"))
    await open_house(ledger)
    for owner in OWNERS:
        await ledger.post(posting(f"before/{owner}", give(owner, 900), give(owner, 600, "gift")))
        await ledger.post(posting(f"december/{owner}", give(owner, 9), day=date(2026, 12, 5)))
    return ledger


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("before", ["owners_of", "reservations_held"])
@pytest.mark.parametrize("known", [False, True], ids=["of nobody known", "of somebody known"])
async def test_what_is_reserved_while_its_end_is_posted_was_not_there(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, before: str, known: bool
) -> None:
    """Its number can be above that of its end."""
    ledger = await opened(engine, count(1).__next__)
    ending = another(ledger, count(1_000).__next__)
    if known:
        await ending.post(posting("known", give("ann", 1)))
    look = getattr(desk, before)

    def looks_late(*asked: Any) -> Any:
        found = look(*asked) if before == "owners_of" else None
        monkeypatch.undo()
        await_only(ledger.post(reserve("r", "ann", 100)))
        return look(*asked) if found is None else found

    monkeypatch.setattr(desk, before, looks_late)
    taken = Resolve(("r", 1), "leave", 40, Account(HOUSE, "savings"))
    with pytest.raises(PostingError, match="resolves r/r1; expected: a reservation that was posted"):
        await ending.post(with_term("end", taken))
    assert (await ledger.balances("ann"))["reserved"] == 100
    assert (await ending.post(with_term("end", taken))).state is PostingState.POSTED
    assert (await ledger.balances("ann"))["reserved"] == 0
    assert (await verify(engine, lambda done, total: None)).findings == []
    await ending.engine.dispose()


async def test_several_that_reserve_post_release_and_close_at_once_end_each_reservation_once(
    engine: AsyncEngine,
) -> None:
    """Every other one expires on the way, and October closes."""
    clock = count(1)
    first = await opened(engine, clock.__next__)
    ledgers = [first, *(another(first, clock.__next__) for _ in range(2))]
    ended: Counter[str] = Counter()

    async def act(number: int) -> None:
        chance, ledger = random.Random(number), ledgers[number % len(ledgers)]
        for step in range(20):
            wanted = any_act(chance, f"{number}/{step}")
            try:
                outcome = await ledger.post(wanted)
            except PostingError:
                assert reservation_of(wanted), "one that was never made is not ended"
                continue
            if outcome.state is PostingState.POSTED and not outcome.replayed:
                ended[reservation_of(wanted)] += 1

    await asyncio.gather(*(act(number) for number in range(6)))
    total = (await first.sums(HOUSE))["savings"]
    for owner in OWNERS:
        standing = await first.standing(owner)
        assert standing.held_s == standing.balances["reserved"]
        total += sum(standing.balances.values())
    assert total == 0
    del ended[""]
    assert max(ended.values()) == 1
    assert len(ended) > 3
    assert (await verify(engine, lambda done, total: None)).findings == []
    for ledger in ledgers[1:]:
        await ledger.engine.dispose()


def any_act(chance: random.Random, key: str) -> Posting:
    number, month = chance.choice(RESERVATIONS), chance.choice((10, 11))
    owner = OWNERS[number % 2]
    match chance.randrange(10):
        case 0 | 1 | 2 | 3:
            return reserve(str(number), owner, 20 + 7 * number, 30 + 5 * number if number % 4 > 1 else None)
        case 4 | 5:
            return with_term(f"released/{key}", Resolve((str(number), 1), "leave"), month)
        case 6 | 7 | 8:
            to = chance.choice((Account(HOUSE, "savings"), Account("bob", "gift")))
            return with_term(f"posted/{key}", Resolve((str(number), 1), "leave", chance.randint(1, 30), to), month)
    return with_term("close", Close(), 10)


def reservation_of(asked: Posting) -> str:
    """Which it would end; "" of what ends none."""
    [term, *_] = asked.terms
    return term.reservation[0] if isinstance(term, Resolve) else ""
