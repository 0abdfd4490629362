"""The business days of an agent who moves between units: the days of the one, then those of the other, so that every
instant is in exactly one (docs/time-bank.md 2.2).

A day is the unit's in which the agent was at its start. The first day in the new unit begins where the old unit's day
ended, and ends where a day of the new unit does: the one that runs then or, where that has the date of the old unit's
last day, the next. So it can be shorter than others, or longer. Where units' days start together it is like any other.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ccd.floor.days import ONE_DAY, BusinessDay, BusinessDays


class Stay(NamedTuple):
    """The roster has an agent in `unit` from `start` to before `end`, µs; None: since ever, for ever."""

    unit: str
    start: int | None
    end: int | None


class OwnDay(NamedTuple):
    """A day of an agent, whose unit it is, and in which unit the day before was."""

    unit: str
    came_from: str
    day: BusinessDay


@dataclass(frozen=True, slots=True)
class _Tenure:
    """The days that an agent has in one unit: `first`, and on from there as the unit's, up to before `end`."""

    unit: str
    days: BusinessDays
    came_from: str
    first: BusinessDay
    end: int | None

    def at(self, at: int) -> BusinessDay:
        return self.first if at < self.first.end else self.days.at(at)

    def of_date(self, day: date) -> BusinessDay | None:
        found = self.first if day == self.first.day else self.days.of_date(day)
        begins = self.end is None or found.start < self.end
        return found if day >= self.first.day and begins else None


class OwnDays:
    """Of one agent. `stays` in their order, at least one, and not at the same time."""

    def __init__(self, stays: Sequence[Stay], days_of: Callable[[str], BusinessDays]) -> None:
        self._before = days_of(stays[0].unit)  # days, until the first stay says something else
        self._tenures = _tenures(stays, days_of)
        self._begins = [each.first.start for each in self._tenures]

    @property
    def begins(self) -> Sequence[int]:
        """The instants, µs, from which on the days are another unit's."""
        return self._begins

    def at(self, at: int) -> BusinessDay:
        """The day that holds the instant; while the agent is on no roster, the span between two days."""
        number = bisect_right(self._begins, at)
        if number == 0:
            return _within(self._before.at(at), None, self._begins[0])
        tenure = self._tenures[number - 1]
        after = self._begins[number] if number < len(self._begins) else None
        if tenure.end is None or at < tenure.end:
            return tenure.at(at)
        return _within(tenure.days.at(at), tenure.end, after)

    def of_date(self, day: date) -> BusinessDay:
        """Without length where the agent has no day of that date."""
        own = self.own_day(day)
        if own is not None:
            return own.day
        starts = [each.first.start for each in self._tenures if each.first.day > day]
        start = starts[0] if starts else self._before.of_date(day).start
        return BusinessDay(day, start, start)

    def own_day(self, day: date) -> OwnDay | None:
        for tenure in self._tenures:
            if found := tenure.of_date(day):
                return OwnDay(tenure.unit, tenure.came_from if day == tenure.first.day else tenure.unit, found)
        return None


def _tenures(stays: Sequence[Stay], days_of: Callable[[str], BusinessDays]) -> list[_Tenure]:
    found: list[_Tenure] = []
    for stay in stays:
        days = days_of(stay.unit)
        before = found[-1] if found else None
        if before is None:
            first, came_from = days.at(stay.start or 0), stay.unit
        elif before.end is None or (stay.end is not None and stay.end <= before.end):
            continue  # came and went within a day of the unit before
        else:
            first, came_from = _first_after(before.at(before.end - 1), stay.start or 0, days), before.unit
        end = None if stay.end is None else max(first.end, days.at(stay.end - 1).end)
        found.append(_Tenure(stay.unit, days, came_from, first, end))
    return found


def _first_after(last: BusinessDay, at: int, days: BusinessDays) -> BusinessDay:
    """The first day of whoever is there from `at` on, and had that last day elsewhere."""
    start = last.end if at <= last.end else max(last.end, days.at(at).start)
    day = max(days.at(start).day, last.day + ONE_DAY)
    return BusinessDay(day, start, days.of_date(day).end)


def _within(day: BusinessDay, start: int | None, end: int | None) -> BusinessDay:
    return BusinessDay(
        day.day, day.start if start is None else max(day.start, start), day.end if end is None else min(day.end, end)
    )
