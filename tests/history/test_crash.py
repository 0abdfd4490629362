"""Killed at any step, again and again, and in the end it is as if nothing had been."""

import random
import signal
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.floor_state import FloorState
from ccd.floor.segments import Segment
from ccd.sql.engine import open_engine
from tests.forked import FORKED
from tests.history.closing import Bank, everything
from tests.history.dying import DAYS, NEVER, life, live
from tests.history.observing import floor_in_store, stored_segments

LIVES_MAX = 30


def one_life(url: str, dies_at: int) -> int:
    """The exit code of a process that is killed at a statement."""
    process = FORKED.Process(target=life, args=(url, dies_at))
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


@dataclass
class Left:
    """All that a life leaves, but for when it was."""

    segments: list[tuple[str, Segment]]
    floor: FloorState
    records: list[tuple[object, ...]]
    nets: list[int]
    calls: list[tuple[object, ...]]


async def left_in(engine: AsyncEngine) -> Left:
    bank = Bank(engine)
    nets = [await bank.net_s(agent) for agent in ("ann", "ben")]
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT call, joined_at, ended_at, became, seat FROM queue_calls ORDER BY id")
        )
        calls = [tuple(row) for row in rows]
    return Left(await stored_segments(engine), await floor_in_store(engine), await everything(engine), nets, calls)


async def test_a_process_that_is_killed_at_any_step_leaves_nothing_undone_and_nothing_done_twice(
    new_database: Callable[[], str],
) -> None:
    chance = random.Random(7)
    untouched, killed = new_database(), new_database()
    await live(untouched, NEVER)
    deaths = 0
    while deaths < LIVES_MAX:
        code = one_life(killed, chance.randint(15, 60))
        if code == 0:
            break
        assert code == -signal.SIGKILL, code
        deaths += 1
    else:
        assert one_life(killed, NEVER) == 0
    assert deaths > 5
    engines = [open_engine(url) for url in (untouched, killed)]
    wanted, found = [await left_in(engine) for engine in engines]
    assert found == wanted
    assert len(found.records) == 2 * DAYS
    assert len(found.calls) == 2 * DAYS
    for engine in engines:
        await engine.dispose()
