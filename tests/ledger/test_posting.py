"""What is posted, once and for ever: balances, floors, idempotency, reversals."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from ccd.errors import KeyTakenError, PostingError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Kind, Leg, PostingState, Rule, Side, Transfer
from tests.ledger.accounts import DAY, HOUSE, give, open_guarded, posting, take


async def set_month(ledger: Ledger, state: str) -> None:
    async with ledger.engine.begin() as connection:
        await connection.execute(text("UPDATE periods SET state = :state"), {"state": state})


async def count(ledger: Ledger, table: str) -> int:
    async with ledger.engine.connect() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_a_transfer_leaves_one_account_and_reaches_the_other(ledger: Ledger) -> None:
    outcome = await ledger.post(posting("a", give("ann", 465)))
    assert (outcome.state, outcome.replayed) == (PostingState.POSTED, False)
    assert await ledger.balances("ann") == {"savings": 465, "gift": 0}
    assert await ledger.sums(HOUSE) == {"savings": -465, "gift": 0}


async def test_a_house_account_has_no_balance_row_to_wait_for(ledger: Ledger) -> None:
    await ledger.post(posting("a", give("ann", 465)))
    assert await ledger.balances(HOUSE) == {}


async def test_all_legs_are_posted_or_none(ledger: Ledger) -> None:
    outcome = await ledger.post(posting("a", give("ann", 100), take("bob", 1)))
    assert outcome.state is PostingState.REFUSED
    assert await ledger.balances("ann") == {"savings": 0, "gift": 0}
    assert await count(ledger, "entries") == 0


async def test_a_balance_never_falls_below_its_floor_and_the_refusal_says_whose(ledger: Ledger) -> None:
    await ledger.post(posting("a", give("ann", 100)))
    outcome = await ledger.post(posting("b", take("ann", 101)))
    assert outcome.refusal is not None
    assert outcome.refusal.rule is Rule.BALANCE
    assert outcome.refusal.sentence == "savings of ann has 100 s to give, and 101 s are asked"
    assert (await ledger.post(posting("c", take("ann", 100)))).state is PostingState.POSTED
    assert await ledger.balances("ann") == {"savings": 0, "gift": 0}


async def test_postings_of_one_batch_see_what_those_before_them_did(ledger: Ledger) -> None:
    outcomes = await ledger.post_many(
        [
            posting("a", take("ann", 10)),
            posting("b", give("ann", 30)),
            posting("c", take("ann", 20)),
            posting("d", take("ann", 20)),
        ]
    )
    assert [outcome.state.value for outcome in outcomes] == ["refused", "posted", "posted", "refused"]
    assert (await ledger.balances("ann"))["savings"] == 10


async def test_the_same_posting_again_finds_its_first_outcome(ledger: Ledger) -> None:
    first = await ledger.post(posting("a", give("ann", 465)))
    again = await ledger.post(posting("a", give("ann", 465)))
    assert again == first._replace(replayed=True)
    assert (await ledger.balances("ann"))["savings"] == 465


async def test_the_same_posting_twice_in_a_batch_is_posted_once(ledger: Ledger) -> None:
    first, again = await ledger.post_many([posting("a", give("ann", 465))] * 2)
    assert again == first._replace(replayed=True)
    assert (await ledger.balances("ann"))["savings"] == 465


async def test_what_is_asked_again_leaves_no_gap_in_the_numbers(ledger: Ledger) -> None:
    first = await ledger.post(posting("a", give("ann", 465)))
    await ledger.post(posting("a", give("ann", 465)))
    with pytest.raises(KeyTakenError):
        await ledger.post(posting("a", give("ann", 466)))
    assert (await ledger.post(posting("b", give("ann", 1)))).transaction == first.transaction + 1


async def test_another_revision_of_a_key_is_another_posting(ledger: Ledger) -> None:
    await ledger.post(posting("a", give("ann", 465), revision=1))
    await ledger.post(posting("a", give("ann", 35), revision=2))
    assert (await ledger.balances("ann"))["savings"] == 500


OTHER_CONTENTS = {
    "legs": posting("a", give("ann", 466)),
    "text": posting("a", give("ann", 465), text="other"),
    "facts": posting("a", give("ann", 465), facts='{"base":1}'),
    "day": posting("a", give("ann", 465), day=date(2026, 11, 24)),
    "book": posting("a", give("ann", 465))._replace(book="other"),
    "asked_by": posting("a", give("ann", 465))._replace(asked_by="someone"),
    "reference": posting("a", give("ann", 465))._replace(reference="R-1"),
}


@pytest.mark.parametrize("field", OTHER_CONTENTS)
async def test_a_key_with_another_content_is_an_error_that_names_the_fields(ledger: Ledger, field: str) -> None:
    await ledger.post(posting("a", give("ann", 465)))
    with pytest.raises(KeyTakenError) as caught:
        await ledger.post(OTHER_CONTENTS[field])
    assert caught.value.fields == (field,)
    assert (await ledger.balances("ann"))["savings"] == 465


async def test_a_refusal_is_kept_as_the_outcome_of_its_key(ledger: Ledger) -> None:
    refused = await ledger.post(posting("a", take("ann", 10)))
    await ledger.post(posting("b", give("ann", 100)))
    assert await ledger.post(posting("a", take("ann", 10))) == refused._replace(replayed=True)
    with pytest.raises(KeyTakenError, match="legs"):
        await ledger.post(posting("a", take("ann", 11)))
    assert (await ledger.balances("ann"))["savings"] == 100


async def test_a_closed_month_takes_no_posting(ledger: Ledger) -> None:
    await ledger.post(posting("a", give("ann", 1)))
    await set_month(ledger, "closed")
    outcome = await ledger.post(posting("b", give("ann", 1)))
    assert outcome.refusal is not None
    assert outcome.refusal.rule is Rule.MONTH
    assert "2026-11 of demo is closed" in outcome.refusal.sentence


async def test_a_closed_month_does_not_break_a_retry(ledger: Ledger) -> None:
    first = await ledger.post(posting("a", give("ann", 1)))
    await set_month(ledger, "closed")
    assert await ledger.post(posting("a", give("ann", 1))) == first._replace(replayed=True)


async def test_a_transfer_is_taken_back_once_and_exactly(ledger: Ledger) -> None:
    first = Transfer((await ledger.post(posting("a", give("ann", 50)))).transaction, 1)
    with pytest.raises(PostingError, match="mirrors exactly"):
        await ledger.post(posting("b", take("ann", 49, reverses=first)))
    assert (await ledger.post(posting("c", take("ann", 50, reverses=first)))).state is PostingState.POSTED
    again = await ledger.post(posting("d", take("ann", 50, reverses=first)))
    assert again.refusal is not None
    assert again.refusal.rule is Rule.REVERSAL
    # By no number, which PostgreSQL may have drawn another of: what is refused has the same digest everywhere.
    assert again.refusal.sentence == "transfer 1 of a/r1 was taken back before"
    assert (await ledger.balances("ann"))["savings"] == 0


async def test_a_transfer_is_taken_back_once_within_a_batch(ledger: Ledger) -> None:
    first = Transfer((await ledger.post(posting("a", give("ann", 50)))).transaction, 1)
    await ledger.post(posting("b", give("ann", 50)))
    outcomes = await ledger.post_many([posting(key, take("ann", 50, reverses=first)) for key in "cd"])
    assert [outcome.state.value for outcome in outcomes] == ["posted", "refused"]


async def test_a_posting_without_legs_leaves_the_record_that_nothing_had_to_move(ledger: Ledger) -> None:
    first = await ledger.post(posting("a"))
    assert first.state is PostingState.POSTED
    assert (await ledger.post(posting("a"))).replayed
    assert await count(ledger, "entries") == 0


@pytest.mark.parametrize(
    "bad",
    [
        posting("a", give("ann", 0)),
        posting("a", give("ann", -5)),
        posting("a", give("ann", True)),
        posting("a", Leg(Account("ann", "gift"), Account("ann", "gift"), 5, "savings")),
        posting("", give("ann", 5)),
        posting("a", give("ann", 5), revision=-1),
        posting("a", give("ann", 5), revision=True),
        posting("a", give("ann", 5), day=datetime(2026, 11, 23, 8, tzinfo=UTC)),
        posting("a", give("ann", 5))._replace(counts_in="2026-11 and more"),
        posting("a", give("ann", 5), text="a\x00b"),
        posting("a", give("ann", 5), text="a\ud800"),
        posting("a", give("ann", 5)._replace(service="a\x00b")),
        posting("a", give("nobody", 5)),
        posting("a", give("ann", 5, kind="unheard")),
        posting("a", take("ann", 5, reverses=Transfer(999, 1))),
        posting("a", take("ann", 5, reverses=Transfer(2**63, 1))),
        posting("a", take("ann", 5, reverses=Transfer(1, 2**31))),
        posting("a", give("ann", 5), day=date.min),  # PostgreSQL's driver makes it minus infinity
        posting("a", give("ann", 5), day=date.max),
    ],
)
async def test_what_no_rule_could_make_right_is_an_error_and_posts_nothing(ledger: Ledger, bad) -> None:
    with pytest.raises(PostingError):
        await ledger.post_many([posting("good", give("ann", 5)), bad])
    assert await count(ledger, "transactions") == 0


@pytest.mark.parametrize(
    ("owner", "kind"),
    [
        ("a\x00b", Kind("savings", Side.CREDIT, 0)),
        ("a\ud800", Kind("savings", Side.CREDIT, 0)),
        ("eve", Kind("a\x00b", Side.DEBIT, None)),
        ("eve", Kind("savings", Side.CREDIT, 1)),  # nothing is on it when it is opened
        ("eve", Kind("savings", Side.CREDIT, -(2**63))),
    ],
)
async def test_an_account_that_can_not_be_is_an_error_and_opens_nothing(ledger: Ledger, owner: str, kind: Kind) -> None:
    with pytest.raises(PostingError, match="that opens"):
        await ledger.open_accounts(["zoe", owner], (kind,), "demo", "test")
    assert await ledger.balances("zoe") == {}


async def test_accounts_are_opened_once(ledger: Ledger) -> None:
    await ledger.post(posting("a", give("ann", 5)))
    await open_guarded(ledger, ["ann", "cid"], ("savings", "gift", "overtime"))
    await open_guarded(Ledger(ledger.engine, lambda: 0), ["ann", "cid"], ("savings", "gift", "overtime"))
    assert await ledger.balances("ann") == {"savings": 5, "gift": 0, "overtime": 0}
    assert await ledger.balances("cid") == {"savings": 0, "gift": 0, "overtime": 0}
    assert await count(ledger, "owners") == 4


async def test_undone_work_leaves_nothing(ledger: Ledger) -> None:
    outcome = (await ledger.at_desk(lambda desk: desk.post([posting("a", give("ann", 5))]), keep=False))[0]
    assert outcome.state is PostingState.POSTED
    assert await count(ledger, "transactions") == 0
    assert (await ledger.post(posting("a", give("ann", 5), day=DAY))).replayed is False
