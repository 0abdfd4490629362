"""What is imported says otherwise than what holds, line by line, in words for who is about to import it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.org.csv_faults import Row
from ccd.org.roster import AFTER_ALL, BEFORE_ALL, Roster, RosterLine
from ccd.org.units import Units


class LineChange(NamedTuple):
    """What becomes of a line: new without `before`, gone without `after`."""

    before: RosterLine | None
    after: RosterLine | None

    @property
    def agent(self) -> str:
        line = self.after or self.before
        assert line is not None
        return line.agent


def roster_changes(before: Roster, after: Roster) -> list[LineChange]:
    """By agent. Where a line stands in the file, and how it is written there, changes nothing."""
    old, new = (dict.fromkeys(replace(entry, line=0) for entry in roster.entries) for roster in (before, after))
    seats: defaultdict[tuple[str, tuple[str, str, str]], tuple[list[RosterLine], list[RosterLine]]]
    seats = defaultdict(lambda: ([], []))
    for entry in old:
        if entry not in new:
            seats[entry.agent, entry.key][0].append(entry)
    for entry in new:
        if entry not in old:
            seats[entry.agent, entry.key][1].append(entry)
    found: list[LineChange] = []
    for _, (gone, come) in sorted(seats.items()):
        in_time = (sorted(lines, key=lambda entry: (entry.start, entry.end)) for lines in (gone, come))
        found += [LineChange(was, now) for was, now in zip_longest(*in_time)]
    return found


class RowChange(NamedTuple):
    """What becomes of a line of a file, by what it is about; new without `before`, gone without `after`."""

    key: str
    before: Row | None
    after: Row | None

    def __str__(self) -> str:
        was, now = self.before, self.after
        if was is None or now is None:
            return f"+ {self.key}: {_cells(now)}" if now else f"- {self.key}: {_cells(was or {})}"
        columns = dict.fromkeys((*was, *now))
        both = ((column, was.get(column, "") or "nothing", now.get(column, "") or "nothing") for column in columns)
        return f"~ {self.key}: {', '.join(f'{column} {old} -> {new}' for column, old, new in both if old != new)}"


def row_changes(before: Iterable[Row], after: Iterable[Row], columns: Sequence[str]) -> list[RowChange]:
    """By what stands in the first of the columns, and told in their order. Where a line stands in its file, and where
    its columns do, changes nothing."""
    old, new = (Counter(_said_of(row, columns) for row in rows) for rows in (before, after))
    lines: defaultdict[str, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for name, cells in (old - new).elements():
        lines[name][0].append(dict(cells))
    for name, cells in (new - old).elements():
        lines[name][1].append(dict(cells))
    found: list[RowChange] = []
    for name, both in sorted(lines.items()):
        in_time = (sorted(rows, key=lambda row: row.get("from", "")) for rows in both)
        found += [RowChange(name, was, now) for was, now in zip_longest(*in_time)]
    return found


def _said_of(row: Row, columns: Sequence[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    key, *others = columns
    return row.get(key, ""), tuple((column, row[column]) for column in others if row.get(column))


def _cells(row: Row) -> str:
    return ", ".join(f"{column} {cell}" for column, cell in row.items())


def said(change: LineChange, units: Units) -> str:
    """A line that is changed with what differs; one that comes or goes in full."""
    was, now = change
    if was is None or now is None:
        return f"+ {change.agent}: {_line(now, units)}" if now else f"- {change.agent}: {_line(was, units)}"
    words = {name: (word(was, units), word(now, units)) for name, word in WORDS.items()}
    differing = [f"{name} {old} -> {new}" for name, (old, new) in words.items() if old != new]
    return f"~ {change.agent}: {_seat(now)}: {', '.join(differing)}"


def _line(entry: RosterLine | None, units: Units) -> str:
    assert entry is not None
    parts = [_seat(entry), f"in {entry.unit}"]
    parts += [f"from {_from(entry, units)}"] if entry.start != BEFORE_ALL else []
    parts += [f"to {_to(entry, units)}"] if entry.end != AFTER_ALL else []
    parts += [f"called {entry.name}"] if entry.name else []
    return ", ".join(parts)


def _seat(entry: RosterLine) -> str:
    seat = " as ".join(part for part in (entry.interface, entry.member_name) if part)
    return f"{seat} on {entry.pbx}" if entry.pbx else seat


def _unit(entry: RosterLine, units: Units) -> str:
    return entry.unit


def _name(entry: RosterLine, units: Units) -> str:
    return entry.name or "nothing"


def _from(entry: RosterLine, units: Units) -> str:
    return "ever" if entry.start == BEFORE_ALL else _instant(entry.start, entry.unit, units)


def _to(entry: RosterLine, units: Units) -> str:
    return "ever" if entry.end == AFTER_ALL else _instant(entry.end, entry.unit, units)


WORDS: dict[str, Callable[[RosterLine, Units], str]] = {"unit": _unit, "from": _from, "to": _to, "name": _name}


def _instant(at: int, unit: str, units: Units) -> str:
    """As it could be written in the roster: a date where the unit's day begins, else the time with its zone."""
    day = units.days(unit).at(at)
    return str(day.day) if day.start == at else moment(at, units.timezone(unit))


def moment(at: int, timezone: str) -> str:
    """An instant, µs, as a clock of that zone says it."""
    whole, us = divmod(at, SECOND)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=us).astimezone(ZoneInfo(timezone)).isoformat()
