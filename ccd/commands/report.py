"""`ccd report`: what days, weeks or months come to, for agents and for units (docs/time-bank.md 5)."""

import asyncio
import json
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from ccd.commands.business_day import First, Last, days_in_order, in_range
from ccd.commands.configuration import Config
from ccd.daemon.served.reporting import Report, ReportWanted
from ccd.daemon.served.reporting import report as told
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import FileError, UnknownUnitError
from ccd.history.reading import reading
from ccd.reports.periods import Each
from ccd.reports.report import By, Show
from ccd.reports.report_table import as_table, formulas_said


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    png = "png"
    svg = "svg"


PICTURES = (Format.png, Format.svg)


def report(
    config: Config,
    first: First,
    last: Last,
    each: Annotated[Each, typer.Option(help="A line for each day, week, month, or for the whole time.")] = Each.WHOLE,
    by: Annotated[By, typer.Option(help="Of units, with those below them, of agents, or of queues.")] = By.UNIT,
    show: Annotated[
        Show | None, typer.Option(show_default="indicators; service, of queues", help="Which figures.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="One unit alone, with those below it.")] = None,
    against: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], callback=in_range, help="Held against as many days, from this one on, or months."
        ),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="As text, or as a picture.")] = Format.table,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="The file of a picture.")] = None,
) -> None:
    """Say what was measured, as the indicators of agents and units; two periods side by side with --against."""
    site = site_of(config)
    if (format in PICTURES) != (output is not None):
        raise typer.BadParameter(
            "--output names the file of a picture: it goes with --format png or svg, and they with it"
        )
    days = days_in_order(first, last)
    if unit is not None and unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    units = None if unit is None else [unit]
    wanted = ReportWanted(*days, each, by, show, units, against.date() if against else None)
    found = asyncio.run(_read(site, wanted))
    if output is not None:
        _draw(found, output, "png" if format is Format.png else "svg")
    elif format is Format.json:
        print(json.dumps(found.as_json(), ensure_ascii=False))
    elif format is Format.csv:
        sys.stdout.write(found.as_csv())
    else:
        as_table(found.made, by, found.show, found.waits, bool(found.others)).print()
        print("\n".join(formulas_said(found.show, found.waits)))


def _draw(found: Report, file: Path, format: Literal["png", "svg"]) -> None:
    try:
        found.draw(file, format)
    except OSError as error:
        raise FileError(str(file), f"can't be written: {error.strerror or error}") from None
    print(f"{file}: drawn")


async def _read(site: Site, wanted: ReportWanted) -> Report:
    async with database(site.settings) as engine, reading(engine) as connection:
        return await told(connection, site, wanted)
