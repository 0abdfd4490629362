"""Shifts as a CSV file: every fault with its line and column, and all lines or none.

The header is `agent,day,start,end`; `breaks`, `uid` and `withdrawn` may follow, in any order. Times are those of the
unit in which the agent has that day, or have an offset (01:30+01:00). An end that does not come after the start is on
the next day, and so is a time of `breaks` (12:00-12:45;15:00-15:10). Without a `uid`, agent, day and start say which
shift it is. A line that is `withdrawn` (yes) says that this shift does not hold any more.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ccd.floor.days import ONE_DAY, SECOND
from ccd.floor.spans import Span
from ccd.org import csv_faults
from ccd.org.agent_days import AgentDays
from ccd.org.csv_faults import Header, Row
from ccd.org.shift_rows import breaks_of, breaks_spelled
from ccd.org.told import Told
from ccd.org.told_lines import Found, agent_in_cell, day_in_cell, told_in, withdrawn_of

HEADER = Header(("agent", "day", "start", "end"), ("breaks", "uid", "withdrawn"), lines_max=100_000)
SHIFT_S_MAX = 86_399  # the tables hold to it as well
DAYS_READ = 6
MIDNIGHT = "24:00"  # as planners write the end of a day
A_MICROSECOND = timedelta(microseconds=1)
CLOCK = r"(\d\d:\d\d(?::\d\d)?(?:[+-]\d\d:\d\d)?)"
A_CLOCK = re.compile(CLOCK)
A_BREAK = re.compile(rf"{CLOCK}\s*-\s*{CLOCK}")


def parse(text: str, file: Path, days: AgentDays) -> tuple[Told, ...]:
    """The shifts that `text`, of `file`, says; an ImportFaultsError that names every fault if there is one."""
    return told_in(text, file, HEADER, partial(_told, days), "start")


def _told(days: AgentDays, line: int, row: Row, found: Found) -> Told | None:
    agent, day, withdrawn = agent_in_cell(row, days, found), day_in_cell(row, "day", found), withdrawn_of(row, found)
    start, end = (_time(row.get(column, ""), column, found) for column in ("start", "end"))
    breaks = list(written_breaks(row.get("breaks", ""), found))
    if row.get("start") == MIDNIGHT:
        found.append(("start", f"{MIDNIGHT!r} is where a day ends; a shift that begins then is of the next, at 00:00"))
    if found:
        return None
    clock = LineClock(agent, day, days)
    if (starts := days.instant(agent, day, datetime.combine(day, start))) is None:
        found.append(("day", f"{agent} is in no unit on {day}; the roster says who is where, and when"))
        return None
    ends = clock.end_of(starts, start, end)
    if ends - starts > SHIFT_S_MAX * SECOND:
        found.append(("end", f"{row['end']!r} is a whole day after the start; a shift is shorter"))
    shift_breaks = tuple(clock.breaks(breaks, starts))
    if (number := first_misplaced(shift_breaks, starts, ends)) is not None:
        said = "-".join(f"{each:%H:%M}" for each in breaks[number])
        found.append(("breaks", f"{said} is not within the shift, and after the break before it"))
    uid = row.get("uid") or f"{agent}/{day}/{start.isoformat('seconds' if start.second else 'minutes')}"
    return Told(uid, agent, clock.date_of(starts), starts, ends, breaks_spelled(shift_breaks), line, withdrawn)


def first_misplaced(breaks: Sequence[Span], start: int, end: int) -> int | None:
    """The number of the first break that is not inside the shift and after the one before it; None where all are."""
    last = start
    for number, each in enumerate(breaks):
        if not last <= each.start < each.end <= end:
            return number
        last = each.end
    return None


class LineClock(NamedTuple):
    """The clock by which a line's times are meant: that of the unit in which the agent has the line's day."""

    agent: str
    day: date
    days: AgentDays

    def first_after(self, than: int, said: time) -> int:
        """When it says that for the first time after an instant, µs, of the line's day or the nights after."""
        for number in range(DAYS_READ):
            at = self.days.instant(self.agent, self.day, datetime.combine(self.day + number * ONE_DAY, said))
            assert at is not None, "asked of an agent who has that day"
            if at > than:
                return at
        raise AssertionError("a break of a day, a day after the start, each written with an offset of less")

    def end_of(self, at: int, begins: time, ends: time) -> int:
        """When what begins at an instant, µs, ends, both as they are written. Where the clock skips the begin, and so
        sets it behind the end, it is as long as it is written."""
        if begins.tzinfo is None and ends.tzinfo is None and begins < ends:
            same_day = self.days.instant(self.agent, self.day, datetime.combine(self.date_of(at), ends))
            if same_day is not None and same_day <= at:
                return at + (datetime.combine(self.day, ends) - datetime.combine(self.day, begins)) // A_MICROSECOND
        return self.first_after(at, ends)

    def breaks(self, written: Sequence[tuple[time, time]], start: int) -> Iterator[Span]:
        for begins, ends in written:
            at = self.first_after(start - 1, begins)
            yield Span(at, self.end_of(at, begins, ends))

    def date_of(self, at: int) -> date:
        zone = ZoneInfo(self.days.timezone(self.agent, self.day))
        return datetime.fromtimestamp(at // SECOND, zone).date()


def _time(written: str, column: str, found: Found) -> time:
    """MIDNIGHT is the next day's 00:00."""
    try:
        if not A_CLOCK.fullmatch(written):  # the language reads more, which no file would be told again by
            raise ValueError(written)
        return time.fromisoformat("00:00" if written == MIDNIGHT else written)
    except ValueError:
        found.append((column, f"{written!r} is no time of day; allowed: 08:00, with or without an offset as +08:00"))
        return time.min


def written_breaks(written: str, found: Found) -> Iterator[tuple[time, time]]:
    for part in filter(None, (part.strip() for part in written.split(";"))):
        if match := A_BREAK.fullmatch(part):
            yield _time(match[1], "breaks", found), _time(match[2], "breaks", found)
        else:
            found.append(("breaks", f"{part!r} is no break; allowed: 12:00-12:45;15:00-15:10"))


def words(told: Told, days: AgentDays) -> str:
    """For a person: 2026-11-23 08:00-16:00, less 12:00-12:45."""
    zone = ZoneInfo(days.timezone(told.agent, told.day))
    less = _breaks_by(zone, told)
    return f"{told.day} {_clock(told.start, zone)}-{_clock(told.end, zone)}" + (f", less {less}" if less else "")


def rendered(told: Sequence[Told], days: AgentDays) -> str:
    """The shifts as such a file, of which `parse` makes the same again."""
    lines = [("agent", "day", "start", "end", "breaks", "uid")]
    for each in told:
        zone = ZoneInfo(days.timezone(each.agent, each.day))
        begins, ends = _clock(each.start, zone), _clock(each.end, zone)
        lines.append((each.agent, str(each.day), begins, ends, _breaks_by(zone, each), each.uid))
    return csv_faults.written(lines)


def _breaks_by(zone: ZoneInfo, told: Told) -> str:
    return ";".join(f"{_clock(start, zone)}-{_clock(end, zone)}" for start, end in breaks_of(told.what))


def _clock(at: int, zone: ZoneInfo) -> str:
    """With its offset where the clock says the same twice that night, and this is the second time."""
    local = datetime.fromtimestamp(at // SECOND, zone)
    said = local.replace(tzinfo=None).time().isoformat("seconds" if local.second else "minutes")
    offset = f"{local:%z}"
    return f"{said}{offset[:3]}:{offset[3:]}" if local.fold else said
