"""The worked cases of tests/cases/*.toml that tell a story: lived through, what everybody's accounts hold in the end,
and that each line of them is explained."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.verify import verify
from tests.cases.explaining import check_explained
from tests.cases.late import World
from tests.cases.story import Case, cases

FOLDER = Path(__file__).parent
OF_MONTHS = ("closed_months", "expiry", "offset", "part_time")  # stories that take weeks


def stories(*, of_months: bool) -> list[Case]:
    """Of `shifts.toml` none: its cases are days."""
    files = sorted(file for file in FOLDER.glob("*.toml") if file.name != "shifts.toml")
    return [case for file in files if (file.stem in OF_MONTHS) == of_months for case in cases(file)]


async def check_story(engine: AsyncEngine, case: Case) -> None:
    world = World(engine, case)
    await world.live_through(case.story)
    assert await world.balances() == case.then
    assert await world.points() == case.points
    before = await world.balances()
    await world.night()
    assert await world.balances() == before, "another night finds nothing to do"
    await check_explained(world, case)
    assert (await verify(engine, lambda done, of: None)).findings == []
