"""`ccd schedule`: what units are scheduled for in a month."""

import asyncio
import json
from collections import Counter
from datetime import date
from typing import Annotated

import typer

from ccd.bank.attendance_calendar import span
from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.output import As, Format
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.floor.days import SECOND
from ccd.history.reading import reading
from ccd.ledger.model import month_of
from ccd.org.shift_rows import scheduled_us
from ccd.reports.plain_table import PlainTable


def schedule(
    config: Config,
    month: Annotated[str, typer.Option(help="As 2026-11.")],
    format: As = Format.table,
) -> None:
    """Say what each unit is scheduled for in a month: its own agents' shifts less their breaks, and those below it."""
    site, first = site_of(config), first_of(month)
    own, below = asyncio.run(_scheduled(site, first))
    rows = [(unit, own[unit] // SECOND, below[unit] // SECOND) for unit in sorted(below)]
    if format is Format.json:
        said = [{"unit": unit, "own_s": own_s, "scheduled_s": with_below_s} for unit, own_s, with_below_s in rows]
        print(json.dumps({"month": month, "units": said}))
        return
    table = PlainTable("unit", "own agents, s", "with those below, s", "hours")
    for unit, own_s, with_below_s in rows:
        table.add(unit, str(own_s), str(with_below_s), f"{with_below_s / 3600:.1f}")
    table.print()


async def _scheduled(site: Site, first: date) -> tuple[Counter[str], Counter[str]]:
    """By unit, µs: of its own agents, and with those of the units that stood below it on each day."""
    _, last = span(month_of(first))
    async with database(site.settings) as engine, reading(engine) as connection:
        found = await connection.run_sync(lambda plain: scheduled_us(plain, site.agent_days, first, last))
    own: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for (unit, day), worked in found.items():
        own[unit] += worked
        for above in site.units.with_above(unit, day):
            below[above] += worked
    return own, below
