"""What each unit stood below, as it was applied last, kept beside the state. A ruling of a unit, and its emergencies,
reach those below it on their day: where a tree that is applied now says otherwise of days that are over, these are
measured anew (docs/time-bank.md 2.6)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from pathlib import Path

from sqlalchemy import Connection

from ccd.bank.emergency_rows import emergencies_within
from ccd.daemon.judged_by.notes import UNREADABLE, Note
from ccd.daemon.site import Site
from ccd.floor.days import dates
from ccd.floor.owners import NEVER
from ccd.floor.spans import Span, span_of
from ccd.history.seen_days import UnitDay
from ccd.org.ruling_rows import rulings_that_hold
from ccd.org.units import Unit, Units

FILE = "tree.applied.json"
ANY = Units("UTC", time(), {})  # what nobody can say any more: each unit may have stood below any other

SaidOfUnit = tuple[str, Span]  # about a span of time


class AppliedTree:
    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def before(self, site: Site) -> Units | None:
        """As it was applied; None where it is the same. ANY where it can't be read any more, or was not kept yet by the
        ccd before an upgrade."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            before = Units("UTC", time(), {unit: list(map(_version, versions)) for unit, versions in kept.items()})
        except UNREADABLE:
            return ANY
        return None if _spelled(site.units) == _spelled(before) else before

    def note(self, site: Site) -> Note:
        return Note(self._file, _spelled(site.units))


def reached_otherwise(connection: Connection, site: Site, before: Units) -> set[UnitDay]:
    """By unit, the days on which a ruling of a unit, or an emergency, reaches it and did not `before`, or no more."""
    first = date.min if before is ANY else first_moved(before, site.units)
    if first is None:
        return set()
    since = 0 if first == date.min else site.first_start(first)
    said = [(one.unit, span_of(one)) for one in rulings_that_hold(connection, since, NEVER) if one.unit is not None]
    said += [(one.unit, span_of(one)) for one in emergencies_within(connection, since, NEVER)]
    return set(_otherwise(said, site, before))


def first_moved(before: Units, now: Units) -> date | None:
    """The first day on which some unit stands below another one; None where none does on any."""
    days = []
    for unit in {*before, *now}:
        versions = (*before.versions(unit), *now.versions(unit))
        borders = {date.min, *(day for one in versions for day in (one.starts, one.ends))}
        days += [day for day in borders if _parent(before, unit, day) != _parent(now, unit, day)]
    return min(days, default=None)


def _parent(units: Units, unit: str, day: date) -> str | None:
    known = units.on(unit, day)
    return None if known is None else known.parent


def _otherwise(said: Iterable[SaidOfUnit], site: Site, before: Units) -> Iterator[UnitDay]:
    for unit, (start, end) in said:
        own = site.units.days(unit)
        for each in site.rostered_units:
            days = site.units.days(each)
            for day in dates(days.at(start).day, days.at(end - 1).day):
                reached = unit in before.with_above(each, day)
                if before is ANY or reached != (unit in site.units.with_above(each, day)):
                    yield each, day
                    yield unit, own.at(start).day


def _spelled(units: Units) -> str:
    said = {
        unit: [[str(one.starts), str(one.ends), one.parent] for one in units.versions(unit)] for unit in sorted(units)
    }
    return json.dumps(said, ensure_ascii=False) + "\n"


def _version(kept: Sequence[str]) -> Unit:
    starts, ends, parent = kept
    return Unit(parent=parent, starts=date.fromisoformat(starts), ends=date.fromisoformat(ends))
