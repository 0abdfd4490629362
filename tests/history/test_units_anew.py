"""A roster that says for the past that an agent was in another unit."""

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.owners import Owner
from ccd.history.unit_days import note_stale
from ccd.sql.turns import Patience, take_turn
from tests.floor.floors import heard
from tests.history.closing import ANN, DAY_S, DEPOSIT_S, FIRST, SHIFT, Bank, measuring
from tests.history.observing import record


def now_in_crew(pbx: str, seat: str, name: str, at: int) -> Owner:
    return Owner("ann", "crew", True) if seat == ANN else Owner("ben", "team", True)


async def named_anew(engine: AsyncEngine, after_days: int) -> Bank:
    """Ann's day was settled in the team; so many days later the roster says that she was in the crew, which is new."""
    await record(engine, *SHIFT, heard(after_days * DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    await bank.closer.close("team", FIRST)
    bank.now_s, bank.units = after_days * DAY_S, ("team", "crew")
    bank.follow(measuring(now_in_crew))
    await take_turn(engine, lambda connection: note_stale(connection, 0), Patience())
    bank.asked.clear()
    await bank.closer.close_due()
    return bank


async def test_the_day_is_measured_anew_in_the_other_unit_and_taken_back_in_none(engine: AsyncEngine) -> None:
    bank = await named_anew(engine, after_days=9)
    assert [(one.unit, one.revision) for one in bank.asked if (one.agent, one.day) == ("ann", FIRST)] == [("crew", 2)]
    stored = await bank.day("ann")
    assert (stored.record.unit, stored.revision, await bank.net_s("ann")) == ("crew", 2, DEPOSIT_S)


async def test_what_was_settled_before_the_days_of_the_new_unit_is_not_taken_back(engine: AsyncEngine) -> None:
    bank = await named_anew(engine, after_days=100)
    assert await bank.net_s("ann") == DEPOSIT_S
    assert (await bank.day("ann")).record.unit == "team"
