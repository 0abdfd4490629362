"""Which days are worked: a country's holidays, as its law has them and as an operator knows better.

What a country publishes a year at a time (in China which Saturdays and Sundays are worked for a holiday's sake) nobody
can reckon. The library that is asked says for such a year, too, what the law alone says; so it is asked whether it
knows the year (`is_published`), and whoever shows a day says it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ccd.errors import Fault, ImportFaultsError, UnknownCountryError
from ccd.org import csv_faults
from ccd.org.csv_faults import Header
from ccd.org.told_lines import DAYS_ALLOWED, said_day

HEADER = Header(("country", "day", "kind", "name"), (), lines_max=100_000)


class DayKind(StrEnum):
    WORKDAY = "workday"
    REST_DAY = "rest_day"
    STATUTORY_HOLIDAY = "statutory_holiday"


class KnownDay(NamedTuple):
    day: date
    kind: DayKind
    name: str  # the holiday's, or why it is worked all the same; "" of a day like any other


class Holidays:
    """Of one country, `CN`, or a part of one, `DE-BY`. What `corrected` says of a day counts before all else."""

    def __init__(self, country: str, corrected: Mapping[date, KnownDay]) -> None:
        """UnknownCountryError where nothing is known of it."""
        import holidays  # takes as long as all else that a command imports, and few ask

        self._corrected = corrected
        name, _, part = country.partition("-")
        try:
            language = holidays.country_holidays(name).default_language  # else it is that of whoever asks
            self._law = holidays.country_holidays(name, subdiv=part or None, language=language)
        except NotImplementedError:
            raise UnknownCountryError(country) from None
        self._kept_on_another_day = _around(getattr(self._law, "observed_label", None))
        self._off_for_another_day = _around(getattr(self._law, "substituted_label", None))

    def of(self, day: date) -> KnownDay:
        """A holiday that is kept on another day, and a day off for which another is worked, are rest days: what the law
        says of work on a holiday holds for the holiday itself."""
        if (known := self._corrected.get(day)) is not None:
            return known
        names = self._law.get_list(day)
        if self._law.is_working_day(day):
            return KnownDay(day, DayKind.WORKDAY, "; ".join(names))
        itself = any(not self._is_in_place(name) for name in names)
        return KnownDay(day, DayKind.STATUTORY_HOLIDAY if itself else DayKind.REST_DAY, "; ".join(names))

    def year(self, year: int) -> Iterator[KnownDay]:
        day = date(year, 1, 1)
        while day.year == year:
            yield self.of(day)
            day += timedelta(days=1)

    def is_published(self, year: int) -> bool:
        """False where the country says each year which days are worked, and for this year has not yet said it to
        anybody who was asked."""
        if self._off_for_another_day is None or any(day.year == year for day in self._corrected):
            return True
        self._law.get(date(year, 1, 1))  # a year is made known when it is first asked for
        worked = (day.year == year for day in self._law.weekend_workdays)
        off = (
            _says(name, self._off_for_another_day)
            for day in self._law
            if day.year == year
            for name in self._law.get_list(day)
        )
        return any(worked) or any(off)

    def is_moved(self, day: date) -> bool:
        """Worked, although it is a day of the weekend."""
        return self._law.is_weekend(day) and self.of(day).kind is DayKind.WORKDAY

    def _is_in_place(self, name: str) -> bool:
        return _says(name, self._kept_on_another_day) or _says(name, self._off_for_another_day)


def _around(label: str | None) -> tuple[str, str] | None:
    """What a label puts before and behind a name: `%s（补假）`. None where it puts nothing, or there is none."""
    before, _, behind = (label or "").partition("%s")
    return (before, behind) if before or behind else None


def _says(name: str, around: tuple[str, str] | None) -> bool:
    return around is not None and name.startswith(around[0]) and name.endswith(around[1])


@cache
def _is_known(country: str) -> bool:
    try:
        Holidays(country, {})
    except UnknownCountryError:
        return False
    return True


def parse_holidays(text: str, file: Path, is_new: bool = False) -> dict[str, dict[date, KnownDay]]:
    """By country, the days that an operator knows better; an ImportFaultsError that names every fault there is. Whether
    a country is one, and a day is spelled as any, is looked at where it `is_new`: what was imported stays so."""
    faults: list[Fault] = []
    known: dict[str, dict[date, KnownDay]] = {}
    lines: dict[tuple[str, date], int] = {}
    kinds = [kind.value for kind in DayKind]
    for line, row in csv_faults.rows(text, file, HEADER, faults):
        country, written, kind = (row.get(column, "") for column in ("country", "day", "kind"))
        found = []
        if not country:
            found.append(("country", "is empty; whose day is it?"))
        elif is_new and not _is_known(country):
            found.append(("country", f"{country!r} is no country whose holidays are known; allowed: as CN, DE-BY"))
        if kind not in kinds:
            found.append(("kind", f"{kind!r} is no kind of day; allowed: {', '.join(kinds)}"))
        try:
            day = said_day(written) if is_new else date.fromisoformat(written)
        except ValueError:
            found.append(("day", f"{written!r} is no day; {DAYS_ALLOWED}"))
        else:
            if (before := lines.setdefault((country, day), line)) != line:
                found.append(("day", f"{day} is that of line {before} too"))
        faults += [Fault(file, line, column, problem) for column, problem in found]
        if not found:
            known.setdefault(country, {})[day] = KnownDay(day, DayKind(kind), row.get("name", ""))
    csv_faults.raise_any(faults, ImportFaultsError)
    return known
