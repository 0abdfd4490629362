"""`ccd export attendance`: what attendance is handed of each agent's day."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ccd.bank.asking import Asking
from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asking
from ccd.commands.whole_file import written_whole
from ccd.daemon.services.attendance_rows import AttendanceRows, note_attendance_read, readable
from ccd.daemon.services.months import calendar_of
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import UnknownUnitError
from ccd.history.reading import reading
from ccd.ledger.model import month_of
from ccd.org.rights import may_read_attendance
from ccd.reports.attendance import Write, csv_into, json_into, kinds_of


class Format(StrEnum):
    csv = "csv"
    xlsx = "xlsx"
    json = "json"


def _month(said: str | None) -> str | None:
    return None if said is None else month_of(first_of(said))


def attendance(
    config: Config,
    month: Annotated[str, typer.Argument(callback=_month, help="The attendance month, as 2026-11.")],
    until: Annotated[str | None, typer.Option("--to", callback=_month, help="The last of several months.")] = None,
    unit: Annotated[str | None, typer.Option(help="One unit alone, with those below it.")] = None,
    format: Annotated[Format, typer.Option("--format", help="A spreadsheet needs --output.")] = Format.csv,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="The file; without it, what is printed.")] = None,
) -> None:
    """Print what attendance is handed of each agent's day: scheduled, signed in, late, early leave, off post, leave by
    kind, offset, full attendance."""
    site = site_of(config)
    if until is not None and until < month:
        raise typer.BadParameter(f"--to {until} is before {month}")
    if unit is not None and unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    if format is Format.xlsx and output is None:
        raise typer.BadParameter("--format xlsx needs --output, the file that is written")
    calendar = calendar_of(site.settings)
    span = calendar.span(month)[0], calendar.last_day(until or month)
    asks = asking(site)
    units = readable(site, asks.by, may_read_attendance(asks.person), unit, span[1])
    with (
        written_whole(output) if output else nullcontext() as file,
        _into(file, format, kinds_of(site.settings.leave.kinds)) as write,
    ):
        rows = asyncio.run(_written(site, asks, units, span, write))
    if output is not None:
        print(f"{output}: {rows} days of agents, from {span[0]} to {span[1]}")


@contextmanager
def _into(file: Path | None, format: Format, kinds: tuple[str, ...]) -> Iterator[Write]:
    if file is not None and format is Format.xlsx:
        from ccd.reports.attendance_xlsx import xlsx_into

        with xlsx_into(file, kinds) as write:
            yield write
        return
    text = sys.stdout if file is None else file.open("w", encoding="utf-8", newline="")
    try:
        with csv_into(text, kinds) if format is Format.csv else json_into(text) as write:
            yield write
    finally:
        if file is not None:
            text.close()


async def _written(
    site: Site, asks: Asking, units: frozenset[str], span: tuple[date, date], write: Write
) -> int:  # fmt: skip
    count = 0
    async with database(site.settings) as engine:
        await note_attendance_read(engine, asks, units, *span)
        async with reading(engine) as connection:
            async for row in AttendanceRows(connection, site, units).between(*span):
                write(row)
                count += 1
    return count
