"""What a posting does beside moving seconds: reservations and their end, caps, months that close."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.attendance_calendar import months_that_begin
from ccd.errors import KeyTakenError, PostingError
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
    Rule,
    Term,
    Transfer,
)  # fmt: skip
from ccd.ledger.terms import day_said, read_terms, terms_text
from ccd.ledger.verify import verify
from tests.ledger.accounts import DAY, HOUSE, give, open_guarded, open_house, posting

SAVINGS, GIFT, RESERVED = (Account("ann", kind) for kind in ("savings", "gift", "reserved"))
TAKEN = Account(HOUSE, "savings")
HALF: Any = 1.5  # of a microsecond too much
MOMENT = int(datetime(2026, 12, 5, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture
async def ledger(engine: AsyncEngine) -> Ledger:
    """Ann has 300 s of savings and 200 s of gifts; the clock stands on 2026-12-05."""
    opened = Ledger(engine, lambda: MOMENT)
    await open_guarded(opened, ["ann", "bob"], ("savings", "gift", "reserved"))
    await open_house(opened)
    await opened.post(posting("before", give("ann", 300), give("ann", 200, "gift")))
    return opened


def with_terms(key: str, *terms: Term, day: date = DAY, legs: tuple[Leg, ...] = ()) -> Posting:
    return Posting(key, 1, "demo", day, legs, asked_by="test", terms=terms)


def reserve(key: str, seconds: int, expires_at: int | None = None) -> Posting:
    return with_terms(key, Reserve((SAVINGS, GIFT), RESERVED, seconds, "leave", expires_at))


def resolve(key: str, of: str, seconds: int = 0) -> Posting:
    return with_terms(key, Resolve((of, 1), "leave", seconds, TAKEN if seconds else None))


async def kinds(ledger: Ledger) -> tuple[int, int, int]:
    found = await ledger.balances("ann")
    return found["savings"], found["gift"], found["reserved"]


def check_refused(outcome: Outcome, rule: Rule, sentence: str) -> None:
    assert outcome.refusal is not None
    assert (outcome.state, outcome.refusal.rule, outcome.refusal.sentence) == (PostingState.REFUSED, rule, sentence)


async def test_a_reservation_draws_in_the_order_asked_for_as_far_as_each_account_goes(ledger: Ledger) -> None:
    assert (await ledger.post(reserve("r", 350))).state is PostingState.POSTED
    assert await kinds(ledger) == (0, 150, 350)


async def test_more_than_there_is_can_not_be_reserved_and_it_says_so(ledger: Ledger) -> None:
    check_refused(
        await ledger.post(reserve("r", 501)), Rule.BALANCE, "ann has 500 s to give, and 501 s are to be reserved"
    )
    assert await kinds(ledger) == (300, 200, 0)


@pytest.mark.parametrize(
    ("posted", "after"),
    [(350, (0, 150, 0)), (300, (0, 200, 0)), (100, (200, 200, 0)), (0, (300, 200, 0))],
)
async def test_what_is_not_posted_goes_back_what_was_drawn_last_first(
    ledger: Ledger, posted: int, after: tuple[int, int, int]
) -> None:
    await ledger.post(reserve("r", 350))
    assert (await ledger.post(resolve("e", "r", posted))).state is PostingState.POSTED
    assert await kinds(ledger) == after
    assert (await ledger.sums(HOUSE))["savings"] == posted - 500


async def test_a_reservation_ends_once(ledger: Ledger) -> None:
    await ledger.post(reserve("r", 350))
    await ledger.post(resolve("e", "r"))
    check_refused(
        await ledger.post(resolve("again", "r", 5)), Rule.RESERVATION, "the reservation r/r1 was resolved before"
    )
    assert await kinds(ledger) == (300, 200, 0)


async def test_a_retry_finds_the_reservation_though_other_seconds_would_be_drawn_now(ledger: Ledger) -> None:
    first = await ledger.post(reserve("r", 350))
    await ledger.post(posting("more", give("ann", 1_000)))
    assert await ledger.post(reserve("r", 350)) == first._replace(replayed=True)
    with pytest.raises(KeyTakenError, match="content: seconds differ"):
        await ledger.post(reserve("r", 351))
    with pytest.raises(KeyTakenError, match="content: expires_at, seconds differ"):
        await ledger.post(reserve("r", 351, expires_at=9 * 10**15))
    with pytest.raises(KeyTakenError, match="terms differ"):
        await ledger.post(reserve("r", 350)._replace(terms=(Draw("cap", 350),)))
    with pytest.raises(KeyTakenError, match="content: day differ"):
        await ledger.post(reserve("r", 350)._replace(day=date(2026, 11, 24)))


async def test_no_more_is_posted_than_is_reserved(ledger: Ledger) -> None:
    await ledger.post(reserve("r", 350))
    check_refused(
        await ledger.post(resolve("e", "r", 351)),
        Rule.RESERVATION,
        "the reservation r/r1 holds 350 s, and 351 s are asked",
    )


async def test_nothing_is_posted_to_where_it_is_held(ledger: Ledger) -> None:
    await ledger.post(reserve("r", 350))
    with pytest.raises(PostingError, match=r"posts r/r1 to where it is held.* expected: another account"):
        await ledger.post(with_terms("e", Resolve(("r", 1), "leave", 100, RESERVED)))
    assert await kinds(ledger) == (0, 150, 350)


async def test_what_was_never_reserved_can_not_be_resolved(ledger: Ledger) -> None:
    with pytest.raises(PostingError, match="a reservation that was posted"):
        await ledger.post(resolve("e", "r"))


@pytest.mark.parametrize("of", [Account("cid", "savings"), Account("ann", "gold"), Account(HOUSE, "savings")])
async def test_nothing_is_reserved_from_an_account_that_is_not_open_or_has_no_floor(
    ledger: Ledger, of: Account
) -> None:
    asked = reserve("r", 1)
    term = asked.terms[0]
    assert isinstance(term, Reserve)
    other = asked._replace(terms=(term._replace(accounts=(of,), held=Account(of.owner, "reserved")),))
    with pytest.raises(PostingError, match=f"the account {of.kind} of {of.owner}; expected: accounts that are open"):
        await ledger.post(other)


async def test_reserved_and_posted_in_one_batch_are_one_after_the_other(ledger: Ledger) -> None:
    outcomes = await ledger.post_many([reserve("r", 350), resolve("e", "r", 100), resolve("f", "r", 100)])
    assert [outcome.state.value for outcome in outcomes] == ["posted", "posted", "refused"]
    assert await kinds(ledger) == (200, 200, 0)


async def test_the_owners_next_posting_gives_back_what_has_expired(ledger: Ledger) -> None:
    await ledger.post_many([reserve("r", 350, expires_at=MOMENT), reserve("s", 100, expires_at=MOMENT + 1)])
    assert await kinds(ledger) == (0, 50, 450)
    assert (await ledger.post(posting("take", Leg(SAVINGS, TAKEN, 300, "leave")))).state is PostingState.POSTED
    assert await kinds(ledger) == (0, 100, 100)
    check_refused(await ledger.post(resolve("e", "r", 5)), Rule.RESERVATION, "the reservation r/r1 was resolved before")


async def test_what_has_expired_is_given_back_whoever_has_claimed_its_key(ledger: Ledger) -> None:
    """The owner could post nothing more, for ever."""
    for revision in (1, 2):
        await ledger.post(posting("expired/r", give("bob", 5), revision=revision))
    await ledger.post(reserve("r", 350, expires_at=MOMENT))
    again = with_terms("r", Reserve((GIFT,), RESERVED, 100, "leave", MOMENT))._replace(revision=2)
    await ledger.post_many([again, again._replace(revision=4)])
    await ledger.post(posting("expired/r", give("ann", 5), revision=4))
    assert await kinds(ledger) == (305, 200, 0)
    assert (await verify(ledger.engine, lambda done, total: None)).findings == []


async def test_a_reservation_is_not_taken_back_but_resolved(ledger: Ledger) -> None:
    made = await ledger.post(reserve("r", 100))
    with pytest.raises(PostingError, match="which a reservation moved; expected: another: a reserv"):
        await ledger.post(posting("back", Leg(RESERVED, SAVINGS, 100, "leave", Transfer(made.transaction, 1))))


async def test_a_cap_is_never_passed_and_what_is_given_back_can_be_given_again(ledger: Ledger) -> None:
    def gift(key: str, seconds: int, draws: int) -> Posting:
        return with_terms(key, Draw("team-1", draws), Draw("centre", draws), legs=(give("bob", seconds),))

    await ledger.post(with_terms("limits", Limit("team-1", 1_000), Limit("centre", 1_500)))
    assert (await ledger.post(gift("a", 900, 900))).state is PostingState.POSTED
    check_refused(
        await ledger.post(gift("b", 200, 200)),
        Rule.CAP,
        "team-1 has a limit of 1000 s, and 1100 s would be drawn on it",
    )
    check_refused(
        await ledger.post(with_terms("less", Limit("team-1", 899))),
        Rule.CAP,
        "team-1 has a limit of 899 s, and 900 s would be drawn on it",
    )
    await ledger.post(with_terms("back", Draw("team-1", -100), Draw("centre", -100)))
    assert (await ledger.post(gift("c", 200, 200))).state is PostingState.POSTED
    await ledger.post(with_terms("more", Limit("team-1", 2_000)))
    check_refused(
        await ledger.post(gift("d", 501, 501)),
        Rule.CAP,
        "centre has a limit of 1500 s, and 1501 s would be drawn on it",
    )
    assert (await ledger.balances("bob"))["savings"] == 1_100


async def test_what_was_drawn_on_caps_is_given_back_with_the_transfers_that_are_taken_back(ledger: Ledger) -> None:
    def gift(key: str) -> Posting:
        return with_terms(key, Draw("team-1", 900), Draw("centre", 900), legs=(give("bob", 900),))

    await ledger.post(with_terms("limits", Limit("team-1", 1_000), Limit("centre", 1_000)))
    given = await ledger.post(gift("a"))
    for _ in range(2):  # asked again, it is not given back twice
        assert (await ledger.reverse(given.transaction, "back", "tester")).state is PostingState.POSTED
    assert (await ledger.post(gift("b"))).state is PostingState.POSTED
    check_refused(
        await ledger.post(gift("c")), Rule.CAP, "team-1 has a limit of 1000 s, and 1800 s would be drawn on it"
    )
    assert (await ledger.balances("bob"))["savings"] == 900
    assert (await verify(ledger.engine, lambda done, total: None)).findings == []


async def test_a_cap_that_was_never_given_a_limit_can_not_be_drawn_on(ledger: Ledger) -> None:
    with pytest.raises(PostingError, match="a cap that was given a limit"):
        await ledger.post(with_terms("a", Draw("nobody's", 1)))


async def test_the_database_itself_keeps_caps(ledger: Ledger) -> None:
    await ledger.post(with_terms("limits", Limit("team-1", 1_000)))
    for hand in ("drawn_s = 1001", "drawn_s = -1", "limit_s = -1", "name = 'x'"):
        with pytest.raises(DBAPIError, match=r"not_beyond_its_limit|keeps its name|append-only"):
            async with ledger.engine.begin() as connection:
                await connection.execute(text(f"UPDATE caps SET {hand}"))


async def test_a_month_that_was_closed_takes_nothing_but_finds_what_was_posted(ledger: Ledger) -> None:
    first = await ledger.post(posting("a", give("ann", 5)))
    closed = await ledger.post(with_terms("close", Close()))
    assert closed.state is PostingState.POSTED
    check_refused(
        await ledger.post(posting("b", give("ann", 5))), Rule.MONTH, "2026-11 of demo is closed and takes no postings"
    )
    assert await ledger.post(posting("a", give("ann", 5))) == first._replace(replayed=True)
    assert await ledger.post(with_terms("close", Close())) == closed._replace(replayed=True)


async def test_what_comes_late_counts_in_the_month_it_names_and_keeps_its_day(ledger: Ledger) -> None:
    late = with_terms("late", Late("2026-12"), legs=(give("ann", 5),))
    early = await ledger.post(with_terms("early", Late("2026-12"), legs=(give("ann", 7),)))
    await ledger.post(with_terms("close", Close()))
    outcome = await ledger.post(late)
    assert (await ledger.post(late)) == outcome._replace(replayed=True)
    async with ledger.engine.connect() as connection:
        rows = await connection.execute(text("SELECT id, month FROM transactions"))
        months = {row.id: row.month for row in rows}
        day = await connection.scalar(
            text("SELECT CAST(day AS TEXT) FROM entries WHERE transaction_id = :id"), {"id": outcome.transaction}
        )
    assert (months[early.transaction], months[outcome.transaction], day) == ("2026-11", "2026-12", "2026-11-23")


async def test_a_reservation_of_a_closed_month_expires_into_the_month_that_runs(ledger: Ledger) -> None:
    await ledger.post_many([reserve("r", 350, expires_at=MOMENT), with_terms("close", Close())])
    await ledger.post(posting("a", give("ann", 5), day=date(2026, 12, 5)))
    assert await kinds(ledger) == (305, 200, 0)


async def test_where_the_month_that_runs_is_closed_already_it_expires_into_the_next(ledger: Ledger) -> None:
    running = with_terms("close it", Close(), day=date(2026, 12, 1))
    await ledger.post_many([reserve("r", 350, expires_at=MOMENT), with_terms("close", Close()), running])
    await ledger.post(posting("next", give("ann", 5), day=date(2027, 2, 1)))
    assert await kinds(ledger) == (305, 200, 0)
    async with ledger.engine.connect() as connection:
        query = text("SELECT month FROM transactions WHERE key = 'expired/r'")
        assert (await connection.execute(query)).scalar_one() == "2027-01"


@pytest.mark.parametrize("state", ["open", "closing"])
async def test_the_database_itself_opens_no_month_again(ledger: Ledger, state: str) -> None:
    await ledger.post(with_terms("close", Close()))
    with pytest.raises(DBAPIError, match="a month only closes"):
        async with ledger.engine.begin() as connection:
            await connection.execute(text(f"UPDATE periods SET state = '{state}' WHERE state = 'closed'"))


@pytest.mark.parametrize(
    "bad",
    [
        lambda: with_terms("x", Reserve((SAVINGS,), RESERVED, 0, "leave")),
        lambda: with_terms("x", Reserve((SAVINGS,), Account("bob", "reserved"), 5, "leave")),
        lambda: with_terms("x", Reserve((SAVINGS,), RESERVED, 5, "leave"), legs=(give("ann", 5),)),
        lambda: with_terms("x", Resolve(("r", 1), "leave", 5)),
        lambda: with_terms("x", Resolve(("r", 1), "leave", 0, TAKEN)),
        lambda: with_terms("x", Resolve(("a\x00b", 1), "leave")),
        lambda: with_terms("x", Reserve((SAVINGS,), RESERVED, 5, "\ud800")),
        lambda: with_terms("x", Reserve((SAVINGS,), RESERVED, 5, "leave", HALF)),
        lambda: with_terms("x", Reserve((SAVINGS,), RESERVED, 5, "leave", 2**63)),
        lambda: with_terms("x", Resolve(("r", 2**31), "leave")),
        lambda: with_terms("x", Resolve(("r", 1), "leave", -5)),
        lambda: with_terms("x", Resolve(("r", 1), "leave", 2**63, TAKEN)),
        lambda: with_terms("x", Limit("a\x00b", 5)),
        lambda: with_terms("x", Late("soon")),
        lambda: with_terms("x", Draw("cap", 0)),
        lambda: with_terms("x", Limit("cap", -1)),
    ],
)
async def test_terms_that_can_not_be_are_an_error_and_post_nothing(ledger: Ledger, bad: Callable[[], Posting]) -> None:
    with pytest.raises(PostingError, match="expected: "):
        await ledger.post(bad())


def test_terms_are_written_down_and_read_again() -> None:
    terms = (
        Draw("team-1/2026-11", -5), Limit("团队", 7), Reserve((SAVINGS, GIFT), RESERVED, 5, "leave", MOMENT),
        Resolve(("r", 2), "leave", 3, TAKEN), Resolve(("r", 2), "leave"), Close(), Late("2026-12"),
    )  # fmt: skip
    assert read_terms(terms_text(terms, DAY)) == terms
    assert terms_text((), DAY) == ""
    with pytest.raises(ValueError, match="no term of a posting"):
        read_terms('[["day","2026-11-23"],["dance"]]')
    for none_of_ours in ("[]", "{}"):  # of the second, from Python 3.12 on a part could be asked for: a KeyError
        for read in (read_terms, day_said):
            with pytest.raises(ValueError, match="not enough values"):
                read(none_of_ours)


async def test_a_transaction_is_taken_back_whole_and_once_also_after_its_month_has_closed(ledger: Ledger) -> None:
    made = await ledger.post(posting("two", give("ann", 5), give("bob", 7, "gift")))
    await ledger.post(with_terms("close", Close()))
    back = await ledger.reverse(made.transaction, "back", "test", "a mistake")
    assert back.state is PostingState.POSTED
    assert await kinds(ledger) == (300, 200, 0)
    assert await ledger.balances("bob") == {"savings": 0, "gift": 0, "reserved": 0}
    later = Ledger(ledger.engine, lambda: MOMENT + 40 * 86_400 * 1_000_000)
    assert await later.reverse(made.transaction, "back", "test", "a mistake") == back._replace(replayed=True)
    again = await ledger.reverse(made.transaction, "again", "test")
    assert again.refusal is not None
    assert again.refusal.rule is Rule.REVERSAL


@pytest.mark.parametrize("number", [0, 10_000, 2**63, -(2**63) - 1])
async def test_what_is_not_there_or_moved_nothing_is_not_taken_back(ledger: Ledger, number: int) -> None:
    nothing = await ledger.post(posting("nothing"))
    with pytest.raises(PostingError, match="one that moved something"):
        await ledger.reverse(number or nothing.transaction, "back", "test")


async def test_months_may_begin_on_another_day_than_the_calendar_s(engine: AsyncEngine) -> None:
    moment = MOMENT
    ledger = Ledger(engine, lambda: moment, months=months_that_begin(26))
    await open_guarded(ledger, ["ann"], ("savings", "gift", "reserved"))
    await open_house(ledger)
    last, first = date(2026, 11, 25), date(2026, 11, 26)
    held = Reserve((SAVINGS,), RESERVED, 10, "leave", MOMENT + 1)
    for number, day in enumerate((last, first)):
        assert (await ledger.post(with_terms(f"given/{number}", day=day, legs=(give("ann", 100),)))).refusal is None
        assert (await ledger.post(with_terms(f"held/{number}", held, day=day))).refusal is None
    closing = with_terms("close", Close(), day=last)
    assert [one.refusal for one in await ledger.post_many([closing])] == [None]
    refused = await ledger.post(with_terms("too late", day=last, legs=(give("ann", 5),)))
    assert refused.refusal is not None
    assert refused.refusal.sentence == "2026-11 of demo is closed and takes no postings"
    named = with_terms("named", day=first, legs=(give("ann", 1),))._replace(counts_in="2027-01")
    moment += 1
    assert (await ledger.post(named)).refusal is None
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT key, month FROM transactions WHERE book = 'demo'"))
    assert {row.key: row.month for row in rows if row.key != "before"} == {
        "given/0": "2026-11",
        "given/1": "2026-12",
        "held/0": "2026-11",
        "held/1": "2026-12",
        "close": "2026-11",
        "too late": "2026-11",
        "named": "2027-01",
        "expired/held/0": "2026-12",
        "expired/held/1": "2026-12",
    }
    assert (await ledger.post(named)).replayed
    assert (await verify(engine, lambda done, total: None)).findings == []
