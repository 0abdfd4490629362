"""Locks that go by a name, on PostgreSQL: SQLite has none, one writes there at a time."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from ccd.sql.engine import open_engine
from ccd.sql.locks import lock_names
from ccd.sql.turns import Patience, take_turn_at_once
from tests.databases import writing


async def take(engine: AsyncEngine, names: Iterable[str]) -> None:
    await take_turn_at_once(engine, lambda connection: lock_names(connection, names), Patience(attempts_max=1))


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
async def test_who_has_to_make_a_name_holds_none_meanwhile(engine: AsyncEngine, database_url: str) -> None:
    """Or another takes what was just made, and waits for what is held: each would then wait for the other."""
    other = open_engine(database_url, lock_wait_ms=200)
    await take(engine, ["later"])
    made = []

    @event.listens_for(writing(engine), "before_cursor_execute")
    def somebody_takes_both(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO locks"):
            await_only(take(other, ["earlier", "later"]))
            made.append(statement)

    await take(engine, ["later", "earlier"])
    await take(engine, ["later", "earlier"])
    assert len(made) == 1
    await other.dispose()
