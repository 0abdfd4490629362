"""The roster as a CSV file: every fault with its line and column, and all lines or none.

The header is `agent,interface,member_name,unit`; `pbx`, `from`, `to` and `name` (what people call the agent) may
follow, in any order. `from` and `to` are half-open: a date means that business day's start in the line's unit, a time
without a zone is the unit's own. A `to` in the year 9999, as personnel systems write it, is no end.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path

from ccd.errors import Fault, RosterError
from ccd.org import csv_faults
from ccd.org.csv_faults import Header, Row
from ccd.org.roster import AFTER_ALL, BEFORE_ALL, Roster, RosterLine, roster_contradictions
from ccd.org.units import Units

HOUSE = "house"  # not an agent: where accounts are typed, `house:gift` is the house's
HEADER = Header(("agent", "interface", "member_name", "unit"), ("pbx", "from", "to", "name"), lines_max=500_000)
EMPTY = ",".join(HEADER.needed) + "\n"


def read(file: Path, units: Units) -> Roster:
    """The roster in `file`; a RosterError that names every fault if there is one."""
    return parse(text_of(file), file, units)


def text_of(file: Path) -> str:
    """What the file says, for `parse`; a RosterError where it can't be read."""
    return csv_faults.file_text(file, RosterError)


def parse(text: str, file: Path, units: Units) -> Roster:
    """The roster that `text`, of `file`, says; a RosterError that names every fault if there is one."""
    faults: list[Fault] = []
    entries: list[RosterLine] = []
    dated: dict[int, Row] = {}
    said = cache(partial(_said, units))  # a date of a unit stands on many lines, and a clock is slow to ask
    for line, row in csv_faults.rows(text, file, HEADER, faults):
        found = list(_faults_of(row))
        instants = {column: _instant(row, column, said, found) for column in ("from", "to")}
        faults += [Fault(file, line, column, problem) for column, problem in found]
        if not found or _can_be_compared(row, [column for column, _ in found]):
            entries.append(_entry(line, row, instants))
            dated[line] = row
    entries = _moved(entries, dated)
    faults += _between_lines(entries, file)
    csv_faults.raise_any(faults, RosterError)
    return Roster(entries)


def _faults_of(row: Row) -> Iterator[tuple[str, str]]:
    if not row.get("agent"):
        yield "agent", "is empty; who sits there?"
    if row.get("agent") == HOUSE:
        yield "agent", f"is {HOUSE!r}, which is how the house's own accounts are spelled; call them something else"
    if not row.get("unit"):
        yield "unit", "is empty; which unit is the agent in?"
    if not row.get("interface") and not row.get("member_name"):
        yield "interface", "is empty, and so is member_name; give one of them, or both"


def _instant(row: Row, column: str, said: Callable[[str, str], int | None], found: list[tuple[str, str]]) -> int | None:
    written = row.get(column, "")
    if not written:
        return None
    try:
        at = said(row.get("unit", ""), written)
    except (ValueError, OverflowError):
        found.append(
            (column, f"{written!r} is no date; allowed: 2026-11-23, or 2026-11-23T08:00, with or without +08:00")
        )
        return None
    if at is None and column == "from":
        found.append((column, f"{written!r} never comes; leave the line out"))
    return at


def _said(units: Units, unit: str, written: str) -> int | None:
    """µs; None of the year 9999. ValueError, OverflowError where it is no date."""
    parsed = datetime.fromisoformat(written) if len(written) > len("2026-11-23") else date.fromisoformat(written)
    return None if parsed.year == date.max.year else units.instant(unit, parsed)


def _can_be_compared(row: Row, faulty: Collection[str]) -> bool:
    """Whether it is known from when until when a line with faults is meant to hold: the unit's clock tells dates."""
    return not {"from", "to"} & set(faulty) and not ("unit" in faulty and (row.get("from") or row.get("to")))


def _entry(line: int, row: Row, instants: Mapping[str, int | None]) -> RosterLine:
    """Whom or what a line with faults does not name stands for itself alone: no cell begins with a line's end."""
    start, end = instants["from"], instants["to"]
    agent, interface, nobody = row.get("agent", ""), row.get("interface", ""), f"\n{line}"
    return RosterLine(
        line=line,
        agent=agent if agent and row.get("unit") else nobody,
        interface=interface if interface or row.get("member_name") else nobody,
        member_name=row.get("member_name", ""),
        unit=row.get("unit", ""),
        pbx=row.get("pbx", ""),
        start=BEFORE_ALL if start is None else start,
        end=AFTER_ALL if end is None else end,
        name=row.get("name", ""),
    )


def _moved(entries: list[RosterLine], rows: Mapping[int, Row]) -> list[RosterLine]:
    """Who moves on a date is in the new unit from where the old unit's day ends, wherever its own begins."""
    ends = {(entry.agent, rows[entry.line].get("to", "")): entry for entry in entries if entry.end != AFTER_ALL}
    moved = []
    for entry in entries:
        old = ends.get((entry.agent, rows[entry.line].get("from", "")))
        moves = old is not None and old.unit != entry.unit and len(rows[entry.line]["from"]) <= len("2026-11-23")
        moved.append(replace(entry, start=old.end) if old is not None and moves else entry)
    return moved


def _between_lines(entries: list[RosterLine], file: Path) -> Iterator[Fault]:
    for entry in entries:
        if entry.start >= entry.end:
            problem = "is not after from; a line holds from one instant until before another"
            yield Fault(file, entry.line, "to", problem)
    for late, early, why in roster_contradictions(entries):
        yield Fault(file, late.line, "", f"{why} as line {early.line}")
