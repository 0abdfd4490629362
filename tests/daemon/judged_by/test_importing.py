"""A plan that is told otherwise afterwards: the days that it reaches into are measured anew, and no others."""

import asyncio
import shutil
from datetime import date
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.judged_by.importing import Importing, take_over_told
from ccd.history.schema import unit_days
from ccd.org.acts import Act, noted
from ccd.org.schema import shifts
from ccd.org.told import Told
from ccd.org.told_rows import Teller
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn
from tests.org.planned import DAYS, told, us

HOUR = 3_600_000_000
NIGHT = told("c", "1002", "2026-11-23T22:00", "2026-11-24T06:00")
DAY = told("a", "1001", "2026-11-23T08:00", "2026-11-23T16:00")
LATER = told("d", "1001", "2026-11-26T08:00", "2026-11-26T16:00")


async def measured(engine: AsyncEngine) -> None:
    """23 to 25 November of all units."""
    async with engine.begin() as connection:
        for unit in ("day", "night", "berlin"):
            for number in (23, 24, 25):
                row = {
                    "unit": unit, "day": date(2026, 11, number), "end_at": us(f"2026-11-{number + 1}T04:00"),
                    "numbers": "{}", "lagging": "{}", "measured_at": 1, "stale": False,
                }  # fmt: skip
                await connection.execute(insert(unit_days).values(row))


async def tell(engine: AsyncEngine, *spans: Told, dry_run: bool = False) -> set[tuple[str, int]]:
    """The days that are to be measured anew afterwards, by unit and day of the month."""
    act = Act(uuid4().hex, 5, "pat", "desk", "import shifts", "plan", "", "", "as told")
    await take_over_told(engine, DAYS, Importing(shifts, Teller("plan", Path("p.csv")), spans, None), act, dry_run)
    async with engine.connect() as connection:
        rows = await connection.execute(select(unit_days.c.unit, unit_days.c.day).where(unit_days.c.stale))
        return {(row.unit, row.day.day) for row in rows}


async def test_the_days_that_a_change_reaches_into_are_measured_anew(engine: AsyncEngine) -> None:
    await measured(engine)
    assert await tell(engine, NIGHT, DAY, dry_run=True) == set()
    assert await tell(engine, NIGHT, DAY, LATER) == {("night", 23), ("night", 24), ("day", 23)}


async def test_what_is_told_as_before_makes_no_work(engine: AsyncEngine) -> None:
    await tell(engine, DAY, NIGHT)
    await measured(engine)
    moved = DAY._replace(start=us("2026-11-24T08:00"), end=us("2026-11-24T16:00"), day=date(2026, 11, 24))
    assert await tell(engine, DAY, NIGHT) == set()
    assert await tell(engine, moved, NIGHT) == {("day", 23), ("day", 24)}, "where it was, and where it is"


async def test_who_changed_what_is_noted_and_what_changes_nothing_is_not(engine: AsyncEngine) -> None:
    await tell(engine, DAY, NIGHT, dry_run=True)
    await tell(engine, DAY, NIGHT)
    await tell(engine, DAY, NIGHT)
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda plain: list(noted(plain, "import shifts", None, 9)))
    assert [(act.by, act.subject, act.after, act.why) for act in found] == [
        ("pat", "plan", "2 new, 0 changed, 0 withdrawn", "as told")
    ]


async def test_while_a_large_plan_is_taken_over_others_wait_and_are_not_turned_away(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """SQLite has one writer at a time, and whoever records a floor is another process."""
    file = shutil.copy(sqlite_template, tmp_path / "plan.sqlite")
    planner, recorder = (open_engine(f"sqlite+aiosqlite:///{file}") for _ in range(2))
    spans = [
        DAY._replace(uid=f"{number}", start=DAY.start + number * HOUR, end=DAY.start + (number + 1) * HOUR)
        for number in range(20_000)
    ]
    written = 0  # a recorder that was turned away would raise
    async with asyncio.TaskGroup() as group:
        taken = group.create_task(tell(planner, *spans))
        while not taken.done():
            await take_turn(recorder, touch, Patience())
            written += 1
            await asyncio.sleep(0.01)
    assert written
    async with recorder.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(shifts)) == len(spans)
    for engine in (planner, recorder):
        await engine.dispose()


async def touch(connection: AsyncConnection) -> None:
    await connection.execute(update(unit_days).values(stale=True))
