"""Days that are over, lived through again: from a switch's events through the same floor, history and settlement."""

import asyncio
import secrets
from collections.abc import Iterable
from itertools import islice

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.floor.events import PbxEvent
from ccd.history.recorder import Recorder
from ccd.history.resume import take_over_floor
from ccd.sql.turns import Patience

EVENTS_AT_ONCE = 20_000


async def live_through(engine: AsyncEngine, site: Site, pbx: str, events: Iterable[PbxEvent]) -> None:
    """Record what the events amount to. Nobody else follows the PBX meanwhile, and no board shows it."""
    writer = secrets.token_hex(8)
    floors = Floors(site, lambda: (), lambda: 0)
    floors.resume(pbx, await take_over_floor(engine, pbx, writer, Patience()))
    recorder = Recorder(engine, writer)
    coming = iter(events)
    async with asyncio.TaskGroup() as children:
        recording = children.create_task(recorder.run())
        while some := list(islice(coming, EVENTS_AT_ONCE)):
            await recorder.put(floors.record(pbx, some))
        await recorder.drained()
        recording.cancel()
