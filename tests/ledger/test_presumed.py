"""A posting that depends on little is presumed to be well; whatever speaks against it is said as ever."""

import asyncio
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from ccd.errors import KeyTakenError, LedgerError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Close, Draw, Leg, Limit, Posting, Reserve, Rule, Term, Transfer
from ccd.sql.engine import open_engine
from tests.databases import before_each_statement
from tests.ledger.accounts import DAY, give, open_guarded, open_house, posting, take
from tests.ledger.on_postgresql import until_one_waits

MOMENT = 1_796_000_000_000_000
KINDS = ("savings", "gift", "reserved")


def with_terms(key: str, *terms: Term, legs: tuple[Leg, ...] = (), book: str = "demo") -> Posting:
    return Posting(key, 1, book, DAY, legs, asked_by="test", terms=terms)


@dataclass
class Counted:
    """A ledger, and how many statements it has asked for."""

    ledger: Ledger
    statements: int = field(default=0)

    def count(self) -> None:
        self.statements += 1

    async def post(self, *postings: Posting) -> tuple[list[object], int]:
        """What became of each, refused by which rule or not at all; and the statements that it took."""
        self.statements = 0
        outcomes = await self.ledger.post_many(postings)
        return [one.refusal.rule if one.refusal else None for one in outcomes], self.statements


async def opened(url: str) -> Counted:
    """Ann has 100 s; Cy 50, of which 40 are held, until this moment; the cap takes 50 s; one book's month is closed."""
    ledger = Ledger(open_engine(url), lambda: MOMENT)
    await open_guarded(ledger, ["ann", "bob", "cy"], KINDS)
    await open_house(ledger)
    savings, held = Account("cy", "savings"), Account("cy", "reserved")
    await ledger.post_many(
        [
            posting("before", give("ann", 100), give("cy", 50)),
            with_terms("limit", Limit("cap", 50)),
            with_terms("close", Close(), book="closed"),
            with_terms("held", Reserve((savings,), held, 40, "leave", expires_at=MOMENT)),
        ]
    )
    counted = Counted(ledger)
    before_each_statement(ledger.engine, counted.count)
    return counted


async def test_on_postgresql_it_is_one_statement_alone_and_among_many_and_on_a_cap(url: str) -> None:
    counted = await opened(url)
    assert await counted.post(posting("a", give("ann", 5), take("ann", 3))) == ([None], 1)
    many = [posting(f"many/{number}", give("bob", 1)) for number in range(100)]
    assert await counted.post(*many) == ([None] * 100, 1)
    assert await counted.post(with_terms("drawn", Draw("cap", 30), legs=(give("bob", 30),))) == ([None], 1)
    assert await counted.post(posting("nothing to move")) == ([None], 1)
    assert (await counted.ledger.balances("ann"))["savings"] == 102
    assert (await counted.ledger.balances("bob"))["savings"] == 130
    await counted.ledger.engine.dispose()


BACK = Transfer(1, 1)
AGAINST: dict[str, tuple[list[Posting], list[object]]] = {
    "too little is there": ([posting("a", take("ann", 101))], [Rule.BALANCE]),
    "too little is there between two that are written together": (
        [posting("a", take("ann", 101)), posting("b", give("ann", 1)), posting("c", take("ann", 100))],
        [Rule.BALANCE, None, None],
    ),
    "the month is closed": ([Posting("a", 1, "closed", DAY, (give("ann", 1),), "test")], [Rule.MONTH]),
    "the month was not heard of": ([Posting("a", 1, "new", DAY, (give("ann", 1),), "test")], [None]),
    "more is drawn on a cap than it has": (
        [with_terms("a", Draw("cap", 51), legs=(give("bob", 51),))],
        [Rule.CAP],
    ),
    "more is given back to a cap than was drawn": (
        [with_terms("a", Draw("cap", -1), legs=(take("ann", 1),))],
        [Rule.CAP],
    ),
    "one of them is asked twice": ([posting("a", give("ann", 1))] * 2, [None, None]),
    "one of them was posted before": ([posting("before", give("ann", 100), give("cy", 50))], [None]),
    "something that is held has expired": ([posting("a", take("cy", 50))], [None]),
    "something is taken back": ([posting("a", take("ann", 100, reverses=BACK))], [None]),
}


@pytest.mark.parametrize("about", AGAINST)
async def test_what_speaks_against_it_is_said_rule_by_rule(database_url: str, about: str) -> None:
    postings, expected = AGAINST[about]
    counted = await opened(database_url)
    refused, statements = await counted.post(*postings)
    assert refused == expected
    assert statements > 1
    balances = {name: (await counted.ledger.balances(name))["savings"] for name in ("ann", "bob", "cy")}
    assert min(balances.values()) >= 0
    await counted.ledger.engine.dispose()


@pytest.mark.parametrize(
    "bad",
    [posting("before", give("ann", 99)), posting("a", give("nobody", 1)), with_terms("a", Draw("no cap", 1))],
    ids=["another content of a key", "an account that is not open", "a cap without a limit"],
)
async def test_what_can_not_be_right_writes_nothing(database_url: str, bad: Posting) -> None:
    counted = await opened(database_url)
    with pytest.raises(LedgerError):
        await counted.post(posting("good", give("ann", 5)), bad)
    assert (await counted.ledger.balances("ann"))["savings"] == 100
    with pytest.raises(KeyTakenError):
        await counted.post(posting("before", give("ann", 99)))
    await counted.ledger.engine.dispose()


async def test_a_key_is_looked_up_before_anything_is_said_about_what_stands_for_it_now(database_url: str) -> None:
    counted = await opened(database_url)
    with pytest.raises(KeyTakenError):
        await counted.post(posting("before", give("nobody", 1)))
    await counted.ledger.engine.dispose()


async def test_more_than_any_cap_has_is_refused_as_any_draw(database_url: str) -> None:
    counted = await opened(database_url)
    for seconds in (2**63 - 1, 10**30, -(10**30)):
        refused, _ = await counted.post(with_terms(f"draw/{seconds}", Draw("cap", seconds), legs=(give("bob", 1),)))
        assert refused == [Rule.CAP]
    assert (await counted.ledger.balances("bob"))["savings"] == 0
    await counted.ledger.engine.dispose()


async def test_what_was_committed_while_it_waited_for_its_locks_is_not_written_over(url: str) -> None:
    """Others have changed the balance and the cap by the time that the locks are there."""
    counted, other = await opened(url), open_engine(url)
    async with asyncio.TaskGroup() as group, other.begin() as hand:
        await hand.execute(text("SELECT id FROM owners WHERE name = 'ann' FOR NO KEY UPDATE"))
        await hand.execute(text("UPDATE balances SET seconds = 7 WHERE seconds = 100"))
        await hand.execute(text("UPDATE caps SET drawn_s = 20"))
        legs = (take("ann", 5),)
        asked = group.create_task(counted.post(with_terms("a", Draw("cap", 30), legs=legs)))
        await until_one_waits(other.connect())
    assert asked.result() == ([None], 1)
    assert (await counted.ledger.balances("ann"))["savings"] == 2
    async with other.connect() as hand:
        assert (await hand.execute(text("SELECT drawn_s FROM caps"))).scalar() == 50
    await other.dispose()
    await counted.ledger.engine.dispose()


async def test_what_a_balance_no_longer_bears_when_the_locks_are_there_is_refused(url: str) -> None:
    counted, other = await opened(url), open_engine(url)
    async with asyncio.TaskGroup() as group, other.begin() as hand:
        await hand.execute(text("SELECT id FROM owners WHERE name = 'ann' FOR NO KEY UPDATE"))
        await hand.execute(text("UPDATE balances SET seconds = 7 WHERE seconds = 100"))
        asked = group.create_task(counted.post(posting("a", take("ann", 8))))
        await until_one_waits(other.connect())
    refused, _ = asked.result()
    assert refused == [Rule.BALANCE]
    assert (await counted.ledger.balances("ann"))["savings"] == 7
    await other.dispose()
    await counted.ledger.engine.dispose()


async def test_nothing_at_all_is_posted(database_url: str) -> None:
    counted = await opened(database_url)
    assert await counted.ledger.post_many([]) == []
    await counted.ledger.engine.dispose()
