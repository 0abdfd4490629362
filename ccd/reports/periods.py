"""The days, weeks and months of a report. A week begins on Monday. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from ccd.floor.days import ONE_DAY


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


def held_against(asked: Sequence[Period], begins: date, each: Each) -> list[Period]:
    """For each of them as many days, from another day on; of months that begin on the same day of theirs, the month as
    far from the first, or of a part of one as many days of it."""
    if each is Each.MONTH and begins.day == asked[0].first.day:
        months = islice(periods(begins, date.max, each), len(asked))
        return [
            other if one.last == _end(one.first, each, date.max) else _as_long(one, other.first, other.last)
            for one, other in zip(asked, months, strict=True)
        ]
    return [_as_long(one, one.first + (begins - asked[0].first)) for one in asked]


def _as_long(one: Period, begins: date, at_most: date = date.max) -> Period:
    return Period(begins, min(begins + (one.last - one.first), at_most))


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
