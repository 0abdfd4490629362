"""In which attendance month a day counts (docs/time-bank.md 3.5): that of the calendar, or one that begins on another
day and is named for the one in which it ends. Pure."""

from datetime import date, timedelta
from functools import partial

from ccd.ledger.model import Months, month_after, month_of

BEGINS_MAX = 28  # every month has that day


def months_that_begin(on: int) -> Months:
    """On which day of the calendar's month the site's begin: with 26, the days from 26 November to 25 December count in
    2026-12. With 1 it is the calendar's own."""
    return month_of if on == 1 else partial(_month_of, on)


def span(month: str, begins: int) -> tuple[date, date]:
    """The first and last day of a month."""
    following = month_after(month)
    if begins == 1:
        first = date.fromisoformat(f"{month}-01")
        return first, date.fromisoformat(f"{following}-01") - timedelta(days=1)
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 2, 12)
    return date(year, number + 1, begins), date.fromisoformat(f"{month}-{begins - 1:02d}")


def _month_of(begins: int, day: date) -> str:
    return month_after(month_of(day)) if day.day >= begins else month_of(day)
