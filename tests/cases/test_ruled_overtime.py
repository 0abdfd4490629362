"""A line of overtime that a ruling has changed names that ruling, and one that changed it back what reversed it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.explained.explaining import explained
from ccd.ledger.model import Transfer
from ccd.ledger.schema import entries
from tests.cases.late import World
from tests.cases.stories import FOLDER
from tests.cases.story import cases


async def test_overtime_that_is_ruled_names_the_ruling_and_what_reversed_it(engine: AsyncEngine) -> None:
    (case,) = (one for one in cases(FOLDER / "overtime.toml") if one.title.startswith("a ruling on an emergency"))
    world = World(engine, case)
    await world.live_through(case.story)
    async with engine.connect() as connection:
        wanted = select(entries.c.transaction_id, entries.c.leg).where(entries.c.service == "overtime")
        rows = (await connection.execute(wanted.order_by(entries.c.transaction_id))).all()
    first, exempt, reversed_ = [await explained(engine, world.site, Transfer(*row)) for row in rows]
    assert not any("ruling" in word for word in first.words)
    ruled = next(act for act in exempt.acts if "rules 1001 exempt" in act.why)
    assert f"It is reckoned as somebody has ruled, by ruling {ruled.id}." in exempt.words
    assert f"It was reckoned by ruling {ruled.id} before, which holds no more." in reversed_.words
    assert any("reverses the ruling on 1001" in act.why for act in reversed_.acts)
