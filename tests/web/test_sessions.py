"""Sessions: whose a token is, and until when; on both engines."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import DatabaseBusyError
from ccd.org.people import Person, Role
from ccd.sql.engine import open_engine
from ccd.web.accounts import Accounts
from ccd.web.schema import sessions as table
from ccd.web.sessions import Sessions
from tests.databases import lose_the_next_answer
from tests.web.office import SESSION_S, Clock

LEAD = Person("lead", Role.SUPERVISOR, None, ("team-1", "team-2"))
AGENT = Person("1002", Role.AGENT, "1002")


async def test_tokens_that_come_together_are_looked_up_together(accounts: Accounts, sessions: Sessions) -> None:
    lead, _ = await sessions.begin(LEAD)
    agent, _ = await sessions.begin(AGENT)
    again, _ = await sessions.begin(LEAD)
    found = await sessions.of_tokens([agent, "unknown", lead, again, ""])
    assert [session and session.person for session in found] == [AGENT, None, LEAD, LEAD, None]


async def test_a_session_whose_commit_was_not_answered_is_begun(
    accounts: Accounts, sessions: Sessions, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_next_answer(engine, monkeypatch)
    token, session = await sessions.begin(LEAD)
    assert await sessions.of_token(token) == session


async def test_a_session_ends_with_its_time(accounts: Accounts, sessions: Sessions, clock: Clock) -> None:
    token, session = await sessions.begin(LEAD)
    clock.now += SESSION_S - 1
    assert await sessions.of_token(token) == session
    assert await sessions.still_valid({session.key, "other"}) == {session.key}
    clock.now += 1
    assert await sessions.of_token(token) is None
    assert await sessions.still_valid({session.key}) == set()


async def test_who_signs_out_is_out_and_nobody_else(accounts: Accounts, sessions: Sessions) -> None:
    first, _ = await sessions.begin(LEAD)
    second, _ = await sessions.begin(LEAD)
    await sessions.end(first)
    assert await sessions.of_token(first) is None
    assert await sessions.of_token(second) is not None


async def test_no_token_is_kept_and_what_is_over_is_cleared_away(
    accounts: Accounts, sessions: Sessions, clock: Clock, engine: AsyncEngine
) -> None:
    token, _ = await sessions.begin(LEAD)
    clock.now += SESSION_S
    other, session = await sessions.begin(AGENT)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(table))).all()
    assert [row.key for row in rows] == [session.key]
    assert token not in repr(rows)
    assert other not in repr(rows)


async def test_a_database_that_is_away_is_said_to_be_busy(clock: Clock) -> None:
    nowhere = open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/ccd")
    with pytest.raises(DatabaseBusyError):
        await Sessions(nowhere, clock).of_token("token")
    await nowhere.dispose()
