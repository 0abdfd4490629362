"""A team that is said later to have stood below another unit: rulings and emergencies of units reach whom they would
have reached, had it been said at once (docs/time-bank.md 2.6)."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.applied_tree import FILE
from ccd.daemon.reloading import Applied
from ccd.daemon.site import Site
from ccd.history.expected_days import wait_for_tellers
from ccd.history.schema import unit_days
from ccd.history.unit_days import unfinished_days
from ccd.org.acts import Act
from ccd.org.csv_faults import Written
from ccd.org.store import ORGANISATION, ROSTER, take_import
from ccd.sql.turns import Patience, take_turn_at_once
from tests.cases.explaining import check_explained
from tests.cases.late import World
from tests.cases.story import case_in

STORY = """
[[case]]
title = "the CRM of the south was down for an hour, and in the evening there is an emergency"
schedules = true
story = [
    "1 Dec 06:00 1001 joins the strike team of team-1",
    "1 Dec 07:00 the plan says 1001 08:00-16:00 on 1 Dec",
    "1 Dec 07:00 1001 works 08:00-18:00, ticket 10:00-11:00",
    "1 Dec 16:30 lead of south opens flood, level I",
    "1 Dec 17:30 lead ends flood",
    "2 Dec 09:00 lead rules south exempt 10:00-11:00 on 1 Dec",
]
then = { 1001 = { savings = 932, overtime = 3600, interest = 1080 } }
"""
HEAD = "unit,kind,parent,name,timezone,day_starts_at,country,from,to\n"
TREE = HEAD + "south,sub_centre,,,,,,,\nnorth,sub_centre,,,,,,,\nteam-1,team,south,,,,,,\nteam-2,team,north,,,,,,\n"
FROM_THE_1ST = "team-1,team,south,,,,,,2026-12-01\nteam-1,team,north,,,,,2026-12-01,\n"
FROM_THE_2ND = FROM_THE_1ST.replace("2026-12-01", "2026-12-02")


def of_tree(world: World, lines: str) -> Site:
    text = TREE.replace("team-1,team,south,,,,,,\n", lines) if lines else TREE
    return Site(world.site.settings, world.site.roster_said, Written(Path("organisation.csv"), text))


async def is_applied(world: World, site: Site) -> None:
    """As the daemon does it, and the night after."""
    await Applied(world.engine, site, world.clock).note(site)
    world.site = world.current.site = world.current.shown = site
    world.closer.follow(site.measured_by)
    await world.night()


@pytest.mark.parametrize(
    ("lines", "kept", "then"),
    [
        (FROM_THE_1ST, "as it was", {"1001": {"leave": 2_535}}),
        (FROM_THE_2ND, "as it was", None),
        ("", "damaged", None),
        (FROM_THE_1ST, "by no ccd before", {"1001": {"leave": 2_535}}),
        ("", "by no ccd before", None),
    ],
)
async def test_days_that_are_over_are_reached_by_the_tree_that_holds(
    engine: AsyncEngine, tmp_path: Path, lines: str, kept: str, then: dict[str, Any] | None
) -> None:
    case = case_in(STORY)
    world = World(engine, case, more={"state_directory": tmp_path, "units": {}})
    await is_applied(world, before := of_tree(world, ""))
    await world.live_through(case.story)
    assert await world.balances() == case.then
    if kept == "damaged":
        (tmp_path / FILE).write_text("[")
    elif kept == "by no ccd before":
        (tmp_path / FILE).unlink()
    await is_applied(world, of_tree(world, lines))
    assert await world.balances() == (then or case.then)
    await check_explained(world, case)
    await is_applied(world, before)
    assert sum((await world.balances())["1001"].values()) == sum(case.then["1001"].values()), "the same net"


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_who_measures_at_this_moment_by_the_tree_before_is_waited_for(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """Or what is noted now of a day is written over by what was looked at earlier."""
    case = case_in(STORY)
    world = World(engine, case, more={"state_directory": tmp_path, "units": {}})
    await is_applied(world, of_tree(world, ""))
    await world.live_through(case.story)
    moved = of_tree(world, FROM_THE_1ST)
    async with asyncio.TaskGroup() as tasks, engine.begin() as another:
        await wait_for_tellers(another)
        noting = tasks.create_task(Applied(engine, moved, world.clock).note(moved))
        await asyncio.wait([noting], timeout=0.5)
        await another.execute(update(unit_days).values(stale=False))
    async with engine.connect() as connection:
        found = {(one.unit, one.day) for one in await unfinished_days(connection)}
    assert ("team-1", date(2026, 12, 1)) in found


async def test_who_takes_over_on_another_machine_goes_by_the_import_before(engine: AsyncEngine, tmp_path: Path) -> None:
    """The first one has died with the new tree imported, and not applied."""
    case = case_in(STORY)
    world = World(engine, case, more={"state_directory": tmp_path / "here", "units": {}})
    before = of_tree(world, "")
    for number, kind, text in ((0, ROSTER, before.roster_said.text), (0, ORGANISATION, TREE)):
        await imports(world, number, kind, text)
    await is_applied(world, before)
    await world.live_through(case.story)
    moved = of_tree(world, FROM_THE_1ST)
    assert moved.organisation_said is not None
    await imports(world, 1, ORGANISATION, moved.organisation_said.text)
    elsewhere = moved.settings.model_copy(update={"state_directory": tmp_path / "elsewhere"})
    await is_applied(world, Site(elsewhere, moved.roster_said, moved.organisation_said))
    assert await world.balances() == {"1001": {"leave": 2_535}}


async def imports(world: World, instead_of: int, kind: str, text: str) -> None:
    at = world.clock()
    act = Act(f"{at}", at, "ann", "here", f"import {kind}", kind, "", "", "as it is")
    await take_turn_at_once(world.engine, lambda plain: take_import(plain, kind, text, instead_of, act), Patience())
