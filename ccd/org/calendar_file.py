"""Shifts as an iCalendar file (RFC 5545): every fault with the line of its event, and all events or none.

Each VEVENT is a shift of its attendees, whom address or name says (1001@…, CN=刘安), or X-CCD-AGENT does. Series are
followed over the days that are asked for, with their exceptions; what is cancelled is no shift. A time without a zone
is that of the agent's unit. Breaks stand in the shift as `X-CCD-BREAK:12:00-12:45`, or are events of their own, of the
category BREAK, inside a shift of the same agent. What the format allows and no shift has is a fault: an event of whole
days, one without an end, a series by the hour.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import recurring_ical_events
from icalendar import Calendar

from ccd.errors import Fault, ImportFaultsError
from ccd.floor.days import SECOND
from ccd.floor.spans import Span
from ccd.org import csv_faults
from ccd.org.agent_days import AgentDays
from ccd.org.schedule_file import A_MICROSECOND, SHIFT_S_MAX, LineClock, first_misplaced, written_breaks
from ccd.org.shift_rows import breaks_spelled
from ccd.org.told import DaysTold, Told
from ccd.org.told_lines import Found, between_lines

BY_DAYS = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
BY_HOURS = ("BYHOUR", "BYMINUTE", "BYSECOND")
TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
NO_PERSONS = frozenset({"ROOM", "RESOURCE"})
BEGINS = re.compile(rb"(?im)^BEGIN:VEVENT[ \t]*\r?$")
A_BIT_MORE = timedelta(days=2)  # beside the days asked for, whatever clock they are counted by
LINE = "X-CCD-LINE"  # noted in an event before it is followed: each of its occurrences has it then

Event = Any  # the library's own: a mapping of names to one of thirty kinds of values, or a list of such


class Noted(NamedTuple):
    """Of an event, whose it is, and whether it is one of a series."""

    agents: tuple[str, ...]
    recurs: bool


class Occurrence(NamedTuple):
    """An event at one of its times, of one agent."""

    line: int
    uid: str
    agent: str
    day: date
    span: Span
    breaks: tuple[Span, ...]
    is_break: bool


def parse(data: bytes, file: Path, days: AgentDays, window: DaysTold, agent: str | None = None) -> tuple[Told, ...]:
    """The shifts that begin on the days of the window; an ImportFaultsError that names every fault if there is one.

    `agent` is whose an event is that names nobody: planners give a person's shifts as a file of their own.
    """
    faults: list[Fault] = []
    calendar = _whole(data, file)
    events: list[Event] = list(calendar.walk("VEVENT"))
    lines = [data.count(b"\n", 0, match.start()) + 1 for match in BEGINS.finditer(data)]
    if len(lines) != len(events):
        raise ImportFaultsError((Fault(file, None, "VEVENT", "is not alone on one line where it begins"),))
    series: dict[str, tuple[int, Event]] = {}
    for line, event in zip(lines, events, strict=True):
        if "UID" in event and "RECURRENCE-ID" not in event:
            first, _ = series.setdefault(str(event["UID"]), (line, event))
            if first != line:  # the library would follow one of the two
                faults.append(Fault(file, line, "UID", f"is that of line {first} too; each event needs its own"))
    noted: dict[int, Noted] = {}
    for line, event in zip(lines, events, strict=True):
        found = list(_faults_of(event))
        if not found:
            noted[line] = _noted(event, series.get(str(event["UID"]), (line, event))[1], days, agent, found)
            event[LINE] = str(line)
        faults += [Fault(file, line, key, problem) for key, problem in found]
    csv_faults.raise_any(faults, ImportFaultsError)
    occurrences: list[Occurrence] = []
    for event in _followed(calendar, window):
        line = int(event[LINE])
        for each, problem in _of_each_agent(line, event, noted[line], days):
            if problem:
                faults.append(Fault(file, line, "", problem))
            elif each is not None:
                occurrences.append(each)
    told = _with_breaks(occurrences, window, file, faults)
    faults += between_lines(told, file, "DTSTART")
    csv_faults.raise_any(faults, ImportFaultsError)
    return tuple(told)


def _whole(data: bytes, file: Path) -> Event:
    """The one calendar that the file is: what ended too soon, or is something else, has no events, and says nothing."""
    try:
        found = Calendar.from_ical(data, multiple=True)
        if len(found) != 1:
            raise ValueError(f"there are {len(found)} in it" if found else "what begins in it does not end")
        if found[0].name != "VCALENDAR":
            raise ValueError(f"it is a {found[0].name}")
    except ValueError as error:
        raise ImportFaultsError((Fault(file, None, "", f"is no calendar: {error}"),)) from None
    return found[0]


def _faults_of(event: Event) -> Iterator[tuple[str, str]]:
    """What can be seen of it as it is written: followed, it would be left out in silence, or turned round."""
    yield from ((key or "", str(problem)) for key, problem in event.errors)
    if event.errors:
        return
    for key in ("UID", "DTSTART"):
        if key not in event:
            yield key, "is missing"
    if "DTEND" not in event and "DURATION" not in event:
        yield "DTEND", "is missing, and so is DURATION; a shift ends"
    elif "DTSTART" in event:
        begins = event["DTSTART"].dt
        ends = event["DTEND"].dt if "DTEND" in event else begins + event["DURATION"].dt
        if not isinstance(begins, datetime) or not isinstance(ends, datetime):
            yield "DTSTART", "is a whole day; a shift has times"
        elif (begins.tzinfo is None) != (ends.tzinfo is None):
            yield "DTEND", "has a zone and DTSTART none, or the other way round"
        elif ends <= begins:
            yield "DTEND", "is not after DTSTART"
    for key in TIMES:
        for said in _listed(event.get(key)):
            if (zone := said.params.get("TZID")) and any(each.tzinfo is None for each in _times_of(said)):
                yield key, f"is by a zone {str(zone)!r}, which is neither known nor told in the file"
    for rule in _listed(event.get("RRULE")):
        if 0 in rule.get("INTERVAL", ()):
            yield "RRULE", "comes again after nothing: INTERVAL is 0; allowed: from 1 on"
        if any(not isinstance(until, datetime) for until in rule.get("UNTIL", ())):
            yield "RRULE", "lasts until a day, and DTSTART has a time: say UNTIL with the time of the last shift"
        if not BY_DAYS.issuperset(rule.get("FREQ", ())) or any(key in rule for key in BY_HOURS):
            yield "RRULE", "is by the hour, or finer; allowed: DAILY, WEEKLY, MONTHLY, YEARLY, without BYHOUR and finer"


def _times_of(said: Any) -> Iterator[datetime]:
    """Of a property with one time or, as EXDATE, with several, also as periods."""
    for each in said.dts if hasattr(said, "dts") else (said,):
        begins = each.dt[0] if isinstance(each.dt, tuple) else each.dt
        if isinstance(begins, datetime):
            yield begins


def _noted(event: Event, series: Event, days: AgentDays, agent: str | None, found: Found) -> Noted:
    """An exception that names nobody is of whom its series is."""
    agents = list(_agents_of(event, days, found) or _agents_of(series, days, found))
    if not agents and not found:
        if agent is None:
            found.append(("ATTENDEE", "is missing; whose shift is it? Name the agent, here or with --agent"))
        else:
            agents = [agent]
    return Noted(tuple(agents), any(key in event for key in ("RRULE", "RDATE", "RECURRENCE-ID")))


def _agents_of(event: Event, days: AgentDays, found: Found) -> list[str]:
    agents = []
    for word in _listed(event.get("X-CCD-AGENT")):
        agents.append(_called([str(word)], "X-CCD-AGENT", days, found))
    for attendee in _listed(event.get("ATTENDEE")) if not agents else ():
        if str(attendee.params.get("CUTYPE", "")).upper() not in NO_PERSONS:
            address = re.sub("^mailto:", "", str(attendee), flags=re.IGNORECASE)
            words = [address.partition("@")[0], address, str(attendee.params.get("CN", ""))]
            agents.append(_called(words, "ATTENDEE", days, found))
    return list(dict.fromkeys(agents))


def _called(words: Iterable[str], key: str, days: AgentDays, found: Found) -> str:
    said = [word for word in words if word]
    for word in said:
        if (agent := days.called(word)) is not None:
            return agent
    found.append((key, f"{' or '.join(dict.fromkeys(said))!r} is no agent, and nobody's name alone, on the roster"))
    return ""


def _followed(calendar: Calendar, window: DaysTold) -> Iterator[Event]:
    first, last = (datetime.combine(day, time(), UTC) for day in window)
    for event in recurring_ical_events.of(calendar).between(first - A_BIT_MORE, last + A_BIT_MORE):
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield event


def _of_each_agent(line: int, event: Event, noted: Noted, days: AgentDays) -> Iterator[tuple[Occurrence | None, str]]:
    """The occurrence, or what is wrong with it."""
    uid = str(event["UID"])
    if noted.recurs:
        uid += f"/{event['RECURRENCE-ID'].dt.isoformat()}"
    for agent in noted.agents:
        written = event.start
        start, end = (days.instant(agent, written.date(), each) for each in (written, event.end))
        if start is None or end is None:
            yield None, f"{agent} is in no unit on {written.date()}; the roster says who is where, and when"
            continue
        if end <= start:  # the clock skips the begin, and so sets it behind the end
            end = start + (event.end.replace(tzinfo=None) - written.replace(tzinfo=None)) // A_MICROSECOND
        clock = LineClock(agent, written.date(), days)
        found: Found = []
        said = [each for part in _listed(event.get("X-CCD-BREAK")) for each in written_breaks(str(part), found)]
        breaks = tuple(clock.breaks(said, start))
        if end - start > SHIFT_S_MAX * SECOND:
            found.append(("DTEND", "is a whole day after DTSTART, or more; a shift is shorter"))
        elif first_misplaced(breaks, start, end) is not None:
            found.append(("X-CCD-BREAK", "is not within the shift, and after the break before it"))
        name = uid if len(noted.agents) == 1 else f"{uid}/{agent}"
        each = Occurrence(line, name, agent, clock.date_of(start), Span(start, end), breaks, _is_break(event))
        yield each, "; ".join(f"{key}: {problem}" for key, problem in found)


def _is_break(event: Event) -> bool:
    return any(str(word).upper() == "BREAK" for said in _listed(event.get("CATEGORIES")) for word in said.cats)


def _with_breaks(occurrences: Iterable[Occurrence], window: DaysTold, file: Path, faults: list[Fault]) -> list[Told]:
    shifts: list[Occurrence] = []
    breaks: defaultdict[str, list[Occurrence]] = defaultdict(list)
    for each in sorted(occurrences, key=lambda each: (each.agent, each.span)):
        (breaks[each.agent] if each.is_break else shifts).append(each)
    told = []
    for each in shifts:
        start, end = each.span
        own = [rest for rest in breaks[each.agent] if start <= rest.span.start < end]
        breaks[each.agent] = [rest for rest in breaks[each.agent] if rest not in own]
        if each.day not in window:  # a break after midnight may be of the night before
            continue
        inside = tuple(sorted((*each.breaks, *(rest.span for rest in own))))
        if first_misplaced(inside, start, end) is not None:
            problem = f"is not within the shift of line {each.line}, or at the same time as another break"
            faults += [Fault(file, rest.line, "", problem) for rest in own]
        told.append(Told(each.uid, each.agent, each.day, start, end, breaks_spelled(inside), each.line))
    for rest in (rest for left in breaks.values() for rest in left if rest.day in window):
        faults.append(Fault(file, rest.line, "", f"is a break, and in no shift of {rest.agent}"))
    return told


def _listed(value: Any) -> list[Any]:
    """A property that may stand several times, or not at all, as the library gives it."""
    return [] if value is None else value if isinstance(value, list) else [value]
