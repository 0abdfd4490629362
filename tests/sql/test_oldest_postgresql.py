"""What ccd needs of PostgreSQL, 13 has already: the tables, every rule of the ledger, its hashes, a settlement."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.fate import Fate
from ccd.bank.settle import Settler
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.turns import Patience
from tests.bank.days import POLICIES, TODAY, worth
from tests.databases import PostgreSQL
from tests.ledger.histories import everything
from tests.oldest_postgresql import VERSION, oldest_postgresql

__all__ = ["oldest_postgresql"]


@pytest.fixture
async def oldest(oldest_postgresql: PostgreSQL) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(oldest_postgresql.create())
    await upgrade(engine)
    yield engine
    await engine.dispose()
    oldest_postgresql.drop()


async def block_hashes(engine: AsyncEngine) -> list[bytes]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("SELECT hash FROM blocks ORDER BY number"))).scalars())


async def test_a_ledger_of_everything_verifies_there_and_has_the_hashes_that_it_has_elsewhere(
    oldest: AsyncEngine, engine: AsyncEngine
) -> None:
    async with oldest.connect() as connection:
        number = (await connection.execute(text("SELECT current_setting('server_version_num')::int / 10000"))).scalar()
    assert number == VERSION
    for one in (oldest, engine):
        await everything(one)
        await Sealer(one, lambda: 9, Patience()).seal()
        assert (await verify(one, lambda done, total: None)).findings == []
    assert await block_hashes(oldest) == await block_hashes(engine) != []


async def test_a_day_is_settled_there_once(oldest: AsyncEngine) -> None:
    ledger = await everything(oldest)
    days = [worth(net, agent=f"agent-{net}") for net in (300, -200, 0)]
    settler = Settler(ledger, POLICIES, "centre", lambda: TODAY)
    first, again = await settler.settle(days), await settler.settle(days)
    assert (first.fates[Fate.POSTED], again.fates[Fate.POSTED]) == (2, 0)


@pytest.mark.parametrize(
    "change", ["UPDATE entries SET seconds = 1", "DELETE FROM entries", "TRUNCATE entries CASCADE"]
)
async def test_what_was_posted_there_stays(oldest: AsyncEngine, change: str) -> None:
    await everything(oldest)
    with pytest.raises(DBAPIError, match="append-only"):
        async with oldest.begin() as connection:
            await connection.execute(text(change))
