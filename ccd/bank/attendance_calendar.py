"""In which attendance month a day counts (docs/time-bank.md 3.5): that of the calendar, or one that begins on another
day and is named for the one in which it ends. Pure."""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import NamedTuple

from ccd.floor.days import dates
from ccd.ledger.model import Months, month_after, month_of


class Calendar(NamedTuple):
    """Of a site's attendance months: on which day they begin, on which day of them the balance can be set against
    leave and full attendance is foreseen, and when they close, by the site's clock."""

    month_begins: int
    offset_opens: int
    forecast_from: int
    closes_after_days: int
    closes_at: time

    def month_of(self, day: date) -> str:
        return months_that_begin(self.month_begins)(day)

    def span(self, month: str) -> tuple[date, date]:
        return span(month, self.month_begins)

    def last_day(self, month: str) -> date:
        return self.span(month)[1]

    def days(self, month: str) -> list[date]:
        return list(dates(*self.span(month)))

    def opens_on(self, month: str) -> date:
        """From when on what is owed for the month can be offset."""
        return self._day(month, self.offset_opens)

    def foreseen_from(self, month: str) -> date:
        return self._day(month, self.forecast_from)

    def closes(self, month: str) -> datetime:
        """When nobody is waited for any longer, by the clock of the site."""
        return datetime.combine(self.last_day(month) + timedelta(days=self.closes_after_days), self.closes_at)

    def _day(self, month: str, number: int) -> date:
        first, last = self.span(month)
        return min(first + timedelta(days=number - 1), last)


def months_that_begin(on: int) -> Months:
    """On which day of the calendar's month the site's begin: with 26, the days from 26 November to 25 December count in
    2026-12. With 1 it is the calendar's own."""
    return month_of if on == 1 else partial(_month_of, on)


def span(month: str, begins: int = 1) -> tuple[date, date]:
    """The first and last day of a month, the calendar's own or one that begins on another day."""
    following = month_after(month)
    if begins == 1:
        first = date.fromisoformat(f"{month}-01")
        return first, date.fromisoformat(f"{following}-01") - timedelta(days=1)
    return date.fromisoformat(f"{month_before(month)}-{begins:02d}"), date.fromisoformat(f"{month}-{begins - 1:02d}")


def day_near(month: str, today: date, begins: int = 1) -> date:
    """By which it is said how a month stands: today or, of another month, its day that is nearest."""
    first, last = span(month, begins)
    return max(first, min(last, today))


def month_before(month: str, months: int = 1) -> str:
    """The one that many months before."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - months, 12)
    return f"{year:04d}-{number + 1:02d}"


def _month_of(begins: int, day: date) -> str:
    return month_after(month_of(day)) if day.day >= begins else month_of(day)
