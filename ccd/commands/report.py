"""`ccd report`: what days, weeks or months come to, for agents and for units (docs/time-bank.md 5)."""

import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from ccd.commands.business_day import in_range
from ccd.commands.configuration import Config
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import UnknownUnitError
from ccd.history.reading import reading
from ccd.history.sums import sums_of_agents
from ccd.reports.indicators import OfAgent, Sums
from ccd.reports.periods import Each, Period, before, periods
from ccd.reports.report import By, Line, Show, json_of, lines
from ccd.reports.report_table import as_csv, show_table

PERIODS_MAX = 1_000


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


def report(
    config: Config,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], callback=in_range, help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="Last day.")],
    each: Annotated[Each, typer.Option(help="A line for each day, week, month, or for the whole time.")] = Each.WHOLE,
    by: Annotated[By, typer.Option(help="Of units, with those below them, or of agents.")] = By.UNIT,
    show: Annotated[Show, typer.Option(help="Which figures.")] = Show.INDICATORS,
    unit: Annotated[str | None, typer.Option(help="One unit alone, with those below it.")] = None,
    against: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], callback=in_range, help="Held against as many days, from this one on."),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="table, csv or json")] = Format.table,
) -> None:
    """Say what was measured, as the indicators of agents and units; two periods side by side with --against."""
    site = site_of(config)
    if first > last:
        raise typer.BadParameter(f"--from {first.date()} is after --to {last.date()}")
    if unit is not None and unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    asked = list(periods(first.date(), last.date(), each))
    if len(asked) > PERIODS_MAX:
        raise typer.BadParameter(f"{len(asked)} periods are more than {PERIODS_MAX}: ask for longer ones")
    others = [before(one, one.first + (against.date() - first.date())) for one in asked] if against else []
    found = asyncio.run(_read(site, unit, [*asked, *others]))
    made: list[tuple[Line, Line | None]] = []
    for number, period in enumerate(asked):
        theirs = lines(others[number], found[len(asked) + number], by, show) if others else []
        same = {(line.unit, line.agent): line for line in theirs}
        made += [(line, same.get((line.unit, line.agent))) for line in lines(period, found[number], by, show)]
    if format is Format.json:
        print(json.dumps(json_of(made, show), ensure_ascii=False))
    elif format is Format.csv:
        sys.stdout.write(as_csv(made, show, bool(others)))
    else:
        show_table(made, show, bool(others))


async def _read(site: Site, unit: str | None, asked: Iterable[Period]) -> list[Sequence[OfAgent]]:
    found: list[Sequence[OfAgent]] = []
    async with database(site.settings) as engine, reading(engine) as connection:
        for period in asked:
            of_agents: list[OfAgent] = []
            for first, last in _parts(site, period):
                units = None if unit is None else site.units.with_below([unit], first)
                for row in await sums_of_agents(connection, first, last, units):
                    line = site.units.with_above(row.pop("unit"), first)
                    of_agents.append(OfAgent(row.pop("agent"), line, Sums(**row)))
            found.append(of_agents)
    return found


def _parts(site: Site, period: Period) -> list[Period]:
    """Within each of them all units stand where they stand."""
    firsts = [period.first, *site.units.borders(*period)]
    lasts = [day - timedelta(days=1) for day in firsts[1:]]
    return [Period(*days) for days in zip(firsts, [*lasts, period.last], strict=True)]
