"""The people who may sign in, in SQL."""

from collections.abc import Callable, Sequence

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import AccountError
from ccd.floor.days import SECOND
from ccd.org.acts import Act, is_noted, note_act
from ccd.org.people import Person, Role
from ccd.sql.turns import Patience, take_turn
from ccd.web.passwords import PASSWORD_CHARACTERS_MAX, Passwords
from ccd.web.reading import look
from ccd.web.schema import sessions, user_units, users

PASSWORD_CHARACTERS_MIN = 8
NAME_CHARACTERS_MAX = 100
NOT_THERE = "is not there; ccd user list says who is"


class Accounts:
    """`clock` in epoch seconds."""

    def __init__(
        self, engine: AsyncEngine, passwords: Passwords, clock: Callable[[], float], patience: Patience | None = None
    ) -> None:
        self._engine = engine
        self._passwords = passwords
        self._clock = clock
        self._patience = patience or Patience()

    async def add(self, person: Person, password: str, act: Act | None = None) -> None:
        """Noted with the `act` of who asks, as all that is done here."""
        problem = account_problem(person) or problem_of_password(password)
        if problem:
            raise AccountError(person.name, problem)
        hashed = await self._passwords.hash(password)
        created_at = int(self._clock() * SECOND)

        async def work(connection: AsyncConnection) -> None:
            known = await connection.scalar(select(users.c.password).where(users.c.name == person.name))
            if known == hashed:
                return  # salted anew each time: nobody else's, so this was committed, and only its answer was lost
            if known is not None:
                raise AccountError(person.name, "is there already; ccd user password changes its password")
            row = {
                "name": person.name, "role": person.role.value, "agent": person.agent, "password": hashed,
                "created_at": created_at,
            }  # fmt: skip
            await connection.execute(insert(users).values(row))
            for unit in dict.fromkeys(person.units):
                await connection.execute(insert(user_units).values(name=person.name, unit=unit))
            await _noted(connection, act)

        await take_turn(self._engine, work, self._patience)

    async def remove(self, name: str, act: Act | None = None) -> None:
        """The person who is there now, and whatever they are signed in with."""
        found = select(users.c.created_at).where(users.c.name == name)
        created_at = await look(self._engine, lambda connection: connection.scalar(found))
        if created_at is None:
            raise AccountError(name, NOT_THERE)
        same = and_(users.c.name == name, users.c.created_at == created_at)

        async def work(connection: AsyncConnection) -> None:
            # That there is nobody any more is no failure: it may have been this, and only its answer was lost.
            if (await connection.execute(delete(users).where(same))).rowcount:
                await _noted(connection, act)

        await take_turn(self._engine, work, self._patience)

    async def set_password(self, name: str, password: str, act: Act | None = None) -> None:
        """A new password ends every session of the person."""
        if problem := problem_of_password(password):
            raise AccountError(name, problem)
        hashed = await self._passwords.hash(password)

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(delete(sessions).where(sessions.c.name == name))
            changed = update(users).where(users.c.name == name).values(password=hashed)
            if known := (await connection.execute(changed)).rowcount:
                await _noted(connection, act)
            return known

        if not await take_turn(self._engine, work, self._patience):
            raise AccountError(name, NOT_THERE)

    async def all(self) -> list[Person]:
        return await look(self._engine, logins)

    async def with_password(self, name: str, password: str) -> Person | None:
        """The person, if there is one of that name and the password is theirs; as slow if not."""

        async def work(connection: AsyncConnection) -> tuple[str, Person] | None:
            row = (await connection.execute(select(users).where(users.c.name == name))).first()
            return (row.password, (await persons_of(connection, [row]))[0]) if row else None

        found = await look(self._engine, work)
        right = await self._passwords.is_right(password[:PASSWORD_CHARACTERS_MAX], found[0] if found else None)
        return found[1] if found and right else None


async def _noted(connection: AsyncConnection, act: Act | None) -> None:
    if act is not None and not await connection.run_sync(is_noted, act.id):
        await connection.run_sync(note_act, act)


async def logins(connection: AsyncConnection) -> list[Person]:
    """Who may sign in, by name, as it was said when the login was made."""
    return await persons_of(connection, (await connection.execute(select(users).order_by(users.c.name))).all())


async def persons_of(connection: AsyncConnection, rows: Sequence[Row[tuple[object, ...]]]) -> list[Person]:
    """The persons that rows of `users` are, in their order."""
    names = [row.name for row in rows]
    of_name: dict[str, list[str]] = {name: [] for name in names}
    found = await connection.execute(select(user_units).where(user_units.c.name.in_(names)).order_by(user_units.c.unit))
    for name, unit in found:
        of_name[name].append(unit)
    return [Person(row.name, Role(row.role), row.agent, tuple(of_name[row.name])) for row in rows]


def account_problem(person: Person) -> str | None:
    """What is wrong with an account that is to be made; None where nothing is."""
    if not person.name or len(person.name) > NAME_CHARACTERS_MAX or person.name != person.name.strip():
        return f"needs a name of 1 to {NAME_CHARACTERS_MAX} characters, without blanks around it"
    if person.role is Role.AGENT:
        return None if person.agent and not person.units else "is an agent's: it needs --agent, and no --unit"
    if person.agent is not None:
        return "is a supervisor's: it has units, and no --agent"
    return None if person.units else "needs at least one --unit; --unit '*' is all of them"


def problem_of_password(password: str) -> str | None:
    if PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        return None
    return f"needs a password of {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters"
