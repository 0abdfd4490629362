"""A roster that is put right after an emergency was paid: its overtime is then what it would have been, had the roster
said so at once (docs/time-bank.md 3.2 and 4)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.verify import verify
from ccd.org.csv_faults import Written
from tests.cases.explaining import check_explained
from tests.cases.late import World
from tests.cases.story import case_in

STORY = """
[[case]]
title = "1001 is of the strike team of team-1, and 1002 is called out"
schedules = true
story = [
    "1 Dec 07:00 1001 joins the strike team of team-1",
    "1 Dec 07:00 1001 works 16:00-18:00",
    "1 Dec 07:00 1002 works 16:00-17:00",
    "1 Dec 16:30 lead of team-1 opens flood, level I",
    "1 Dec 16:30 lead calls 1002 to flood",
    "1 Dec 17:30 lead ends flood",
    "3 Dec 07:00 1002 works 16:00-17:00",
]
then = { 1001 = { overtime = 3600, interest = 1080 }, 1002 = { overtime = 1800, interest = 540 } }
"""
MOVED = "1001,PJSIP/1001,,team-1,,2026-12-01\n1001,PJSIP/1001,,team-2,2026-12-01,\n"
LATER = "1002,PJSIP/1002,,team-1,2026-12-02,\n"


@pytest.mark.parametrize(
    ("agent", "lines"), [("1001", MOVED), ("1002", LATER)], ids=["in another team by then", "not there yet"]
)
async def test_who_was_elsewhere_has_none_of_it_and_gets_it_back_if_that_was_wrong(
    engine: AsyncEngine, agent: str, lines: str
) -> None:
    case = case_in(STORY)
    world = World(engine, case)
    await world.live_through(case.story)
    assert await world.balances() == case.then
    said = world.site.roster_said
    other = said.text.replace(f"{agent},PJSIP/{agent},,team-1,,\n", lines)
    await world.go_on_by(Written(said.file, other))
    assert await world.balances() == {one: held for one, held in case.then.items() if one != agent}
    await check_explained(world, case)
    await world.go_on_by(said)
    assert await world.balances() == case.then
    assert (await verify(engine, lambda done, of: None)).findings == []
