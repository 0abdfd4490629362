"""Why a line stands on a statement: from the transfer down to what the switch said (docs/time-bank.md 7). Pure: what is
told is read elsewhere (ccd.daemon.explained.explaining)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ccd.bank.accounts import BALANCE_KINDS, LEAVE, agent_owner
from ccd.floor.days import SECOND
from ccd.floor.expected import Expected
from ccd.floor.on_duty import Class
from ccd.floor.records import DayRecord
from ccd.ledger.model import Moved, Transfer
from ccd.org.acts import Act
from ccd.reports.day_json import record_figures


class Quote(NamedTuple):
    """An event as the switch `pbx` said it, by its evidence number; or why its words are not there any more."""

    pbx: str
    ref: int
    text: str
    missing: str = ""


class SegmentSeen(NamedTuple):
    """A segment of a seat, µs, and the events that began and ended it; None where it took no event. `end` is None while
    it goes on."""

    pbx: str
    seat: str
    number: int
    start: int
    end: int | None
    state: str
    reason: str
    began: Quote | None
    ended: Quote | None


class SpanExplained(NamedTuple):
    """A span of the day, what it counts as, and what was seen in it."""

    part: Class
    seen: tuple[SegmentSeen, ...]


@dataclass(frozen=True, slots=True)
class DayBehind:
    """The measurement of the agent's day. `presence`: from each sign-in to the sign-out; `parts` are those that are not
    plainly worked, or all. `doubts` are what does not fit."""

    record: DayRecord
    revision: int
    newest: int
    made_at: int  # µs
    policy: str  # whose it was, and since when it holds
    reasons_from: date
    expected: Expected | None
    presence: tuple[SegmentSeen, ...]
    parts: tuple[SpanExplained, ...]
    doubts: tuple[str, ...]


class PostedAs(NamedTuple):
    """The transaction, as the ledger keeps it; `recorded_at` in µs."""

    number: int
    key: str
    revision: int
    book: str
    month: str
    recorded_at: int
    asked_by: str
    reference: str
    text: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """One line. `words` say how it came about; `rows` are what stands beside the ledger, as an application and its
    states; `acts` what people did. `timezone` is that of the unit."""

    transfer: Transfer
    posted: PostedAs
    agent: str
    moves: tuple[Moved, ...]
    timezone: str
    words: tuple[str, ...]
    day: DayBehind | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    acts: tuple[Act, ...] = ()
    takes_back: "Explained | None" = None


def explained_as_json(one: Explained) -> dict[str, Any]:
    """Instants as people write them, with their offset; what lasted in seconds."""
    zone = ZoneInfo(one.timezone)
    posted = one.posted._asdict() | {"recorded_at": _said_at(one.posted.recorded_at, zone)}
    return {
        "transfer": str(one.transfer),
        "agent": one.agent,
        "timezone": one.timezone,
        "posted": posted,
        **_effect(one),
        "moves": [
            {
                "day": each.day.isoformat(),
                "service": each.service,
                "from": _account(each.debit),
                "to": _account(each.credit),
                "seconds": each.seconds,
            }
            for each in one.moves
        ],
        "words": list(one.words),
        "day": None if one.day is None else _day(one.day, zone),
        "rows": [dict(row) for row in one.rows],
        "acts": [
            {
                "at": _said_at(act.at, zone),
                "by": act.by,
                "from": act.address,
                "kind": act.kind,
                "on": act.subject,
                "why": act.why,
            }
            for act in one.acts
        ],
        "takes_back": None if one.takes_back is None else explained_as_json(one.takes_back),
    }


def _effect(one: Explained) -> dict[str, int]:
    """On the balance of the agent, and on the leave that is owed, in seconds, as a statement tells it."""
    effects: Counter[str] = Counter()
    for move in one.moves:
        for account, seconds in ((move.credit, move.seconds), (move.debit, -move.seconds)):
            if account.owner == agent_owner(one.agent):
                effects[account.kind] += seconds
    return {"amount": sum(effects[kind] for kind in BALANCE_KINDS), "leave": effects[LEAVE]}


def events_of(one: Explained) -> Iterable[Quote]:
    """All that the explanation ends in."""
    if one.day is not None:
        for seen in (*one.day.presence, *(each for part in one.day.parts for each in part.seen)):
            yield from (said for said in (seen.began, seen.ended) if said is not None)
    if one.takes_back is not None:
        yield from events_of(one.takes_back)


def _day(day: DayBehind, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "agent": day.record.agent,
        "day": day.record.day.isoformat(),
        "unit": day.record.unit,
        "revision": day.revision,
        "newest_revision": day.newest,
        "made_at": _said_at(day.made_at, zone),
        "policy": day.policy,
        "reasons_from": day.reasons_from.isoformat(),
        "figures": record_figures(day.record),
        "expected": None if day.expected is None else _expected(day.expected, zone),
        "presence": [_seen(each, zone) for each in day.presence],
        "parts": [_span(each.part, zone) | {"seen": [_seen(seen, zone) for seen in each.seen]} for each in day.parts],
        "doubts": list(day.doubts),
    }


def _expected(expected: Expected, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "shifts": [_times(each, zone) | {"breaks": _spans(each.breaks, zone)} for each in expected.shifts],
        "absences": [
            _times(each, zone) | {"kind": each.kind, "origin": each.origin, "ref": each.ref}
            for each in expected.absences
        ],
        "rulings": [_times(each, zone) | {"counts": each.counts, "ref": each.ref} for each in expected.ruled],
    }


def _span(part: Class, zone: ZoneInfo) -> dict[str, Any]:
    ruling = {"ruling": part.ruled.ref} if part.ruled else {}
    return _times(part, zone) | {"is": what_of(part)} | ruling


def _seen(seen: SegmentSeen, zone: ZoneInfo) -> dict[str, Any]:
    said = seen._asdict() | {"start": _said_at(seen.start, zone), "end": seen.end and _said_at(seen.end, zone)}
    return said | {name: each and each._asdict() for name, each in (("began", seen.began), ("ended", seen.ended))}


def what_of(part: Class) -> str:
    return part.what.name.lower().replace("_", " ")


def _spans(spans: Sequence[Any], zone: ZoneInfo) -> list[dict[str, str]]:
    return [_times(each, zone) for each in spans]


def _times(span: Any, zone: ZoneInfo) -> dict[str, str]:
    return {"start": _said_at(span.start, zone), "end": _said_at(span.end, zone)}


def _said_at(at: int, zone: ZoneInfo) -> str:
    whole, us = divmod(at, SECOND)
    return datetime.fromtimestamp(whole, zone).replace(microsecond=us).isoformat()


def _account(account: tuple[str, str]) -> str:
    return f"{account[0]} {account[1]}"
