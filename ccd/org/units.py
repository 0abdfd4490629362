"""The tree of units: what each is called, what it stands below on a day, and when its business day begins
(docs/time-bank.md 1 and 2.2).

A unit can stand below another one from a day on; its clock is the same on all its days.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND, BusinessDays


@dataclass(frozen=True, slots=True)
class Unit:
    """A team, a sub-centre or a centre, from a day until before another. What is None is as in the unit above, and at
    the top as for the site."""

    name: str = ""  # "": its key is its name
    timezone: str | None = None
    day_starts_at: time | None = None
    parent: str | None = None
    kind: str = ""  # as KINDS; "" where nobody has said it
    country: str | None = None  # whose holidays its agents have
    starts: date = date.min
    ends: date = date.max
    line: int = 0  # of the file that says it; 0 where none does

    def holds(self, day: date) -> bool:
        return self.starts <= day < self.ends


class Units:
    """Every unit that is configured; one that is not follows the site, under its key as its name. Of one that changes
    in time there are several, one after the other.

    A circle, a parent that is not there, and a clock that changes are for whoever reads the units to name; here a
    circle or a gap ends the line, and the clock is that of the first.
    """

    def __init__(self, timezone: str, day_starts_at: time, units: Mapping[str, Unit | Sequence[Unit]]) -> None:
        self._units = {key: (said,) if isinstance(said, Unit) else tuple(said) for key, said in units.items()}
        clocks: dict[tuple[str, time], BusinessDays] = {}

        def clock(zone: str, starts_at: time) -> BusinessDays:
            if (zone, starts_at) not in clocks:
                clocks[zone, starts_at] = BusinessDays(zone, starts_at)
            return clocks[zone, starts_at]

        self._site = (timezone, clock(timezone, day_starts_at))
        self._clocks: dict[str, tuple[str, BusinessDays]] = {}
        for key, versions in self._units.items():
            zone, starts_at = self.clock_on(key, versions[0].starts)
            self._clocks[key] = (zone or timezone, clock(zone or timezone, starts_at or day_starts_at))

    def __contains__(self, unit: str) -> bool:
        return unit in self._units

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def versions(self, unit: str) -> tuple[Unit, ...]:
        """What is said of it, one after the other; nothing of a unit that is not configured."""
        return self._units.get(unit, ())

    def borders(self, first: date, last: date) -> list[date]:
        """The days after `first`, up to `last`, from which some unit is there, stands elsewhere, or is no more."""
        days = {day for said in self._units.values() for version in said for day in (version.starts, version.ends)}
        return sorted(day for day in days if first < day <= last)

    def on(self, unit: str, day: date) -> Unit | None:
        return next((version for version in self.versions(unit) if version.holds(day)), None)

    def gone_on(self, unit: str, first: date) -> date | None:
        """The first day from `first` on, on which it is there no more, for a time or for ever; not there yet is not
        gone."""
        days = (max(first, version.ends) for version in self.versions(unit))
        return next((day for day in days if day < date.max and self.on(unit, day) is None), None)

    def name(self, unit: str) -> str:
        """The newest that it has."""
        known = self.versions(unit)
        return known[-1].name if known and known[-1].name else unit

    def country(self, unit: str, day: date) -> str | None:
        """Whose holidays its agents have that day: its own, or that of the nearest above it; None where none says."""
        return next((known.country for known in self._line(unit, day) if known.country is not None), None)

    def timezone(self, unit: str) -> str:
        return self._clocks.get(unit, self._site)[0]

    def days(self, unit: str) -> BusinessDays:
        return self._clocks.get(unit, self._site)[1]

    def site_day(self, at: int) -> date:
        """The business day that runs at an instant, µs, by the site's own clock."""
        return self.days("").at(at).day

    def clock_on(self, unit: str, day: date) -> tuple[str | None, time | None]:
        """Time zone and day start as they are said for a day, by the unit or above it; None where the site's hold."""
        line = self._line(unit, day)
        zone = next((known.timezone for known in line if known.timezone is not None), None)
        return zone, next((known.day_starts_at for known in line if known.day_starts_at is not None), None)

    def with_above(self, unit: str, day: date) -> tuple[str, ...]:
        """The unit, the one above it that day, and so on to the top; each once."""
        line = [unit]
        while (known := self.on(line[-1], day)) and known.parent is not None and known.parent not in line:
            line.append(known.parent)
        return tuple(line)

    def with_below(self, units: Iterable[str], day: date) -> frozenset[str]:
        """The units and all that stand below them that day: what somebody who leads them may see."""
        leading = frozenset(units)
        return leading | {unit for unit in self._units if leading.intersection(self.with_above(unit, day))}

    def saying(self, unit: str) -> list[tuple[str, Unit]]:
        """The unit and those above it on its first day: which of them says the clock of all its days."""
        versions = self.versions(unit)
        line = self.with_above(unit, versions[0].starts) if versions else ()
        return [(each, known) for each in line if (known := self.on(each, versions[0].starts))]

    def _line(self, unit: str, day: date) -> list[Unit]:
        return [known for each in self.with_above(unit, day) if (known := self.on(each, day))]

    def instant(self, unit: str, written: date | datetime) -> int:
        """What a person wrote, in µs: a date is that business day's start; a time without a zone is the unit's own."""
        if not isinstance(written, datetime):
            return self.days(unit).of_date(written).start
        aware = written if written.tzinfo else written.replace(tzinfo=ZoneInfo(self.timezone(unit)))
        return int(aware.timestamp()) * SECOND + aware.microsecond
