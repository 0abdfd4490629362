"""What the ledger refuses or can't do says which account or cap it is about, the seconds asked, and those to be had."""

import json
import random
from typing import NamedTuple

import pytest
from sqlalchemy import text

from ccd.errors import KeyTakenError, LedgerBrokenError, LedgerError, PostingError, RefusedError
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.keys import content_of
from ccd.ledger.model import Account, Close, Draw, Limit, Posting, Reserve, Resolve, Transfer
from tests.ledger.accounts import HOUSE, give, open_guarded, open_house, posting, take
from tests.ledger.histories import ALL_KINDS, with_terms

SAVINGS, GIFT, RESERVED = (Account("ann", kind) for kind in ALL_KINDS)
TAKEN = Account(HOUSE, "savings")


class About(NamedTuple):
    """What an error is about."""

    account: tuple[str, str] | None = None
    cap: str | None = None
    amount_s: int | None = None
    limit_s: int | None = None


def about(error: LedgerError) -> About:
    return About(error.account, error.cap, error.amount_s, error.limit_s)


@pytest.fixture
async def ledger(ledger: Ledger) -> Ledger:
    """Ann has 300 s, of which 100 s are put aside; of a cap of 1000 s 600 s are drawn."""
    await open_guarded(ledger, ["ann"], ALL_KINDS)
    await open_house(ledger)
    await ledger.post(posting("first", give("ann", 300)))
    await ledger.post(with_terms("held", Reserve((SAVINGS, GIFT), RESERVED, 100, "leave")))
    await ledger.post(with_terms("ended", Reserve((SAVINGS, GIFT), RESERVED, 50, "leave")))
    await ledger.post(with_terms("end", Resolve(("ended", 1), "leave")))
    await ledger.post(with_terms("limit", Limit("team-1", 1_000)))
    await ledger.post(with_terms("drawn", Draw("team-1", 600), legs=(give("bob", 600),)))
    await ledger.post(posting("back", take("ann", 300, reverses=Transfer(1, 1))))
    return ledger


async def once_taken_back(ledger: Ledger) -> Posting:
    first = await ledger.post(posting("given", give("bob", 7)))
    await ledger.post(posting("taken", take("bob", 7, reverses=Transfer(first.transaction, 1))))
    return posting("again", take("bob", 7, reverses=Transfer(first.transaction, 1)))


REFUSED = {
    "a balance": (posting("a", take("ann", 201)), About(SAVINGS, amount_s=201, limit_s=200)),
    "what is put aside": (
        with_terms("a", Reserve((SAVINGS, GIFT), RESERVED, 201, "leave")),
        About(RESERVED, amount_s=201, limit_s=200),
    ),
    "a reservation": (
        with_terms("a", Resolve(("held", 1), "leave", 101, TAKEN)),
        About(RESERVED, amount_s=101, limit_s=100),
    ),
    "a reservation that was resolved": (
        with_terms("a", Resolve(("ended", 1), "leave", 50, TAKEN)),
        About(RESERVED, amount_s=50, limit_s=0),
    ),
    "a cap": (
        with_terms("a", Draw("team-1", 401), legs=(give("bob", 401),)),
        About(cap="team-1", amount_s=1_001, limit_s=1_000),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_says_account_or_cap_amount_and_limit_and_so_does_its_retry(ledger: Ledger, case: str) -> None:
    asked, expected = REFUSED[case]
    for replayed in (False, True):
        outcome = await ledger.post(asked)
        assert outcome.replayed is replayed
        with pytest.raises(RefusedError) as caught:
            outcome.or_raise()
        assert about(caught.value) == expected
        assert caught.value.args[0] == "a/r1"
        assert outcome.refusal is not None
        assert str(caught.value).startswith(f"a/r1 was refused: {outcome.refusal.sentence}; ")


async def test_what_was_taken_back_before_says_whose_it_was(ledger: Ledger) -> None:
    outcome = await ledger.post(await once_taken_back(ledger))
    with pytest.raises(RefusedError) as caught:
        outcome.or_raise()
    assert about(caught.value) == About(Account("bob", "savings"), amount_s=7, limit_s=0)


async def test_a_closed_month_is_about_no_account(ledger: Ledger) -> None:
    await ledger.post(with_terms("close", Close()))
    outcome = await ledger.post(posting("a", give("ann", 1)))
    with pytest.raises(RefusedError, match="2026-11 of demo is closed") as caught:
        outcome.or_raise()
    assert about(caught.value) == About()


async def test_what_was_posted_raises_nothing(ledger: Ledger) -> None:
    outcome = await ledger.post(posting("a", give("ann", 1)))
    assert outcome.or_raise() is outcome


WRONG = {
    "no such account": (posting("a", take("eve", 5)), About(Account("eve", "savings"))),
    "nothing to move": (posting("a", take("ann", 0)), About(SAVINGS, amount_s=0)),
    "no such cap": (with_terms("a", Draw("team-2", 5), legs=(give("bob", 5),)), About(cap="team-2", amount_s=5)),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_posting_that_can_not_be_names_the_account_or_the_cap(ledger: Ledger, case: str) -> None:
    asked, expected = WRONG[case]
    with pytest.raises(PostingError) as caught:
        await ledger.post(asked)
    assert about(caught.value) == expected
    assert caught.value.args[0] == "a/r1"


async def test_a_key_that_one_engine_would_take_and_the_other_not_is_taken_by_neither(ledger: Ledger) -> None:
    signs = random.Random(7).choices("时间银行", k=501)  # of three bytes each, and none can be left out
    assert (await ledger.post(posting("".join(signs[:500]), give("ann", 1)))).refusal is None
    with pytest.raises(PostingError, match="has a key of 501 characters; expected: at most 500"):
        await ledger.post(posting("".join(signs), give("ann", 1)))


async def test_a_key_that_is_taken_names_the_fields(ledger: Ledger) -> None:
    with pytest.raises(KeyTakenError) as caught:
        await ledger.post(posting("first", give("ann", 301), text="more"))
    assert (caught.value.key, caught.value.fields) == ("first/r1", ("legs", "text"))


async def test_what_is_debited_without_its_lock_names_the_account(ledger: Ledger) -> None:
    def careless(desk: Desk) -> None:
        sheet = desk.sheet(1)
        desk.lock({("demo", "2026-11")}, [])
        desk.balances([])
        sheet.put(posting("a", take("ann", 5)))

    with pytest.raises(LedgerBrokenError, match="savings of ann is debited, and was not read under lock") as caught:
        await ledger.at_desk(careless)
    assert about(caught.value) == About(SAVINGS)


async def test_a_refusal_of_an_earlier_release_is_found_again_and_is_about_nothing(ledger: Ledger) -> None:
    """What was kept of one then was the rule, its sentence, and what was asked, with numbers of what it takes back."""
    asked = posting("old", take("ann", 201), take("ann", 300, reverses=Transfer(1, 1)))
    kept = {"rule": "balance", "sentence": "not so much", "day": "2026-11-23", "legs": content_of(asked)["legs"]}
    async with ledger.engine.begin() as connection:
        copy = (
            "INSERT INTO transactions (id, key, revision, book, month, state, legs, reference, text, asked_by, facts,"
            " terms, refusal, recorded_at, format, digest) SELECT 999, 'old', 1, book, month, 'refused', 0, reference,"
            " text, asked_by, facts, terms, :kept, recorded_at, format, digest FROM transactions WHERE key = 'first'"
        )
        await connection.execute(text(copy), {"kept": json.dumps(kept)})
    with pytest.raises(RefusedError, match="old/r1 was refused: not so much; ") as caught:
        (await ledger.post(asked)).or_raise()
    assert about(caught.value) == About()
