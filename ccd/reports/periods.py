"""The days, weeks and months of a report. A week begins on Monday. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

ONE_DAY = timedelta(days=1)


class Each(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    WHOLE = "whole"


class Period(NamedTuple):
    """From `first` to `last`, both of them in it."""

    first: date
    last: date

    def __str__(self) -> str:
        return self.first.isoformat() if self.first == self.last else f"{self.first}/{self.last}"


def periods(first: date, last: date, each: Each) -> Iterator[Period]:
    """One after the other; the first and the last may be parts of a week or a month."""
    begins = first
    while begins <= last:
        ends = min(_end(begins, each, last), last)
        yield Period(begins, ends)
        begins = ends + ONE_DAY


def before(period: Period, begins: date) -> Period:
    """As many days, from another on."""
    return Period(begins, begins + (period.last - period.first))


def _end(day: date, each: Each, last: date) -> date:
    match each:
        case Each.DAY:
            return day
        case Each.WEEK:
            return day + (6 - day.weekday()) * ONE_DAY
        case Each.MONTH:
            return (day.replace(day=1) + 31 * ONE_DAY).replace(day=1) - ONE_DAY
        case Each.WHOLE:
            return last
