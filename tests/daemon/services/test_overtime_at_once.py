"""Two processes enter time in the same emergencies and close them at once: what is posted in the end follows from all
that was said, whoever looked first (docs/time-bank.md 3.2)."""

import asyncio
import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from ccd.bank.accounts import agent_owner
from ccd.bank.overtime import Emergency
from ccd.bank.overtime_acts import Emergencies
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.daemon.services.overtime import Overtime, OvertimeClosing, emergencies_of
from ccd.daemon.services.overtime_reckoning import Reckoned, Reckoning
from ccd.daemon.site import Current, Site
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.verify import verify
from ccd.org.csv_faults import Written
from ccd.settings import Settings
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from tests.bank.askers import asking
from tests.forked import FORKED

OPENED = 1_796_025_600 * SECOND  # noon
CLOSED = OPENED + 5 * 3_600 * SECOND
DAY = date(2026, 11, 30)
AGENTS = ("1001", "1002")
ACTS, PATIENCE_S = 25, 100


class Desk:
    """Of one process."""

    def __init__(self, url: str, name: str) -> None:
        self.name, self.engine = name, open_engine(url)
        roster = "agent,interface,member_name,unit\n" + "".join(f"{one},PJSIP/{one},,team-1\n" for one in AGENTS)
        self.site = Site(Settings.model_validate({"units": {"team-1": {}}}), Written(Path("roster.csv"), roster))
        self.ledger = Ledger(self.engine, lambda: CLOSED, Patience(60, 0.001, 0.05))

    @property
    def emergencies(self) -> Emergencies:
        return emergencies_of(self.ledger, self.site)

    async def close(self) -> None:
        current = Current(self.site, self.site)
        await OvertimeClosing(self.ledger, current, lambda: CLOSED, tell).close_due()

    async def act_at_random(self) -> None:
        chance = random.Random(self.name)
        for number in range(ACTS):
            by = asking(self.name, at=CLOSED)._replace(act=f"{self.name}-{number}")
            seconds, agent, emergency = (
                chance.randint(0, 3_600),
                chance.choice(AGENTS),
                chance.choice(("fire", "flood")),
            )
            entry = OvertimeEntry(f"{self.name}-{number}", emergency, agent, DAY, seconds, False, 0, "", "was there")
            await self.emergencies.enter(entry, by)
            await self.close()
        await self.engine.dispose()

    async def begin(self) -> None:
        for name, level in (("fire", "I"), ("flood", "III")):
            await self.emergencies.open(name, asking("lead", at=OPENED), "team-1", level, OPENED, "all lines are up")

    async def enters(self, seconds: int, emergency: str) -> None:
        entry = OvertimeEntry(f"{seconds} of {emergency}", emergency, "1001", DAY, seconds, False, 0, "", "was there")
        await self.emergencies.enter(entry, asking("lead", at=CLOSED))


def tell(agents: Iterable[str]) -> None:
    """There are no pages here."""


def act_at_random(url: str, name: str) -> None:
    """In a process of its own."""
    asyncio.run(Desk(url, name).act_at_random())


async def test_who_has_reckoned_before_more_was_said_reckons_anew_once_another_has_posted_that(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One looks at the fire alone; of its day more is said in the flood, which pays more, and another closes that."""
    one = Desk(database_url, "lead")
    await one.begin()
    await one.enters(600, "fire")
    overtime = Overtime(one.ledger, one.site, lambda: CLOSED)
    fire = next(emergency for emergency in await overtime.due() if emergency.id == "fire")
    looks = [await Reckoning(one.engine, one.site, lambda: CLOSED).of(fire)]
    await one.enters(900, "flood")
    await one.close()

    async def reckon(self: Reckoning, emergency: Emergency, running: bool = False) -> Reckoned:
        return looks.pop() if looks else await really(self, emergency, running)

    really = Reckoning.of
    monkeypatch.setattr(Reckoning, "of", reckon)
    assert await overtime.close(fire) == []
    assert looks == []
    assert await overtime.disagreeing(DAY, DAY) == []
    held = await one.ledger.balances(agent_owner("1001"))
    assert (held["overtime"], held["interest"]) == (900, 540), "over the same hours the flood is of a higher level"
    await one.engine.dispose()


async def test_whoever_closes_at_once_what_is_posted_in_the_end_follows_from_all_that_was_said(
    database_url: str,
) -> None:
    one = Desk(database_url, "lead")
    await one.begin()
    processes = [FORKED.Process(target=act_at_random, args=(database_url, name)) for name in ("ann", "bob")]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, PATIENCE_S)
        assert process.exitcode == 0
    await one.close()
    overtime = Overtime(one.ledger, one.site, lambda: CLOSED)
    assert await overtime.due() == []
    assert await overtime.disagreeing(DAY, DAY) == []
    assert (await verify(one.engine, lambda done, of: None)).findings == []
    await one.engine.dispose()
