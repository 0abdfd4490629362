"""The tree of units: what each is called, and when its business day begins (docs/time-bank.md 1 and 2.2)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND, BusinessDays


@dataclass(frozen=True, slots=True)
class Unit:
    """A team, a sub-centre or a centre. What is None is as in the unit above, and at the top as for the site."""

    name: str = ""  # "": its key is its name
    timezone: str | None = None
    day_starts_at: time | None = None
    parent: str | None = None


class Units:
    """Every unit that is configured; one that is not follows the site, under its key as its name.

    A circle, or a parent that is not there, is for whoever reads the configuration to name; here it ends the line.
    """

    def __init__(self, timezone: str, day_starts_at: time, units: Mapping[str, Unit]) -> None:
        self._units = dict(units)
        clocks: dict[tuple[str, time], BusinessDays] = {}

        def clock(zone: str, starts_at: time) -> BusinessDays:
            if (zone, starts_at) not in clocks:
                clocks[zone, starts_at] = BusinessDays(zone, starts_at)
            return clocks[zone, starts_at]

        self._site = (timezone, clock(timezone, day_starts_at))
        self._clocks: dict[str, tuple[str, BusinessDays]] = {}
        for key in self._units:
            line = [self._units[above] for above in self.with_above(key) if above in self._units]
            zone = next((unit.timezone for unit in line if unit.timezone is not None), timezone)
            starts_at = next((unit.day_starts_at for unit in line if unit.day_starts_at is not None), day_starts_at)
            self._clocks[key] = (zone, clock(zone, starts_at))

    def __contains__(self, unit: str) -> bool:
        return unit in self._units

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def name(self, unit: str) -> str:
        known = self._units.get(unit)
        return known.name if known and known.name else unit

    def timezone(self, unit: str) -> str:
        return self._clocks.get(unit, self._site)[0]

    def days(self, unit: str) -> BusinessDays:
        return self._clocks.get(unit, self._site)[1]

    def with_above(self, unit: str) -> tuple[str, ...]:
        """The unit, the one above it, and so on to the top; each once."""
        line = [unit]
        while (known := self._units.get(line[-1])) and known.parent is not None and known.parent not in line:
            line.append(known.parent)
        return tuple(line)

    def with_below(self, units: Iterable[str]) -> frozenset[str]:
        """The units and all that stand below them: what somebody who leads them may see."""
        leading = frozenset(units)
        return leading | {unit for unit in self._units if leading.intersection(self.with_above(unit))}

    def instant(self, unit: str, written: date | datetime) -> int:
        """What a person wrote, in µs: a date is that business day's start; a time without a zone is the unit's own."""
        if not isinstance(written, datetime):
            return self.days(unit).of_date(written).start
        aware = written if written.tzinfo else written.replace(tzinfo=ZoneInfo(self.timezone(unit)))
        return int(aware.timestamp()) * SECOND + aware.microsecond
