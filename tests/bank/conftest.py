"""A bank on each engine."""

import itertools

import pytest
from hypothesis import settings
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.settle import Settler
from ccd.ledger.books import Ledger
from tests.bank.days import POLICIES, TODAY
from tests.databases import database_url, engine, new_database, postgresql, sqlite_template

__all__ = ["database_url", "engine", "new_database", "postgresql", "sqlite_template"]

settings.register_profile("soak")  # by which tests/bank/any_floor.py lets lives be longer


@pytest.fixture
def ledger(engine: AsyncEngine) -> Ledger:
    clock = itertools.count(1_000_000)
    return Ledger(engine, lambda: next(clock))


@pytest.fixture
def settler(ledger: Ledger) -> Settler:
    return Settler(ledger, POLICIES, "demo", lambda: TODAY)
