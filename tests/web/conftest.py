"""People on both engines, and the whole application over a real port."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.org.people import Person, Role
from ccd.web.accounts import Accounts
from ccd.web.sessions import Sessions
from tests.databases import database_url, engine, new_database, postgresql, sqlite_template
from tests.web.acting import Place
from tests.web.office import PASSWORD, SESSION_S, Clock, Office, cheap_passwords

__all__ = ["database_url", "engine", "new_database", "postgresql", "sqlite_template"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def accounts(engine: AsyncEngine, clock: Clock) -> Accounts:
    """With a supervisor `lead` of two teams, `boss` of everything, and the agents 1001 and 1002."""
    opened = Accounts(engine, cheap_passwords(), clock)
    for person in (
        Person("lead", Role.SUPERVISOR, None, ("team-2", "team-1")),
        Person("boss", Role.SUPERVISOR, None, ("*",)),
        Person("陈静", Role.AGENT, "1001"),
        Person("1002", Role.AGENT, "1002"),
    ):
        await opened.add(person, PASSWORD)
    return opened


@pytest.fixture
def sessions(engine: AsyncEngine, clock: Clock) -> Sessions:
    return Sessions(engine, clock, SESSION_S)


@pytest.fixture
async def office(accounts: Accounts, sessions: Sessions, clock: Clock) -> AsyncIterator[Office]:
    opened = Office(accounts, sessions, clock)
    yield opened
    await opened.client.aclose()


@pytest.fixture
async def place(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Place]:
    opened = await Place(engine, clock).open()
    yield opened
    await opened.close()
