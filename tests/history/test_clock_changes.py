"""Days on which the clock is set, lived through with a unit whose day starts in the hour that is missing or doubled."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.agents import AgentRules
from ccd.floor.days import BusinessDays
from ccd.floor.rules import Reasons
from ccd.history.schema import day_records
from ccd.history.whose import Measuring
from tests.floor.floors import RULES, S, added, heard, paused, unpaused
from tests.history.closing import ANN, Bank, of_desk
from tests.history.observing import observe, recording

HOUR_S = 3_600


def utc(text: str) -> float:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC).timestamp()


def site(starts_at: str) -> Measuring:
    rules = AgentRules(Reasons({}), RULES, BusinessDays("Europe/Berlin", time.fromisoformat(starts_at)))
    return Measuring(of_desk, (), lambda _: rules)


@pytest.mark.parametrize(
    ("day", "starts_at", "ends", "hours"),
    [
        (date(2026, 3, 28), "02:30", utc("03-29T01:00"), 23.5),  # up to the first instant after the skip
        (date(2026, 3, 29), "02:30", utc("03-30T00:30"), 23.5),
        (date(2026, 3, 29), "00:00", utc("03-29T22:00"), 23),
        (date(2026, 10, 24), "02:30", utc("10-25T00:30"), 24),  # the first of the two half past two
        (date(2026, 10, 25), "02:30", utc("10-26T01:30"), 25),
        (date(2026, 10, 25), "00:00", utc("10-25T23:00"), 25),
    ],
)
async def test_a_day_has_the_hours_that_it_has_and_is_closed_when_it_is_over(
    engine: AsyncEngine, day: date, starts_at: str, ends: float, hours: float
) -> None:
    bank = Bank(engine, site=site(starts_at))
    begins = ends - hours * HOUR_S
    async with recording(engine) as recorder:
        observed = await observe(engine, recorder)
        await observed.tell([added(begins - 30 * HOUR_S, seat=ANN), heard(begins)])
        await recorder.drained()
        bank.now_s = begins
        await bank.closer.close_due()
        # A pause over the very start, and one over the very end: each of the days has its part.
        await observed.tell([paused(begins + 600, "toilet", seat=ANN), unpaused(begins + 1_200, seat=ANN)])
        await observed.tell([paused(ends - 300, "toilet", seat=ANN), heard(ends - 1)])
        await recorder.drained()
        bank.now_s = ends - 1
        assert day not in [due for _, due in await bank.due()]
        await observed.tell([heard(ends), unpaused(ends + 600, seat=ANN), heard(ends + 25 * HOUR_S)])
        await recorder.drained()
    bank.now_s = ends
    await bank.closer.close_due()
    columns = day_records.c.signed_in_us, day_records.c.aux_us, day_records.c.revision
    async with engine.connect() as connection:
        found = await connection.execute(select(*columns).where(day_records.c.day == day))
        assert [tuple(row) for row in found] == [(hours * HOUR_S * S, 900 * S, 1)]
    bank.now_s = ends + 26 * HOUR_S
    await bank.closer.close_due()
    async with engine.connect() as connection:
        rows = (await connection.execute(select(day_records.c.signed_in_us).order_by(day_records.c.day))).all()
    first = site(starts_at).rules_of(None).days.at(round((begins - 30 * HOUR_S) * S))
    last = site(starts_at).rules_of(None).days.at(round((ends + 24 * HOUR_S) * S))
    observed_s = (last.end if last.end <= (ends + 25 * HOUR_S) * S else last.start) / S - (begins - 30 * HOUR_S)
    assert first.start < last.start
    assert sum(row[0] for row in rows) == observed_s * S
