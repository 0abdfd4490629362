"""What is asked at the same time is written together, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from ccd.errors import DatabaseBusyError, KeyTakenError, PostingError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Outcome, Posting, PostingState
from ccd.ledger.window import Window
from tests.ledger.accounts import HOUSE, give, posting, take


def done(one: Posting) -> Outcome:
    return Outcome(one.key, one.revision, 1, PostingState.POSTED, False, 1)


class Desk:
    """Counts what comes in which transaction. A key that begins with "bad" fails the whole of it."""

    def __init__(self) -> None:
        self.together: list[list[str]] = []
        self.begun = asyncio.Semaphore(0)
        self.may_go_on = asyncio.Semaphore(0)

    async def post(self, postings: Sequence[Posting]) -> list[Outcome]:
        keys = [one.key for one in postings]
        self.together.append(keys)
        self.begun.release()
        await self.may_go_on.acquire()
        if "away" in keys:
            raise DatabaseBusyError(1, 0.0, "away", ambiguous=False)
        if bad := [key for key in keys if key.startswith("bad")]:
            raise PostingError(bad[0], "is bad", "good")
        return [done(one) for one in postings]


async def asked_together(desk: Desk, *keys: str) -> list[asyncio.Task[Outcome]]:
    """Asked for while another is written; none of them is written yet."""
    window = Window(desk.post)
    tasks = []
    async with asyncio.timeout(5):
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(window.post(posting(key))) for key in ("first", *keys)]
        await desk.begun.acquire()
        desk.may_go_on.release()
        await desk.begun.acquire()
    return tasks[1:]


async def test_who_comes_while_one_is_written_goes_together_with_the_others() -> None:
    desk = Desk()
    tasks = await asked_together(desk, *"abc")
    desk.may_go_on.release()
    assert [(await task).key for task in tasks] == list("abc")
    assert desk.together == [["first"], ["a", "b", "c"]]


@pytest.mark.parametrize(
    ("keys", "answers"),
    [
        (("a", "bad", "c"), (Outcome, PostingError, Outcome)),  # one that is faulty fails alone
        (("a", "away", "c"), (DatabaseBusyError,) * 3),  # a database that is away is away for all who waited
    ],
)
async def test_each_gets_an_answer_of_its_own(keys: tuple[str, ...], answers: tuple[type, ...]) -> None:
    desk = Desk()
    tasks = await asked_together(desk, *keys)
    for _ in range(10):
        desk.may_go_on.release()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert tuple(type(answer) for answer in found) == answers


async def test_who_is_cancelled_leaves_the_others_to_be_written() -> None:
    desk = Desk()
    first, *others = await asked_together(desk, *"abc")
    first.cancel()
    await desk.begun.acquire()
    desk.may_go_on.release()
    assert [(await task).key for task in others] == ["b", "c"]
    assert desk.together == [["first"], ["a", "b", "c"], ["b", "c"]]


async def test_who_is_cancelled_before_it_is_begun_is_not_written_by_whoever_comes_later() -> None:
    """However much later that is: who asked was told that it was given up, and may have asked for it in another way."""
    desk = Desk()
    window = Window(desk.post)
    async with asyncio.timeout(5):
        loop = asyncio.get_running_loop()
        first, given_up = (loop.create_task(window.post(posting(key))) for key in ("first", "given up"))
        await desk.begun.acquire()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        for _ in range(2):
            desk.may_go_on.release()
        await first
        assert (await window.post(posting("later"))).key == "later"
    assert desk.together == [["first"], ["later"]]


async def test_what_is_given_up_while_another_writes_it_along_is_not_written_later() -> None:
    """Whoever writes it may be given up as well: then nobody is left who asks for it."""
    desk = Desk()
    window = Window(desk.post)
    async with asyncio.timeout(5):
        loop = asyncio.get_running_loop()
        first, writes, along = (loop.create_task(window.post(posting(key))) for key in ("first", "writes", "along"))
        await desk.begun.acquire()
        desk.may_go_on.release()
        for begun in (first, desk.begun.acquire()):
            await begun
        for task in (along, writes):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        desk.may_go_on.release()
        assert (await window.post(posting("later"))).key == "later"
    assert desk.together == [["first"], ["writes", "along"], ["later"]]


async def test_many_at_once_are_each_posted_once(ledger: Ledger) -> None:
    asked = [posting(str(number), give("ann", 2)) for number in range(60)] + [posting("0", give("ann", 3))]
    answers = await asyncio.gather(*(ledger.post(one) for one in asked), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Outcome] * 60 + [KeyTakenError]
    assert (await ledger.balances("ann"))["savings"] == 120 == -(await ledger.sums(HOUSE))["savings"]
    taken = await asyncio.gather(*(ledger.post(posting(f"take {number}", take("ann", 50))) for number in range(3)))
    assert [outcome.state.value for outcome in taken] == ["posted", "posted", "refused"]


@pytest.mark.parametrize("key", ["a"])
async def test_the_same_asked_twice_at_once_has_one_outcome(ledger: Ledger, key: str) -> None:
    first, again = await asyncio.gather(*(ledger.post(posting(key, give("ann", 5))) for _ in range(2)))
    assert {first.replayed, again.replayed} == {False, True}
    assert first.transaction == again.transaction
