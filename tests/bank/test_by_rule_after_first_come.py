"""Days that people wait for already as the first to come, when their places come to be allocated by rule."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.withdrawal import ApplicationState
from tests.bank.test_allocation import DEADLINE, allocations, at, bank_of, policy_says, states
from tests.bank.test_withdrawals import AGENTS, DAY, RICH_S, have, quota


async def bob_waits_before_cy(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the one place, which ann had as the first to come; cy asks by the rules of an allocation."""
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 1)
    policy_says(monkeypatch, allocate="first_come")
    for number, agent in enumerate(("ann", "bob")):
        await bank_of(engine).apply(agent, agent, DAY, 900, at(7 + number))
    policy_says(monkeypatch)
    assert (await bank_of(engine).apply("cy", "cy", DAY, 900, at(9))).awaits_allocation


async def test_who_waited_as_the_first_to_come_stays_before_who_asked_until_a_deadline_that_came_later(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bob_waits_before_cy(engine, monkeypatch)
    made = await allocations(engine).allocate("team-1", DAY, at(DEADLINE))
    assert ([one.agent for one in made.order], made.winners) == (["cy"], [])
    await bank_of(engine).end("ann", ApplicationState.CANCELLED, at(DEADLINE + 1))
    await bank_of(engine).apply("ann again", "ann", DAY, 900, at(DEADLINE + 2))
    waits, has_it = ApplicationState.WAITING, ApplicationState.APPLIED
    assert [(await states(engine))[name] for name in ("bob", "cy", "ann again")] == [has_it, waits, waits]
    await bank_of(engine).end("bob", ApplicationState.CANCELLED, at(DEADLINE + 3))
    assert [(await states(engine))[name] for name in ("cy", "ann again")] == [has_it, waits]


async def test_who_came_after_an_allocation_waits_behind_it_also_where_the_deadline_is_said_to_be_later(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 1)
    for number, agent in enumerate(("ann", "bob")):
        await bank_of(engine).apply(agent, agent, DAY, 900, at(9 + number))
    made = await allocations(engine).allocate("team-1", DAY, at(DEADLINE))
    assert ([one.agent for one in made.order], [one.agent for one in made.winners]) == (["bob", "ann"], ["bob"])
    await bank_of(engine).apply("cy", "cy", DAY, 900, at(DEADLINE + 1))
    policy_says(monkeypatch, allocate_days_before=1)
    await bank_of(engine).end("bob", ApplicationState.CANCELLED, at(DEADLINE + 2))
    has_it, waits = ApplicationState.APPLIED, ApplicationState.WAITING
    assert [(await states(engine))[name] for name in ("ann", "cy")] == [has_it, waits]


async def test_a_place_that_is_freed_before_the_deadline_goes_to_who_waited_as_the_first_to_come(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those who ask by the order's rules cy, who works half of the time, comes before bob."""
    await bob_waits_before_cy(engine, monkeypatch)
    await bank_of(engine).end("ann", ApplicationState.CANCELLED, at(10))
    (bob,) = [one for one in await bank_of(engine).calendar(DAY, DAY) if one.id == "bob"]
    assert bob.awaits_approval
    made = await allocations(engine).allocate("team-1", DAY, at(DEADLINE))
    assert ([one.agent for one in made.order], made.winners) == (["cy"], [])
    assert (await states(engine))["cy"] is ApplicationState.WAITING
