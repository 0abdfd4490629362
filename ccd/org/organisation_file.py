"""The tree of units as a CSV file: every fault with its line and column, and all lines or none.

The header is `unit,kind,parent,name,timezone,day_starts_at,country,from,to`. What is empty is as in the unit above;
`from` and `to` are half-open, days of the unit. A unit that changes has a line for each of its times, one after the
other; its kind and its clock stay what they are: the days that it has had were counted by them (docs/adr/0011).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, time
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from ccd.errors import Fault, ImportFaultsError, UnknownCountryError
from ccd.floor.days import BusinessDays
from ccd.org import csv_faults
from ccd.org.csv_faults import Header, Row
from ccd.org.holidays import Holidays
from ccd.org.people import ALL_UNITS
from ccd.org.units import Unit, Units

HEADER = Header(
    ("unit", "kind", "parent", "name", "timezone", "day_starts_at", "country", "from", "to"), (), lines_max=10_000
)
KINDS = ("centre", "sub_centre", "team")  # from the top
A_DAY = len("2026-12-01")
A_DAY_START = re.compile(r"\d\d:\d\d")  # the language reads more, as an offset

T = TypeVar("T")
Found = list[tuple[str, str]]  # column, and what is wrong there


def parse(text: str, file: Path, timezone: str, day_starts_at: time, is_new: bool = True) -> Units:
    """The units that `text`, of `file`, says, of a site with that clock; an ImportFaultsError that names every fault
    if there is one. Whether countries are known is looked at where it `is_new`: that takes as long as all else."""
    faults: list[Fault] = []
    said: defaultdict[str, list[Unit]] = defaultdict(list)
    for line, row in csv_faults.rows(text, file, HEADER, faults):
        found: Found = []
        unit = _unit(line, row, _known_country if is_new else str, found)
        faults += [Fault(file, line, column, problem) for column, problem in found]
        if row.get("unit"):
            said[row["unit"]].append(unit)
    units = Units(timezone, day_starts_at, {key: sorted(own, key=_in_time) for key, own in said.items()})
    faults += [Fault(file, *fault) for key in units for fault in _between_lines(key, units)]
    csv_faults.raise_any(faults, ImportFaultsError)
    return units


def day_written(written: str) -> date:
    """A day as it is written; a year 9999, as personnel systems write it, is no end. ValueError where it is none."""
    if len(written) != A_DAY:
        raise ValueError(written)
    day = date.fromisoformat(written)
    return date.max if day.year == date.max.year else day


def read_cell(row: Row, column: str, reads: Callable[[str], T], what: str, found: Found) -> T | None:
    """What a cell says; None of an empty one, and of one with a fault, which is noted."""
    written = row.get(column, "")
    if not written:
        return None
    try:
        return reads(written)
    except (ValueError, LookupError, OSError, UnknownCountryError):
        found.append((column, f"{written!r} is no {what}"))
        return None


def _unit(line: int, row: Row, country: Callable[[str], str], found: Found) -> Unit:
    key, kind = row.get("unit", ""), row.get("kind", "")
    if not key:
        found.append(("unit", "is empty; how is it called on the roster?"))
    elif key == ALL_UNITS:
        found.append(("unit", f"{ALL_UNITS!r} means all units wherever one is asked for; choose another name"))
    if kind not in KINDS:
        found.append(("kind", f"{kind!r}; allowed: {', '.join(KINDS)}"))
    starts = read_cell(row, "from", day_written, "day; allowed: 2026-12-01, or nothing", found) or date.min
    ends = read_cell(row, "to", day_written, "day; allowed: 2026-12-01, or nothing", found) or date.max
    if ends <= starts:
        found.append(("to", f"{row['to'] or 'the end'} is not after from; it is the first day that is not meant"))
    return Unit(
        name=row.get("name", ""),
        timezone=read_cell(row, "timezone", _zone, "time zone; allowed: as Asia/Shanghai", found),
        day_starts_at=read_cell(row, "day_starts_at", _day_start, "time of day; allowed: as 04:00", found),
        parent=row.get("parent") or None,
        kind=kind,
        country=read_cell(row, "country", country, "country whose holidays are known; allowed: as CN, DE-BY", found),
        starts=starts,
        ends=ends,
        line=line,
    )


def _zone(written: str) -> str:
    BusinessDays(written)
    return written


def _day_start(written: str) -> time:
    if not A_DAY_START.fullmatch(written):
        raise ValueError(written)
    return time.fromisoformat(written)


@cache
def _known_country(written: str) -> str:
    Holidays(written, {})
    return written


def _between_lines(key: str, units: Units) -> Iterator[tuple[int, str, str]]:
    """What a unit's lines say against each other, and against those of others: line, column, problem."""
    said, borders = units.versions(key), _borders(key, units)
    for before, after in pairwise(said):
        if after.starts < before.ends:
            yield after.line, "from", f"is within the time of line {before.line}, which is of the same unit"
        if after.kind != before.kind:
            yield after.line, "kind", f"is {before.kind!r} on line {before.line}, and a unit stays what it is"
    clock = units.clock_on(key, said[0].starts)
    for version in said:
        days = [version.starts, *(day for day in borders if version.starts < day < version.ends)]
        if version.parent is not None and (problem := _parent_problem(key, version, units, days)):
            yield version.line, "parent", problem
        for day in days:
            if units.clock_on(key, day) != clock:
                problem = f"from {day} on another clock would count its days, which stay what they are: say timezone"
                yield version.line, "timezone", f"{problem} and day_starts_at on each line of {key}"
                break


def _borders(key: str, units: Units) -> list[date]:
    """The days from which the unit, or any that ever stands above it, is another one or is no more."""
    line, days = [key], set[date]()
    for each in line:
        for version in units.versions(each):
            days |= {version.starts, version.ends}
            line += [version.parent] if version.parent is not None and version.parent not in line else []
    return sorted(days)


def _parent_problem(key: str, version: Unit, units: Units, days: Sequence[date]) -> str:
    """Why it can't stand there on one of the days from which anything is otherwise; "" where it can."""
    assert version.parent is not None
    if version.parent not in units:
        return f"{version.parent!r} is no unit of this file"
    kind = units.versions(version.parent)[0].kind
    if kind in KINDS and version.kind in KINDS and KINDS.index(kind) > KINDS.index(version.kind):
        return f"{version.parent!r} is a {kind}, and a {version.kind} does not stand below one"
    for day in days:
        if units.on(version.parent, day) is None:
            return f"{version.parent!r} is not there {_on(day)}"
        top = units.on(units.with_above(key, day)[-1], day)
        if top is not None and top.parent == key:
            return f"{key} stands above itself {_on(day)}; units are a tree"
    return ""


def _on(day: date) -> str:
    return "from the first of all days on" if day == date.min else f"on {day}"


def _in_time(unit: Unit) -> tuple[date, int]:
    return unit.starts, unit.line
