"""What an agent is told of the running day: of the shift alone, as far as the switch was heard."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.served.today import KEPT_S, Today
from ccd.daemon.services.entitling import entitle
from ccd.daemon.services.ruling import About, rule
from ccd.daemon.site import Current, Site
from ccd.floor.spans import Span
from ccd.history.known_days import known_days
from ccd.history.reading import reading
from ccd.org.csv_faults import Written
from ccd.org.entitlements import Entitlement
from ccd.settings import Settings
from tests.bank.askers import asking
from tests.bank.teams import SHANGHAI, planned, shift
from tests.floor.floors import S, added, heard, paused, removed, unpaused
from tests.history.observing import record

EIGHT = datetime(2026, 11, 24, 8, tzinfo=SHANGHAI).timestamp()
TEN, NOON = EIGHT + 7_200, EIGHT + 14_400
ROSTER = "agent,interface,member_name,unit\nann,PJSIP/1,,team-1\nben,PJSIP/2,,team-2\ncid,PJSIP/3,,team-1\n"
BREAK = f"[[{round(TEN) * S},{round(TEN + 1_800) * S}]]"
SEEN = (
    added(EIGHT - 3_600, seat="PJSIP/1"), paused(EIGHT - 3_000, "water", seat="PJSIP/1"),
    unpaused(EIGHT - 2_000, seat="PJSIP/1"), removed(EIGHT + 3_600, seat="PJSIP/1"),
    added(EIGHT + 3_900, seat="PJSIP/1"), paused(TEN, "meal", seat="PJSIP/1"), heard(NOON),
)  # fmt: skip


class World:
    def __init__(self, engine: AsyncEngine, site: Site) -> None:
        self.now_s, self.site = NOON, site
        self.of = Today(engine, Current(site, site), lambda: round(self.now_s * S)).of


@pytest.fixture
async def today(engine: AsyncEngine) -> World:
    """Ann came an hour early, was out for five minutes, and pauses since ten; Ben's unit keeps no schedules; Cid has a
    shift and has not come."""
    await record(engine, *SEEN)
    await planned(engine, *(shift(agent, agent, "2026-11-24T08:00", 8, BREAK) for agent in ("ann", "ben", "cid")))
    policies = [{"from": "2026-01-01", "unit": "team-1", "schedules": True}]
    pbx = [{"name": "pbx", "host": "127.0.0.1", "secret": "x"}]
    reasons = {"meal": {"policy": "counts"}}
    settings = Settings.model_validate(
        {"timezone": "Asia/Shanghai", "policy": policies, "pbx": pbx, "reasons": reasons}
    )
    return World(engine, Site(settings, Written(Path("roster.csv"), ROSTER)))


async def test_it_counts_the_shift_alone_up_to_where_the_switch_was_heard(today: World) -> None:
    found = await today.of("ann")
    assert found is not None
    # Four hours of the shift are over, half an hour of them a break; five minutes out and the pause after the break.
    assert (found.base, found.aux, found.unobserved) == (14_400 - 1_800, 300 + 5_400, 0)
    assert found.until == NOON
    assert found.working == [(EIGHT, TEN), (TEN + 1_800, EIGHT + 28_800)]


async def test_who_has_not_come_has_nothing_and_a_unit_without_schedules_is_not_told_so(today: World) -> None:
    found = await today.of("cid")
    assert found is not None
    assert (found.base, found.aux, len(found.working)) == (0, 0, 2)
    assert await today.of("ben") is None
    assert await today.of("nobody") is None


async def test_it_follows_what_is_ruled_and_what_was_agreed(today: World, engine: AsyncEngine) -> None:
    """Of Ann's shift all from half past ten up to 14:00 is exempt; she and Ben are entitled to more aux."""

    def by() -> Asking:
        return asking("hr", at=round(NOON) * S)

    about = About("ann", None, Span(round(TEN + 1_800) * S, round(NOON + 7_200) * S))
    await rule(engine, today.site, by(), about, "exempt", "the CRM is down")
    found = await today.of("ann")
    assert found is not None
    assert (found.base, found.aux, found.allowance) == (7_200, 300, None)
    assert found.working == [(EIGHT, TEN), (NOON + 7_200, EIGHT + 28_800)]
    day = datetime(2026, 11, 24, tzinfo=SHANGHAI).date()
    for agent in ("ann", "ben"):
        await entitle(engine, today.site, by(), agent, day, None, Entitlement(100_000, 60))
    found = await today.of("ann")
    assert found is not None
    assert (found.rate_ppm, found.minimum_s, found.allowance) == (100_000, 60, (27_000 - 12_600) // 10)
    found = await today.of("ben")
    assert found is not None
    assert (found.base, found.allowance, found.base_max) == (0, 2_880, 43_200), "nothing was seen of Ben"
    assert found.working == [(EIGHT - 28_800, EIGHT + 57_600)]


async def test_without_schedules_what_is_ruled_of_the_day_counts(today: World, engine: AsyncEngine) -> None:
    seat = "PJSIP/2"
    await record(engine, added(EIGHT, seat=seat), paused(TEN, "ticket", seat=seat), heard(NOON))
    about = About("ben", None, Span(round(TEN) * S, round(NOON - 600) * S))
    await rule(engine, today.site, asking("lead", at=round(NOON) * S), about, "available", "it was none")
    found = await today.of("ben")
    assert found is not None
    assert (found.base, found.aux, found.rate_ppm, found.allowance) == (14_400, 600, None, None)


async def test_who_works_part_of_the_time_is_told_of_a_shorter_day(today: World, engine: AsyncEngine) -> None:
    header = "person,name,agent,role,unit,from,to,deputy_of,contract_ppm\n"
    people = Written(Path("people.csv"), f"{header}ben,,ben,,,,,,250000\n")
    site = Site(today.site.settings, today.site.roster_said, None, people)
    await record(engine, added(EIGHT, seat="PJSIP/2"), heard(NOON))
    found = await World(engine, site).of("ben")
    assert found is not None
    assert (found.base, found.base_max, found.allowance) == (10_800, 10_800, None)
    assert site.agent_facts("ben", round(NOON) * S).policy.expected_base_s == 7_200


async def test_a_seat_that_comes_later_is_found_once_the_list_is_old(today: World, engine: AsyncEngine) -> None:
    await today.of("cid")
    await record(engine, added(NOON + 10, seat="PJSIP/3"), heard(NOON + 70))
    today.now_s += KEPT_S + 1
    found = await today.of("cid")
    assert found is not None
    assert (found.base, found.until) == (60, NOON + 70)


async def test_a_day_that_runs_is_held_against_so_much_of_its_shift_as_is_over(
    today: World, engine: AsyncEngine
) -> None:
    site = today.site
    async with reading(engine) as connection:
        day = datetime(2026, 11, 24, tzinfo=SHANGHAI).date()
        found = await known_days(connection, site.measuring, site.policies, site.rostered_units, day)
    duties = {each.agent: each.duty for each in found}
    assert duties["ann"] is not None
    assert (duties["ann"].scheduled, duties["ann"].late) == ((14_400 - 1_800) * S, 0)
    assert duties["cid"] is not None
    assert (duties["cid"].scheduled, duties["cid"].off_post) == ((14_400 - 1_800) * S, (14_400 - 1_800) * S)
