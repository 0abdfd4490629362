"""ccd's own capture follows the simulated switch as it follows a real one, and hears all of the day."""

import asyncio
from datetime import date
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.floor.events import Heard, PbxEvent, Snapshot
from ccd.pbx.ami import ManagerAccount
from ccd.pbx.capture import Pbx
from ccd.pbx.simulator import session
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.days import events_of_day
from ccd.pbx.simulator.life import Life, midnight_of
from ccd.pbx.simulator.server import SimulatedPbx
from ccd.pbx.simulator.staff import staff
from tests.pbx.configured import configured

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
NOON = midnight_of(DAY, ZONE) + 12 * 3600 * SECOND
PEOPLE = staff(60, 1)


class Said:
    """What the capture found worth a word."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def info(self, event: str, **facts: object) -> None:
        pass

    def warning(self, event: str, **facts: object) -> None:
        self.warnings.append(event)

    error = warning


async def first_events(pbx: Pbx, count: int) -> list[PbxEvent]:
    """At least `count` of them, up to the first time after them at which everything has been said."""
    heard: list[PbxEvent] = []
    async with asyncio.timeout(60):
        async for batch in pbx.batches():
            heard += batch
            if len(heard) >= count and any(isinstance(event, Heard) for event in batch):
                return heard
    raise AssertionError("the capture ended")


async def test_the_capture_hears_what_the_day_says_after_its_snapshot():
    said = Said()
    switch = SimulatedPbx(Life(PEOPLE, DAY, ZONE, 1), VirtualClock(NOON, 240), session.ManagerUser("ccd", "s3cret"))
    async with switch.listening("127.0.0.1", 0) as (host, port), asyncio.TaskGroup() as group:
        pbx = Pbx(configured(ManagerAccount("main", host, port, "ccd", "s3cret"), ping_interval_s=0.5), said)
        tasks = [group.create_task(switch.run()), group.create_task(pbx.run())]
        heard = await first_events(pbx, 400)
        for task in tasks:
            task.cancel()
    assert said.warnings == []
    snapshot = next(event for event in heard if isinstance(event, Snapshot))
    assert 15 <= len({member.seat for member in snapshot.members}) <= 60
    told = [event for event in heard if not isinstance(event, Heard | Snapshot) and event.at > snapshot.at]
    day = [event for event in events_of_day(PEOPLE, DAY, ZONE, 1) if snapshot.at < event.at <= told[-1].at]
    assert len(told) > 200
    assert told == day
