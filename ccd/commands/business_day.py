"""The options that name a business day, or a month."""

from datetime import date, datetime
from typing import Annotated

import typer

YEARS = range(1971, 2100)  # of which a day's start and end are times that a switch could say


def in_range(day: datetime | None) -> datetime | None:
    if day is not None:
        check_year(day.date())
    return day


def check_year(day: date) -> date:
    if day.year not in YEARS:
        raise typer.BadParameter(f"{day} is out of range; expected a day from {YEARS[0]} to {YEARS[-1]}")
    return day


Day = Annotated[
    datetime,
    typer.Option("--day", formats=["%Y-%m-%d"], callback=in_range, help="The business day, as 2026-11-23."),
]

First = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], callback=in_range, help="First day.")]
Last = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="Last day.")]
Since = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], callback=in_range, help="For this day or later.")
]
UpTo = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="For this day or earlier.")
]


def days_in_order(first: datetime, last: datetime | None) -> tuple[date, date]:
    """The first and the last day that somebody asks for; without a last the first alone. Of no day at all nothing is
    told, or it would look as if there were nothing."""
    days = first.date(), (last or first).date()
    _in_order(*days)
    return days


def days_from_to(first: datetime | None, last: datetime | None) -> tuple[date | None, date | None]:
    """The same, where either may be left out, and then nothing ends there."""
    days = first and first.date(), last and last.date()
    if days[0] and days[1]:
        _in_order(days[0], days[1])
    return days


def _in_order(first: date, last: date) -> None:
    if first > last:
        raise typer.BadParameter(f"--from {first} is after --to {last}; give an earlier and a later day")


def first_of(month: str) -> date:
    """The first day of a month that a person wrote."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise typer.BadParameter(f"{month!r}; allowed: a month, as 2026-11") from None
    if first.year not in YEARS:
        raise typer.BadParameter(f"{month!r}; allowed: a month, as 2026-11, from {YEARS[0]} to {YEARS[-1]}")
    return first
