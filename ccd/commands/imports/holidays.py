"""`ccd import holidays`: days that an operator knows better than the library."""

import asyncio
from pathlib import Path
from socket import gethostname
from typing import Annotated
from uuid import uuid4

import typer

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import now_us, who_asks
from ccd.daemon.known_days import Replaced, replace_days
from ccd.daemon.stores import database
from ccd.errors import ImportFaultsError
from ccd.org import csv_faults
from ccd.org.acts import Act
from ccd.org.store import HOLIDAYS
from ccd.settings import Settings, read


def holidays(
    config: Config,
    file: Annotated[Path, typer.Argument(help="As config/holidays.csv.", dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Import nothing, and say what would change.")] = False,
    why: Annotated[str, typer.Option(help="The reason, in words; it stands with the act.")] = "",
) -> None:
    """Import the days of which you know better: all lines of the file, in place of all that were there."""
    text = csv_faults.text_of(file, ImportFaultsError)
    done = asyncio.run(_import(read(config), text, file, dry_run, why.strip() or f"as in {file.name}"))
    for line in done.lines:
        print(line)
    if dry_run:
        print("nothing was imported: --dry-run")
    elif done.is_the_same:
        print("nothing was imported: these are the holidays that hold")
    else:
        print(f"imported, as import {done.number} of the holidays")


async def _import(settings: Settings, text: str, file: Path, dry_run: bool, why: str) -> Replaced:
    act = Act(uuid4().hex, now_us(), who_asks(), gethostname(), "import holidays", HOLIDAYS, "", "", why)
    async with database(settings) as engine:
        return await replace_days(engine, text, file, act, dry_run=dry_run)
