"""A day of overtime whose events come in whatever order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ccd.daemon.site_file import site_of
from ccd.floor.days import SECOND
from ccd.history.unit_days import note_stale_of
from ccd.sql.engine import open_engine
from tests.bank.teams import planned, shift
from tests.commands.recorded_days import MIDNIGHT
from tests.daemon.services.test_overtime import ANN, DAY, HOUR, OPENED, World, seen


def lets_look_back(config: Path) -> Path:
    """An emergency may be opened of the day before, too."""
    back = "[[policy]]\novertime.emergency_back_s_max = 86400\n"
    config.write_text(config.read_text().replace("[[policy]]\n", back))
    return config


@asynccontextmanager
async def after_the_flood(config: Path, database_url: str) -> AsyncIterator[World]:
    """Ann, who has a shift and is of the team, worked in it; nothing of it is posted."""
    engine = open_engine(database_url)
    world = World(site_of(config), engine)
    await planned(engine, shift("ann", "1001", f"{DAY}T08:00", 8))
    await seen(world)
    world.now_s = OPENED
    await world.acting.on_team("team-1", "1001", True, world.asking(ANN))
    await world.emergency()
    yield world
    await engine.dispose()


async def happens(world: World, step: str) -> None:
    """A higher emergency over the same hours, a plan that is told afterwards, an entry."""
    match step:
        case "fire":
            start = round((MIDNIGHT + OPENED) * SECOND)
            await world.acting.open("fire", world.asking(), "team-1", "III", start, "a fire")
        case "plan":
            await planned(world.engine, shift("more", "1001", f"{DAY}T16:00", 2))
            async with world.engine.begin() as connection:
                await note_stale_of(connection, [("team-1", DAY)])
        case "enter":
            await world.enter("by-hand", "1001", HOUR // 2)
