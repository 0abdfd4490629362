"""Days off that were applied for together, and whose agent moves before anybody has decided on them (docs/time-bank.md
3.6): they go along together, or not at all."""

from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.withdrawal_rows import states_of
from ccd.org.csv_faults import Written
from ccd.sql.turns import read_in_turn
from tests.cases.services import World
from tests.cases.story import Line
from tests.cases.test_movers import BEFORE, check_agrees, told

DAYS = date(2026, 12, 4), date(2026, 12, 5)
STORY = """
[[case]]
title = "1001 has applied for two days of team-1, and 1002 waits for both, when the roster comes to say team-2"
story = [
    "1 Dec 07:00 centre declares 1000 h of 2026-12",
    "1 Dec 07:00 lead of centre gives 1001 and 1002 57600 s each for contest",
    "1 Dec 07:01 team-1 lets 1 off on 4 Dec",
    "1 Dec 07:01 team-1 lets 1 off on 5 Dec",
    "1 Dec 07:02 1001 applies for 4 Dec to 5 Dec",
    "1 Dec 07:03 1002 applies for 4 Dec",
    "1 Dec 07:04 1002 applies for 5 Dec",
]
then = {}
"""
WAITS, IN_TEAM_1 = ("team-1", "waiting", None), ("team-1", "applied", ("team-1",))
ENDED = ("team-2", "refused", None)
GONE = {"1001": [ENDED, ENDED], "1002": [IN_TEAM_1, IN_TEAM_1]}
GIFTS = {"from": date(2026, 1, 1), "schedules": False, "gift": {"cap_ppm": 1_000_000}}
BY_RULE = {"days_off": {"allocate": "by_rule", "allocate_days_before": 2}}
LETS_BOTH = "team-2 lets 1 off on 4 Dec", "team-2 lets 1 off on 5 Dec"
Standing = tuple[str, str, tuple[str, ...] | None]


async def after_a_move(
    engine: AsyncEngine, folder: Path, *more: str, on: str = "2026-12-03", policies: tuple[dict[str, Any], ...] = ({},)
) -> World:
    """On that day, as it is known the night after what is told besides."""
    case, every = told(folder, STORY), [GIFTS | each for each in policies]
    world = World(engine, case, BEFORE + "1002,PJSIP/1002,,team-1\n", {"policy": every})
    for line in case.story:
        await world.do(line)
    for said in more:
        assert await world.refusal_of(Line("", world.now.date(), world.now, said, None)) == ""
    moves = f"1001,PJSIP/1001,,team-1,,{on}\n1001,PJSIP/1001,,team-2,{on},\n"
    rest = "1002,PJSIP/1002,,team-1,,\n2001,PJSIP/2001,,team-2,,\n"
    await world.go_on_by(Written(Path("roster.csv"), f"agent,interface,member_name,unit,from,to\n{moves}{rest}"))
    return world


async def stands(world: World) -> dict[str, list[Standing]]:
    """By agent, of both days: the unit, the state and where places are drawn."""
    found: dict[str, list[Standing]] = {"1001": [], "1002": []}
    for one in sorted(await world.days_off.calendar(*DAYS), key=lambda one: one.day):
        found[one.agent].append((one.unit, one.state.value, one.hold and one.hold.units))
    return found


async def test_they_have_their_places_in_the_new_unit(engine: AsyncEngine, tmp_path: Path) -> None:
    world = await after_a_move(engine, tmp_path, *LETS_BOTH)
    there = ("team-2", "applied", ("team-2",))
    assert await stands(world) == {"1001": [there, there], "1002": [IN_TEAM_1, IN_TEAM_1]}
    assert await world.days_off_due.move_along_due() == [], "once"
    await check_agrees(world)


@pytest.mark.parametrize("more", [LETS_BOTH[:1], LETS_BOTH[1:], (*LETS_BOTH[:1], "team-2 lets 0 off on 5 Dec")])
async def test_where_one_of_them_can_not_be_had_all_end_and_the_next_have_the_old_places(
    engine: AsyncEngine, tmp_path: Path, more: tuple[str, ...]
) -> None:
    world = await after_a_move(engine, tmp_path, *more)
    assert await stands(world) == GONE
    assert (await world.balances())["1001"] == {"gift": 57_600}
    (one, _) = [each for each in await world.days_off.calendar(*DAYS) if each.agent == "1001"]
    states = await read_in_turn(engine, lambda plain: states_of(plain, one.id))
    assert states[-1]["why"] == "the agent has moved: not all of these days can be had any more"
    await check_agrees(world)


async def test_a_day_that_stays_in_the_old_unit_ends_with_the_one_that_can_not_be_had_in_the_new(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    world = await after_a_move(engine, tmp_path, on="2026-12-05")
    assert await stands(world) == GONE | {"1001": [("team-1", "refused", None), ENDED]}
    await check_agrees(world)


async def test_a_day_that_was_approved_stays_and_the_other_waits_by_itself(engine: AsyncEngine, tmp_path: Path) -> None:
    world = await after_a_move(engine, tmp_path, "lead approves 1001's 4 Dec")
    kept = [("team-2", "approved", ("team-1",)), ("team-2", "waiting", None)]
    assert await stands(world) == {"1001": kept, "1002": [WAITS, IN_TEAM_1]}
    await check_agrees(world)


async def test_they_take_part_in_the_allocation_of_the_new_unit_together(engine: AsyncEngine, tmp_path: Path) -> None:
    world = await after_a_move(engine, tmp_path, *LETS_BOTH, policies=(BY_RULE,))
    awaits = ("team-2", "applied", ())
    assert (await stands(world))["1001"] == [awaits, awaits]
    await world.until(DAYS[0])
    approved = ("team-2", "approved", ("team-2",))
    assert (await stands(world))["1001"] == [approved, approved]
    await check_agrees(world)


async def test_where_the_new_unit_allocates_and_has_no_quota_for_one_of_them_all_end(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    world = await after_a_move(engine, tmp_path, *LETS_BOTH[:1], policies=(BY_RULE,))
    assert (await stands(world))["1001"] == [ENDED, ENDED]
    await check_agrees(world)


async def test_where_the_new_unit_would_allocate_one_only_when_the_first_has_begun_all_end(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """The first is in the old unit, which gives places to who comes first."""
    late = {"unit": "team-2", "days_off": {"allocate": "by_rule", "allocate_days_before": 0}}
    world = await after_a_move(engine, tmp_path, *LETS_BOTH, on="2026-12-05", policies=({}, late))
    assert await stands(world) == GONE | {"1001": [("team-1", "refused", None), ENDED]}
    await check_agrees(world)


async def test_days_that_are_had_each_as_it_can_be_go_along_each_by_itself(engine: AsyncEngine, tmp_path: Path) -> None:
    each = {"days_off": {"run_of_days": "each"}}
    world = await after_a_move(engine, tmp_path, *LETS_BOTH[:1], policies=(each,))
    assert (await stands(world))["1001"] == [("team-2", "applied", ("team-2",)), ("team-2", "waiting", None)]
    await check_agrees(world)


async def test_where_nobody_has_to_approve_in_the_new_unit_what_has_a_place_there_is_approved(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    at_once = {"unit": "team-2", "days_off": {"approve": "rule"}}
    world = await after_a_move(engine, tmp_path, *LETS_BOTH, policies=({}, at_once))
    there = ("team-2", "approved", ("team-2",))
    assert (await stands(world))["1001"] == [there, there]
    await check_agrees(world)


async def test_a_day_that_waited_for_the_allocation_of_another_is_approved_as_that_has_its_place_by_the_move(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """Nobody had asked for the first by its deadline in team-1, so it has a place; the second is allocated later."""
    by_rule = {"allocate": "by_rule", "allocate_days_before": 3, "allocate_at": time(6), "approve": "rule"}
    terms = {"days_off": by_rule}, {"unit": "team-2", "days_off": {"approve": "rule"}}
    world = await after_a_move(engine, tmp_path, *LETS_BOTH, on="2026-12-05", policies=terms)
    approved = [("team-1", "approved", ("team-1",)), ("team-2", "approved", ("team-2",))]
    assert (await stands(world))["1001"] == approved
    (one, other) = [each for each in await world.days_off.calendar(*DAYS) if each.agent == "1001"]
    at = [(await read_in_turn(engine, partial(states_of, name=each.id)))[-1]["at"] for each in (one, other)]
    assert at[0] == at[1], "in the same turn"
    await check_agrees(world)
