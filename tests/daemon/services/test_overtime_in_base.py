"""Overtime that counts in the base (`overtime.counts_in_base`): each second is paid once, and is base once, whatever is
known first (docs/time-bank.md 2.4, 3.2)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import agent_owner
from ccd.daemon.explained.resettling import Resettling
from ccd.daemon.judged_by.trying import trial_of, try_policies
from ccd.daemon.served.today import Today
from ccd.daemon.services.ruling import About, rule
from ccd.daemon.site import Current, Site
from ccd.daemon.site_file import site_of
from ccd.floor.days import SECOND
from ccd.floor.spans import Span
from ccd.history import close
from ccd.history.day_rows import latest_days
from ccd.history.expected_days import PeopleOfDay, people_of_day
from ccd.history.reading import reading
from ccd.history.unit_days import between
from ccd.ledger.model import Close, Posting
from ccd.ledger.verify import verify
from tests.bank.teams import planned, shift
from tests.commands.recorded_days import CONFIGURATION, MIDNIGHT
from tests.daemon.services import test_overtime as overtime
from tests.daemon.services.overtime_steps import after_the_flood, happens, lets_look_back
from tests.daemon.services.test_overtime import DAY, HOUR, OPENED, POLICY, WORKED_S, World, day_over, seen

plain = overtime.site
SHIFT_S = 8 * HOUR


@pytest.fixture
def site(plain: Site, tmp_path: Path) -> Site:
    file = tmp_path / "ccd.toml"
    file.write_text(CONFIGURATION + POLICY.replace("[[policy]]\n", "[[policy]]\novertime.counts_in_base = true\n"))
    return site_of(file)


@pytest.fixture
async def world(site: Site, engine: AsyncEngine) -> World:
    await planned(engine, shift("ann", "1001", f"{DAY}T08:00", 8))
    return World(site, engine)


def allowed_s(base_s: int) -> int:
    return base_s * 37 // 1_000


async def saved_s(world: World, agent: str = "1001") -> int:
    return (await world.ledger.balances(agent_owner(agent))).get("savings", 0)


async def reckoned_against(world: World, agent: str = "1001") -> tuple[str, int]:
    """Of the newest record, and its revision."""
    async with reading(world.engine) as connection:
        stored = (await latest_days(connection, DAY, agents=[agent]))[agent]
    return stored.expected, stored.revision


async def is_stale(world: World, unit: str = "team-1") -> bool:
    async with reading(world.engine) as connection:
        return {each.unit: each.stale for each in await between(connection, DAY, DAY)}[unit]


async def settled_again(world: World) -> None:
    """Days and overtime, until neither is due."""
    for _ in range(4):
        world.now_s += 60
        await world.closer.close_due()
        if not await world.closing.close_due() and not await is_stale(world):
            break
    assert not await is_stale(world)
    assert (await Resettling(world.engine, world.site, world.now).month("2099-11")).differs == []
    assert (await verify(world.engine, lambda done, of: None)).findings == []


async def test_what_is_posted_before_the_day_is_closed_is_base_at_once(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.closing.close_due()
    await day_over(world)
    await world.closer.close_due()
    assert await saved_s(world) == allowed_s(SHIFT_S + WORKED_S), "and the pause in it is no aux"
    assert await saved_s(world, "1003") == allowed_s(HOUR - 300), "without a shift it is all the base there is"
    said, revision = await reckoned_against(world)
    assert (said.endswith(f',"overtime_s":{WORKED_S}}}'), revision) == (True, 1)
    await settled_again(world)
    assert (await reckoned_against(world))[1] == 1


async def test_what_is_posted_afterwards_has_the_day_measured_anew(world: World) -> None:
    await seen(world)
    await world.emergency()
    await day_over(world)
    await world.closer.close_due()
    assert await saved_s(world) == allowed_s(SHIFT_S)
    await world.closing.close_due()
    assert await is_stale(world)
    await settled_again(world)
    assert await saved_s(world) == allowed_s(SHIFT_S + WORKED_S)
    assert (await reckoned_against(world))[1] == 2
    assert await world.deposits("1001") == (WORKED_S, WORKED_S * 3 // 10)


async def test_what_is_posted_while_the_day_is_measured_is_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seen(world)
    await world.emergency()
    await day_over(world)
    once = [True]

    async def and_meanwhile(*asked: Any) -> PeopleOfDay:
        found = await people_of_day(*asked)
        if once and "1001" in found.agents:
            once.pop()
            await world.closing.close_due()
        return found

    monkeypatch.setattr(close, "people_of_day", and_meanwhile)
    await world.closer.close_due()
    assert not once
    assert await saved_s(world) == allowed_s(SHIFT_S)
    assert await is_stale(world)
    await settled_again(world)
    assert await saved_s(world) == allowed_s(SHIFT_S + WORKED_S)


async def test_an_entry_is_paid_and_what_turns_out_to_be_measured_of_it_becomes_base_also_in_a_closed_month(
    world: World,
) -> None:
    """Five minutes of 1003, who came late; somebody rules that they were there."""
    await seen(world)
    await world.emergency()
    await day_over(world)
    await settled_again(world)
    await world.enter("by-hand", "1003", HOUR)
    await settled_again(world)
    paid = await world.deposits("1003")
    assert (paid, await saved_s(world, "1003")) == ((HOUR, HOUR * 3 // 10), allowed_s(HOUR - 300))
    close_month = Posting("close", 1, world.site.settings.site, DAY, (), "test", terms=(Close(),))
    await world.ledger.post(close_month)
    about = About("1003", None, Span(*(round((MIDNIGHT + OPENED + after_s) * SECOND) for after_s in (0, 300))))
    await rule(world.engine, world.site, world.asking(), about, "available", "the telephone was out of order")
    await settled_again(world)
    assert (await world.deposits("1003"), await saved_s(world, "1003")) == (paid, allowed_s(HOUR))


ORDERS = [("fire", "plan", "enter"), ("plan", "enter", "fire"), ("enter", "fire", "plan"), ("enter", "plan", "fire")]


async def test_whatever_comes_first_the_same_is_base_in_the_end(
    site: Site, new_database: Callable[[], str], tmp_path: Path
) -> None:
    config = lets_look_back(tmp_path / "ccd.toml")
    found = set()
    for order in ORDERS:
        async with after_the_flood(config, new_database()) as world:
            await day_over(world)
            for step in order:
                await settled_again(world)
                await happens(world, step)
            await settled_again(world)
            found.add((await saved_s(world), *await world.deposits("1001")))
    # The shift goes to 18:00 after all, with ten minutes of pause in it: only the half hour after it is overtime.
    assert found == {(allowed_s(10 * HOUR + 1_800) - 600, 1_800, 1_080)}


async def test_where_it_does_not_count_nothing_of_it_is_in_the_record_and_it_can_be_tried(
    plain: Site, site: Site, engine: AsyncEngine
) -> None:
    await planned(engine, shift("ann", "1001", f"{DAY}T08:00", 8))
    world = World(plain, engine)
    await seen(world)
    await world.emergency()
    await day_over(world)
    await world.closer.close_due()
    await world.closing.close_due()
    assert not await is_stale(world)
    said, revision = await reckoned_against(world)
    assert ("overtime" in said, revision, await saved_s(world)) == (False, 1, allowed_s(SHIFT_S))
    tried = await try_policies(world.ledger, trial_of(plain, site), [(DAY, "team-1")], world.now, lambda: None)
    (ann,) = (one for one in tried if one.agent == "1001")
    assert (ann.now.saved_s, ann.then.saved_s) == (allowed_s(SHIFT_S), allowed_s(SHIFT_S + WORKED_S))
    found = await try_policies(world.ledger, trial_of(site, plain), [(DAY, "team-1")], world.now, lambda: None)
    assert [one.then.saved_s for one in found if one.agent == "1001"] == [allowed_s(SHIFT_S)]


async def test_the_running_day_has_it_as_soon_as_it_is_posted(world: World) -> None:
    await seen(world)
    today = Today(world.engine, Current(world.site, world.site), world.now)
    await world.emergency()
    world.now_s = 20 * HOUR
    before = await today.of("1001")
    await world.closing.close_due()
    after = await today.of("1001")
    assert before is not None
    assert after is not None
    assert (before.base, after.base, after.aux) == (SHIFT_S, SHIFT_S + WORKED_S, 0)
