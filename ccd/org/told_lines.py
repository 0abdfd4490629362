"""What the lines of every file that tells of agents' time have in common: their cells, and what may not stand beside
what.

Cells are read one by one, and what is wrong with each is noted under its column: a line is told of with all its faults.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from ccd.errors import Fault, ImportFaultsError
from ccd.org import csv_faults
from ccd.org.agent_days import AgentDays
from ccd.org.csv_faults import Header, Row
from ccd.org.told import DaysTold, Told, meeting

Found = list[tuple[str, str]]  # column, and what is wrong there

A_DAY = re.compile(r"\d{4}-\d\d-\d\d")  # the language reads more, which no file would be told again by
YEARS = range(1971, 2100)  # of which each clock can say every moment
DAYS_ALLOWED = f"allowed: 2026-11-23, of the years {YEARS[0]} to {YEARS[-1]}"

WITHDRAWN = {"": False, "no": False, "yes": True}


def told_in(
    text: str, file: Path, header: Header, read: Callable[[int, Row, Found], Told | None], at: str
) -> tuple[Told, ...]:
    """What the lines tell, each as it is `read`; an ImportFaultsError that names every fault if there is one. What they
    say against each other stands in the column `at`."""
    faults: list[Fault] = []
    told: list[Told] = []
    for line, row in csv_faults.rows(text, file, header, faults):
        found: Found = []
        each = read(line, row, found)
        faults += [Fault(file, line, column, problem) for column, problem in found]
        if each is not None and not found:
            told.append(each)
    faults += between_lines(told, file, at)
    csv_faults.raise_any(faults, ImportFaultsError)
    return tuple(told)


def agent_in_cell(row: Row, days: AgentDays, found: Found) -> str:
    agent = row.get("agent", "")
    if not agent:
        found.append(("agent", "is empty; whose is it?"))
    elif not days.knows(agent):
        found.append(("agent", f"{agent!r} is on no line of the roster"))
    return agent


def day_in_cell(row: Row, column: str, found: Found) -> date:
    written = row.get(column, "")
    try:
        return said_day(written)
    except ValueError:
        found.append((column, f"{written!r} is no day; {DAYS_ALLOWED}"))
        return date.max


def said_day(written: str) -> date:
    """ValueError where it is none."""
    if not A_DAY.fullmatch(written) or int(written[:4]) not in YEARS:
        raise ValueError(written)
    return date.fromisoformat(written)


def withdrawn_of(row: Row, found: Found) -> bool:
    written = row.get("withdrawn", "")
    if written not in WITHDRAWN:
        found.append(("withdrawn", f"{written!r}; allowed: yes, no, or nothing"))
    return WITHDRAWN.get(written, False)


def between_lines(told: Iterable[Told], file: Path, column: str) -> Iterator[Fault]:
    """What lines say against each other: a name given twice, an agent twice at a time."""
    first: dict[str, Told] = {}
    for each in told:
        if (before := first.setdefault(each.uid, each)) is not each:
            yield Fault(file, each.line, "uid", f"{each.uid!r} is that of line {before.line} too; each needs its own")
    for one, other in meeting(each for each in first.values() if not each.withdrawn):
        early, late = sorted((one, other), key=lambda each: each.line)
        yield Fault(file, late.line, column, f"is within the time of line {early.line}, which is of the same agent")


def check_window(told: Iterable[Told], window: DaysTold, file: Path, column: str) -> None:
    """ImportFaultsError, which names each line of another day."""
    problem = f"is of another day than {window.first} to {window.last}, of which the file tells"
    faults = [Fault(file, each.line, column, problem) for each in told if each.day not in window]
    csv_faults.raise_any(faults, ImportFaultsError)
