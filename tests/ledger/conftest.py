"""Both engines for every test of the ledger."""

import itertools

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.books import Ledger
from tests.databases import database_url, engine, new_database, postgresql, sqlite_template
from tests.ledger.accounts import HOUSE, KINDS, open_guarded, open_house
from tests.ledger.on_postgresql import url

__all__ = ["database_url", "engine", "new_database", "postgresql", "sqlite_template", "url"]


@pytest.fixture
async def ledger(engine: AsyncEngine) -> Ledger:
    """With accounts for two owners, `ann` and `bob`, and a house without limits; its clock counts microseconds."""
    clock = itertools.count(1_000_000)
    opened = Ledger(engine, lambda: next(clock))
    await open_guarded(opened, ["ann", "bob"], KINDS)
    await open_house(opened, HOUSE, KINDS)
    return opened
