"""The running day's allowance of who has a shift, as boards and pages are told it."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.services.ruling import About, rule
from ccd.daemon.site import Current, Site
from ccd.daemon.switches.floors import Floors
from ccd.daemon.switches.plans import Plans
from ccd.floor.floor_state import FloorState
from ccd.floor.spans import Span
from ccd.live.batch import SourceNow
from ccd.org.csv_faults import Written
from ccd.settings import Settings
from tests.bank.askers import asking
from tests.bank.teams import SHANGHAI, planned, shift
from tests.daemon.switches.test_floors import shown
from tests.floor.floors import S, added, snapshot

NOON = datetime(2026, 11, 24, 12, tzinfo=SHANGHAI).timestamp()
ROSTER = "agent,interface,member_name,unit\nann,PJSIP/1,,team-1\nben,PJSIP/2,,team-1\ncid,PJSIP/3,,team-2\n"
BREAK = f"[[{round(NOON - 7_200) * S},{round(NOON - 5_400) * S}]]"  # half an hour, from ten


class World:
    def __init__(self, engine: AsyncEngine, schedules: bool = True) -> None:
        self.now_s = NOON
        policies = [{"from": "2026-01-01", "unit": "team-1", "schedules": schedules}]
        settings = Settings.model_validate({"timezone": "Asia/Shanghai", "policy": policies})
        self.site = site = Site(settings, Written(Path("roster.csv"), ROSTER))
        self.floors = Floors(site, lambda: [SourceNow("a", "live", 0)], self.now)
        self.floors.resume("a", FloorState())
        self.floors.take("a", [snapshot(NOON)])
        self.plans = Plans(engine, Current(site, site), self.floors, self.now)

    def now(self) -> int:
        return round(self.now_s * S)

    def allowances(self) -> dict[str, int]:
        return {name: agent["allowance"] for name, agent in shown(self.floors.everything()).items()}


async def test_the_allowance_is_that_of_the_shift_less_its_breaks_and_nothing_without_one(engine: AsyncEngine) -> None:
    await planned(engine, shift("1", "ann", "2026-11-24T08:00", 8, BREAK), shift("2", "ben", "2026-11-25T08:00", 8))
    world = World(engine)
    await world.plans.look()
    assert world.allowances() == {"ann": 27_000 * 37_000 // 1_000_000, "ben": 0, "cid": 1_065}


async def test_who_gets_another_shift_is_told_at_once_and_nobody_else_is(engine: AsyncEngine) -> None:
    await planned(engine, shift("1", "ann", "2026-11-24T08:00", 8), shift("2", "ben", "2026-11-24T08:00", 4))
    world = World(engine)
    await world.plans.look()
    world.floors.everything()
    await planned(engine, shift("1", "ann", "2026-11-24T08:00", 8), shift("2", "ben", "2026-11-24T08:00", 2))
    await world.plans.look()
    assert {name: told["allowance"] for name, told in shown(world.floors.changes()).items()} == {"ben": 266}
    await world.plans.look()
    assert shown(world.floors.changes()) == {}


async def test_a_day_that_begins_has_its_plan_and_a_shift_over_midnight_is_cut_there(engine: AsyncEngine) -> None:
    await planned(engine, shift("1", "ann", "2026-11-24T22:00", 8))
    world = World(engine)
    await world.plans.look()
    assert world.allowances()["ann"] == 2 * 3_600 * 37_000 // 1_000_000
    world.now_s = NOON + 43_200 + 1
    world.floors.take("a", [added(world.now_s, seat="PJSIP/1")])
    assert shown(world.floors.changes())["ann"]["allowance"] == 6 * 3_600 * 37_000 // 1_000_000


async def test_a_unit_without_schedules_is_measured_against_what_is_expected_of_it(engine: AsyncEngine) -> None:
    await planned(engine, shift("1", "ann", "2026-11-24T08:00", 4))
    world = World(engine, schedules=False)
    await world.plans.look()
    assert world.allowances() == {"ann": 1_065, "ben": 1_065, "cid": 1_065}


async def test_what_is_ruled_to_be_no_base_is_none_of_the_allowance(engine: AsyncEngine) -> None:
    """Two hours of team-1 are left out, half an hour of them in the break; of Ben they count as they are measured."""
    await planned(
        engine, shift("1", "ann", "2026-11-24T08:00", 8, BREAK), shift("2", "ben", "2026-11-24T08:00", 8, BREAK)
    )
    world = World(engine)
    ten = round(NOON - 7_200) * S
    for agent, unit, counts in (("ben", None, "as_measured"), (None, "team-1", "left_out")):
        asked = asking("lead", at=round(NOON) * S)
        await rule(engine, world.site, asked, About(agent, unit, Span(ten, ten + 7_200 * S)), counts, "a fire drill")
    await world.plans.look()
    assert world.allowances() == {
        "ann": (27_000 - 5_400) * 37_000 // 1_000_000, "ben": 27_000 * 37_000 // 1_000_000, "cid": 1_065,
    }  # fmt: skip
