"""`ccd holidays`: which days of a year are worked in a country."""

import asyncio
import json
import sys
from datetime import date
from typing import Annotated, Any

import typer

from ccd.commands.business_day import YEARS
from ccd.commands.configuration import Config
from ccd.commands.output import As, Format
from ccd.daemon.judged_by.corrected_holidays import days_told
from ccd.daemon.stores import database
from ccd.reports.plain_table import PlainTable
from ccd.settings import Settings, read


def holidays(
    config: Config,
    country: Annotated[str, typer.Option(help="As CN, or a part of one, as DE-BY.")],
    year: Annotated[int, typer.Option(min=YEARS[0], max=YEARS[-1], help="As 2026.")],
    format: As = Format.table,
) -> None:
    """Say which days of a year are no workdays, and which of a weekend are; and where a year is not published yet."""
    told = asyncio.run(_told(read(config), country, year))
    if format is Format.json:
        print(json.dumps(told))
        return
    table = PlainTable("day", "", "kind", "name")
    for one in told["days"]:
        day = date.fromisoformat(one["day"])
        table.add(one["day"], f"{day:%a}", one["kind"], one["name"] or "worked, although of a weekend")
    table.print()
    if not told["published"]:
        print(
            f"{country} says each year which days are worked, and for {year} that is not published yet, or not known "
            "here: these are the days that the law alone makes. Import what you know: `ccd import holidays`",
            file=sys.stderr,
        )


async def _told(settings: Settings, country: str, year: int) -> dict[str, Any]:
    async with database(settings) as engine:
        return await days_told(engine, country, year)
