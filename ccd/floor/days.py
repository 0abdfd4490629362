"""Business days: where a unit's day begins and ends (docs/time-bank.md 2.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000  # µs: what ccd counts in
ONE_DAY = timedelta(days=1)


def dates(first: date, last: date) -> Iterator[date]:
    """Each day from the first to the last, both of them in it; none where the last is before the first."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A day of the calendar and its half-open span in µs; 23 to 25 hours where the clock changes."""

    day: date
    start: int
    end: int


class BusinessDays:
    """The days of one time zone and day start. A start that a clock change skips is the first instant after it, one
    that it doubles is the first of the two."""

    def __init__(self, timezone: str, starts_at: time = time(0)) -> None:
        self._zone = ZoneInfo(timezone)
        self._starts_at = starts_at
        self._newest = BusinessDay(date.min, 0, 0)

    @property
    def clock(self) -> tuple[str, str]:
        """Time zone and day start, as they are written; alike where all days are."""
        return self._zone.key, self._starts_at.isoformat("auto")

    def of_date(self, day: date) -> BusinessDay:
        return BusinessDay(day, self._start(day), self._start(day + timedelta(days=1)))

    def at(self, at: int) -> BusinessDay:
        """The day that holds the instant."""
        newest = self._newest  # read once: days are reckoned in threads too
        if newest.start <= at < newest.end:
            return newest
        day = datetime.fromtimestamp(at // SECOND, self._zone).date()
        found = self.of_date(day)
        while at < found.start:
            found = self.of_date(found.day - timedelta(days=1))
        while at >= found.end:
            found = self.of_date(found.day + timedelta(days=1))
        self._newest = found
        return found

    def _start(self, day: date) -> int:
        wanted = datetime.combine(day, self._starts_at, self._zone)
        early, late = (int(wanted.replace(fold=fold).timestamp()) for fold in (1, 0))
        if self._local(late) == wanted.replace(tzinfo=None):
            return late * SECOND
        while early + 1 < late:  # skipped: the clock jumps at some second between the two readings
            middle = (early + late) // 2
            early, late = (early, middle) if self._local(middle) > wanted.replace(tzinfo=None) else (middle, late)
        return late * SECOND

    def _local(self, at_s: int) -> datetime:
        return datetime.fromtimestamp(at_s, UTC).astimezone(self._zone).replace(tzinfo=None)
