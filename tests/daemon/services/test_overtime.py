"""Emergencies from their opening to what is posted, by the daemon, on both engines (docs/time-bank.md 3.2)."""

import asyncio
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import House, agent_owner
from ccd.bank.asking import Asking
from ccd.bank.overtime import Emergency
from ccd.bank.overtime_acts import Emergencies
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.bank.overtime_posting import OvertimeDay, OvertimeDesk
from ccd.bank.settle import Settler
from ccd.bank.statement import agent_statement
from ccd.daemon.served.overtime import OvertimeShown
from ccd.daemon.served.reporting import Reporting
from ccd.daemon.services.overtime import OvertimeClosing
from ccd.daemon.services.overtime_reckoning import Reckoning
from ccd.daemon.site import Current, Site
from ccd.daemon.site_file import site_of
from ccd.errors import ActNotAllowedError
from ccd.floor.days import SECOND
from ccd.floor.events import PbxEvent
from ccd.history.close import Closer
from ccd.history.reading import reading
from ccd.history.unit_days import note_stale_of
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting
from ccd.ledger.verify import verify
from ccd.org.people import Person, Role
from ccd.reports.periods import Period
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from tests.bank.teams import planned, shift
from tests.commands.recorded_days import CONFIGURATION, MIDNIGHT, ROSTER, at
from tests.databases import before_each_statement, somebody_posting
from tests.floor.floors import added, heard, paused, removed, unpaused
from tests.history.observing import record

DAY, NEXT = date(2099, 11, 24), date(2099, 11, 25)
HOUR = 3_600
LEAD = Person("lead", Role.SUPERVISOR, operates=True)
OTHER = Person("other", Role.SUPERVISOR, operates=True)
ANN = Person("ann", Role.AGENT, "1001")
POLICY = """
[[policy]]
schedules = true
overtime.warn_day_s = 4_500

[[policy]]
unit = "team-2"

[units.team-1]
parent = "centre"

[units.team-2]
parent = "centre"

[units.centre]
"""
# 1001 has a shift from 08:00 to 16:00 and stays on to 18:30, with ten minutes of pause at 17:00; 1003 has none that
# day; 1002 is in a unit without schedules.
SEEN = (
    added(at(8 * HOUR)), paused(at(17 * HOUR), "water"), unpaused(at(17 * HOUR + 600)), removed(at(18.5 * HOUR)),
    added(at(16 * HOUR), seat="PJSIP/1002"), removed(at(19 * HOUR), seat="PJSIP/1002"),
    added(at(16.5 * HOUR + 300), seat="PJSIP/1003"), removed(at(17.5 * HOUR), seat="PJSIP/1003"),
)  # fmt: skip
OPENED, ENDED = 16.5 * HOUR, 18 * HOUR
WORKED_S = 5_400 - 600


class World:
    """A site on a clock that is set by hand."""

    def __init__(self, site: Site, engine: AsyncEngine) -> None:
        self.site, self.engine, self.now_s, self.acts = site, engine, OPENED, 0
        self.told: list[str] = []
        self.ledger = Ledger(engine, self.now, Patience(60, 0.001, 0.05))
        self.acting = Emergencies(engine, site.units, site.all_units, site.policies, site.agent_days)
        self.closing = OvertimeClosing(self.ledger, Current(site, site), self.now, self.tell)
        settler = Settler(self.ledger, site.policies, site.settings.site, lambda: DAY)
        self.closer = Closer(engine, site.measured_by, ["pbx"], settler.settle, self.now, 10**6)

    def now(self) -> int:
        return round((MIDNIGHT + self.now_s) * SECOND)

    def tell(self, agents: Iterable[str]) -> None:
        self.told += sorted(agents)

    def asking(self, person: Person = LEAD) -> Asking:
        self.acts += 1
        return Asking(f"act-{self.acts}", person, "here", self.now())

    async def emergency(
        self, name: str = "flood", level: str = "I", start: float = OPENED, end: float = ENDED, unit: str = "centre"
    ) -> Emergency:
        """Opened at its start, and ended at its end; 1001, 1002 and 1003 were called."""
        self.now_s = start
        await self.acting.open(name, self.asking(), unit, level, None, "the lines are flooded")
        await self.acting.call(name, self.asking(), ["1001", "1002", "1003"], "all hands")
        self.now_s = end
        return await self.acting.end(name, self.asking(), "the flood is gone")

    async def deposits(self, agent: str) -> tuple[int, int]:
        found = await self.ledger.balances(agent_owner(agent))
        return found.get("overtime", 0), found.get("interest", 0)

    async def enter(
        self, entry: str, agent: str, seconds: int, person: Person = LEAD, of: str = "flood"
    ) -> OvertimeEntry:
        said = OvertimeEntry(entry, of, agent, DAY, seconds, False, 0, "", "the shift's log says so")
        return await self.acting.enter(said, self.asking(person))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    file = tmp_path / "ccd.toml"
    file.write_text(CONFIGURATION + POLICY)
    (tmp_path / "roster.csv").write_text(ROSTER + "1003,PJSIP/1003,,team-1\n")
    return site_of(file)


@pytest.fixture
async def world(site: Site, engine: AsyncEngine) -> World:
    await planned(engine, shift("ann", "1001", f"{DAY}T08:00", 8))
    return World(site, engine)


async def seen(world: World, *events: PbxEvent, until: float = 20 * HOUR) -> None:
    await record(world.engine, *(events or SEEN), heard(at(until)))


async def test_what_was_worked_in_an_emergency_is_posted_with_interest_once_it_is_over(world: World) -> None:
    await seen(world)
    await world.emergency()
    posted = await world.closing.close_due()
    assert {(one.agent, one.seconds) for one in posted} == {
        ("1001", WORKED_S * 13 // 10), ("1003", (HOUR - 300) * 13 // 10),
    }  # fmt: skip
    assert await world.deposits("1001") == (WORKED_S, WORKED_S * 3 // 10)
    assert await world.deposits("1003") == (HOUR - 300, (HOUR - 300) * 3 // 10), "no shift: outside of it all day"
    assert await world.deposits("1002") == (0, 0), "a unit without schedules has no measured overtime"
    assert sorted(world.told) == ["1001", "1003"]
    assert await world.closing.close_due() == []
    await day_over(world)
    await world.closer.close("team-1", DAY)
    assert await world.closing.close_due() == [], "the day is closed, and nothing is another"
    assert (await verify(world.engine, lambda done, of: None)).findings == []


async def day_over(world: World) -> None:
    await record(world.engine, heard(at(86_400)))
    world.now_s = 86_400 + 60


async def test_it_waits_until_the_switch_has_told_of_all_of_it(world: World) -> None:
    await seen(world, *SEEN[:3], until=17.5 * HOUR)
    await world.emergency()
    assert await world.closing.close_due() == []
    await record(world.engine, removed(at(18.5 * HOUR)), heard(at(18.5 * HOUR)))
    (posted,) = await world.closing.close_due()
    assert (posted.agent, posted.day_s) == ("1001", WORKED_S)


async def test_a_month_has_its_own_days_with_what_is_not_posted_yet(world: World) -> None:
    flood = await world.emergency()
    await seen(world, *SEEN)
    desk = OvertimeDesk(world.ledger, world.site.policies, world.site.settings.site, lambda: DAY)
    days = (await Reckoning(world.engine, world.site, world.now).of(flood)).days
    worked_s = {one.agent: one.due.deposit_s for one in days}
    assert worked_s["1001"] == WORKED_S
    december = OvertimeDay("1001", "team-1", date(2099, 12, 1), "", True, {})
    assert await desk.months_s([*days, december]) == {
        **{(agent, "2099-11"): seconds for agent, seconds in worked_s.items()}, ("1001", "2099-12"): 0,
    }  # fmt: skip
    await world.closing.close_due()
    async with somebody_posting(world.engine), asyncio.timeout(5):  # which a question does not wait for
        assert await desk.months_s(days) == {(agent, "2099-11"): seconds for agent, seconds in worked_s.items()}
    assert await desk.months_s([december._replace(day=date(2099, 11, 1))]) == {("1001", "2099-11"): WORKED_S}


async def test_it_ends_by_itself(world: World) -> None:
    """After four hours: from 14:30 to 18:30, of which 1001 works two and a half outside of the shift."""
    await seen(world)
    world.now_s = 14.5 * HOUR
    await world.acting.open("flood", world.asking(), "team-1", "III", None, "a flood")
    await world.acting.call("flood", world.asking(), ["1001"], "all hands")
    world.now_s = 18.4 * HOUR
    assert await world.closing.close_due() == [], "it still runs"
    world.now_s = 18.6 * HOUR
    assert [one.agent for one in await world.closing.close_due()] == ["1001"]
    assert await world.deposits("1001") == (9_000 - 600, (9_000 - 600) * 6 // 10)


async def test_of_two_emergencies_the_higher_level_pays_also_where_it_is_opened_later(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.closing.close_due()
    world.now_s = 17.5 * HOUR + 1_800  # half an hour back is allowed
    await world.acting.open("fire", world.asking(), "team-1", "III", round((MIDNIGHT + 17.5 * HOUR) * SECOND), "a fire")
    await world.acting.call("fire", world.asking(), ["1001"], "all hands")
    fire = await world.acting.end("fire", world.asking(), "it is out")
    await world.closing.close_due()
    _, (worked,) = await OvertimeShown(world.ledger, Current(world.site, world.site), world.now).so_far(fire, [])
    assert worked.principal == 1_800
    assert [one.seconds for one in worked.warnings] == [WORKED_S], "of all, for the limit is on the person"
    low, high = WORKED_S - 1_800, 1_800
    assert await world.deposits("1001") == (WORKED_S, low * 3 // 10 + high * 6 // 10)
    assert (await verify(world.engine, lambda done, of: None)).findings == []


async def test_a_plan_that_is_told_afterwards_has_it_measured_anew_and_the_difference_posted(world: World) -> None:
    """The shift went to 17:00 after all. The overtime of that half hour is taken back from where it lies."""
    await seen(world)
    await world.emergency()
    await world.closing.close_due()
    await day_over(world)
    await world.closer.close("team-1", DAY)
    assert await world.closing.close_due() == []
    await planned(world.engine, shift("more", "1001", f"{DAY}T16:00", 1))
    async with world.engine.begin() as connection:
        await note_stale_of(connection, [("team-1", DAY)])
    assert await world.closing.close_due() == [], "not before the day is measured anew"
    world.now_s += 60
    await world.closer.close("team-1", DAY)
    (posted,) = await world.closing.close_due()
    left_s = HOUR - 600
    assert (posted.agent, posted.day_s) == ("1001", left_s)
    assert await world.deposits("1001") == (left_s, left_s * 3 // 10)
    assert await world.closing.close_due() == []


async def test_what_a_revision_takes_back_and_is_spent_becomes_leave_of_that_day(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.closing.close_due()
    owner, house = agent_owner("1001"), House.of(world.site.settings.site)
    legs = [Leg(Account(owner, kind), house.overdraft, seconds, "spent")
            for kind, seconds in (("overtime", WORKED_S), ("interest", WORKED_S * 3 // 10))]  # fmt: skip
    await world.ledger.post(Posting("spent", 1, world.site.settings.site, DAY, tuple(legs), "test"))
    await planned(world.engine, shift("more", "1001", f"{DAY}T16:00", 2))
    await day_over(world)
    await world.closer.close("team-1", DAY)
    await world.closing.close_due()
    found = await world.ledger.balances(owner)
    saved_s = 10 * HOUR * 37 // 1_000 - 600
    assert [found[kind] for kind in ("overtime", "interest", "savings")] == [0, 0, 0]
    assert found["leave"] == WORKED_S * 13 // 10 - saved_s


async def test_two_who_close_at_once_post_it_once(site: Site, database_url: str) -> None:
    engines = [open_engine(database_url) for _ in range(2)]
    worlds = [World(site, engine) for engine in engines]
    await planned(engines[0], shift("ann", "1001", f"{DAY}T08:00", 8))
    await seen(worlds[0])
    await worlds[0].emergency()
    for each in worlds:
        each.now_s = 19 * HOUR
    posted = await asyncio.gather(*(each.closing.close_due() for each in worlds))
    assert sorted(one.agent for found in posted for one in found) == ["1001", "1003"]
    assert await worlds[0].deposits("1001") == (WORKED_S, WORKED_S * 3 // 10)
    for engine in engines:
        await engine.dispose()


async def test_whatever_it_dies_of_it_goes_on_from_there(world: World) -> None:
    """Killed before each of its statements in turn, and asked again: each day is posted once, as if nothing was."""
    await seen(world)
    await world.emergency()
    left, deaths = 10**9, 0

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    before_each_statement(world.engine, count_down)
    while True:
        left = deaths + 1
        try:
            await world.closing.close_due()
        except KeyboardInterrupt:
            deaths += 1
            continue
        break
    left = 10**9
    assert deaths > 10
    assert await world.deposits("1001") == (WORKED_S, WORKED_S * 3 // 10)
    assert await world.closing.close_due() == []
    assert (await verify(world.engine, lambda done, of: None)).findings == []


async def test_what_is_entered_is_marked_and_above_an_hour_takes_a_second_person(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.enter("small", "1002", 1_800)
    await world.enter("large", "1002", 4_500)
    world.now_s += 60
    await world.enter("largest", "1002", 4_900)
    declined = await world.acting.decline("largest", world.asking(OTHER), "not in the log")
    assert (declined.counts, declined.declined_by) == (False, "other")
    await world.closing.close_due()
    assert await world.deposits("1002") == (1_800, 540), "the larger one counts once somebody else approves it"
    with pytest.raises(ActNotAllowedError, match="a second person does"):
        await world.acting.approve("large", world.asking())
    approved = await world.acting.approve("large", world.asking(OTHER))
    assert (approved.counts, approved.approved_by) == (True, "other")
    assert [one.agent for one in await world.closing.close_due()] == ["1002"]
    assert await world.deposits("1002") == (4_500, 1_350)
    (line, *_) = (await agent_statement(world.ledger, "1002")).lines
    assert (line.service, line.amount_s, line.facts["paid"][0]["entered"]) == ("overtime", 3_510, 4_500)
    assert not line.facts["schedules"]


async def test_who_has_joined_the_strike_team_takes_part_without_being_called(world: World) -> None:
    await seen(world)
    world.now_s = OPENED
    assert await world.acting.on_team("team-1", "1001", True, world.asking(ANN)) == {"1001"}
    assert await world.acting.on_team("team-1", "1001", True, world.asking(ANN)) == {"1001"}
    await world.acting.open("flood", world.asking(), "centre", "I", None, "a flood")
    world.now_s = ENDED
    await world.acting.end("flood", world.asking(), "it is gone")
    assert [one.agent for one in await world.closing.close_due()] == ["1001"]
    assert await world.acting.on_team("team-1", "1001", False, world.asking(ANN)) == frozenset()


async def test_a_call_out_is_answered_and_it_is_kept_when_who_was_called_signed_in(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.acting.answer("flood", world.asking(ANN), "1001", True)
    await world.acting.answer("flood", world.asking(), "1002", False)
    await world.closing.close_due()
    _, calls, _ = await world.acting.shown("flood")
    begins = round((MIDNIGHT + OPENED) * SECOND)
    assert [(one.agent, one.comes, one.signed_in_at and one.signed_in_at - begins) for one in calls] == [
        ("1001", True, 0), ("1002", False, 0), ("1003", None, 300 * SECOND),
    ]  # fmt: skip


async def test_the_response_of_the_strike_team_is_told_of_who_did_not_decline(world: World) -> None:
    """1001 was there, 1003 came after five minutes, and 1002 declined; 1003 says so later, too."""
    await seen(world)
    await world.emergency()
    await world.acting.answer("flood", world.asking(), "1002", False)

    async def figures(unit: str | None) -> list[tuple[str, str, int, int]]:
        async with reading(world.engine) as connection:
            (found,) = await Reporting(connection, world.site, unit and [unit]).found([Period(DAY, DAY)], False)
        told = [each for each in found.agents if each.sums.called_out]
        return [(each.agent, each.unit, each.sums.called_here, each.sums.called_out) for each in told]

    assert await figures(None) == [], "it is not measured yet"
    await world.closing.close_due()
    assert await figures(None) == [("1001", "team-1", 1, 1), ("1003", "team-1", 1, 1)]
    assert await figures("team-2") == []
    await world.acting.answer("flood", world.asking(), "1003", False)
    assert await figures("team-1") == [("1001", "team-1", 1, 1)]
