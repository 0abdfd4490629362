"""Leave as a CSV file from the personnel system: every fault with its line and column, and all lines or none.

The header is `agent,kind,from,to`; `uid` and `withdrawn` may follow, in any order. `from` and `to` are half-open, as on
the roster: a date means that business day's start in the agent's unit, so `to` is the first day that is no leave any
more; a time without a zone is the unit's own. Without a `uid`, agent and from say which leave it is. A kind is one of
those that the configuration lists, and never a diagnosis.
"""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.org import csv_faults
from ccd.org.agent_days import AgentDays
from ccd.org.csv_faults import Header, Row
from ccd.org.told import Told
from ccd.org.told_lines import DAYS_ALLOWED, Found, agent_in_cell, said_day, told_in, withdrawn_of

HEADER = Header(("agent", "kind", "from", "to"), ("uid", "withdrawn"), lines_max=100_000)
A_DATE = len("2026-11-23")
A_MOMENT = re.compile(r"\S{10}[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d)?")  # whole seconds, as they are told again


def parse(text: str, file: Path, days: AgentDays, kinds: Collection[str]) -> tuple[Told, ...]:
    """The leave that `text`, of `file`, says; an ImportFaultsError that names every fault if there is one."""
    return told_in(text, file, HEADER, partial(_told, days, kinds), "from")


def _told(days: AgentDays, kinds: Collection[str], line: int, row: Row, found: Found) -> Told | None:
    agent, kind, withdrawn = agent_in_cell(row, days, found), row.get("kind", ""), withdrawn_of(row, found)
    if kind not in kinds:
        found.append(("kind", f"{kind!r} is no kind of leave; allowed: {', '.join(kinds)}"))
    begins, ends = (_moment(row, column, found) for column in ("from", "to"))
    if begins is None or ends is None or found:
        return None
    day = begins.date() if isinstance(begins, datetime) else begins
    start, end = (days.instant(agent, day, each) for each in (begins, ends))
    if start is None or end is None:
        found.append(("from", f"{agent} is in no unit on {day}; the roster says who is where, and when"))
        return None
    if isinstance(begins, datetime) and begins.tzinfo is not None:
        day = _local(agent, start, days, day).date()
    if end <= start:
        found.append(
            ("to", f"{row['to']!r} is not after from; a date there is the first day that is no leave any more")
        )
    return Told(row.get("uid") or f"{agent}/{row['from']}", agent, day, start, end, kind, line, withdrawn)


def _moment(row: Row, column: str, found: Found) -> date | None:
    written = row.get(column, "")
    try:
        day = said_day(written[:A_DATE])
        if len(written) == A_DATE:
            return day
        if A_MOMENT.fullmatch(written):
            return datetime.fromisoformat(written)
    except ValueError:
        pass
    problem = f"{written!r} is no date; {DAYS_ALLOWED}, or 2026-11-23T08:00, with or without +08:00"
    found.append((column, problem))
    return None


def words(told: Told, days: AgentDays) -> str:
    """For a person: personal 2026-11-23 to 2026-11-24T12:00."""
    begins, ends = _written(told, days)
    return f"{told.what} {begins} to {ends}"


def rendered(told: Sequence[Told], days: AgentDays) -> str:
    """The leave as such a file, of which `parse` makes the same again."""
    lines = [("agent", "kind", "from", "to", "uid")]
    lines += [(each.agent, each.what, *_written(each, days), each.uid) for each in told]
    return csv_faults.written(lines)


def _written(told: Told, days: AgentDays) -> tuple[str, str]:
    """From and to. A date where it is the start of one; with an offset where another moment would be read without: the
    clock says it twice, or the agent moves that day."""
    agent, day = told.agent, told.day
    begins = datetime.fromtimestamp(told.start // SECOND, ZoneInfo(days.timezone(agent, day)))
    if days.instant(agent, day, day) != told.start and begins.date() != day:
        begins = _local(agent, told.start, days, day)
        day = begins.date()

    def said(at: int, local: datetime) -> str:
        date_of = day if at == told.start else local.date()
        if days.instant(agent, day, date_of) == at:
            return str(date_of)
        plain = local.replace(tzinfo=None, fold=0)
        is_read = days.instant(agent, day, plain) == at
        return (plain if is_read else local).isoformat(timespec="seconds" if local.second else "minutes")

    ends = datetime.fromtimestamp(told.end // SECOND, ZoneInfo(days.timezone(agent, day)))
    return said(told.start, begins), said(told.end, ends)


def _local(agent: str, at: int, days: AgentDays, day: date) -> datetime:
    """An instant, µs, by the clock of the unit in which the agent is then, else on the day."""
    own = next(days.met(agent, at, at + 1), None)
    zone = days.timezone(agent, day if own is None else own.day.day)
    return datetime.fromtimestamp(at // SECOND, ZoneInfo(zone))
