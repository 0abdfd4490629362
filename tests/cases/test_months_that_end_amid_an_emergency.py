"""An emergency over the end of an attendance month that is no calendar month (docs/time-bank.md 3.2 and 3.5): each day
of it counts in its own month, and what is ruled of the closed one's day counts in the month that runs."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.schema import entries, transactions
from ccd.ledger.verify import verify
from tests.cases.explaining import check_explained
from tests.cases.late import World
from tests.cases.story import case_in

FROM_THE_26TH = {"attendance": {"month_begins": 26}}
CASE = """
[[case]]
title = "from 22:00 on the 25th to 02:00 on the 26th"
schedules = true
story = [
    "24 Nov the plan says 1001 08:00-16:00 on 25 Nov",
    "25 Nov 07:00 1001 works 08:00-02:00",
    "25 Nov 22:00 lead of centre opens flood, level I",
    "25 Nov 22:00 lead calls 1001 to flood",
    "29 Nov 09:00 lead rules 1001 exempt 22:00-23:00 on 25 Nov",
]
then = { 1001 = { savings = 1065, overtime = 10800, interest = 3240 } }
"""
EARLY = {"attendance": {"closes_after_days": 1, "closes_at": "00:30:00"}}
RUNS = """
[[case]]
title = "the month could be closed at 00:30, and from 23:00 to 01:00 there is an emergency"
schedules = true
story = [
    "24 Nov the plan says 1001 08:00-16:00 on 30 Nov",
    "30 Nov 07:00 1001 works 08:00-02:00",
    "30 Nov 23:00 lead of centre opens flood, level I",
    "30 Nov 23:00 lead calls 1001 to flood",
    "1 Dec 00:40 the plan says 2001 08:00-16:00 on 2 Dec",
    "1 Dec 01:00 lead ends flood",
]
then = { 1001 = { savings = 1065, overtime = 7200, interest = 2160 } }
"""
PAID, BACK = (7_200, 2_160), (3_600, 1_080)


async def test_a_month_waits_for_an_emergency_that_began_in_it_and_runs(engine: AsyncEngine) -> None:
    case = case_in(RUNS)
    world = World(engine, case, more=EARLY)
    await world.live_through(case.story)
    assert await world.balances() == case.then
    assert await world.months.closed() == {"2026-11"}
    wanted = select(entries.c.day, transactions.c.month).join(transactions).where(entries.c.service == "overtime")
    async with engine.connect() as connection:
        rows = (await connection.execute(wanted.order_by(entries.c.day))).all()
    assert [(row.day.day, row.month) for row in rows] == [(30, "2026-11"), (1, "2026-12")]


async def test_each_day_counts_in_its_own_month_and_a_late_ruling_in_the_one_that_runs(engine: AsyncEngine) -> None:
    case = case_in(CASE)
    world = World(engine, case, more=FROM_THE_26TH)
    await world.live_through(case.story)
    assert await world.balances() == case.then
    assert await world.months.closed() == {"2026-11"}
    wanted = select(entries.c.day, transactions.c.month, entries.c.service, entries.c.seconds).join(transactions)
    async with engine.connect() as connection:
        rows = await connection.execute(
            wanted.where(entries.c.service.in_(("overtime", "interest"))).order_by(transactions.c.id, entries.c.leg)
        )
        found = [(day.day, month, seconds) for day, month, _, seconds in rows]
    first, second, ruled = found[:2], found[2:4], found[4:]
    assert first == [(25, "2026-11", seconds) for seconds in PAID]
    assert second == [(26, "2026-12", seconds) for seconds in PAID]
    assert sorted(ruled) == sorted((25, "2026-12", seconds) for seconds in BACK)
    await check_explained(world, case)
    assert (await verify(engine, lambda done, of: None)).findings == []
