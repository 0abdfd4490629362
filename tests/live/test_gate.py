"""Who knocks is answered, whatever else the gate does meanwhile."""

import asyncio
from collections.abc import Collection, Sequence
from http import HTTPStatus

from ccd.errors import DatabaseBusyError
from ccd.live.board import Board
from ccd.live.gate import Authenticate, Gate, GateLimits
from ccd.live.hub import Hub
from ccd.org.people import Session
from tests.live.limits import limited
from tests.live.serving import PEOPLE, SmallOffice
from tests.live.waiting import until

ALL_VALID = SmallOffice().still_valid


class Knocker:
    def __init__(self) -> None:
        self.answer: str | HTTPStatus | None = None

    def admit(self, session: Session) -> None:
        self.answer = session.person.name

    def refuse(self, status: HTTPStatus, why: str) -> None:
        self.answer = status


async def answers(authenticate: Authenticate, tokens: Sequence[str | None], limits: GateLimits) -> list[object]:
    gate = Gate(Hub(Board(lambda reason: False), lambda: 0.0, limited()), authenticate, ALL_VALID, limits)
    knockers = [Knocker() for _ in tokens]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(gate.run())
        for knocker, token in zip(knockers, tokens, strict=True):
            assert gate.ask(knocker, token)
            await asyncio.sleep(0)
        await until(lambda: all(knocker.answer is not None for knocker in knockers))
        task.cancel()
    return [knocker.answer for knocker in knockers]


async def test_a_look_up_that_outlasts_the_recheck_still_answers_everybody() -> None:
    async def slow(tokens: Sequence[str]) -> list[Session | None]:
        await asyncio.sleep(0.05)
        return [Session(token, PEOPLE[token], 9e9) for token in tokens]

    assert await answers(slow, ["lead", "boss"] * 20, GateLimits(recheck_s=0.01)) == ["lead", "boss"] * 20


async def test_who_comes_together_is_looked_up_together() -> None:
    looked_up: list[int] = []
    all_have_knocked = asyncio.Event()

    async def counting(tokens: Sequence[str]) -> list[Session | None]:
        looked_up.append(len(tokens))
        await all_have_knocked.wait()
        return [Session(token, PEOPLE[token], 9e9) for token in tokens]

    async with asyncio.TaskGroup() as group:
        asked = group.create_task(answers(counting, ["lead"] * 50, GateLimits(together_max=30)))
        await until(lambda: bool(looked_up))
        await asyncio.sleep(0.3)
        all_have_knocked.set()
    assert asked.result() == ["lead"] * 50
    assert sum(looked_up) == 50
    assert looked_up[1] == max(looked_up) == 30


async def test_strangers_are_told_to_sign_in_and_others_that_it_is_not_their_fault() -> None:
    office = SmallOffice()
    assert await answers(office.authenticate, ["lead", "stranger", None], GateLimits()) == ["lead", 401, 401]

    async def away(tokens: Sequence[str]) -> list[Session | None]:
        raise DatabaseBusyError(1, 0.0, "away", ambiguous=False)

    assert await answers(away, ["lead"], GateLimits()) == [503]


async def test_no_more_wait_than_the_limit_says() -> None:
    async def never(tokens: Collection[str]) -> list[Session | None]:
        raise AssertionError("nobody runs the gate")

    gate = Gate(Hub(Board(lambda reason: False), lambda: 0.0, limited()), never, ALL_VALID, GateLimits(waiting_max=3))
    assert [gate.ask(Knocker(), "lead") for _ in range(5)] == [True, True, True, False, False]
