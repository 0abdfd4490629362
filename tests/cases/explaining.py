"""Whatever happens in a worked case: each line that it leaves is explained, and each month agrees with its segments."""

from sqlalchemy import select

from ccd.daemon.explained.explaining import explained
from ccd.daemon.explained.resettling import Resettling
from ccd.ledger.model import Transfer, month_of
from ccd.ledger.schema import entries, transactions
from ccd.reports.explained import explained_as_json
from ccd.reports.explained_text import lines_of
from tests.cases.story import Case
from tests.cases.world import World

OF_A_DAY = {"savings", "overdraft", "leave"}


async def check_explained(world: World, case: Case) -> None:
    engine = world.engine
    async with engine.connect() as connection:
        rows = (await connection.execute(select(entries.c.transaction_id, entries.c.leg, entries.c.day))).all()
        before = (await connection.execute(select(transactions.c.id))).all()
    for number, leg, _ in rows:
        told = await explained(engine, world.site, Transfer(number, leg))
        assert told.words, told
        assert "under the key" not in told.words[0], "no service of the bank is explained as what was posted by hand"
        if told.moves[0].service in OF_A_DAY and told.takes_back is None:
            assert told.day is not None
            assert told.day.doubts == ()
        assert explained_as_json(told)["words"]
        assert list(lines_of(told))
    for month in sorted({month_of(day) for *_, day in rows} | {month_of(line.day) for line in case.story}):
        found = await Resettling(engine, world.site, world.clock).month(month)
        assert (found.differs, found.waiting) == ([], [])
    async with engine.connect() as connection:
        assert (await connection.execute(select(transactions.c.id))).all() == before, "nothing was posted"
