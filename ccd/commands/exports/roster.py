"""`ccd export roster`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from ccd.commands.configuration import Config
from ccd.daemon.stores import database
from ccd.errors import NothingImportedError
from ccd.history.reading import reading
from ccd.org.store import ROSTER, KeptImport, newest_import, numbered
from ccd.settings import Settings, read

Number = Annotated[int | None, typer.Option("--import", help="An earlier one, by its number.")]


def roster(config: Config, number: Number = None) -> None:
    """Print the roster that was imported, to the last sign as it was."""
    write_out(config, ROSTER, number)


def write_out(config: Path, kind: str, number: int | None) -> None:
    """What was imported of a kind, the newest or by its number."""
    kept = asyncio.run(_kept(read(config), kind, number))
    if kept is None:
        raise NothingImportedError(kind, number)
    sys.stdout.buffer.write(kept.text.encode())


async def _kept(settings: Settings, kind: str, number: int | None) -> KeptImport | None:
    def look(connection: Connection) -> KeptImport | None:
        return newest_import(connection, kind) if number is None else numbered(connection, kind, number)

    async with database(settings) as engine, reading(engine) as connection:
        return await connection.run_sync(look)
