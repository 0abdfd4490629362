"""Who moves or leaves amid what the bank does (docs/time-bank.md 3.2, 3.3, 4)."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.agreeing import without_rows
from ccd.bank.quota import Places
from ccd.bank.said import Said
from ccd.bank.withdrawal import ApplicationState
from ccd.bank.withdrawal_rows import states_of
from ccd.daemon.services.withdrawals import outlook_of
from ccd.errors import NotAllowedError
from ccd.history.made_of import Seats, made_of
from ccd.history.reading import reading
from ccd.ledger.verify import verify
from ccd.org.csv_faults import Written
from ccd.sql.turns import read_in_turn
from tests.bank.askers import asking, manager_of
from tests.cases.services import World
from tests.cases.story import Case, Line, cases
from tests.cases.world import HOUR_S
from tests.floor.floors import S

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
BESIDE = """
[[case]]
title = "1001 has applied for a day off in team-1, and 1002 waits there, when the roster comes to say team-2 for it"
policy = { gift = { cap_ppm = 1000000 } }
story = [
    "1 Dec 07:00 centre declares 100 h of 2026-12",
    "1 Dec 07:00 lead of centre gives 1001 and 1002 28800 s each for contest",
    "1 Dec 07:01 lead of centre gives 2001 28800 s for contest",
    "1 Dec 07:01 team-1 lets 1 off on 4 Dec",
    "1 Dec 07:01 team-2 lets 1 off on 4 Dec",
    "1 Dec 07:02 1001 applies for 4 Dec",
    "1 Dec 07:03 1002 applies for 4 Dec",
]
then = { 1001 = { reserved = 28800 }, 1002 = { reserved = 28800 }, 2001 = { gift = 28800 } }
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


FOURTH = date(2026, 12, 4)
MOVED = Written(Path("roster.csv"), MOVES_LATER + "1002,PJSIP/1002,,team-1,,\n")


async def beside_a_move(engine: AsyncEngine, folder: Path, *more: str, instead: tuple[str, str] = ("", "")) -> World:
    """The night before the move, after what is told besides."""
    case = told(folder, BESIDE.replace(*instead))
    world = World(engine, case, BEFORE + "1002,PJSIP/1002,,team-1\n")
    for line in case.story:
        await world.do(line)
    for each in more:
        day, said = "1 Dec", each.partition("Dec ")[2]
        await world.do(Line(f"{day} {said}", world.now.date(), world.now, said, None))
    await world.go_on_by(MOVED)
    return world


async def days_off_of(world: World) -> dict[str, tuple[str, str, tuple[str, ...] | None]]:
    """By agent, the unit, the state and where places are drawn."""
    found = await world.days_off.calendar(FOURTH, FOURTH)
    return {one.agent: (one.unit, one.state.value, one.hold and one.hold.units) for one in found}


async def check_agrees(world: World) -> None:
    assert (await verify(world.engine, lambda done, of: None)).findings == []
    day = date(2026, 12, 1)
    rows = await read_in_turn(world.engine, lambda plain: list(without_rows(plain, day, FOURTH)))
    assert rows == []


async def test_a_day_off_goes_along_with_its_place_and_the_next_has_the_old_one(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    world = await beside_a_move(engine, tmp_path)
    assert await days_off_of(world) == {
        "1001": ("team-2", "applied", ("team-2",)), "1002": ("team-1", "applied", ("team-1",)),
    }  # fmt: skip
    assert await world.balances() == told(tmp_path, BESIDE).then
    assert await world.days_off_due.move_along_due() == [], "once"
    mine = next(one for one in await world.days_off.calendar(FOURTH, FOURTH) if one.agent == "1001")
    by = Said("li", world.now.date(), world.clock(), asking=asking("li", *manager_of("team-1"), at=world.clock()))
    with pytest.raises(NotAllowedError):
        await world.days_off.approve(mine.id, by)
    by = by._replace(asking=asking("wang", *manager_of("team-2"), at=world.clock()))
    assert (await world.days_off.approve(mine.id, by)).state is ApplicationState.APPROVED
    await check_agrees(world)


async def test_where_there_is_no_place_in_the_new_unit_it_waits_there_and_moves_up(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    world = await beside_a_move(engine, tmp_path, "1 Dec 2001 applies for 4 Dec")
    held = {"2001": ("team-2", "applied", ("team-2",)), "1002": ("team-1", "applied", ("team-1",))}
    assert await days_off_of(world) == held | {"1001": ("team-2", "waiting", None)}
    assert (await world.balances())["1001"] == {"gift": 28_800}
    mine = next(one for one in await world.days_off.calendar(FOURTH, FOURTH) if one.agent == "1001")
    assert mine.moved_to == "team-2"
    states = await read_in_turn(engine, lambda plain: states_of(plain, mine.id))
    assert states[-1]["why"] == "the agent is in team-2 on that day, where it waits for a place"
    assert await world.refusal_of(Line("", FOURTH, world.now, "2001 cancels 4 Dec", None)) == ""
    assert (await days_off_of(world))["1001"] == ("team-2", "applied", ("team-2",))
    await check_agrees(world)


async def test_where_nobody_has_said_how_many_may_be_off_it_waits_too(engine: AsyncEngine, tmp_path: Path) -> None:
    without = ('    "1 Dec 07:01 team-2 lets 1 off on 4 Dec",\n', "")
    world = await beside_a_move(engine, tmp_path, instead=without)
    assert (await days_off_of(world))["1001"] == ("team-2", "waiting", None)
    await check_agrees(world)


async def test_what_was_approved_stays_with_its_place_in_the_new_unit_or_where_it_was_drawn(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    world = await beside_a_move(engine, tmp_path, "1 Dec lead approves 1001's 4 Dec", "1 Dec 2001 applies for 4 Dec")
    assert await days_off_of(world) == {
        "1001": ("team-2", "approved", ("team-1",)), "1002": ("team-1", "waiting", None),
        "2001": ("team-2", "applied", ("team-2",)),
    }  # fmt: skip
    assert await world.days_off_due.move_along_due() == [], "once"
    assert await world.refusal_of(Line("", FOURTH, world.now, "2001 cancels 4 Dec", None)) == ""
    await world.days_off_due.look()
    mine = {"1001": ("team-2", "approved", ("team-2",))}
    assert await days_off_of(world) == mine | {
        "1002": ("team-1", "applied", ("team-1",)), "2001": ("team-2", "cancelled", None),
    }  # fmt: skip
    await check_agrees(world)
    await world.until(date(2026, 12, 6))
    await check_agrees(world)


async def test_who_waits_in_the_new_unit_comes_before_who_keeps_a_place_in_the_old_one_and_that_until_the_day(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    full = ('"1 Dec 07:01 team-2 lets 1 off on 4 Dec"', '"1 Dec 07:01 team-2 lets 0 off on 4 Dec"')
    more = ("1 Dec lead approves 1001's 4 Dec", "1 Dec 2001 applies for 4 Dec")
    world = await beside_a_move(engine, tmp_path, *more, instead=full)
    kept = {"1001": ("team-2", "approved", ("team-1",)), "1002": ("team-1", "waiting", None)}
    assert await days_off_of(world) == kept | {"2001": ("team-2", "waiting", None)}
    assert await world.refusal_of(Line("", FOURTH, world.now, "team-2 lets 1 off on 4 Dec", None)) == ""
    await world.days_off_due.look()
    assert await days_off_of(world) == kept | {"2001": ("team-2", "applied", ("team-2",))}
    await world.until(FOURTH)
    assert await world.refusal_of(Line("", FOURTH, world.now, "team-2 lets 2 off on 4 Dec", None)) == ""
    await world.days_off_due.look()
    assert (await days_off_of(world))["1001"] == kept["1001"], "the day has begun"
    await check_agrees(world)


async def test_an_approved_day_off_draws_its_place_where_there_is_one(engine: AsyncEngine, tmp_path: Path) -> None:
    world = await beside_a_move(engine, tmp_path, "1 Dec lead approves 1001's 4 Dec")
    assert await days_off_of(world) == {
        "1001": ("team-2", "approved", ("team-2",)), "1002": ("team-1", "applied", ("team-1",)),
    }  # fmt: skip
    await check_agrees(world)


async def test_a_quota_of_both_units_is_drawn_on_once_though_it_is_full(engine: AsyncEngine, tmp_path: Path) -> None:
    of_both = ('"1 Dec 07:01 team-2 lets 1 off on 4 Dec"', '"1 Dec 07:01 centre lets 1 off for 8 h on 4 Dec"')
    world = await beside_a_move(engine, tmp_path, instead=of_both)
    assert await days_off_of(world) == {
        "1001": ("team-2", "applied", ("centre",)), "1002": ("team-1", "waiting", None),
    }  # fmt: skip
    await check_agrees(world)


async def test_who_holds_seconds_alone_until_the_places_are_allocated_is_allocated_in_the_new_unit(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    by_rule = (
        "{ cap_ppm = 1000000 }",
        '{ cap_ppm = 1000000 }, days_off = { allocate = "by_rule", allocate_days_before = 2 }',
    )
    world = await beside_a_move(engine, tmp_path, instead=by_rule)
    assert (await days_off_of(world))["1001"] == ("team-2", "applied", ())
    await world.until(FOURTH - timedelta(days=1))
    world.now += timedelta(hours=20)  # the day before, after the deadline
    await world.days_off_due.look()
    assert await days_off_of(world) == {
        "1001": ("team-2", "approved", ("team-2",)), "1002": ("team-1", "approved", ("team-1",)),
    }  # fmt: skip
    await check_agrees(world)


NIGHT = """
[[case]]
title = "1001 has another telephone from midnight on, amid a shift, and never signs in there"
schedules = true
story = [
    "1 Dec 07:00 the plan says 1001 20:00-04:00 on 1 Dec",
    "1 Dec 12:00 1001 works 20:00-04:00",
]
then = { 1001 = { savings = 532 } }
"""


@pytest.mark.parametrize("unit", ["team-1", "team-2"])
async def test_who_was_on_another_telephone_before_midnight_is_excused_after_it_in_the_record_as_where_it_is_explained(
    engine: AsyncEngine, tmp_path: Path, unit: str
) -> None:
    """Whoever hands over a telephone has not signed out."""
    case, second = told(tmp_path, NIGHT), date(2026, 12, 2)
    lines = f"1001,PJSIP/1001,,team-1,,{second}\n1001,PJSIP/1009,,{unit},{second},\n"
    world = World(engine, case, f"agent,interface,member_name,unit,from,to\n{lines}")
    await world.live_through(case.story)
    await world.until(second + timedelta(days=1))
    seats = Seats(frozenset(("PJSIP/1001", "PJSIP/1009")))
    async with reading(engine) as connection:
        found = await made_of(connection, world.site.measuring, seats, "1001", second)
    assert found is not None
    duty = found.revision.stored.record.duty
    assert duty is not None
    assert (duty.scheduled, duty.excused, duty.off_post) == (4 * HOUR_S * S, 4 * HOUR_S * S, 0)
    assert found.agrees
    assert await world.balances() == case.then
