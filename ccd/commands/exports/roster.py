"""`ccd export roster`."""

import asyncio
import sys
from typing import Annotated

import typer
from sqlalchemy import Connection

from ccd.commands.configuration import Config
from ccd.daemon.stores import database
from ccd.errors import NothingImportedError
from ccd.history.reading import reading
from ccd.org.store import ROSTER, Kept, newest, numbered
from ccd.settings import Settings, read


def roster(
    config: Config,
    number: Annotated[int | None, typer.Option("--import", help="An earlier one, by its number.")] = None,
) -> None:
    """Print the roster that was imported, to the last sign as it was."""
    kept = asyncio.run(_kept(read(config), number))
    if kept is None:
        raise NothingImportedError(ROSTER, number)
    sys.stdout.buffer.write(kept.text.encode())


async def _kept(settings: Settings, number: int | None) -> Kept | None:
    def look(connection: Connection) -> Kept | None:
        return newest(connection, ROSTER) if number is None else numbered(connection, ROSTER, number)

    async with database(settings) as engine, reading(engine) as connection:
        return await connection.run_sync(look)
