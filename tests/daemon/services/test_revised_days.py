"""A day that is measured anew after its month is closed: attendance systems are told of it, and of nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.settle import Settler
from ccd.daemon.services.revised_days import handing_over
from ccd.history.close import Closer, HandOver
from ccd.history.days import MeasuredDay
from tests.bank.test_outbox import told
from tests.commands.recorded_months import MONTH, ccd
from tests.commands.running import said
from tests.daemon.services.test_months import CLOSES, IDLE, World

LATER = "agent,kind,from,to,uid\n1001,personal,2026-08-12 08:00,2026-08-12 08:20,x\n"


async def close_days(world: World, hand_over: HandOver | None = None) -> None:
    settler = Settler(world.ledger, world.site.policies, "ccd", world.months.today)
    closer = Closer(
        world.engine, world.site.measured_by, ["pbx"], settler.settle,
        lambda: world.now, 0, hand_over=hand_over or handing_over(lambda: world.site, lambda: world.now),
    )  # fmt: skip
    await closer.close_due()


def told_otherwise(world: World, tmp_path: Path, leave: str = LATER) -> None:
    (tmp_path / "leave.csv").write_text(leave)
    said(ccd(tmp_path / "ccd.toml", "import", "leave", str(tmp_path / "leave.csv"), "--source", "told"))


async def days_told(world: World) -> list[dict[str, Any]]:
    return [one["data"] for one in await told(world.engine) if one["type"] == "attendance.day"]


async def test_a_day_is_told_of_once_its_month_is_closed_and_its_figures_are_others(
    world: World, tmp_path: Path
) -> None:
    told_otherwise(world, tmp_path, LATER.replace("08:20", "08:25"))
    await close_days(world)
    assert await days_told(world) == [], "the month is open: it is told as it closes"
    world.now = CLOSES
    await close_days(world)
    assert await world.due.look() == [MONTH]
    assert await days_told(world) == []
    told_otherwise(world, tmp_path)
    await close_days(world)
    (day,) = await days_told(world)
    assert {name: day[name] for name in ("site", "month", "agent", "day", "unit", "revision", "late_s", "leave_s")} == {
        "site": "ccd", "month": MONTH, "agent": "1001", "day": "2026-08-12", "unit": "team-1", "revision": 3,
        "late_s": 600, "leave_s": {"personal": 1_200},
    }  # fmt: skip
    async with world.engine.begin() as connection:
        await connection.execute(text("UPDATE unit_days SET stale = true"))
    await close_days(world)
    assert await days_told(world) == [day], "nothing is another than it was"


async def test_a_day_that_is_measured_while_its_month_closes_is_told_too(world: World, tmp_path: Path) -> None:
    world.now = CLOSES
    await close_days(world)
    told_otherwise(world, tmp_path)
    await close_days(world)
    assert [day["revision"] for day in await days_told(world)] == [2]


async def test_whoever_dies_before_the_day_is_written_has_told_nothing_and_tells_it_later(
    world: World, tmp_path: Path
) -> None:
    world.now = CLOSES
    await close_days(world)
    told_otherwise(world, tmp_path)
    hand_over = handing_over(lambda: world.site, lambda: world.now)

    async def dies(connection: AsyncConnection, days: Sequence[tuple[MeasuredDay, int]]) -> None:
        await hand_over(connection, days)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await close_days(world, dies)
    assert await days_told(world) == []
    await close_days(world)
    assert [(day["agent"], day["day"]) for day in await days_told(world)] == [("1001", str(IDLE))]
