"""`ccd report`: what days, weeks or months come to, for agents and for units (docs/time-bank.md 5)."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from ccd.commands.business_day import in_range
from ccd.commands.configuration import Config
from ccd.daemon.reporting import Reporting, waits_of
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import FileError, UnknownUnitError
from ccd.history.reading import reading
from ccd.reports.indicators import Waits
from ccd.reports.periods import Each, Period, before, periods
from ccd.reports.report import By, Found, Line, Show, json_of, lines
from ccd.reports.report_table import as_csv, show_table

PERIODS_MAX = 1_000


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    png = "png"
    svg = "svg"


PICTURES = (Format.png, Format.svg)


def report(
    config: Config,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], callback=in_range, help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="Last day.")],
    each: Annotated[Each, typer.Option(help="A line for each day, week, month, or for the whole time.")] = Each.WHOLE,
    by: Annotated[By, typer.Option(help="Of units, with those below them, of agents, or of queues.")] = By.UNIT,
    show: Annotated[
        Show | None, typer.Option(show_default="indicators; service, of queues", help="Which figures.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="One unit alone, with those below it.")] = None,
    against: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], callback=in_range, help="Held against as many days, from this one on."),
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
    if first > last:
        raise typer.BadParameter(f"--from {first.date()} is after --to {last.date()}")
    if unit is not None and unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    shown = show or (Show.SERVICE if by is By.QUEUE else Show.INDICATORS)
    if (shown is Show.SERVICE and by is By.AGENT) or (shown is not Show.SERVICE and by is By.QUEUE):
        raise typer.BadParameter(
            f"--show {shown} is not told --by {by}: service is of queues and units, the rest of agents"
        )
    asked = list(periods(first.date(), last.date(), each))
    if len(asked) > PERIODS_MAX:
        raise typer.BadParameter(f"{len(asked)} periods are more than {PERIODS_MAX}: ask for longer ones")
    others = [before(one, one.first + (against.date() - first.date())) for one in asked] if against else []
    found = asyncio.run(_read(site, unit, [*asked, *others], shown))
    made: list[tuple[Line, Line | None]] = []
    for number, period in enumerate(asked):
        theirs = lines(others[number], found[len(asked) + number], by, shown) if others else []
        same = {line.whose: line for line in theirs}
        made += [(line, same.get(line.whose)) for line in lines(period, found[number], by, shown)]
    waits = waits_of(site)
    if output is not None:
        _draw(by, shown, waits, asked, others, found, output, "png" if format is Format.png else "svg")
    elif format is Format.json:
        print(json.dumps(json_of(made, shown, waits), ensure_ascii=False))
    elif format is Format.csv:
        sys.stdout.write(as_csv(made, shown, waits, bool(others)))
    else:
        show_table(made, by, shown, waits, bool(others))


def _draw(
    by: By, show: Show, waits: Waits, asked: Sequence[Period], others: Sequence[Period], found: Sequence[Found],
    file: Path, format: Literal["png", "svg"],
) -> None:  # fmt: skip
    try:
        from ccd.reports import pictures, plots
    except ModuleNotFoundError as error:
        message = f"a picture takes {error.name}, which is not installed: pip install 'ccd[plots]'"
        raise typer.BadParameter(message) from None
    try:
        plots.write(pictures.picture(by, show, waits, asked, others, found), file, format)
    except pictures.NoPictureError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        raise FileError(str(file), f"can't be written: {error.strerror or error}") from None
    print(f"{file}: drawn")


async def _read(site: Site, unit: str | None, asked: Sequence[Period], show: Show) -> list[Found]:
    async with database(site.settings) as engine, reading(engine) as connection:
        return await Reporting(connection, site, unit).found(asked, show in (Show.INDICATORS, Show.SERVICE))
