"""Overtime in any order of its events, and after its month was closed (docs/time-bank.md 3.2 and 4)."""

from collections.abc import Callable, Iterable
from pathlib import Path

from ccd.bank.accounts import BALANCE_KINDS, House, agent_owner
from ccd.bank.statement import agent_statement
from ccd.daemon.site import Site
from ccd.history.unit_days import note_stale_of
from ccd.ledger.model import Account, Close, Leg, Posting
from ccd.ledger.verify import verify
from tests.bank.teams import planned, shift
from tests.daemon.services import test_overtime as overtime
from tests.daemon.services.overtime_steps import after_the_flood, happens, lets_look_back
from tests.daemon.services.test_overtime import DAY, HOUR, WORKED_S, World, day_over, seen

site, world = overtime.site, overtime.world

ORDERS = [("fire", "plan", "spend", "enter"), ("plan", "spend", "enter", "fire"), ("spend", "fire", "enter", "plan"),
          ("enter", "spend", "plan", "fire"), ("spend", "plan", "fire", "enter")]  # fmt: skip


async def test_whatever_comes_first_the_same_net_is_left(
    site: Site, new_database: Callable[[], str], tmp_path: Path
) -> None:
    """Also of what is spent meanwhile."""
    config = lets_look_back(tmp_path / "ccd.toml")
    nets = set()
    for order in ORDERS:
        async with after_the_flood(config, new_database()) as world:
            await _goes_on(world, order)
            found = await world.ledger.balances(agent_owner("1001"))
            nets.add(sum(found[kind] for kind in (*BALANCE_KINDS, "reserved")) - found["leave"])
            assert (await verify(world.engine, lambda done, of: None)).findings == []
    saved_s = 10 * HOUR * 37 // 1_000 - 600
    assert nets == {1_800 + 1_080 + saved_s}, "only the fire lasted beyond the shift, to which nothing can be entered"


async def _goes_on(world: World, order: Iterable[str]) -> None:
    owner, house = agent_owner("1001"), House.of(world.site.settings.site)
    await world.closing.close_due()
    await day_over(world)
    await world.closer.close("team-1", DAY)
    given = Leg(house.gift, Account(owner, "gift"), 4_000, "gift")
    await world.ledger.post(Posting("given", 1, world.site.settings.site, DAY, (given,), "test"))
    for step in order:
        world.now_s += 60
        await happens(world, step)
        if step == "plan":
            await world.closer.close("team-1", DAY)
        if step == "spend":
            spent = Leg(Account(owner, "gift"), house.withdrawn, 4_000, "spent")
            await world.ledger.post(Posting("spent", 1, world.site.settings.site, DAY, (spent,), "test"))
        await world.closing.close_due()


async def test_after_the_close_of_its_month_what_there_is_is_taken_back_and_the_rest_written_off(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.closing.close_due()
    await day_over(world)
    await world.closer.close("team-1", DAY)
    await world.closing.close_due()
    owner, house, site = agent_owner("1001"), House.of(world.site.settings.site), world.site.settings.site
    spent = Leg(Account(owner, "overtime"), house.withdrawn, WORKED_S, "spent")
    await world.ledger.post(Posting("spent", 1, site, DAY, (spent,), "test"))
    await world.ledger.post(Posting("close", 1, site, DAY, (), "test", terms=(Close(),)))
    await planned(world.engine, shift("more", "1001", f"{DAY}T16:00", 3))
    async with world.engine.begin() as connection:
        await note_stale_of(connection, [("team-1", DAY)])
    world.now_s = 8 * 86_400  # in December
    await world.closer.close("team-1", DAY)
    await world.closing.close_due()
    found = await world.ledger.balances(owner)
    assert (found["overtime"], found["interest"], found["leave"]) == (0, 0, 0)
    (line, *_) = [one for one in (await agent_statement(world.ledger, "1001")).lines if "paid" in one.facts]
    assert line.facts["paid"] == []
    assert -line.amount_s + line.facts["written_off"] == WORKED_S * 13 // 10
    assert (await verify(world.engine, lambda done, of: None)).findings == []
