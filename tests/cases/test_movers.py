"""Who moves or leaves amid what the bank does (docs/time-bank.md 3.2, 3.3, 4)."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.cases.services import World
from tests.cases.story import Case, cases

ROSTER = """agent,interface,member_name,unit,from,to
1001,PJSIP/1001,,team-1,,2026-12-02
1001,PJSIP/1001,,team-2,2026-12-02,
2001,PJSIP/2001,,team-2,,2026-12-02
"""
STORY = """
[[case]]
title = "1001 moves to team-2 at midnight, amid an emergency of team-1; 2001 leaves then"
schedules = true
policy = { gift = { cap_ppm = 1000000 } }
story = [
    "1 Dec 07:00 the plan says 1001 08:00-16:00 on 1 Dec",
    "1 Dec 07:00 the plan says 2001 08:00-16:00 on 1 Dec",
    "1 Dec 12:00 1001 works 22:00-02:00",
    "1 Dec 12:00 lead of team-2 gives 2001 60 s for contest",
    "1 Dec 22:00 lead of team-1 opens flood, level I",
    "1 Dec 22:00 lead calls 1001 to flood",
    "2 Dec 09:00 lead of team-2 gives 2001 60 s for contest, refused: is not in team-2 on 2026-12-02",
]
then = { 1001 = { overtime = 14400, interest = 4320 }, 2001 = { gift = 60 } }
"""


def told(folder: Path) -> Case:
    file = folder / "movers.toml"
    file.write_text(STORY)
    return next(cases(file))


async def test_who_was_called_goes_on_in_it_in_the_new_unit_and_a_leaver_is_given_nothing_any_more(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    case = told(tmp_path)
    world = World(engine, case, ROSTER)
    await world.live_through(case.story)
    assert await world.balances() == case.then
