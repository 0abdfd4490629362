"""A month is reckoned anew, and the ledger says the same of its overtime, or it is said where it does not."""

import json

from ccd.bank.accounts import House, agent_owner
from ccd.daemon.explained.resettling import Resettling
from ccd.ledger.model import Account, Leg, Posting
from tests.daemon.services import test_overtime as overtime
from tests.daemon.services.test_overtime import DAY, WORKED_S, World, day_over, seen

site, world = overtime.site, overtime.world


async def differing(world: World) -> list[tuple[str, str]]:
    found = await Resettling(world.engine, world.site, world.now).month("2099-11")
    return [(one.whose, one.found) for one in found.differs]


async def test_overtime_is_reckoned_anew_and_what_was_forged_is_named(world: World) -> None:
    await seen(world)
    await world.emergency()
    await day_over(world)
    for unit in ("team-1", "team-2"):
        await world.closer.close(unit, DAY)
    assert await differing(world) == [], "what is due anyhow is no difference"
    await world.closing.close_due()
    before = await world.deposits("1001")
    assert await differing(world) == []
    assert await world.deposits("1001") == before, "nothing is posted by looking"
    site, owner = world.site.settings.site, agent_owner("1001")
    facts = json.dumps({"paid": [{"emergency": "never"}]})
    forged = Leg(House.of(site).overtime, Account(owner, "overtime"), 60, "overtime")
    await world.ledger.post(Posting("overtime/1001/2099-11-24", 2, site, DAY, (forged,), "somebody", facts=facts))
    assert await differing(world) == [
        ("overtime/1001/2099-11-24", "pays for never, and there is no such emergency"),
        ("1001", f"comes to {WORKED_S * 13 // 10} s of overtime, and the ledger holds another sum"),
    ]
