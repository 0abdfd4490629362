"""A quota that is set when some hold places already lets off no more than it says (docs/time-bank.md 3.6)."""

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.days_off_calendar import days_off_outlook
from ccd.bank.quota import Places, Quota
from ccd.bank.withdrawal import ApplicationState
from ccd.bank.withdrawal_rows import set_quota
from ccd.ledger.books import Ledger
from ccd.ledger.verify import verify
from tests.bank.test_withdrawals import AGENTS, DAY, NOBODY, RICH_S, TODAY, have, quota, withdrawals

HOUR_S = 3_600


async def stands(engine: AsyncEngine) -> dict[str, str]:
    return {one.agent: one.state.value for one in await withdrawals(engine).calendar(DAY, DAY)}


async def left(engine: AsyncEngine, unit: str) -> Places | None:
    (day,) = await days_off_outlook(Ledger(engine, lambda: 1), withdrawals(engine).holds, unit, DAY, DAY)
    return day.left


async def test_who_had_a_place_before_the_team_had_a_quota_of_its_own_counts_on_it(engine: AsyncEngine) -> None:
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "centre", 3)
    bank = withdrawals(engine)
    for agent in ("ann", "bob"):
        await bank.apply(agent, agent, DAY, 900, NOBODY)
    assert await left(engine, "team-1") == Places(1)
    await quota(engine, "team-1", 1)
    assert await left(engine, "team-1") == Places(0)
    await bank.apply("cy", "cy", DAY, 900, NOBODY)
    await bank.apply("dee", "dee", DAY, 900, NOBODY)
    held = {"ann": "applied", "bob": "applied", "cy": "waiting", "dee": "applied"}
    assert await stands(engine) == held
    assert await bank.days_with_room(TODAY, NOBODY.at) == []
    await bank.end("bob", ApplicationState.CANCELLED, NOBODY)
    assert (await stands(engine))["cy"] == "waiting", "one of the team is off still"
    await bank.end("ann", ApplicationState.CANCELLED, NOBODY)
    assert (await stands(engine))["cy"] == "applied"
    assert (await verify(engine, lambda done, of: None)).findings == []


async def test_who_had_a_place_before_the_quota_was_in_hours_counts_with_the_own(engine: AsyncEngine) -> None:
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 3)
    bank = withdrawals(engine)
    await bank.apply("ann", "ann", DAY, 8 * HOUR_S, NOBODY)
    async with engine.begin() as connection:
        await connection.run_sync(set_quota, Quota("team-1", DAY, TODAY, 3, 9 * HOUR_S), 7, "lead")
    assert await left(engine, "team-1") == Places(2, HOUR_S)
    await bank.apply("bob", "bob", DAY, HOUR_S + 1, NOBODY)
    await bank.apply("cy", "cy", DAY, HOUR_S, NOBODY)
    assert await stands(engine) == {"ann": "applied", "bob": "waiting", "cy": "applied"}
    await bank.end("ann", ApplicationState.CANCELLED, NOBODY)
    assert (await stands(engine))["bob"] == "applied"
    assert (await verify(engine, lambda done, of: None)).findings == []
