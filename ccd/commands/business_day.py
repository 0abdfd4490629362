"""The option that names a business day."""

from datetime import datetime
from typing import Annotated

import typer

YEARS = range(1971, 2100)  # of which a day's start and end are times that a switch could say


def in_range(day: datetime | None) -> datetime | None:
    if day is not None and day.year not in YEARS:
        raise typer.BadParameter(f"{day.date()} is out of range; expected a day from {YEARS[0]} to {YEARS[-1]}")
    return day


Day = Annotated[
    datetime,
    typer.Option("--day", formats=["%Y-%m-%d"], callback=in_range, help="The business day, as 2026-11-23."),
]
