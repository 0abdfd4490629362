"""Who is signed in: a random token in a cookie, its hash in SQL.

In SQL and not in a signed cookie, so that signing out, a new password and a removed account end a session at once, in
every process; not in Redis, which may be wiped at any moment. A token has 256 bits: a plain hash of it can't be guessed
back, and a copy of the table opens nothing.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from hashlib import sha256

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.floor.days import SECOND
from ccd.org.people import Person, Session
from ccd.sql.turns import Patience, take_turn
from ccd.web.accounts import persons_of
from ccd.web.reading import look
from ccd.web.schema import sessions, users

TOKEN_BYTES = 32
SESSION_S = 16 * 3_600  # a shift, and whatever comes after it


def session_key(token: str) -> str:
    return sha256(token.encode()).hexdigest()


class Sessions:
    """`clock` in epoch seconds."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], float],
        session_s: float = SESSION_S,
        patience: Patience | None = None,
        as_now: Callable[[Person], Person] = lambda person: person,
    ) -> None:
        """`as_now` is told who signed in, and says what they are there for now."""
        self.engine = engine
        self._clock = clock
        self._session_s = session_s
        self._patience = patience or Patience()
        self._as_now = as_now

    async def begin(self, person: Person) -> tuple[str, Session]:
        """A new session with its token, which is nowhere but in what is returned."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self._clock()
        session = Session(session_key(token), self._as_now(person), now + self._session_s)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(sessions).where(sessions.c.until <= int(now * SECOND)))
            known = await connection.scalar(select(sessions.c.key).where(sessions.c.key == session.key))
            if known is None:  # else it was committed, and only its answer was lost
                row = {"key": session.key, "name": person.name, "until": int(session.until * SECOND)}
                await connection.execute(insert(sessions).values(row))

        await take_turn(self.engine, work, self._patience)
        return token, session

    async def of_tokens(self, tokens: Sequence[str]) -> list[Session | None]:
        """Whose the tokens are, in their order; None for what is unknown or over."""
        keys = [session_key(token) for token in tokens]

        async def work(connection: AsyncConnection) -> dict[str, Session]:
            rows = (
                await connection.execute(
                    select(sessions.c.key, sessions.c.until, users)
                    .join(users, users.c.name == sessions.c.name)
                    .where(sessions.c.key.in_(keys), sessions.c.until > int(self._clock() * SECOND))
                )
            ).all()
            persons = {person.name: person for person in await persons_of(connection, rows)}
            return {row.key: Session(row.key, self._as_now(persons[row.name]), row.until / SECOND) for row in rows}

        found = await look(self.engine, work)
        return [found.get(key) for key in keys]

    async def of_token(self, token: str | None) -> Session | None:
        return (await self.of_tokens([token]))[0] if token else None

    async def still_valid(self, keys: Collection[str]) -> set[str]:
        """Which of the sessions are good still. All of a process's are asked for at once."""

        async def work(connection: AsyncConnection) -> set[str]:
            now = int(self._clock() * SECOND)
            rows = await connection.execute(select(sessions.c.key).where(sessions.c.until > now))
            return {row.key for row in rows}

        return set(keys) & await look(self.engine, work)

    async def end(self, token: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(sessions).where(sessions.c.key == session_key(token)))

        await take_turn(self.engine, work, self._patience)
