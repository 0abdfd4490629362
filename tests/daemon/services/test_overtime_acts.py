"""What people do in an emergency, and what they may not (docs/time-bank.md 3.2 and 6)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ccd.daemon.site import Site
from ccd.errors import ActNotAllowedError, OvertimeError
from ccd.floor.days import SECOND
from ccd.org.acts import noted
from ccd.org.people import Person, Role
from ccd.sql.engine import open_engine
from tests.daemon.services import test_overtime as overtime
from tests.daemon.services.test_overtime import ANN, DAY, HOUR, OTHER, World, day_over, seen
from tests.databases import PostgreSQL

site, world = overtime.site, overtime.world


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda w: w.acting.open("e", w.asking(), "team-1", "IV", None, "why"), "levels of the unit's policy: I, II"),
        (lambda w: w.acting.open("e", w.asking(), "team-1", "I", w.now() - 1_801 * SECOND, "why"), "1801 s ago"),
        (lambda w: w.acting.open("e", w.asking(), "team-1", "I", None, " "), "has no reason"),
        (lambda w: w.acting.open("flood", w.asking(), "team-2", "I", None, "why"), "the name of another"),
        (lambda w: w.acting.prolong("flood", w.asking(), w.now() + 9 * HOUR * SECOND, "why"), "is over"),
        (lambda w: w.acting.call("flood", w.asking(), ["1001"], "why"), "is over; open another"),
        (lambda w: w.acting.answer("flood", w.asking(), "9", True), "has not called 9 out"),
        (lambda w: w.acting.answer("flood", w.asking(), "1001", True, w.now() - 5_460 * SECOND), "60 s after that arr"),
        (lambda w: w.acting.answer("flood", w.asking(), "1001", True, w.now() + 60 * SECOND), "arrive in 60 s from"),
        (lambda w: w.acting.end("none", w.asking(), "why"), "none is no emergency"),
        (lambda w: w.acting.approve("none", w.asking()), "none is no entry"),
        (lambda w: w.acting.decline("none", w.asking(), "why"), "none is no entry"),
        (lambda w: w.acting.decline("none", w.asking(), " "), "declined without a reason"),
        (lambda w: w.enter("e", "1001", 5_401), "enter 0 to 5400"),
        (lambda w: w.enter("e", "9", 60), "9 is not in it on 2099-11-24"),
        (lambda w: w.acting.on_team("team-1", "1002", True, w.asking()), "is not in team-1 today"),
    ],
)  # fmt: skip
async def test_what_can_not_be_is_said(world: World, act: Callable[[World], Awaitable[object]], says: str) -> None:
    await world.emergency()
    with pytest.raises(OvertimeError, match=says):
        await act(world)


async def test_nobody_enters_their_own_time_and_only_a_manager_opens(world: World) -> None:
    await world.emergency()
    own = Person("1001", Role.SUPERVISOR, "1001", operates=True)
    with pytest.raises(ActNotAllowedError, match="on the own account"):
        await world.enter("e", "1001", 60, own)
    with pytest.raises(ActNotAllowedError, match="it is for a hotline_manager"):
        await world.acting.open("mine", world.asking(ANN), "team-1", "I", None, "why")
    _, _, entries = await world.acting.shown("flood")
    assert entries == []


async def test_an_emergency_is_prolonged_and_each_act_is_noted_once(world: World) -> None:
    asking = world.asking()
    await world.acting.open("flood", asking, "team-1", "I", None, "a flood")
    opened = await world.acting.open("flood", asking, "team-1", "I", None, "a flood")
    until = opened.end + 600 * SECOND
    with pytest.raises(OvertimeError, match="can be prolonged to 14400 s from now at most"):
        await world.acting.prolong("flood", world.asking(), until, "it goes on")
    world.now_s += 600
    for _ in range(2):
        assert (await world.acting.prolong("flood", world.asking(), until, "it goes on")).end == until
    async with world.engine.connect() as connection:
        kinds = await connection.run_sync(lambda plain: [act.kind for act in noted(plain, None, "team-1", 9)])
    assert kinds == ["overtime prolong", "overtime open"]


async def test_above_an_hour_of_the_day_in_all_emergencies_a_second_person_approves(world: World) -> None:
    """And whoever lowers what counts takes back, alone."""
    await world.emergency("noon", start=11 * HOUR, end=12 * HOUR)
    await world.emergency()
    assert (await world.enter("first", "1003", 2_400)).counts
    assert (await world.enter("other's", "1002", 2_400, of="noon")).counts
    for _ in range(2):  # asked again it says the same
        waits = await world.enter("second", "1003", 1_201, of="noon")
        assert (waits.counts, waits.already_s, waits.limit_s) == (False, 2_400, HOUR)
    (listed,) = await world.acting.unapproved(lambda line, one: True)
    _, _, (_, shown) = await world.acting.shown("noon")
    assert {waits, listed, shown} == {waits}
    assert (await world.enter("third", "1003", 1_200, of="noon")).counts, "an hour in all"
    world.now_s += 1
    assert (await world.acting.approve("second", world.asking(OTHER))).counts
    world.now_s += 1
    assert not (await world.enter("more", "1003", 2_401)).counts
    assert (await world.enter("less", "1003", 2_399)).counts
    world.now_s += 1
    assert (await world.enter("nothing", "1003", 0)).counts
    world.now_s += 1
    assert (await world.enter("again", "1003", 2_399)).counts, "1201 s count besides"
    assert not (await world.enter("too much", "1003", 2_400)).counts


async def test_of_two_who_enter_at_once_in_two_emergencies_one_needs_a_second_person(
    site: Site, database_url: str
) -> None:
    engines = [open_engine(database_url) for _ in range(2)]
    worlds = [World(site, engine) for engine in engines]
    worlds[1].acts = 1_000
    await worlds[0].emergency("noon", start=11 * HOUR, end=12 * HOUR)
    await worlds[0].emergency()
    desks = list(zip(worlds, ("noon", "flood"), strict=True))
    for number in range(10):
        agent = ("1001", "1002", "1003")[number % 3]
        enters = [world.enter(f"{of} {number}", agent, 1_801, of=of) for world, of in desks]
        assert sorted(one.counts for one in await asyncio.gather(*enters)) == [False, True]
        for world, of in desks:
            world.now_s += 1
            await world.enter(f"nothing {of} {number}", agent, 0, of=of)
    for engine in engines:
        await engine.dispose()


async def test_who_approves_and_who_declines_at_once_are_not_both_right(world: World) -> None:
    await world.emergency()
    await world.enter("large", "1001", 5_000)
    third = Person("third", Role.SUPERVISOR, operates=True)
    said = await asyncio.gather(
        world.acting.approve("large", world.asking(OTHER)),
        world.acting.decline("large", world.asking(third), "not in the log"),
        return_exceptions=True,
    )
    (refused,) = [one for one in said if isinstance(one, OvertimeError)]
    assert str(refused).endswith(("takes it back", "is entered anew"))
    async with world.engine.connect() as connection:
        kinds = await connection.run_sync(lambda plain: [act.kind for act in noted(plain, None, "1001", 9)])
    assert len(kinds) == 2, "that it was entered, and one decision"


async def test_the_daemon_s_own_role_may_do_all_of_it(site: Site, postgresql: PostgreSQL) -> None:
    """And can't change what was said: its rights are those that `ccd migrate --role` gives."""
    role, owned = await postgresql.of_a_daemon()
    engine = open_engine(owned.replace("postgres@", f"{role}@"))
    world = World(site, engine)
    await seen(world)
    await world.acting.on_team("team-1", "1001", True, world.asking(ANN))
    await world.emergency()
    await world.acting.answer("flood", world.asking(), "1003", True)
    await world.enter("by-hand", "1002", 5_000)
    await world.acting.approve("by-hand", world.asking(OTHER))
    await world.enter("declined", "1002", 5_100)
    await world.acting.decline("declined", world.asking(OTHER), "not in the log")
    assert [one.agent for one in await world.closing.close_due()] == ["1001", "1002", "1003"]
    await day_over(world)
    await world.closer.close("team-1", DAY)
    assert await world.closing.close_due() == []
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text("UPDATE emergencies SET why = 'another'"))
    await engine.dispose()
    postgresql.drop()
