"""Filters, cursors and past balances against a naive fold over everything that was asked for."""

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import AskedWronglyError
from ccd.ledger.balances import FIRST_LATER, OpenReservation
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Late, Leg, Outcome, Posting, PostingState, Resolve, Side, StatementLine, Wanted
from ccd.ledger.sealing import Sealer
from ccd.ledger.unit_sums import ServiceSupply, Trial
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from tests.databases import before_each_statement
from tests.ledger.accounts import HOUSE, give, open_guarded, open_house, posting, take
from tests.ledger.histories import MOMENT, everything, held, with_terms

OWNERS, KINDS, SERVICES = ("ann", "bob"), ("savings", "gift"), ("savings", "gift", "leave")
FIRST_DAY = date(2026, 11, 28)
DAYS = 6
POSTINGS = 60
BLOCK_MAX = 8  # transactions


@dataclass(frozen=True)
class Posted:
    posting: Posting
    outcome: Outcome


@dataclass
class Past:
    """A ledger, and what was posted to it, in order."""

    url: str
    posted: list[Posted]

    def moved(self, owner: str, *, wanted: Iterable[Posted]) -> dict[str, int]:
        """By kind of account, what these postings come to."""
        sums = dict.fromkeys(KINDS, 0)
        for one in wanted:
            for leg in one.posting.legs:
                for account, seconds in ((leg.debit, -leg.seconds), (leg.credit, leg.seconds)):
                    if account.owner == owner:
                        sums[account.kind] += seconds
        return sums


@pytest.fixture
async def past(engine: AsyncEngine, database_url: str) -> Past:
    """Random transfers between everybody's accounts, on some days, recorded by a clock that stands still now and then,
    and sealed now and then, not at the end."""
    chance = random.Random(7)
    moment = 1_000_000
    ledger = Ledger(engine, lambda: moment)
    sealer = Sealer(engine, lambda: moment, Patience(), block_max=BLOCK_MAX)
    await open_guarded(ledger, OWNERS, KINDS)
    await open_house(ledger, HOUSE, KINDS)
    accounts = [Account(owner, kind) for owner in (*OWNERS, HOUSE) for kind in KINDS]
    posted = []
    for number in range(POSTINGS):
        moment += chance.choice((0, 1, 3))
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        pairs = [chance.sample(accounts, 2) for _ in range(chance.randint(0, 3))]
        legs = tuple(Leg(debit, credit, chance.randint(1, 50), chance.choice(SERVICES)) for debit, credit in pairs)
        one = Posting(str(number), 1, "demo", day, legs, "test")
        outcome = await ledger.post(one)
        if outcome.state is PostingState.POSTED:
            posted.append(Posted(one, outcome))
        if number % 7 == 0 and number < POSTINGS - 10:
            await sealer.seal()
    assert len(posted) > POSTINGS / 3
    return Past(database_url, posted)


SLOW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
days = st.none() | st.integers(-1, DAYS).map(lambda days: FIRST_DAY + timedelta(days=days))
moments = st.none() | st.integers(1_000_000, 1_000_000 + 3 * POSTINGS)
filters = st.builds(
    Wanted,
    kinds=st.lists(st.sampled_from(KINDS), max_size=2).map(tuple),
    services=st.lists(st.sampled_from(SERVICES), max_size=2).map(tuple),
    day_from=days, day_to=days, recorded_from=moments, recorded_to=moments,
)  # fmt: skip


def fits(one: Posted, owner: str, wanted: Wanted) -> bool:
    """One of its transfers is all that is wanted."""
    at, day = one.outcome.recorded_at, one.posting.day
    return (
        any(
            account.owner == owner
            and (not wanted.kinds or account.kind in wanted.kinds)
            and (not wanted.services or leg.service in wanted.services)
            for leg in one.posting.legs
            for account in (leg.debit, leg.credit)
        )
        and (wanted.day_from is None or day >= wanted.day_from)
        and (wanted.day_to is None or day <= wanted.day_to)
        and (wanted.recorded_from is None or at >= wanted.recorded_from)
        and (wanted.recorded_to is None or at < wanted.recorded_to)
    )


@SLOW
@given(owner=st.sampled_from(OWNERS), wanted=filters, limit=st.integers(1, 9))
def test_pages_in_both_directions_are_the_wanted_lines_each_with_its_balances(
    past: Past, owner: str, wanted: Wanted, limit: int
) -> None:
    lines, back = asyncio.run(all_pages(past.url, owner, wanted, limit))
    expected = [one for one in past.posted if fits(one, owner, wanted)]
    assert [line.transaction for line in reversed(lines)] == [one.outcome.transaction for one in expected]
    assert back == lines
    for line, one in zip(reversed(lines), expected, strict=True):
        upto = [other for other in past.posted if other.outcome.transaction <= one.outcome.transaction]
        assert line.after == past.moved(owner, wanted=upto)
        assert line.day == one.posting.day


async def all_pages(
    url: str, owner: str, wanted: Wanted, limit: int
) -> tuple[list[StatementLine], list[StatementLine]]:
    """Read from the newest to the oldest, and from there to the newest again."""
    engine = open_engine(url)
    ledger = Ledger(engine, lambda: 0)
    pages = [await ledger.statement(owner, None, limit, None, wanted)]
    assert pages[0].after is None
    while pages[-1].before is not None:
        pages.append(await ledger.statement(owner, pages[-1].before, limit, None, wanted))
        assert pages[-1].lines
    back = [await ledger.statement(owner, None, limit, 0, wanted)]
    assert back[0].before is None
    while back[-1].after is not None:
        back.append(await ledger.statement(owner, None, limit, back[-1].after, wanted))
        assert back[-1].before is not None
    await engine.dispose()
    return [line for page in pages for line in page.lines], [line for page in reversed(back) for line in page.lines]


@SLOW
@given(owner=st.sampled_from((*OWNERS, HOUSE)), day=days, moment=moments)
def test_a_balance_of_the_past_is_what_was_moved_by_then(
    past: Past, owner: str, day: date | None, moment: int | None
) -> None:
    async def read() -> tuple[dict[str, int], dict[str, int]]:
        engine = open_engine(past.url)
        ledger = Ledger(engine, lambda: 0)
        found = (
            await ledger.balances_on(owner, day or FIRST_DAY),
            await ledger.balances_at(owner, moment or 1_000_000),
        )
        await engine.dispose()
        return found

    on, at = asyncio.run(read())
    assert on == past.moved(owner, wanted=[one for one in past.posted if one.posting.day <= (day or FIRST_DAY)])
    by_then = [one for one in past.posted if one.outcome.recorded_at <= (moment or 1_000_000)]
    assert at == past.moved(owner, wanted=by_then)


async def test_the_past_asks_few_transactions_when_they_were_recorded(past: Past, engine: AsyncEngine) -> None:
    """Also where the newest block holds accounts alone, which were recorded at no time."""
    ledger = Ledger(engine, lambda: 2_000_000)
    await Sealer(engine, lambda: 2_000_000, Patience()).seal()
    await open_guarded(ledger, ("carol",), KINDS)
    assert await Sealer(engine, lambda: 2_000_000, Patience()).seal() == 1
    async with engine.connect() as connection:
        for one in past.posted:
            found = await connection.execute(FIRST_LATER, {"moment": one.outcome.recorded_at})
            later, after, up_to = found.one()
            assert later is None or up_to - after <= 2 * BLOCK_MAX, one.outcome


async def test_the_past_of_an_account_is_read_from_an_index_alone(engine: AsyncEngine) -> None:
    """Its entries lie far apart: to fetch each would be a page of the disk each."""
    sqlite = engine.dialect.name == "sqlite"
    explain, wanted = ("EXPLAIN QUERY PLAN", "COVERING INDEX") if sqlite else ("EXPLAIN", "Index Only Scan")
    sums = "SELECT sum(seconds) FROM entries WHERE {side} IN (1, 2) AND {bound} GROUP BY {side}"
    async with engine.connect() as connection:
        if not sqlite:  # of a table that is empty it would read all
            await connection.exec_driver_sql("SET enable_seqscan = off")
            await connection.exec_driver_sql("SET enable_bitmapscan = off")
        for side in ("debit", "credit"):
            for bound in ("day <= '2026-11-28'", "transaction_id > 7"):
                found = await connection.exec_driver_sql(f"{explain} {sums.format(side=side, bound=bound)}")
                plan = "\n".join(str(row) for row in found)
                assert wanted in plan, plan
                assert f"ix_entries_{side}" in plan, plan


async def test_a_trial_balance_is_the_fold_of_its_month(engine: AsyncEngine, past: Past) -> None:
    ledger = Ledger(engine, lambda: 0)
    carried: dict[tuple[str, bool], int] = defaultdict(int)
    for month in ("2026-11", "2026-12", "2027-01"):
        moved: dict[tuple[str, bool], list[int]] = defaultdict(lambda: [0, 0])
        for one in past.posted:
            if one.posting.month == month:
                for leg in one.posting.legs:
                    moved[leg.debit.kind, leg.debit.owner != HOUSE][0] += leg.seconds
                    moved[leg.credit.kind, leg.credit.owner != HOUSE][1] += leg.seconds
        found = await ledger.trial_balance("demo", month)
        assert len(found) == len(KINDS) * 2
        for row in found:
            debits_s, credits_s = moved[row.kind, row.guarded]
            opening = carried[row.kind, row.guarded]
            assert (row.debits_s, row.credits_s) == (debits_s, credits_s)
            assert row.opening_s == (opening if row.side is Side.CREDIT else -opening)
            carried[row.kind, row.guarded] += credits_s - debits_s
        assert sum(row.debits_s for row in found) == sum(row.credits_s for row in found)
        closing = [row.closing_s if row.side is Side.CREDIT else -row.closing_s for row in found]
        assert sum(closing) == 0
    assert await ledger.trial_balance("elsewhere", "2026-11") == []


async def test_the_supply_of_time_is_what_services_gave_and_took(ledger: Ledger) -> None:
    await ledger.post(posting("a", give("ann", 465), give("bob", 35, "gift")))
    await ledger.post(posting("b", take("ann", 65), Leg(Account("ann", "savings"), Account("bob", "gift"), 100, "any")))
    assert await ledger.supply("demo") == [
        ServiceSupply("2026-11", "savings", "gift", 35, 0),
        ServiceSupply("2026-11", "savings", "savings", 465, 65),
    ]
    assert await ledger.trial_balance("demo", "2026-12") == [
        Trial("gift", Side.CREDIT, True, 135, 0, 0),
        Trial("savings", Side.CREDIT, True, 300, 0, 0),
        Trial("savings", Side.DEBIT, False, 435, 0, 0),
    ]


async def test_what_is_held_is_told_with_what_is_there(engine: AsyncEngine) -> None:
    ledger = await everything(engine)
    bob = await ledger.standing("bob")
    assert bob.balances == {"savings": 500, "gift": 0, "reserved": 500}
    assert bob.holds == (OpenReservation(("held too", 1), 500, held("bob").expires_at),)
    assert (bob.held_s, (await ledger.standing("ann")).holds) == (500, ())
    assert (await ledger.standing("nobody")).balances == {}


QUESTIONS: dict[str, Callable[[Ledger], Awaitable[Any]]] = {
    "standing": lambda ledger: ledger.standing("bob"),
    "statement": lambda ledger: ledger.statement("bob", before=10**6),
    "balances_at": lambda ledger: ledger.balances_at(HOUSE, MOMENT + 10**9),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_what_is_posted_between_two_statements_of_a_question_is_in_all_of_its_answer_or_in_none(
    engine: AsyncEngine, question: str
) -> None:
    """What is held, and its reservations; a page, and the balances after its lines; sums, and what they are of."""
    ledger = await everything(engine)
    asked = QUESTIONS[question]
    due = statements = differing = 0

    async def post() -> None:
        again = open_engine(engine.url)
        books = Ledger(again, lambda: MOMENT + 10**6)
        legs = (give("bob", 7), take("bob", 3, "gift")) if due % 2 else (give("bob", 5, "gift"),)
        await books.post(posting(f"more/{due}", *legs, day=date(2026, 12, 9)))
        await books.post(with_terms(f"back/{due}", Late("2026-12"), Resolve(("held too", 1), "leave")))
        await Sealer(again, lambda: MOMENT + 10**6, Patience()).seal()
        await again.dispose()

    def interrupt() -> None:
        nonlocal statements
        statements += 1
        if statements == due:
            poster = Thread(target=asyncio.run, args=(post(),))
            poster.start()
            poster.join()

    reading = open_engine(engine.url)
    before_each_statement(reading, interrupt)
    for place in (5, 4, 3, 2):
        due, statements, before = place, 0, await asked(ledger)
        found = await asked(Ledger(reading, lambda: 0))
        after = await asked(ledger)
        assert found in (before, after)
        differing += before != after
    assert differing
    await reading.dispose()


BEYOND = 2**63
ASKED_WRONGLY: dict[str, tuple[dict[str, Any], str]] = {
    "no line": ({"limit": 0}, "limit 0; expected: a whole number from 1 to"),
    "half a line": ({"limit": 1.5}, "limit 1.5"),
    "before all": ({"before": BEYOND}, f"before {BEYOND}; expected: a whole number from 0 to {BEYOND - 1}"),
    "after all": ({"after": BEYOND}, f"after {BEYOND}"),
    "below nothing": ({"before": -1}, "before -1"),
    "a cursor as a text": ({"after": "12"}, "after '12'"),
    "beyond all moments": ({"wanted": Wanted(recorded_from=BEYOND)}, f"recorded_from {BEYOND}"),
    "before all moments": ({"wanted": Wanted(recorded_to=-BEYOND)}, f"recorded_to -{BEYOND}"),
}


@pytest.mark.parametrize("how", ASKED_WRONGLY)
async def test_a_page_that_no_ledger_has_is_an_error_that_says_what_there_can_be(ledger: Ledger, how: str) -> None:
    asked, told = ASKED_WRONGLY[how]
    with pytest.raises(AskedWronglyError, match=re.escape(f"the ledger was asked with {told}")):
        await ledger.statement("ann", **asked)


async def test_a_moment_that_no_ledger_has_is_told_and_the_last_of_all_is_now(ledger: Ledger) -> None:
    await ledger.post(posting("first", give("ann", 5)))
    with pytest.raises(AskedWronglyError, match=f"moment {BEYOND}"):
        await ledger.balances_at("ann", BEYOND)
    assert (await ledger.balances_at("ann", BEYOND - 1))["savings"] == 5
    assert [line.key for line in (await ledger.statement("ann", before=BEYOND - 1)).lines] == ["first"]
    assert (await ledger.statement("ann", after=BEYOND - 1)).lines == ()
