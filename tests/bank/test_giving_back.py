"""What a day off cost is reckoned anew with its day (docs/time-bank.md 3.6 and 4)."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import House, agent_owner
from ccd.bank.giving_back import GivingBack
from ccd.bank.policy import Policies
from ccd.bank.withdrawal import Application, ApplicationState, spent_s
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Close, Leg, Posting
from ccd.ledger.verify import verify
from ccd.org.schema import leaves
from ccd.org.told import Told
from ccd.org.told_rows import Teller, take_told
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.policies import policy
from tests.bank.teams import shift
from tests.bank.test_withdrawals import DAY, NOBODY, balances, drawn, have, quota, withdrawals

AFTER = NOBODY._replace(today=DAY + timedelta(days=1))


def giving(engine: AsyncEngine) -> GivingBack:
    terms = Policies((policy(date(2026, 1, 1), overdraft_takes=["savings", "gift"]),))
    return GivingBack(Ledger(engine, lambda: 1_796_000_000_000_000), terms, "demo")


async def taken(engine: AsyncEngine, seconds: int | None = None, worked_s: int = 0) -> None:
    """A day off of Ann, who had 50 000 s; without a shift a whole day is 28 800 s."""
    await have(engine, ann=50_000)
    await quota(engine, "team-1", 1)
    bank = withdrawals(engine, "rule")
    await bank.apply("a", "ann", DAY, seconds, NOBODY)
    await bank.close(DAY, {"ann": worked_s}, AFTER)


async def revise(engine: AsyncEngine, worked_s: int) -> bool:
    costs_s = await withdrawals(engine).costs_s(DAY, {"ann": worked_s})
    return bool(await giving(engine).revise(DAY, costs_s, AFTER))


async def net(engine: AsyncEngine) -> int:
    found = await Ledger(engine, lambda: 0).balances(agent_owner("ann"))
    return sum(found.values()) - 2 * found["leave"]


async def told(engine: AsyncEngine, kind: str, agent: str = "ann") -> None:
    day = shift("", agent, f"{DAY}T00:00", 24)
    leave = Told("l", agent, DAY, day.start, day.end, kind)
    await take_turn_at_once(
        engine,
        lambda connection: take_told(connection, leaves, Teller("hr", Path("leave.csv")), [leave], None, 7),
        Patience(),
    )


async def test_what_turns_out_to_have_been_worked_comes_back_and_is_taken_again_where_it_was_not(
    engine: AsyncEngine,
) -> None:
    await taken(engine)
    assert await net(engine) == 21_200
    assert not await revise(engine, 0), "nothing is another"
    assert await revise(engine, 10_000)
    assert await net(engine) == 31_200
    assert not await revise(engine, 10_000)
    assert await revise(engine, 4_000)
    assert await net(engine) == 25_200
    assert await revise(engine, 90_000)
    assert await net(engine) == 50_000, "never more than it cost"
    assert await revise(engine, 0)
    assert await net(engine) == 21_200
    assert (await Ledger(engine, lambda: 0).sums(House.of("demo").owner))["withdrawn"] == 28_800
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_what_came_back_at_first_is_taken_again_and_the_rest_becomes_leave(engine: AsyncEngine) -> None:
    await taken(engine, worked_s=20_000)
    assert await net(engine) == 41_200
    ledger = Ledger(engine, lambda: 0)
    for kind, seconds in (("savings", 16_200), ("gift", 25_000)):
        legs = (Leg(Account(agent_owner("ann"), kind), House.of("demo").savings, seconds, "correction"),)
        await ledger.post(Posting(f"spent/{kind}", 1, "demo", DAY, legs, "test"))
    assert await balances(engine, "ann") == (0, 0, 0)
    assert await revise(engine, 15_000)
    assert (await ledger.balances(agent_owner("ann")))["leave"] == 5_000
    assert await revise(engine, 20_000)
    assert (await ledger.balances(agent_owner("ann")))["leave"] == 0


async def test_after_the_close_of_its_month_what_can_not_be_taken_is_written_off(engine: AsyncEngine) -> None:
    await taken(engine, worked_s=20_000)
    ledger = Ledger(engine, lambda: 0)
    for kind, seconds in (("savings", 16_200), ("gift", 24_000)):
        legs = (Leg(Account(agent_owner("ann"), kind), House.of("demo").savings, seconds, "correction"),)
        await ledger.post(Posting(f"spent/{kind}", 1, "demo", DAY, legs, "test"))
    await ledger.post(Posting("close", 1, "demo", DAY, (), "test", terms=(Close(),)))
    assert await revise(engine, 15_000)
    assert await net(engine) == 0
    assert await revise(engine, 20_000)
    assert await net(engine) == 1_000, "4 000 s of it make up for what was written off"
    assert not await revise(engine, 20_000)


@pytest.mark.parametrize("kind", ["sick", "statutory", "annual"])
async def test_sick_leave_gives_back_what_was_taken_and_personal_leave_does_not(engine: AsyncEngine, kind: str) -> None:
    await taken(engine)
    await told(engine, "personal", "bob")
    assert not await revise(engine, 0)
    await told(engine, kind)
    assert await revise(engine, 0)
    assert await net(engine) == 50_000


async def test_sick_leave_releases_what_is_held_and_who_waits_moves_up(engine: AsyncEngine) -> None:
    await have(engine, ann=50_000, bob=50_000)
    await quota(engine, "team-1", 1)
    bank = withdrawals(engine)
    await bank.apply("a", "ann", DAY, None, NOBODY)
    await bank.apply("b", "bob", DAY, None, NOBODY)
    await bank.approve("a", NOBODY)
    assert await bank.release(DAY, NOBODY) == []
    await told(engine, "sick")
    (released,) = await bank.release(DAY, NOBODY)
    assert (released.id, released.state) == ("a", ApplicationState.WITHDRAWN)
    assert await bank.release(DAY, NOBODY) == []
    assert await balances(engine, "ann") == (25_000, 25_000, 0)
    states = {one.id: one.state for one in await bank.calendar(DAY, DAY)}
    assert states == {"a": ApplicationState.WITHDRAWN, "b": ApplicationState.APPLIED}
    assert await drawn(engine, "team-1") == 1


@given(st.integers(1, 30_000), st.integers(0, 30_000), st.integers(0, 40_000))
def test_a_part_costs_what_of_it_was_not_worked_beyond_the_rest_of_the_day(off: int, planned: int, worked: int) -> None:
    one = Application("a", "ann", "team-1", DAY, off, 7, ApplicationState.APPROVED, 1, None)
    cost = spent_s(one, worked, planned)
    assert 0 <= cost <= off
    if worked <= max(0, planned - off):
        assert cost == off, "who works the rest of the day has had the part off"
    if worked >= max(planned, off):
        assert cost == 0
    assert spent_s(one, worked + 1, planned) in (cost, cost - 1)
