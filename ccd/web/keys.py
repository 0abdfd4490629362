"""Keys that other systems speak with: for what, in which units, and until when. They are nobody's, and see no page."""

import json
import secrets
from collections.abc import Collection
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import AccountError
from ccd.floor.days import SECOND
from ccd.org.acts import Act, is_noted, note_act
from ccd.sql.turns import Patience, take_turn, take_turn_at_once
from ccd.web.reading import look
from ccd.web.schema import api_keys

KEY_BYTES = 32
MARK = "ccd_"  # so that whoever finds one in a log knows what it is
NAME_CHARACTERS_MAX = 100
TAKEN = "is one already, or was: acts name it, so take another"


class KeyScope(StrEnum):
    """What a key may do."""

    PROPOSE_PACKETS = "propose_packets"
    READ_ATTENDANCE = "read_attendance"
    IMPORT = "import"  # leave; of all units also shifts and the roster


class ApiKey(NamedTuple):
    name: str
    scopes: tuple[KeyScope, ...]
    units: tuple[str, ...]
    until: int  # µs since the epoch


class ApiKeys:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def make(self, key: ApiKey, act: Act) -> str:
        """The key itself, which is nowhere but in what is returned. AccountError where its name was taken before."""
        if problem := key_problem(key, act.at):
            raise AccountError(key.name, problem)
        said = MARK + secrets.token_urlsafe(KEY_BYTES)
        row = {
            "name": key.name, "key": hash_of(said), "scopes": json.dumps(key.scopes), "units": json.dumps(key.units),
            "until": key.until, "made_at": act.at, "made_by": act.by,
        }  # fmt: skip

        def work(connection: Connection) -> None:
            if is_noted(connection, act.id):
                return  # it was committed, and only its answer was lost
            if connection.scalar(select(api_keys.c.name).where(api_keys.c.name == key.name)) is not None:
                raise AccountError(key.name, TAKEN)
            connection.execute(insert(api_keys).values(row))
            note_act(connection, act)

        await take_turn_at_once(self._engine, work, Patience())
        return said

    async def end(self, name: str, act: Act) -> None:
        """From now on it opens nothing."""

        def work(connection: Connection) -> None:
            until = connection.scalar(select(api_keys.c.until).where(api_keys.c.name == name))
            if until is None:
                raise AccountError(name, "is no key; ccd user key list says which there are")
            if until > act.at:
                connection.execute(update(api_keys).where(api_keys.c.name == name).values(until=act.at))
                note_act(connection, act)

        await take_turn_at_once(self._engine, work, Patience())

    async def all(self) -> list[ApiKey]:
        async def work(connection: AsyncConnection) -> list[ApiKey]:
            return [_key(row) for row in await connection.execute(select(api_keys).order_by(api_keys.c.name))]

        return await take_turn(self._engine, work, Patience(), keep=False, writes=False)

    async def of(self, said: str, at: int) -> ApiKey | None:
        """Whose it is, if it opens anything at a moment, µs."""
        query = select(api_keys).where(api_keys.c.key == hash_of(said), api_keys.c.until > at)

        async def work(connection: AsyncConnection) -> ApiKey | None:
            row = (await connection.execute(query)).first()
            return _key(row) if row else None

        return await look(self._engine, work)


def hash_of(said: str) -> str:
    return sha256(said.encode()).hexdigest()


def key_problem(key: ApiKey, now: int) -> str | None:
    """What is wrong with a key that is to be made; None where nothing is."""
    if not key.name or len(key.name) > NAME_CHARACTERS_MAX or key.name != key.name.strip() or "/" in key.name:
        return f"needs a name of 1 to {NAME_CHARACTERS_MAX} characters, without a slash, and without blanks around it"
    if not key.scopes or not key.units:
        return "needs at least one scope and one unit"
    return None if key.until > now else "would be over already: say a day that is to come"


def spelled(keys: Collection[ApiKey]) -> list[dict[str, object]]:
    return [{**key._asdict(), "until": key.until / SECOND} for key in keys]


def _key(row: Row[Any]) -> ApiKey:
    scopes = tuple(KeyScope(scope) for scope in json.loads(row.scopes))
    return ApiKey(row.name, scopes, tuple(json.loads(row.units)), row.until)
