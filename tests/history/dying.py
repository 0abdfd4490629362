"""A process that records and closes, and is killed in front of a statement.

It goes on where the store says that the last one stood: the reference of the newest event is kept with the watermark.
"""

import asyncio
import os
import signal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.events import PbxEvent
from ccd.floor.floor import Floor
from ccd.history.batch import batch_of
from ccd.history.resume import take_over_floor
from ccd.history.schema import sources
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from tests.databases import before_each_commit, before_each_statement
from tests.floor.floors import RULES, added, connected, ended, heard, joined, left, offered, paused, removed, unpaused
from tests.history.closing import ANN, BEN, DAY_S, Bank
from tests.history.observing import recording

DAYS = 2
EVENTS_AT_ONCE = 4
NEVER = 0


def story() -> list[PbxEvent]:
    """Each caller comes and waits no more within one batch: who waits is not stored."""
    events: list[PbxEvent] = []
    for day in range(DAYS):
        at = day * DAY_S
        events += [added(at + 1_000, seat=ANN), added(at + 1_000, seat=BEN), paused(at + 5_000, "toilet", seat=ANN)]
        events += [unpaused(at + 5_600 + 100 * day, seat=ANN), joined(at + 5_990), offered(at + 6_000, seat=BEN)]
        events += [connected(at + 6_008, seat=BEN), ended(at + 6_300, seat=BEN)]
        events += [joined(at + 7_000, "c2"), left(at + 7_004, "c2", abandoned=True)]
        events += [paused(at + 9_000, "water", seat=BEN)]
        events += [heard(at + 10_000), unpaused(at + 12_000, seat=BEN), removed(at + 29_800, seat=ANN)]
        events += [removed(at + 29_900, seat=BEN), heard(at + DAY_S)]
    return events


async def live(url: str, dies_at: int) -> None:
    """Tells the rest of the story and closes what can be closed; is killed in front of statement `dies_at`."""
    engine = open_engine(url)
    if dies_at != NEVER:
        die_at(engine, dies_at)
    bank = Bank(engine)
    writer = str(os.getpid())
    floor = Floor(RULES, await take_over_floor(engine, "pbx", writer, Patience()))
    async with engine.connect() as connection:
        done = await connection.scalar(select(sources.c.ref))
    events = story()
    async with recording(engine, writer) as recorder:
        for first in range(done or 0, len(events), EVENTS_AT_ONCE):
            some = events[first : first + EVENTS_AT_ONCE]
            transitions = [transition for each in some for transition in floor.apply(each)]
            calls, floor.callers.gone = floor.callers.gone, []
            ref = first + len(some)
            await recorder.put(
                batch_of("pbx", transitions, floor.state.seats, floor.state, ref, calls, floor.callers.waits())
            )
            await recorder.drained()
            bank.now_s = some[-1].at / 1_000_000
            await bank.closer.close_due()
        await bank.closer.close_due()
    await engine.dispose()


def die_at(engine: AsyncEngine, statement: int) -> None:
    left = statement

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    before_each_statement(engine, count)
    before_each_commit(engine, count)


def life(url: str, dies_at: int) -> None:
    """In a process of its own."""
    asyncio.run(live(url, dies_at))
