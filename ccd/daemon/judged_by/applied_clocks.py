"""By which clock each unit's days were counted, kept beside the state: days that are over keep where they begin.

Were the clock edited under them, the day after would begin before the last one ended, or later: time would be counted
twice, or not at all (docs/time-bank.md 2.2).
"""

import json
from collections.abc import Collection, Iterator
from datetime import date, time
from pathlib import Path
from typing import NamedTuple

from ccd.daemon.judged_by.notes import UNREADABLE, Note, keep, unreadable
from ccd.daemon.site import Site
from ccd.errors import ConfigurationError, Fault
from ccd.floor.days import BusinessDays
from ccd.floor.rules import ALWAYS
from ccd.settings import ConfigurationRead
from ccd.settings.lines import Keys, dotted

FILE = "clocks.applied.json"
WHAT_TO_DO = (
    "it says by which clock days that are over were counted. "
    "Restore it; or remove it, and the clocks as they are configured now are those"
)


Place = tuple[Path, int | None, str]  # a file, a line of it, and its key or column


class UnitClock(NamedTuple):
    """A unit's, and the first business day it may have anything on: while that runs, nothing hangs on it yet."""

    timezone: str
    day_starts_at: str
    first_day: date  # ALWAYS where days of it have been measured

    @property
    def days(self) -> BusinessDays:
        return BusinessDays(self.timezone, time.fromisoformat(self.day_starts_at))


class AppliedClocks:
    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def faults_of(self, reading: ConfigurationRead, site: Site, now: int) -> Iterator[Fault]:
        """Whose days, of which one is over at `now`, µs, would be counted by another clock than they were."""
        try:
            kept = self._kept()
        except ConfigurationError as error:
            yield from error.faults
            return
        moved: dict[tuple[Place, str, str, str], list[str]] = {}
        for unit, clock in kept.items():
            if unit in site.rostered_units and clock.days.at(now).day > clock.first_day:
                compared = zip(("timezone", "day_starts_at"), clock[:2], site.units.days(unit).clock, strict=True)
                for key, was, now_says in compared:
                    if was != now_says:
                        moved.setdefault((_place(reading, site, unit, key), key, was, now_says), []).append(unit)
        for (place, key, was, says), units in moved.items():
            yield Fault(*place, _problem(units, key, was, says))

    def keep(self, site: Site, measured: Collection[str], first_at: int, anew: bool = True) -> None:
        """See `note`; a file that says so already stays whose it is."""
        note = self.note(site, measured, first_at, anew)
        if not self._file.exists() or self._file.read_text(encoding="utf-8") != note.text:
            keep(note)

    def note(self, site: Site, measured: Collection[str], first_at: int, anew: bool = True) -> Note:
        """The site's clocks are applied. `measured` are the units of which there are days; `first_at`, µs, is when the
        first of all segments began, or now. Where not `anew`, what is kept of a unit stays as it is."""
        clocks = self._kept()
        for unit, clock in _clocks(site, measured, first_at):
            known = clocks.get(unit)
            if known is None or (anew and known[:2] != clock[:2]):
                clocks[unit] = clock
            else:
                clocks[unit] = known._replace(first_day=min(known.first_day, clock.first_day))
        text = json.dumps({unit: [*c[:2], c.first_day.isoformat()] for unit, c in clocks.items()}, ensure_ascii=False)
        return Note(self._file, text + "\n")

    def _kept(self) -> dict[str, UnitClock]:
        try:
            kept = {
                unit: UnitClock(zone, starts_at, date.fromisoformat(first_day))
                for unit, (zone, starts_at, first_day) in json.loads(self._file.read_text(encoding="utf-8")).items()
            }
            for clock in kept.values():
                _ = clock.days  # raises where it is no clock
        except FileNotFoundError:
            return {}
        except UNREADABLE as error:
            raise unreadable(self._file, error, WHAT_TO_DO) from None
        return kept


def _clocks(site: Site, measured: Collection[str], first_at: int) -> Iterator[tuple[str, UnitClock]]:
    """Of the units that have anybody: one without has no days. One that is gone keeps what is kept of it."""
    begins: dict[str, int] = {}
    for entry in site.roster.entries:
        begins[entry.unit] = min(begins.get(entry.unit, entry.start), entry.start)
    for unit in sorted({*begins, *measured} & {*site.rostered_units}):
        days = site.units.days(unit)
        first_day = ALWAYS if unit in measured else days.at(max(first_at, begins[unit])).day
        yield unit, UnitClock(*days.clock, first_day)


def _place(reading: ConfigurationRead, site: Site, unit: str, key: str) -> Place:
    """Where it is said now: of the unit, of one above it, or of the site."""
    keys: Keys = (key,)
    for above, given in site.units.saying(unit):
        if getattr(given, key) is not None:
            if site.organisation_said is not None:
                return site.organisation_said.file, given.line, key
            keys = ("units", above, key)
            break
    return reading.file, reading.line_of(keys), dotted(keys)


def _problem(units: list[str], key: str, was: str, says: str) -> str:
    return (
        f"the days of {', '.join(units)} have been counted by {key} {was}, and it now says {says}: by another clock "
        "time would be counted twice, or not at all. Put that back for them; who is to have another clock moves to a "
        "new unit that has it, by a roster line with a from"
    )
