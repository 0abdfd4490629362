"""What comes after a day was measured is found, once, and whoever looks at the same time does not miss it."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.days import BusinessDays
from ccd.history.reading import reading, stored_sources
from ccd.history.unit_days import note_measured, note_settled, sweep, unfinished_days
from ccd.sql.turns import take_turn
from tests.floor.floors import S, added, heard, member, paused, snapshot, unpaused
from tests.history.closing import ANN, DAY_S, FIRST, SECOND
from tests.history.observing import IMPATIENT, record

DAYS = BusinessDays("UTC")


async def measured(
    engine: AsyncEngine, day: date = FIRST, numbers: Mapping[str, int] | None = None, at: int = 1
) -> None:
    """As if the team's day had been measured from segments up to `numbers` (all there are), and settled."""
    async with reading(engine) as connection:
        sources = await stored_sources(connection)
    known = {pbx: source.number for pbx, source in sources.items()} if numbers is None else numbers

    async def note(connection) -> None:
        await note_measured(connection, "team", DAYS.of_date(day), known, {}, at, changed=True)
        await note_settled(connection, ["team"], day, at, at)

    await take_turn(engine, note, IMPATIENT)


async def swept(engine: AsyncEngine) -> list[tuple[date, bool]]:
    """The days that are to be looked at again after a sweep, and whether because of what it found."""
    await take_turn(engine, sweep, IMPATIENT)
    async with reading(engine) as connection:
        return [(each.day, each.stale) for each in await unfinished_days(connection)]


async def test_a_day_that_nothing_came_after_stays_settled(engine: AsyncEngine) -> None:
    await record(engine, added(5), paused(9), heard(DAY_S))
    await measured(engine)
    assert await swept(engine) == []
    await record(engine, unpaused(DAY_S + 5), paused(DAY_S + 9), heard(2 * DAY_S))
    assert await swept(engine) == []


async def test_a_segment_that_begins_before_its_end_brings_it_up_whether_open_or_closed_by_now(
    engine: AsyncEngine,
) -> None:
    await record(engine, added(5), snapshot(50, member()), heard(DAY_S))
    await measured(engine)
    await record(engine, snapshot(DAY_S + 80))  # nobody is there any more: unobserved since second 50, which is closed
    assert await swept(engine) == [(FIRST, True)]


async def test_it_brings_up_every_later_day_as_well(engine: AsyncEngine) -> None:
    await record(engine, added(5), snapshot(50, member()), heard(2 * DAY_S))
    await measured(engine, FIRST)
    await measured(engine, SECOND)
    await record(engine, snapshot(2 * DAY_S + 80))
    assert await swept(engine) == [(FIRST, True), (SECOND, True)]


async def test_what_a_measurement_has_taken_in_does_not_bring_its_day_up(engine: AsyncEngine) -> None:
    await record(engine, added(5), heard(DAY_S))
    assert await swept(engine) == []
    await record(engine, paused(DAY_S - 10, seat=ANN), unpaused(DAY_S - 5, seat=ANN))
    await measured(engine)
    assert await swept(engine) == []


async def test_a_measurement_that_was_overtaken_by_a_sweep_is_done_again(engine: AsyncEngine) -> None:
    """It read before the segment came, and is written down after the sweep had passed that segment."""
    await record(engine, added(5), heard(DAY_S))
    await record(engine, paused(DAY_S - 10))
    assert await swept(engine) == []
    await measured(engine, numbers={"pbx": 1})
    assert await swept(engine) == [(FIRST, True)]


async def test_settling_an_older_measurement_does_not_settle_a_newer_one(engine: AsyncEngine) -> None:
    await record(engine, added(5), heard(DAY_S))
    await measured(engine, at=1)

    async def crossed(connection) -> None:
        await note_measured(connection, "team", DAYS.of_date(FIRST), {"pbx": 9}, {}, 2, changed=True)
        await note_settled(connection, ["team"], FIRST, 1, 3)

    await take_turn(engine, crossed, IMPATIENT)
    async with reading(engine) as connection:
        (day,) = await unfinished_days(connection)
    assert (day.settled_at, day.measured_at, day.end_at) == (None, 2, DAY_S * S)
