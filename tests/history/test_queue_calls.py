"""What becomes of callers is stored once with what else was heard, and summed for reports (docs/time-bank.md 5)."""

from collections import Counter, defaultdict
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.events import Waiting
from ccd.history.reading import reading
from ccd.history.schema import queue_calls
from ccd.history.sums import WaitLimits, sums_of_answers, sums_of_queues
from ccd.sql.turns import Patience, take_turn
from tests.floor.floors import SEAT, S, added, connected, joined, left, lost, snapshot
from tests.history.observing import observe, record, recording

WAITS = WaitLimits(30 * S, 5 * S)
COLUMNS = ("pbx", "queue", "call", "joined_at", "ended_at", "became", "seat", "name")
A_MORNING = (
    added(0), joined(10, "c1"), left(12, "c1"), connected(12, "c1"),  # in time
    joined(20, "c2"), left(50, "c2"), connected(50, "c2"),  # just in time
    joined(60, "c3"), left(91, "c3"), connected(91, "c3"),  # too late
    joined(100, "c4"), left(105, "c4", abandoned=True),  # not offered
    joined(110, "c5"), left(116, "c5", abandoned=True),  # offered
)  # fmt: skip


async def stored(engine: AsyncEngine) -> list[dict[str, Any]]:
    async with reading(engine) as connection:
        rows = await connection.execute(select(*(queue_calls.c[name] for name in COLUMNS)).order_by(queue_calls.c.id))
        return [dict(row._mapping) for row in rows]


async def summed(engine: AsyncEngine, start: float = 0, end: float = 1_000) -> list[dict[str, Any]]:
    async with reading(engine) as connection:
        return await sums_of_queues(connection, int(start * S), int(end * S), WAITS)


async def test_a_morning_whose_figures_are_known(engine: AsyncEngine) -> None:
    await record(engine, *A_MORNING)
    figures = {"calls_answered": 3, "calls_in_time": 2, "calls_given_up": 2, "calls_short": 1, "calls_unknown": 0}
    assert await summed(engine) == [{"queue": "support", **figures, "waited": 63 * S}]
    async with reading(engine) as connection:
        (own,) = await sums_of_answers(connection, 0, 1_000 * S, WAITS)
    assert own == {"pbx": "pbx", "seat": SEAT, "name": "Ann", "own_answered": 3, "own_in_time": 2}
    assert await summed(engine, end=12) == []
    assert [row["calls_answered"] for row in await summed(engine, start=12, end=50)] == [1]


async def test_a_restart_amid_a_wait_leaves_a_caller_whose_wait_nobody_knows_in_neither_sum(
    engine: AsyncEngine,
) -> None:
    """One who waits for two minutes and is answered at last makes the service level neither worse nor better; nor does
    one who is gone before anybody looks, and who is counted all the same."""
    await record(engine, *A_MORNING, joined(120, "c6"), joined(121, "c7"))
    again = [
        lost(121), snapshot(180, waiting=(Waiting("c6", "support", 120 * S),)), left(240, "c6"), connected(240, "c6"),
        joined(250, "c8"), left(251, "c8"), connected(251, "c8"),
    ]  # fmt: skip
    async with recording(engine, "after") as recorder:
        await (await observe(engine, recorder, writer="after")).tell(again)
    (queue,) = await summed(engine)
    assert (queue["calls_answered"], queue["calls_in_time"], queue["calls_unknown"]) == (4, 3, 2)
    assert queue["waited"] == 64 * S
    assert [(row["call"], row["joined_at"], row["became"]) for row in await stored(engine)][-3:] == [
        ("c7", 121 * S, "lost"), ("c6", None, "answered"), ("c8", 250 * S, "answered"),
    ]  # fmt: skip


async def test_batches_of_any_size_store_each_caller_once(engine: AsyncEngine) -> None:
    wanted = None
    for at_once in (1, 3, 100):
        pbx = f"pbx{at_once}"
        async with recording(engine) as recorder:
            await (await observe(engine, recorder, pbx)).tell(A_MORNING, at_once=at_once)
        found = [{**row, "pbx": ""} for row in await stored(engine) if row["pbx"] == pbx]
        wanted = wanted or found
        assert found == wanted
        assert len(found) == 5


async def test_what_became_of_a_caller_stays_as_it_was_said(engine: AsyncEngine) -> None:
    await record(engine, *A_MORNING)
    before = await stored(engine)
    attempts = ["UPDATE queue_calls SET ended_at = ended_at + 1", "DELETE FROM queue_calls"]
    again = "INTO queue_calls SELECT * FROM queue_calls WHERE id = 1"
    attempts += ["TRUNCATE queue_calls"] if engine.dialect.name == "postgresql" else [f"INSERT OR REPLACE {again}"]
    for attempt in attempts:
        with pytest.raises(DBAPIError):
            async with engine.begin() as connection:
                await connection.execute(text(attempt))
    assert await stored(engine) == before


@pytest.mark.parametrize(
    "wrong", [{"became": "forgotten"}, {"joined_at": 10}, {"became": "abandoned"}, {"seat": ""}], ids=str
)
async def test_a_caller_that_can_t_be_is_refused(engine: AsyncEngine, wrong: dict[str, object]) -> None:
    row = dict(zip(COLUMNS, ("pbx", "support", "c1", 1, 9, "answered", SEAT, ""), strict=True))
    async with engine.begin() as connection:
        await connection.execute(queue_calls.insert(), [row])
    with pytest.raises(DBAPIError):
        async with engine.begin() as connection:
            await connection.execute(queue_calls.insert(), [row | wrong])


async def test_sums_are_what_a_naive_count_makes_of_the_rows(engine: AsyncEngine) -> None:
    chance = Random(5)
    rows = [any_row(chance) for _ in range(400)]
    await take_turn(engine, lambda connection: connection.execute(queue_calls.insert(), rows), Patience())
    for start, end in ((0, 1_000), (100, 300), (300, 300), (2_000, 3_000)):
        async with reading(engine) as connection:
            queues = await sums_of_queues(connection, start * S, end * S, WAITS)
            answers = await sums_of_answers(connection, start * S, end * S, WAITS)
        own = [row for row in rows if start * S <= row["ended_at"] < end * S]
        assert queues == naive(own)
        known = [row for row in own if row["became"] == "answered" and row["joined_at"] is not None]
        seats = Counter((row["pbx"], row["seat"], row["name"]) for row in known)
        assert {(row["pbx"], row["seat"], row["name"]): row["own_answered"] for row in answers} == seats
        assert sum(row["own_in_time"] for row in answers) == sum(row["calls_in_time"] for row in queues)


def any_row(chance: Random) -> dict[str, Any]:
    became = chance.choice(("answered", "answered", "abandoned", "left", "lost"))
    ended = chance.randint(0, 1_000) * S
    seat = chance.choice(("PJSIP/1", "PJSIP/2")) if became == "answered" else ""
    return {
        "pbx": chance.choice(("a", "b")), "queue": chance.choice(("support", "sales")), "call": str(chance.random()),
        "joined_at": chance.choice((None, *(ended - chance.randint(0, 70) * S for _ in range(5)))), "ended_at": ended,
        "became": became, "seat": seat, "name": chance.choice(("Ann", "Ben")) if seat else "",
    }  # fmt: skip


def naive(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(
            ("calls_answered", "calls_in_time", "calls_given_up", "calls_short", "calls_unknown", "waited"), 0
        )
    )
    for row in rows:
        sums = found[row["queue"]]
        if row["joined_at"] is None or row["became"] == "lost":
            sums["calls_unknown"] += 1
            continue
        wait = row["ended_at"] - row["joined_at"]
        if row["became"] == "answered":
            sums["calls_answered"] += 1
            sums["calls_in_time"] += wait <= WAITS.in_time_us
            sums["waited"] += wait
        else:
            sums["calls_given_up"] += 1
            sums["calls_short"] += wait <= WAITS.short_us
    return [{"queue": queue, **found[queue]} for queue in sorted(found)]
