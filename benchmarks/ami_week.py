"""Days of a centre from what its switch says: AMI bytes through blocks, observation, floor and recorder into a database
of their own, as the daemon takes them but for the socket."""

import asyncio
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.daemon.switches.following import leave_to_itself
from ccd.floor.events import Heard
from ccd.history.recorder import Recorder
from ccd.history.resume import take_over_floor
from ccd.pbx.blocks import Blocks
from ccd.pbx.observation import Observation
from ccd.pbx.simulator.ami_text import blocks
from ccd.pbx.simulator.days import speech_of_day
from ccd.pbx.simulator.life import midnight_of
from ccd.pbx.simulator.staff import Colleague
from ccd.pbx.translate import Scope, Translator
from ccd.sql.migrate import upgrade
from ccd.sql.turns import Patience

AMI = "ami"  # the PBX of that week
EVENTS_AT_ONCE = 2_000
ROWS_WAITING_MAX = 40_000  # two transactions': the simulated switch is faster than the database, and can wait
NOBODY = b"Event: QueueParams\r\nQueue: support\r\n\r\nEvent: QueueStatusComplete\r\n\r\n"


async def hear(
    engine: AsyncEngine, site: Site, people: tuple[Colleague, ...], first: date, days: int, zone: ZoneInfo, seed: int
) -> int:
    """How many events it were. The database is new, and the days are heard to their very end."""
    await upgrade(engine)
    writer = secrets.token_hex(8)
    floors = Floors(site, lambda: (), lambda: 0)
    floors.resume(AMI, await take_over_floor(engine, AMI, writer, Patience()))
    recorder = Recorder(engine, writer, ROWS_WAITING_MAX)
    socket, observation = Blocks(), Observation(Translator(Scope()))
    observation.begin()
    observation.ask()
    observation.hear(socket.feed(NOBODY))
    events = 0
    async with asyncio.TaskGroup() as children:
        recording = children.create_task(recorder.run())
        await recorder.put(floors.take(AMI, observation.place(midnight_of(first, zone))))
        leave_to_itself()
        for day in (first + timedelta(days=number) for number in range(days)):
            for said in _chunks(people, day, zone, seed):
                heard = observation.hear(socket.feed(said))
                events += len(heard)
                await recorder.put(floors.take(AMI, heard))
                floors.changes()  # as the live store's writer fetches them: what nobody does is kept for the whole week
            end = midnight_of(day + timedelta(days=1), zone)
            await recorder.put(floors.take(AMI, [Heard(end)]))
        await recorder.drained()
        recording.cancel()
    return events


def _chunks(people: tuple[Colleague, ...], day: date, zone: ZoneInfo, seed: int) -> Iterator[bytes]:
    said = speech_of_day(people, day, zone, seed)
    while some := list(islice(said, EVENTS_AT_ONCE)):
        yield blocks(some)
