"""The roster that the database keeps, once one was imported; and the daemon's look whether another one was."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.stores import DATABASE_FILE, database_url
from ccd.errors import ConfigurationError, DatabaseBusyError
from ccd.org.roster_file import RosterText
from ccd.org.store import ROSTER, Kept, newest, newest_number, org_imports
from ccd.settings import Settings, inspect
from ccd.sql.engine import open_engine
from ccd.sql.refusals import refusals_said
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away, take_turn

LOOKS_EVERY_S = 5.0
ASKS_AGAIN_AFTER_S = 60.0  # where it was not taken: the log says why, and somebody may have mended it


def said_by(kept: Kept) -> RosterText:
    return RosterText(Path(f"import {kept.number} of the roster"), kept.text, kept.number)


async def kept_roster(engine: AsyncEngine) -> RosterText | None:
    """DatabaseBusyError, DRIVER_ERRORS."""

    async def look(connection: AsyncConnection) -> Kept | None:
        return await connection.run_sync(_newest)

    kept = await take_turn(engine, look, Patience(), writes=False)
    return None if kept is None else said_by(kept)


def _newest(connection: Connection) -> Kept | None:
    """Of tables of an earlier ccd, nothing: whoever only looks does not migrate."""
    return newest(connection, ROSTER) if sqlalchemy.inspect(connection).has_table(org_imports.name) else None


def look_up(settings: Settings) -> RosterText | None:
    """For a command, before it has the database open. Nothing is made, where there is none yet."""
    if settings.sql.url == "embedded" and not os.path.exists(settings.state_directory / DATABASE_FILE):
        return None

    async def looked() -> RosterText | None:
        engine = open_engine(database_url(settings))
        try:
            async with refusals_said():
                return await kept_roster(engine)
        finally:
            await engine.dispose()

    return asyncio.run(looked())


def kept_beside(file: Path) -> RosterText | None:
    """What the database keeps that the configuration names; None where that can't be told, for faults that are named
    when the configuration is read."""
    settings = inspect(file).settings
    try:
        return None if settings is None else look_up(settings)
    except ConfigurationError:  # of the database's password
        return None


async def look_for_imports(engine: AsyncEngine, holds: Callable[[], int], asked: asyncio.Event) -> None:
    """A child of the daemon: asks for a reload as soon as the roster that `holds`, by its number, is not the newest."""
    loop = asyncio.get_running_loop()
    asked_for, asked_at = 0, 0.0
    while True:
        await asyncio.sleep(LOOKS_EVERY_S)
        try:
            number = await take_turn(engine, _newest_number, Patience(attempts_max=1), writes=False)
        except (DatabaseBusyError, *DRIVER_ERRORS) as error:
            if not is_away(error):
                raise
            continue
        if number != holds() and (number != asked_for or loop.time() - asked_at >= ASKS_AGAIN_AFTER_S):
            asked_for, asked_at = number, loop.time()
            asked.set()


async def _newest_number(connection: AsyncConnection) -> int:
    return await connection.run_sync(lambda plain: newest_number(plain, ROSTER))
