"""People and what they are there for, as a CSV file: every fault with its line and column, and all lines or none.

The header is `person,name,agent,role,unit,from,to,deputy_of`; `joined_on`, `contract_ppm` and `contract_from` may
follow, in any order.
`person` is the name to sign in with, at a prompt and on the pages. A line says one thing that a person is there for:
an office (`role`) in a unit and all below it, or in all of them (`*`); or, with `deputy_of`, that they stand in for
somebody, in all that is theirs. A line with neither says who the person is, and nothing more. `from` and `to` are
half-open, as on the roster: a date means that business day's start in the line's unit, a time without a zone is the
unit's own. What is said of the person themselves may stand on any of their lines, and is the same on all that say it.
Only the share of a full contract may be another from another day on: `contract_from`, and what was before stays so.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

from ccd.errors import Fault, ImportFaultsError
from ccd.org import csv_faults
from ccd.org.csv_faults import Header, Row
from ccd.org.organisation_file import A_DAY, Found, day_written, read_cell
from ccd.org.people import ALL_UNITS, Office
from ccd.org.roster import AFTER_ALL, BEFORE_ALL
from ccd.org.staff import WHOLE_PPM, HeldDuty, Shares, Staff, StaffMember
from ccd.org.units import Units

HEADER = Header(
    ("person", "name", "agent", "role", "unit", "from", "to", "deputy_of"),
    ("joined_on", "contract_ppm", "contract_from"),
    lines_max=200_000,
)  # fmt: skip
PPM_DIGITS = len(str(WHOLE_PPM))
OF_THE_PERSON = ("name", "agent", "joined_on")


def parse(text: str, file: Path, units: Units, known: Iterable[str]) -> Staff:
    """The people that `text`, of `file`, says, in units of which `known` are those there are; an ImportFaultsError
    that names every fault if there is one."""
    faults: list[Fault] = []
    lines: dict[int, Row] = {}
    held: list[HeldDuty] = []
    there = frozenset(known)
    for line, row in csv_faults.rows(text, file, HEADER, faults):
        found: Found = []
        each = _held(line, row, units, there, found)
        _member(row, found)
        _share(row, found)
        faults += [Fault(file, line, column, problem) for column, problem in found]
        if row.get("person"):
            lines[line] = row
        if each is not None and not found:
            held.append(each)
    faults += [Fault(file, *fault) for fault in (*_of_persons(lines), *_twice(held))]
    csv_faults.raise_any(faults, ImportFaultsError)
    return Staff(_members(lines.values()), held)


def _held(line: int, row: Row, units: Units, known: frozenset[str], found: Found) -> HeldDuty | None:
    person, role, unit, deputy_of = (row.get(column, "") for column in ("person", "role", "unit", "deputy_of"))
    if not person:
        found.append(("person", "is empty; by which name do they sign in?"))
    if deputy_of:
        found += [(column, "goes without deputy_of: a deputy has what the other has")
                  for column in ("role", "unit") if row.get(column)]  # fmt: skip
        if deputy_of == person:
            found.append(("deputy_of", "is the person; nobody stands in for themselves"))
    elif role:
        if role not in set(Office):
            found.append(("role", f"{role!r}; allowed: {', '.join(Office)}"))
        if not unit:
            found.append(("unit", f"is empty; in which unit? {ALL_UNITS} is all of them"))
        elif unit != ALL_UNITS and unit not in known:
            found.append(("unit", f"{unit!r} is no unit; import it first: ccd import organisation"))
    else:
        found += [(column, "goes with a role, or with deputy_of") for column in ("unit", "from", "to")
                  if row.get(column)]  # fmt: skip
    what = "date; allowed: 2026-11-23, or 2026-11-23T08:00, with or without +08:00"
    start, end = (
        read_cell(row, column, lambda written: _instant(units, unit, written), what, found) for column in ("from", "to")
    )
    start, end = BEFORE_ALL if start is None else start, AFTER_ALL if end is None else end
    if start >= end:
        found.append(("to", "is not after from; it holds from one instant until before another"))
    if found or not (role or deputy_of):
        return None
    return HeldDuty(person, Office(role) if role else None, unit, start, end, deputy_of, line)


def _instant(units: Units, unit: str, written: str) -> int:
    said = datetime.fromisoformat(written) if len(written) > A_DAY else day_written(written)
    if said.year == date.max.year:
        return AFTER_ALL
    return units.instant("" if unit == ALL_UNITS else unit, said)


def _member(row: Row, found: Found, shares: Shares = ()) -> StaffMember:
    joined_on = read_cell(row, "joined_on", day_written, "day; allowed: 2026-12-01, or nothing", found)
    return StaffMember(row.get("name", ""), row.get("agent") or None, joined_on, shares)


def _share(row: Row, found: Found) -> tuple[date, int] | None:
    """Of a full contract, and from which day on: always, where none is named."""
    ppm = read_cell(row, "contract_ppm", _ppm, f"share of a full contract; allowed: 1 to {WHOLE_PPM}", found)
    since = read_cell(row, "contract_from", _first_day, "day; allowed: 2026-12-01, or nothing", found)
    if row.get("contract_from") and not row.get("contract_ppm"):
        found.append(("contract_from", "goes with contract_ppm: from that day on, what share of a full contract?"))
    return None if ppm is None else (since or date.min, ppm)


def _first_day(written: str) -> date:
    if (day := day_written(written)) == date.max:
        raise ValueError(written)
    return day


def _ppm(written: str) -> int:
    ppm = int(written) if written.isascii() and written.isdecimal() and len(written) <= PPM_DIGITS else 0
    if not 0 < ppm <= WHOLE_PPM:
        raise ValueError(written)
    return ppm


def _of_persons(lines: dict[int, Row]) -> Iterator[tuple[int, str, str]]:
    """What lines say of persons against each other: line, column, problem."""
    first: dict[tuple[str, str], tuple[int, str]] = {}
    whose: dict[str, tuple[int, str]] = {}
    names = {row["person"] for row in lines.values()}
    for line, row in lines.items():
        person = row["person"]
        for column in OF_THE_PERSON:
            if said := row.get(column, ""):
                before, was = first.setdefault((person, column), (line, said))
                if was != said:
                    yield line, column, f"is {was!r} on line {before}, which is of the same person"
        if said := row.get("contract_ppm", ""):
            before, was = first.setdefault((person, f"from {row.get('contract_from', '')}"), (line, said))
            if was != said:
                yield line, "contract_ppm", f"is {was!r} on line {before}, of the same person from the same day on"
        if agent := row.get("agent", ""):
            before, other = whose.setdefault(agent, (line, person))
            if other != person:
                yield line, "agent", f"{agent!r} is {other} on line {before}; an agent is one person"
        if (other := row.get("deputy_of", "")) and other not in names:
            yield line, "deputy_of", f"{other!r} is on no line of this file"


def _twice(held: Iterable[HeldDuty]) -> Iterator[tuple[int, str, str]]:
    same: defaultdict[tuple[str, str, str], list[HeldDuty]] = defaultdict(list)
    for each in held:
        same[each.person, each.office or each.deputy_of, each.unit].append(each)
    for own in same.values():
        for before, after in pairwise(sorted(own, key=lambda each: (each.start, each.line))):
            if after.start < before.end:
                early, late = sorted((before.line, after.line))
                yield late, "from", f"is within the time of line {early}, which says the same"


def _members(rows: Iterable[Row]) -> dict[str, StaffMember]:
    said: defaultdict[str, dict[str, str]] = defaultdict(dict)
    shares: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        said[row["person"]].update({column: row[column] for column in OF_THE_PERSON if row.get(column)})
        if share := _share(row, []):
            shares[row["person"]].update((share,))
    return {person: _member(one, [], tuple(sorted(shares[person].items()))) for person, one in said.items()}
