"""The daemon closes days off once their day is settled, and tells the pages of those it concerns."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from ccd.bank.withdrawal import State
from ccd.bank.withdrawal_rows import Quota, set_quota
from ccd.bank.withdrawing import Said
from ccd.daemon.site import Current, Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.daemon.withdrawals import DaysOff, withdrawals_of
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.sql.turns import Patience, take_turn_at_once
from tests.commands.recorded_days import at, settled

DAY, NEXT = date(2099, 11, 24), date(2099, 11, 25)
APPLYING = Said("1001", date(2099, 11, 20), 1)


class World:
    """Agent 1001 has 465 s, and has applied for 100 s of a day that is settled, and of the next, which is not."""

    def __init__(self, ledger: Ledger, current: Current) -> None:
        self.told: list[str] = []
        self.days_off = DaysOff(ledger, current, lambda: int(at(200_000)) * SECOND, self.tell)
        self.bank = withdrawals_of(ledger, current.site)
        self.ledger = ledger

    async def tell(self, agents: Iterable[str]) -> None:
        self.told += agents


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_of(settled(tmp_path))


@pytest.fixture
async def world(site: Site) -> AsyncIterator[World]:
    async with database(site.settings) as engine:
        made = World(Ledger(engine, lambda: 1), Current(site, site))
        for day in (DAY, NEXT):
            quota = Quota("team-1", day, DAY, 1)
            await take_turn_at_once(engine, partial(set_quota, quota=quota, at=1, by="lead"), Patience())
            await made.bank.apply(f"off-{day}", "1001", day, 100, APPLYING)
            await made.bank.approve(f"off-{day}", APPLYING)
        yield made


async def test_a_settled_day_is_closed_once_and_one_that_is_not_waits(world: World) -> None:
    (closed,) = await world.days_off.close_due()
    assert (closed.id, closed.state) == (f"off-{DAY}", State.TAKEN)
    assert world.told == ["1001"]
    assert await world.days_off.close_due() == []
    assert world.told == ["1001"]
    states = {one.id: one.state for one in await world.bank.calendar(DAY, NEXT)}
    assert states == {f"off-{DAY}": State.TAKEN, f"off-{NEXT}": State.APPROVED}
    assert await world.ledger.balances("agent/1001") == {
        "savings": 365, "gift": 0, "interest": 0, "overtime": 0, "reserved": 100, "leave": 0,
    }  # fmt: skip
