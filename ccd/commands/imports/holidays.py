"""`ccd import holidays`: days that an operator knows better than the library."""

import asyncio
from datetime import date
from pathlib import Path
from socket import gethostname
from typing import Annotated
from uuid import uuid4

import typer

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import now_us, who_asks
from ccd.daemon.stores import database
from ccd.errors import ImportFaultsError
from ccd.history.reading import reading
from ccd.org import csv_faults
from ccd.org.acts import Act
from ccd.org.holidays import KnownDay, parse
from ccd.org.store import HOLIDAYS, newest, take
from ccd.settings import Settings, read
from ccd.sql.turns import Patience, take_turn_at_once

Corrected = dict[tuple[str, date], KnownDay]


def holidays(
    config: Config,
    file: Annotated[Path, typer.Argument(help="As config/holidays.csv.", dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Import nothing, and say what would change.")] = False,
    why: Annotated[str, typer.Option(help="The reason, in words; it stands with the act.")] = "",
) -> None:
    """Import the days of which you know better: all lines of the file, in place of all that were there."""
    text = csv_faults.text_of(file, ImportFaultsError)
    after = _by_day(text, file)
    asyncio.run(_import(read(config), text, after, dry_run, why.strip() or f"as in {file.name}"))


async def _import(settings: Settings, text: str, after: Corrected, dry_run: bool, why: str) -> None:
    async with database(settings) as engine:
        async with reading(engine) as connection:
            kept = await connection.run_sync(lambda plain: newest(plain, HOLIDAYS))
        before = _by_day(kept.text, Path(HOLIDAYS)) if kept else {}
        for country, day in sorted(before.keys() | after.keys()):
            was, will = before.get((country, day)), after.get((country, day))
            if was != will:
                print(f"{country} {day}: {_said(was)} -> {_said(will)}")
        if dry_run:
            print("nothing was imported: --dry-run")
            return
        if kept is not None and kept.text == text:
            print("nothing was imported: these are the holidays that hold")
            return
        number = kept.number if kept else 0
        act = Act(
            uuid4().hex, now_us(), who_asks(), gethostname(), "import holidays", HOLIDAYS,
            str(number or ""), f"import {number + 1}, days {len(after)}", why,
        )  # fmt: skip
        done = await take_turn_at_once(engine, lambda plain: take(plain, HOLIDAYS, text, number, act), Patience())
    print(f"imported, as import {done.number} of the holidays")


def _by_day(text: str, file: Path) -> Corrected:
    return {(country, day): known for country, days in parse(text, file).items() for day, known in days.items()}


def _said(known: KnownDay | None) -> str:
    return f"{known.kind} {known.name}".rstrip() if known else "as the library says"
