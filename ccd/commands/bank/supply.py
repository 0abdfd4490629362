"""`ccd bank supply`: the supply of time, and whether it can be staffed (docs/time-bank.md 4)."""

import csv
import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_of, now_us
from ccd.daemon.services.supplying import Balance, Supplying
from ccd.daemon.site_file import site_of
from ccd.errors import UnknownUnitError
from ccd.ledger.model import month_of
from ccd.reports.plain_table import PlainTable
from ccd.reports.spreadsheet import harmless


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


def supply(
    config: Config,
    month: Annotated[
        str | None,
        typer.Option(
            callback=lambda said: said and month_of(first_of(said)), help="As 2026-11; none: that which runs."
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="One unit alone, with those below it.")] = None,
    format: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """Say what each unit's agents were given and took, what is outstanding, and whether it can be staffed."""
    site = site_of(config)
    if unit is not None and unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    found = asked_of(site.settings, lambda ledger: Supplying(ledger, site, now_us).of(month))
    wanted = None if unit is None else site.units.with_below([unit], found.on)
    worth = site.settings.supply.rush_worth
    rows = [one.said(worth) for one in found.units if wanted is None or one.unit in wanted]
    warnings = {one: why for one, why in found.warnings().items() if wanted is None or one in wanted}
    if format is Format.json:
        said = {"month": found.month, "units": rows, "warnings": warnings}
        print(json.dumps(said | ({"left": dict(found.left)} if unit is None else {}), ensure_ascii=False))
    elif format is Format.csv:
        _as_csv(found.month, rows)
    else:
        _as_table(found, rows, warnings, unit is None)


def _as_csv(month: str, rows: list[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["month", "unit", "what", "figure"])
    for row in rows:
        unit = harmless(row["unit"])
        for name, figure in row.items():
            if isinstance(figure, dict):
                lines = [[month, unit, f"{name}.{service}", seconds] for service, seconds in figure.items()]
                writer.writerows(lines)
            elif name != "unit":
                writer.writerow([month, unit, name, "" if figure is None else figure])


def _as_table(found: Balance, rows: list[dict[str, Any]], warnings: dict[str, str], leavers: bool) -> None:
    names = [name for name in rows[0] if name != "unit"] if rows else []
    table = PlainTable("unit", *(name.replace("_", " ") for name in names), title=f"{found.month}, in seconds", keys=1)
    for row in rows:
        table.add(row["unit"] or "(none)", *(_spelled(row[name]) for name in names))
    table.print()
    console = Console()
    for unit, why in warnings.items():
        console.print(f"{unit}: {why}", highlight=False)
    for agent, seconds in found.left.items() if leavers else ():
        console.print(f"{agent} is in no unit any more, and has {seconds} s", highlight=False)


def _spelled(figure: object) -> str:
    match figure:
        case dict():
            return "\n".join(f"{service} {seconds}" for service, seconds in figure.items())
        case None:
            return ""
        case bool():
            return "yes" if figure else "no"
        case float():
            return f"{figure:.1f}"
    return str(figure)
