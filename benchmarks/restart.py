"""How long a restart late in the day takes to have its counters again, against a bare read of the same rows.

    python -m benchmarks.restart [--agents N] [--segments N] [--rounds N]

One JSON object. `ratio` is the median over the rounds of refilling (ccd.history.refill) to reading the rows and doing
nothing with them, both in seconds of this process' CPU, each round one after the other; SQLite on this machine's disk.
A day is what a queue agent's is: calls, wrap-up, and a pause in twenty segments.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.agents import AgentRules
from ccd.floor.crew import Crew
from ccd.floor.days import BusinessDays
from ccd.floor.owners import Owner
from ccd.floor.rules import ReasonRule, Reasons, SeatRules
from ccd.floor.seats import Pause, State, View
from ccd.floor.segments import Segment
from ccd.history.reading import reading, rows_since
from ccd.history.refill import refill
from ccd.history.schema import segments, sources
from ccd.history.segment_rows import COLUMNS, Row, segment_row
from ccd.history.whose import Measuring
from ccd.sql.engine import WRITES, open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.rows import insert_rows

HOUR = 3_600_000_000  # µs
DAYS = BusinessDays("UTC")
DAY = DAYS.of_date(date(2026, 11, 23))
WORKED = 20 * HOUR
ROWS_AT_ONCE = 20_000
CALL = (State.AVAILABLE, State.RINGING, State.ON_CALL, State.WRAP_UP)
A_PAUSE_IN = 20


def view(agent: int, number: int) -> View:
    if number % A_PAUSE_IN == A_PAUSE_IN - 1:
        return View(f"Agent {agent}", State.PAUSED, True, Pause.ALL, "toilet", DAY.start)
    return View(f"Agent {agent}", CALL[number % len(CALL)], True, Pause.NONE, "", 0)


def day_of(agents: int, each: int) -> Iterator[Row]:
    span = WORKED // each
    for number in range(each):
        for agent in range(agents):
            at = DAY.start + number * span + agent
            ringing, talks = int(number % len(CALL) == 1), int(number % len(CALL) == 2)
            yield segment_row(
                "pbx",
                Segment(
                    f"PJSIP/{agent}", number * agents + agent + 1, at, at + span, view(agent, number), True,
                    ringing, talks, 0, 0, 0,
                ),
            )  # fmt: skip


async def fill(engine: AsyncEngine, agents: int, each: int) -> None:
    heard = DAY.start + WORKED + HOUR
    standing = {"pbx": "pbx", "writer": "", "written": 1, "number": agents * each, "ref": 0}
    waiting: list[Row] = []
    async with engine.execution_options(**{WRITES: True}).connect() as connection, connection.begin():
        for row in day_of(agents, each):
            waiting.append(row)
            if len(waiting) == ROWS_AT_ONCE:
                await connection.run_sync(insert_rows, segments, COLUMNS, waiting)
                waiting = []
        await connection.run_sync(insert_rows, segments, COLUMNS, waiting)
        await connection.execute(insert(sources).values(**standing, heard_at=heard, confirmed_at=heard))


def measuring(agents: int) -> Measuring:
    owners = {f"PJSIP/{agent}": Owner(str(agent), "team", False) for agent in range(agents)}
    rules = AgentRules(Reasons({"meal": ReasonRule(max_day_us=HOUR)}), SeatRules(), DAYS)
    return Measuring(lambda pbx, seat, name, at: owners.get(seat), (), lambda unit: rules)


async def compared(engine: AsyncEngine, site: Measuring) -> tuple[float, float]:
    """Seconds of a bare read, and of a refill."""
    async with reading(engine) as connection:
        began = time.process_time()
        rows = [len(some) async for some in rows_since(connection, DAY.start)]
        bare_s = time.process_time() - began
        assert sum(rows) > 0
        crew = Crew(site.owner_of, site.rules_of)
        began = time.process_time()
        await refill(connection, crew, site, ["team"])
        return bare_s, time.process_time() - began


async def measure(agents: int, each: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ccd-bench-") as folder:
        engine = open_engine(f"sqlite+aiosqlite:///{Path(folder) / 'restart.sqlite'}")
        await upgrade(engine)
        await fill(engine, agents, each)
        took = [await compared(engine, measuring(agents)) for _ in range(rounds)]
        await engine.dispose()
    said = {
        "benchmark": "restart",
        "agents": agents,
        "segments": agents * each,
        "bare_s": round(statistics.median(bare for bare, _ in took), 2),
        "refill_s": round(statistics.median(whole for _, whole in took), 2),
        "ratio": round(statistics.median(whole / bare for bare, whole in took), 2),
    }
    print(json.dumps(said))


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.restart", description="A restart late in the day.")
    arguments.add_argument("--agents", type=int, default=5_000)
    arguments.add_argument("--segments", type=int, default=200, help="of each agent's day")
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    asyncio.run(measure(chosen.agents, chosen.segments, chosen.rounds))


if __name__ == "__main__":
    main()
