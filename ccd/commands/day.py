"""`ccd day`: what a day amounts to, as far as it is known."""

import asyncio
from datetime import date
from typing import Annotated

import typer

from ccd.commands.business_day import Day
from ccd.commands.configuration import Config
from ccd.commands.output import As, Format
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.floor.records import DayRecord
from ccd.history.known_days import known_days
from ccd.history.reading import reading
from ccd.reports import day_json, day_table


def day(
    config: Config,
    day: Day,
    agent: Annotated[str | None, typer.Option(help="One agent alone.")] = None,
    format: As = Format.table,
) -> None:
    """Say what each agent's day amounts to: as it was measured, or, while it runs, up to what has been heard."""
    site = site_of(config)
    records = asyncio.run(_days(site, day.date(), agent))
    if format is Format.json:
        print(day_json.render(records, site.settings.timezone))
    else:
        day_table.show(records, site.settings.timezone)


async def _days(site: Site, day: date, agent: str | None) -> list[DayRecord]:
    async with database(site.settings) as engine, reading(engine) as connection:
        return await known_days(connection, site.measuring, site.policies, site.rostered_units, day, agent)
