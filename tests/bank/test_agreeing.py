"""What the ledger holds is what days were worth, and each posting has its row: on both engines."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import House, agent_owner
from ccd.bank.agreeing import Differs, differing, held_for, without_rows, written_off_for
from ccd.bank.settle import Settler
from ccd.bank.withdrawal import Application, ApplicationState, Hold
from ccd.bank.withdrawal_rows import Changed, add_application, change
from ccd.bank.worth import NOTHING, worth_of
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Close, Leg, Posting
from tests.bank.askers import asking
from tests.bank.days import DAY, POLICIES, measured
from tests.bank.test_packets import DAY as GIVEN_ON
from tests.bank.test_packets import declared, giver, packet

T = TypeVar("T")

OWN = agent_owner("1001")
HOUSE = House.of("demo")


async def ask(engine: AsyncEngine, read: Callable[[Connection], T]) -> T:
    async with engine.connect() as connection:
        return await connection.run_sync(read)


async def found(engine: AsyncEngine, first: date, last: date) -> list[Differs]:
    return await ask(engine, lambda plain: list(without_rows(plain, first, last)))


async def test_what_days_are_worth_is_what_the_ledger_holds_after_each_revision(
    engine: AsyncEngine, settler: Settler
) -> None:
    days = [measured(), measured(aux_s=2_000, agent="1002"), measured(aux_s=2_000, revision=2),
            measured(aux_s=0, revision=3)]  # fmt: skip
    await settler.settle(days)
    held = await ask(engine, lambda plain: held_for(plain, DAY, DAY))
    off = await ask(engine, lambda plain: written_off_for(plain, days))
    for one in (days[1], days[3]):
        worth = worth_of(one, POLICIES.policy_at(one.unit, one.day))
        assert differing(worth, held[one.agent, DAY], off.get(one.agent, 0)) == ""
    assert differing(NOTHING, held["1002", DAY], 0) == ("is worth +0 s, and the ledger holds -935 s (leave +935)")
    assert await ask(engine, lambda plain: held_for(plain, DAY, DAY, ["1002"])) == {("1002", DAY): {"leave": 935}}


async def test_what_was_written_off_after_the_close_is_reckoned_with(
    engine: AsyncEngine, ledger: Ledger, settler: Settler
) -> None:
    first, second = measured(), measured(aux_s=1_165, revision=2)
    await settler.settle([first])
    savings = Account(OWN, "savings")
    await ledger.post(Posting("spent", 1, "demo", DAY, (Leg(savings, HOUSE.gift, 400, "gift"),), "test"))
    await ledger.post(Posting("close", 1, "demo", DAY, (), "test", terms=(Close(),)))
    await settler.settle([second])
    held = await ask(engine, lambda plain: held_for(plain, DAY, DAY))
    off = await ask(engine, lambda plain: written_off_for(plain, [second]))
    assert off == {"1001": 500}
    worth = worth_of(second, POLICIES.policy_at(second.unit, DAY))
    assert differing(worth, held["1001", DAY], 500) == ""
    assert "written off 499" in differing(worth, held["1001", DAY], 499)


async def test_a_hold_and_its_end_have_an_application_and_an_application_has_them(
    engine: AsyncEngine, ledger: Ledger, settler: Settler
) -> None:
    await settler.settle([measured()])
    held = Leg(Account(OWN, "savings"), Account(OWN, "reserved"), 100, "withdrawal")
    back = Leg(held.credit, held.debit, 100, "withdrawal")
    await ledger.post(Posting("hold/a", 1, "demo", DAY, (held,), "test"))
    assert await found(engine, DAY, DAY) == [Differs("hold/a", DAY, "moves 100 s, and there is no application a")]
    applied = Application("a", "1001", "team-1", DAY, 100, 7, ApplicationState.APPLIED, 1, Hold(1, ()))

    def noted(plain: Connection, *states: Application) -> None:
        change(plain, *(Changed(one, 7, "test", "why") for one in states))

    async with engine.begin() as connection:
        await connection.run_sync(add_application, applied)
        await connection.run_sync(noted, applied)
    assert await found(engine, DAY, DAY) == []
    async with engine.begin() as connection:
        await connection.run_sync(noted, applied._replace(state=ApplicationState.CANCELLED, number=2, hold=None))
    assert await found(engine, DAY, DAY) == [
        Differs("end/a", DAY, "was posted 0 times, and the application ended 1 times")
    ]
    await ledger.post(Posting("end/a", 2, "demo", DAY, (back,), "test"))
    assert await found(engine, DAY, DAY) == []


async def test_a_packet_moves_what_it_says_and_whoever_gave_it_left_an_act(engine: AsyncEngine, ledger: Ledger) -> None:
    await declared(engine, **{"team-1": 100})
    await giver(engine).give(packet("quiz", 300, "1001", "1002"), asking())
    assert await found(engine, GIVEN_ON, GIVEN_ON) == []
    leg = Leg(HOUSE.gift, Account(OWN, "gift"), 5, "gift")
    facts = '{"unit":"team-1","kind":"contest","seconds":50,"agents":1}'
    await ledger.post(Posting("packet/proposed/kb/1", 1, "demo", GIVEN_ON, (leg,), "test", facts=facts))
    assert [differs.found for differs in await found(engine, GIVEN_ON, GIVEN_ON)] == [
        "moves 5 s to 1 agents, and says 50 s to 1",
        "was given, and nobody confirmed the proposal kb/1",
    ]


@pytest.mark.parametrize("sums", [{"savings": 465}, {"savings": 500, "overdraft": -35}])
def test_whatever_services_it_came_by_what_counts_is_what_it_comes_to(sums: dict[str, int]) -> None:
    one = measured()
    assert differing(worth_of(one, POLICIES.policy_at(one.unit, DAY)), sums, 0) == ""
