"""`ccd export schedule` and `leave`."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Table

from ccd.commands.configuration import Config
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.history.reading import reading
from ccd.org import leave_file, schedule_file
from ccd.org.agent_days import AgentDays
from ccd.org.schema import leaves, shifts
from ccd.org.told import Told
from ccd.org.told_rows import told_by

Source = Annotated[str, typer.Option(help="Who told it, as said at the import.")]


def schedule(config: Config, source: Source) -> None:
    """Print the shifts that a source told and that hold, as CSV."""
    _export(config, shifts, source, schedule_file.rendered)


def leave(config: Config, source: Source) -> None:
    """Print the leave that a source told and that holds, as CSV."""
    _export(config, leaves, source, leave_file.rendered)


def _export(config: Path, table: Table, source: str, rendered: Callable[[Sequence[Told], AgentDays], str]) -> None:
    site = site_of(config)

    async def held() -> list[Told]:
        async with database(site.settings) as engine, reading(engine) as connection:
            return await connection.run_sync(lambda plain: told_by(plain, table, source))

    sys.stdout.write(rendered(asyncio.run(held()), site.agent_days))
