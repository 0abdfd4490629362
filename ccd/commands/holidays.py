"""`ccd holidays`: which days of a year are worked in a country."""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ccd.commands.business_day import YEARS
from ccd.commands.configuration import Config
from ccd.commands.output import As, Format
from ccd.daemon.stores import database
from ccd.history.reading import reading
from ccd.org.holidays import DayKind, Holidays, KnownDay, parse
from ccd.org.store import HOLIDAYS, newest
from ccd.settings import Settings, read


def holidays(
    config: Config,
    country: Annotated[str, typer.Option(help="As CN, or a part of one, as DE-BY.")],
    year: Annotated[int, typer.Option(min=YEARS[0], max=YEARS[-1], help="As 2026.")],
    format: As = Format.table,
) -> None:
    """Say which days of a year are no workdays, and which of a weekend are; and where a year is not published yet."""
    known = Holidays(country, asyncio.run(_corrected(read(config), country)))
    days = [
        day for day in known.year(year) if day.name or day.kind is DayKind.STATUTORY_HOLIDAY or known.is_moved(day.day)
    ]
    if format is Format.json:
        said = [{"day": str(day.day), "kind": day.kind, "name": day.name} for day in days]
        print(json.dumps({"country": country, "year": year, "published": known.is_published(year), "days": said}))
        return
    table = Table("day", "", "kind", "name")
    for day in days:
        table.add_row(str(day.day), f"{day.day:%a}", day.kind, day.name or "worked, although of a weekend")
    Console().print(table)
    if not known.is_published(year):
        print(
            f"{country} says each year which days are worked, and for {year} that is not published yet, or not known "
            "here: these are the days that the law alone makes. Import what you know: `ccd import holidays`",
            file=sys.stderr,
        )


async def _corrected(settings: Settings, country: str) -> Mapping[date, KnownDay]:
    async with database(settings) as engine, reading(engine) as connection:
        kept = await connection.run_sync(lambda plain: newest(plain, HOLIDAYS))
    return parse(kept.text, Path(HOLIDAYS)).get(country, {}) if kept else {}
