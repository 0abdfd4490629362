"""An explanation as text that its agent can read: the words first, then the day, then what the switch said. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.floor.expected import Absence, Ruled, Shift
from ccd.floor.on_duty import Class
from ccd.floor.rules import ALWAYS
from ccd.floor.spans import Span
from ccd.reports.explained import DayBehind, Explained, Quote, SegmentSeen, SpanExplained, what_of
from ccd.reports.explained_words import time_told
from ccd.reports.words import in_words

DUTY = (
    ("scheduled", "scheduled"), ("late", "late"), ("early_leave", "left early"), ("off_post", "off post"),
    ("on_leave", "on leave"), ("excused", "signed out by a leader, or by nobody's doing"),
    ("worked_on_leave", "worked on leave"),
)  # fmt: skip


def lines_of(one: Explained) -> Iterator[str]:
    """Without their ends; an event of the switch is one line, however long."""
    zone = ZoneInfo(one.timezone)
    posted = one.posted
    for move in one.moves:
        yield (
            f"{time_told(move.seconds)} from {_account(*move.debit)} to {_account(*move.credit)},"
            f" for {move.day} ({move.service})"
        )
    yield (
        f"transfer {one.transfer}, posted {_moment(posted.recorded_at, zone)} by {posted.asked_by}:"
        f" {posted.key}, revision {posted.revision}, counted in {posted.month}"
    )
    if posted.text:
        yield f"“{posted.text}”"
    if one.words:
        yield from ("", "How it comes about")
        yield from (f"  {words}" for words in one.words)
    if one.rows:
        yield from ("", "What is on record beside the ledger")
        yield from (f"  {', '.join(f'{name} {value}' for name, value in row.items())}" for row in one.rows)
    if one.acts:
        yield from ("", "Who did it")
        for act in one.acts:
            yield f"  {_moment(act.at, zone)}  {act.by} from {act.address}: {act.kind}, {act.subject} — {act.why}"
    if one.day is not None:
        yield from _day(one.day, zone)
    if one.takes_back is not None:
        yield from ("", f"What it takes back: transfer {one.takes_back.transfer}", "")
        yield from (f"  {line}" if line else "" for line in lines_of(one.takes_back))


def _day(day: DayBehind, zone: ZoneInfo) -> Iterator[str]:
    record = day.record
    revision = f"{day.revision}" if day.revision == day.newest else f"{day.revision} of {day.newest}"
    yield from ("", f"The day {record.day} of {record.agent}")
    yield f"  measured {_moment(day.made_at, zone)}, revision {revision}, in unit {record.unit or '(none)'}"
    since = "" if day.reasons_from == ALWAYS else f" since {day.reasons_from}"
    yield f"  judged by {day.policy}, and by the reasons that hold{since}"
    if day.expected is not None:
        for shift in day.expected.shifts:
            breaks = ", ".join(_span(each, zone) for each in shift.breaks)
            yield f"  shift {_span(shift, zone)}{f', less {breaks}' if breaks else ''}"
        for absence in day.expected.absences:
            yield f"  absent {_span(absence, zone)}: {absence.kind} ({absence.origin} {absence.ref})"
        for ruled in day.expected.ruled:
            yield f"  ruling {ruled.ref}: {_span(ruled, zone)} counts as {ruled.counts.replace('_', ' ')}"
    if record.duty is not None:
        figures = ((word, getattr(record.duty, name)) for name, word in DUTY)
        nothing = "nothing scheduled" if day.expected is not None and day.expected.shifts else "no shift"
        yield f"  {', '.join(f'{word} {in_words(us // SECOND)}' for word, us in figures if us) or nothing}"
    for doubt in day.doubts:
        yield f"  ! {doubt}"
    yield from ("", "Signed in")
    yield from _all_seen(day.presence, zone, "  ")
    if day.parts:
        yield from ("", "What the figures are made of")
        for part in day.parts:
            yield from _part(part, zone)


def _part(each: SpanExplained, zone: ZoneInfo) -> Iterator[str]:
    part = each.part
    ruling = f", by ruling {part.ruled.ref}" if part.ruled else ""
    yield f"  {_span(part, zone)}  {in_words((part.end - part.start) // SECOND)}: {what_of(part)}{ruling}"
    yield from _all_seen(each.seen, zone, "    ")


def _all_seen(seen: Iterable[SegmentSeen], zone: ZoneInfo, before: str) -> Iterator[str]:
    for each in seen:
        reason = f" ({each.reason})" if each.reason else ""
        end = "…" if each.end is None else _clock(each.end, zone)
        yield f"{before}{_clock(each.start, zone)}–{end}  {each.seat} on {each.pbx}: {each.state}{reason}"
        yield f"{before}  began: {_event(each.began)}"
        if each.end is not None:
            yield f"{before}  ended: {_event(each.ended)}"


def _event(said: Quote | None) -> str:
    if said is None:
        return "no event of the switch: by its time, or as queue_log or a snapshot showed it"
    return f"[{said.ref}] {said.missing or ' | '.join(said.text.splitlines())}"


def _account(owner: str, kind: str) -> str:
    return f"{kind} of {owner.removeprefix('agent/')}"


def _span(span: Span | Class | Shift | Absence | Ruled, zone: ZoneInfo) -> str:
    return f"{_clock(span.start, zone)}–{_clock(span.end, zone)}"


def _clock(at: int, zone: ZoneInfo) -> str:
    """To the second; with its fraction where there is one."""
    whole, us = divmod(at, SECOND)
    said = datetime.fromtimestamp(whole, zone).strftime("%H:%M:%S")
    return said if not us else f"{said}.{us:06}".rstrip("0")


def _moment(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at // SECOND, zone).strftime("%Y-%m-%d %H:%M:%S")
