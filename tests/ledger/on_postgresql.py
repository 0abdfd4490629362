"""A ledger on PostgreSQL with accounts for two, for the tests of what goes wrong on the way there."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.books import Ledger
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from tests.databases import TEMPLATE, PostgreSQL
from tests.ledger.accounts import open_guarded, open_house
from tests.ledger.histories import ALL_KINDS, MOMENT

QUICK = Patience(attempts_max=5, wait_s_min=0.001, wait_s_max=0.05)


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    yield postgresql.create(TEMPLATE)
    postgresql.drop()


async def opened(url: str, patience: Patience = QUICK) -> Ledger:
    """With accounts for two owners and a house; its clock counts microseconds."""
    ledger = Ledger(open_engine(url, lock_wait_ms=500), itertools.count(MOMENT).__next__, patience)
    await open_guarded(ledger, ["ann", "bob"], ALL_KINDS)
    await open_house(ledger)
    return ledger


async def check_whole(ledger: Ledger) -> None:
    """Everything follows from what was posted, sealed as it is."""
    await Sealer(ledger.engine, lambda: MOMENT * 2, QUICK).seal()
    assert (await verify(ledger.engine, lambda done, total: None)).findings == []


async def until_one_waits(connecting: AsyncConnection) -> None:
    """For a lock, on this database."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20), connecting as connection:
        while not (await connection.execute(waiting)).scalar():
            await connection.rollback()
            await asyncio.sleep(0.01)
