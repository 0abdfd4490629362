"""`ccd import holidays`: days that an operator knows better than the library."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ccd.bank.asking import Asking
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_by
from ccd.daemon.judged_by.corrected_holidays import Replaced, replace_days
from ccd.daemon.site_file import staff_of
from ccd.daemon.stores import database
from ccd.errors import ImportFaultsError
from ccd.org import csv_faults
from ccd.org.acts import Act
from ccd.org.rights import may_import
from ccd.org.store import HOLIDAYS
from ccd.settings import Settings, read


def holidays(
    config: Config,
    file: Annotated[Path, typer.Argument(help="As config/holidays.csv.", dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Import nothing, and say what would change.")] = False,
    why: Annotated[str, typer.Option(help="The reason, in words; it stands with the act.")] = "",
) -> None:
    """Import the days of which you know better: all lines of the file, in place of all that were there."""
    text = csv_faults.file_text(file, ImportFaultsError)
    asks = asked_by(staff_of(config))
    may_import(asks.person)
    done = asyncio.run(_import(read(config), asks, text, file, dry_run, why.strip() or f"as in {file.name}"))
    for line in done.lines:
        print(line)
    if dry_run:
        print("nothing was imported: --dry-run")
    elif done.is_the_same:
        print("nothing was imported: these are the holidays that hold")
    else:
        print(f"imported, as import {done.number} of the holidays")


async def _import(settings: Settings, asks: Asking, text: str, file: Path, dry_run: bool, why: str) -> Replaced:
    act = Act(asks.act, asks.at, asks.by, asks.address, "import holidays", HOLIDAYS, "", "", why)
    async with database(settings) as engine:
        return await replace_days(engine, text, file, act, dry_run=dry_run)
