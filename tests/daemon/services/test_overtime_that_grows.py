"""What agents see of overtime while its emergency runs (docs/time-bank.md 3.2)."""

from ccd.daemon.served.overtime import OvertimeShown
from ccd.daemon.services.overtime_reckoning import Reckoning
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.web.overtime_api import GrowingSaid, OvertimeSaid
from tests.bank.teams import planned, shift
from tests.commands.recorded_days import at
from tests.daemon.services import test_overtime as overtime
from tests.daemon.services.test_overtime import DAY, HOUR, SEEN, World, seen
from tests.floor.floors import added, heard, paused, removed
from tests.history.observing import record

site, world = overtime.site, overtime.world


async def test_over_midnight_it_grows_by_who_works_after_it_alone(world: World) -> None:
    await seen(world, added(at(22 * HOUR)), removed(at(24.1 * HOUR)), until=24.2 * HOUR)
    shown = OvertimeShown(world.ledger, Current(world.site, world.site), world.now)
    world.now_s = 23 * HOUR
    await world.acting.open("flood", world.asking(), "centre", "I", None, "the lines are flooded")
    await world.acting.call("flood", world.asking(), ["1001"], "all hands")
    world.now_s = 24.2 * HOUR
    said = await shown.of("1001")
    assert (said.running[0].principal, said.growing) == (3_960, None)


async def test_over_midnight_what_is_of_the_day_that_runs_is_told_since_each_day_has_its_own_interest(
    world: World,
) -> None:
    await seen(world, added(at(22 * HOUR)), until=24 * HOUR + 104.5)
    shown = OvertimeShown(world.ledger, Current(world.site, world.site), world.now)
    world.now_s = 24 * HOUR - 112
    await world.acting.open("flood", world.asking(), "centre", "I", None, "the lines are flooded")
    await world.acting.call("flood", world.asking(), ["1001"], "all hands")
    world.now_s = 24 * HOUR + 105
    said = await shown.of("1001")
    (running,) = said.running
    assert (running.principal, running.interest) == (112 + 104, 33 + 31), "30 % of 216 s were 64.8 s"
    assert said.growing == GrowingSaid(
        emergency="flood", since=at(24 * HOUR + 104.5), until=running.ends, day_ends=at(48 * HOUR), worked=104.5,
        principal=104, interest=31,
    )  # fmt: skip


async def test_an_agent_sees_it_grow_while_it_runs(world: World) -> None:
    """Up to where the switch was heard, and from there on a second a second, until another shift begins."""
    await seen(world, *SEEN[:3], until=17.5 * HOUR)
    await planned(world.engine, shift("late", "1001", f"{DAY}T20:00", 2))
    shown = OvertimeShown(world.ledger, Current(world.site, world.site), world.now)
    world.now_s = 17 * HOUR + 900
    assert await shown.of("1001") == OvertimeSaid(running=[], growing=None)
    await world.acting.open("flood", world.asking(), "centre", "I", None, "the lines are flooded")
    await world.acting.call("flood", world.asking(), ["1001", "1002"], "all hands")
    await world.closing.close_due()
    assert world.told == ["1001", "1002"], "their pages ask again"
    world.now_s = 17.5 * HOUR + 5
    (running,) = (await shown.of("1001")).running
    assert (running.level, running.principal, running.interest, running.measured) == ("I", 900, 270, True)
    growing = (await shown.of("1001")).growing
    assert growing == GrowingSaid(
        emergency="flood", since=at(17.5 * HOUR), until=at(20 * HOUR), day_ends=at(24 * HOUR), worked=900.0,
        principal=900, interest=270,
    )  # fmt: skip
    unmeasured = await shown.of("1002")
    assert (unmeasured.running[0].measured, unmeasured.growing) == (False, None)
    assert await shown.of("1003") == OvertimeSaid(running=[], growing=None), "was not called"
    (flood,) = await Reckoning(world.engine, world.site, world.now).running()
    entries = [await world.enter("1002-too", "1002", 600)]
    seen_in, (worked, entered) = await shown.so_far(flood, entries)
    assert seen_in == {"1001": round(at(17 * HOUR + 900) * SECOND), "1002": None}
    assert (worked.principal, worked.interest, worked.warnings, entered.principal) == (900, 270, [], 600), "at once"
    await record(world.engine, paused(at(17.6 * HOUR), "water"), heard(at(17.7 * HOUR)))
    world.now_s = 17.7 * HOUR
    said = await shown.of("1001")
    assert (said.running[0].principal, said.growing) == (900 + 360, None)
    flood = await world.acting.end("flood", world.asking(), "it is gone")
    world.now_s += 5
    assert await shown.of("1001") == OvertimeSaid(running=[], growing=None)
    found = await shown.so_far(flood, entries)
    assert (found.sign_ins, [one.principal for one in found.worked]) == (seen_in, [900 + 360, 600]), "until it is kept"
    await world.closing.close_due()
    assert world.told[2:] == ["1001", "1002"], "and again once it is over"
