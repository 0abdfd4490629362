"""Who moves or leaves amid what the bank does (docs/time-bank.md 3.2, 3.3, 4)."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.quota import Places
from ccd.daemon.services.withdrawals import outlook_of
from ccd.org.csv_faults import Written
from tests.cases.services import World
from tests.cases.story import Case, Line, cases

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
ENTERED = """
[[case]]
title = "1001 moves to team-2 at midnight, amid an emergency of team-1 without a telephone: both days are entered"
schedules = true
story = [
    "1 Dec 07:00 the plan says 1001 08:00-16:00 on 1 Dec",
    "1 Dec 12:00 1002 works 22:00-02:00",
    "1 Dec 22:00 lead of team-1 opens flood, level I",
    "1 Dec 22:00 lead of team-2 opens storm, level I",
    "2 Dec 09:00 lead enters 1800 s of 1001 in flood on 1 Dec",
    "2 Dec 09:00 lead enters 3600 s of 1001 in flood on 2 Dec",
    "2 Dec 09:00 lead enters 60 s of 1001 in storm on 1 Dec, refused: 1001 is not in it on 2026-12-01",
    "2 Dec 09:00 lead enters 60 s of 2001 in flood on 2 Dec, refused: 2001 is not in it on 2026-12-02",
    "2 Dec 09:00 lead enters 60 s of 1001 in flood on 3 Dec, refused: is on 2026-12-01 and 2026-12-02 for 1001",
]
then = { 1001 = { overtime = 5400, interest = 1620 } }
"""
TEAM = """
[[case]]
title = "1001 has moved to team-2 and 2001 has left: neither is of the old strike team any more"
schedules = true
story = [
    "1 Dec 07:00 1001 joins the strike team of team-1",
    "1 Dec 07:00 1002 joins the strike team of team-1",
    "1 Dec 07:00 2001 joins the strike team of team-2",
    "2 Dec 07:00 1001 works 08:00-18:00",
    "2 Dec 07:00 1002 works 08:00-18:00",
    "2 Dec 16:30 lead of team-1 opens flood, level I",
    "2 Dec 16:30 lead calls the strike team to flood",
    "2 Dec 16:30 lead of team-2 opens storm, level I",
    "2 Dec 16:30 lead calls the strike team to storm, refused: no agent of team-2 has joined the strike team",
    "2 Dec 17:30 lead ends flood",
    "2 Dec 18:30 lead of centre opens fire, level I",
    "2 Dec 18:30 lead calls the strike team to fire",
]
then = { 1002 = { overtime = 3600, interest = 1080 } }
"""
PLACES = """
[[case]]
title = "1001 looks at days off beside the move to team-2: each day's places are those of the unit of that day"
story = [
    "1 Dec 07:00 team-1 lets 2 off on 1 Dec",
    "1 Dec 07:00 team-1 lets 5 off on 3 Dec",
    "1 Dec 07:00 team-2 lets 1 off on 3 Dec",
]
then = { }
"""
BEFORE = "agent,interface,member_name,unit\n1001,PJSIP/1001,,team-1\n2001,PJSIP/2001,,team-2\n"
MOVES_LATER = """agent,interface,member_name,unit,from,to
1001,PJSIP/1001,,team-1,,2026-12-03
1001,PJSIP/1001,,team-2,2026-12-03,
2001,PJSIP/2001,,team-2,,
"""
DAY_OFF = """
[[case]]
title = "1001 has a day off already, when the roster comes to say team-2 for it"
policy = { gift = { cap_ppm = 1000000 } }
story = [
    "1 Dec 07:00 team-1 declares 100 h of 2026-12",
    "1 Dec 07:00 lead of team-1 gives 1001 28800 s for contest",
    "1 Dec 07:00 team-1 lets 1 off on 4 Dec",
    "1 Dec 07:00 1001 applies for 4 Dec",
    "1 Dec 07:00 lead approves 1001's 4 Dec",
    "1 Dec 07:00 1001 works 08:00-08:01",
    "1 Dec 07:00 2001 works 08:00-08:01",
]
then = { 1001 = { savings = 29867 }, 2001 = { savings = 2 } }
"""


def told(folder: Path, story: str = STORY) -> Case:
    file = folder / "movers.toml"
    file.write_text(story)
    return next(cases(file))


async def test_who_was_called_goes_on_in_it_in_the_new_unit_and_a_leaver_is_given_nothing_any_more(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    case = told(tmp_path)
    world = World(engine, case, ROSTER)
    await world.live_through(case.story)
    assert await world.balances() == case.then


async def test_time_is_entered_for_who_has_moved_amid_an_emergency_on_the_days_in_both_units(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    case = told(tmp_path, ENTERED)
    world = World(engine, case, ROSTER)
    await world.live_through(case.story)
    assert await world.balances() == case.then


async def test_who_has_moved_or_left_is_not_of_the_old_strike_team_any_more(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    case = told(tmp_path, TEAM)
    world = World(engine, case, ROSTER + "1002,PJSIP/1002,,team-1,,\n")
    await world.live_through(case.story)
    assert await world.balances() == case.then
    called = [[one.agent for one in (await world.emergencies.shown(name))[1]] for name in ("flood", "fire")]
    assert called == [["1002"], ["1001", "1002"]]
    team = [await world.emergencies.team(unit, world.clock()) for unit in ("team-1", "team-2", "centre")]
    assert team == [["1002"], [], ["1001", "1002"]]


async def test_a_mover_is_shown_the_places_of_the_unit_of_each_day(engine: AsyncEngine, tmp_path: Path) -> None:
    case = told(tmp_path, PLACES)
    world = World(engine, case, ROSTER)
    await world.live_through(case.story)
    shown = await outlook_of(world.ledger, world.site, "1001", date(2026, 12, 1), date(2026, 12, 3))
    assert [(one.outlook.day.day, one.outlook.places) for one in shown] == [
        (1, {"team-1": Places(2)}), (2, {}), (3, {"team-2": Places(1)}),
    ]  # fmt: skip


async def test_what_was_worked_on_a_day_off_is_given_back_to_who_has_moved_since(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """It is measured anew where the agent is by then."""
    case = told(tmp_path, DAY_OFF)
    world = World(engine, case, BEFORE)
    await world.live_through(case.story)
    await world.go_on_by(Written(Path("roster.csv"), MOVES_LATER))
    await world.until(date(2026, 12, 6))
    assert await world.balances() == {agent: {"savings": 2} for agent in ("1001", "2001")}, "it is spent"
    world.now += timedelta(hours=9)
    rules = "6 Dec boss rules 1001 available 08:00-16:00 on 4 Dec"
    assert await world.refusal_of(Line(rules, world.now.date(), world.now, rules.partition("Dec ")[2], None)) == ""
    assert await world.balances() == case.then, "the eight hours, and what is saved of them"
