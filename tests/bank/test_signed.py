"""Who has posted something is written down with in whose stead, as the act is: `wang, for li` (docs/time-bank.md 6)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.budgeting import Budgets
from ccd.bank.budgets import Budget
from ccd.bank.said import Said
from ccd.bank.withdrawal import ApplicationState
from ccd.ledger.schema import transactions
from ccd.org.acts import acts
from ccd.org.people import Duty, Office
from tests.bank import test_packets, test_withdrawals
from tests.bank.askers import asking, manager_of

FOR_LI = Duty(Office.HOTLINE_MANAGER, "centre", deputy_for="li")
SIGNED = "wang, for li"


async def signed(engine: AsyncEngine, word: str) -> list[str]:
    own = transactions.c
    async with engine.connect() as connection:
        return list(await connection.scalars(select(own.asked_by).where(own.key.startswith(word)).order_by(own.id)))


async def acted(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.scalars(select(acts.c.by)))


async def test_a_packet_and_a_budget_name_the_deputy_and_for_whom(engine: AsyncEngine) -> None:
    await test_packets.declared(engine, **{"team-1": 100})
    giver, packet, day = test_packets.giver(engine), test_packets.packet("a", 60), test_packets.DAY
    await giver.give(packet, asking("wang", FOR_LI))
    line = test_packets.UNITS.with_above("team-1", day)
    budget = Budget("b", "team-1", "tina", 600, line, day, "fun")
    await Budgets(giver._ledger, giver.caps, "demo").hand(budget, asking("wang", FOR_LI))
    assert [*await signed(engine, "packet/"), *await signed(engine, "hand/")] == [SIGNED, SIGNED]
    assert await acted(engine) == {SIGNED}
    again = await giver.give(packet, asking("wang", *manager_of("centre")))
    assert again.replayed, "by now under a duty of the own"


async def test_a_day_off_that_is_taken_back_names_them_too_and_one_s_own_act_nobody_else(engine: AsyncEngine) -> None:
    await test_withdrawals.have(engine, ann=test_withdrawals.RICH_S)
    await test_withdrawals.quota(engine, "team-1", 1)
    bank, day, today = test_withdrawals.withdrawals(engine), test_withdrawals.DAY, test_withdrawals.TODAY
    await bank.apply("a", "ann", day, None, Said("ann", today, 7, asking=asking("ann", FOR_LI, agent="ann")))
    await bank.end("a", ApplicationState.WITHDRAWN, Said("wang", today, 8, "needed", asking("wang", FOR_LI)))
    assert [*await signed(engine, "hold/"), *await signed(engine, "end/")] == ["ann", SIGNED]
    assert await acted(engine) == {"ann", SIGNED}
