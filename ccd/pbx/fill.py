"""Gaps in what AMI told, filled from queue_log.

Both speak the floor's events. What AMI observed stands; the log counts only where AMI was not listening: before its
first word, between `Lost` and the snapshot after it, after its last word. The log's whole seconds sort after the AMI
events of the same second; at a seam, a line that AMI told too is the same event, and is passed over. A gap that the log
covers is none any more: the snapshot after it is held against the floor as in mid-stream. Where the log does not reach,
and where it tells of a restart, a gap stays.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ccd.floor.days import SECOND
from ccd.floor.events import (
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Heard,
    Lost,
    OfferEnded,
    PbxEvent,
    Snapshot,
)

BEGINNING, END = -(2**62), 2**62

Fingerprint = tuple[str, str, str, object]  # kind, seat or caller, queue, and what tells two of them apart


def fill(told: Iterable[PbxEvent], logged: Sequence[PbxEvent]) -> Iterator[PbxEvent]:
    """What AMI `told`, with what the log says of its gaps; `logged` is in the order of time."""
    log = Logged(logged, told := list(told))
    since: int | None = BEGINNING
    for event in told:
        if isinstance(event, Lost):
            since = event.at
            if not log.covers(since):
                yield event
            continue
        if since is not None:
            yield from log.between(since, event.at)
            since = None
        yield event
    yield from log.between(since if since is not None else _last_at(told), END)


class Logged:
    """The log's events, and since when each can have been, if AMI did not tell it too."""

    def __init__(self, logged: Sequence[PbxEvent], told: Sequence[PbxEvent]) -> None:
        self._events = logged
        self._times = [event.at for event in logged]
        self._earliest = _earliest(logged, told)

    def covers(self, at: int) -> bool:
        return bool(self._times) and self._times[0] <= at < self._times[-1] + SECOND

    def between(self, start: int, end: int) -> Iterator[PbxEvent]:
        """The log's news of a gap, each given once; a `Lost` where it falls silent before the gap's end."""
        first_second = start // SECOND * SECOND
        low, high = bisect_left(self._times, first_second - SECOND), bisect_right(self._times, end + SECOND)
        reached = start
        for number in range(low, high):
            event, earliest = self._events[number], self._earliest[number]
            if earliest is None or earliest > end or max(event.at + _reckoned(event), earliest) < first_second:
                continue
            self._earliest[number] = None
            if isinstance(event, Heard):  # a restart: nothing is known since whatever was said last, by either
                yield Lost(reached)
            reached = min(max(event.at, start), end)
            if not isinstance(event, Lost):
                yield replace(event, at=reached)
        if end != END and self.covers(start) and not self.covers(end):
            yield Lost(max(reached, self._times[-1]))


def _earliest(logged: Sequence[PbxEvent], told: Sequence[PbxEvent]) -> list[int | None]:
    """Since when (µs) each of the log's events can have been, None where AMI told it too.

    The log's lines are in their order, so that what stands below a line that AMI told comes after it, and what ends an
    offer after the offer.
    """
    found: list[int | None] = []
    newest = BEGINNING
    offered_at: dict[tuple[str, str], int] = {}
    for event, told_last in zip(logged, _told_at(logged, told), strict=True):
        if told_last is not None:
            if isinstance(event, CallOffered):
                offered_at[event.seat, event.call] = told_last
            else:
                newest = max(newest, told_last)
            found.append(None)
        elif isinstance(event, CallConnected | OfferEnded):
            found.append(max(event.at, newest, offered_at.get((event.seat, event.call), newest)))
        else:
            reckoned = _reckoned(event)
            found.append(event.at - reckoned if reckoned else max(event.at, newest))
    return found


def _told_at(logged: Sequence[PbxEvent], told: Sequence[PbxEvent]) -> list[int | None]:
    """When (µs) AMI told each of the log's events, None where it did not.

    Each of them notes an event by its own clock a moment after it happened, and either can be the later: what only one
    of them has in a second is what only the other has in the second beside it.
    """
    told_in: dict[tuple[int, Fingerprint], deque[int]] = {}
    for event in told:
        told_in.setdefault((event.at // SECOND, _fingerprint(event)), deque()).append(event.at)
    lines = [(event.at // SECOND, _fingerprint(event)) for event in logged]
    found: list[int | None] = [None] * len(lines)
    for apart in (0, -1, 1):
        for number, (second, fingerprint) in enumerate(lines):
            if found[number] is None and (times := told_in.get((second + apart, fingerprint))):
                found[number] = times.popleft()
    return found


def _reckoned(event: PbxEvent) -> int:
    """How far (µs) a time of the log can be off, either way: an offer's is reckoned back from the second of its end."""
    return SECOND if isinstance(event, CallOffered) else 0


def _last_at(told: Sequence[PbxEvent]) -> int:
    return max((event.at for event in told), default=BEGINNING)


def _fingerprint(event: PbxEvent) -> Fingerprint:
    match event:
        case Heard() | Lost() | Snapshot():
            return (type(event).__name__, "", "", event.at)
        case CallerJoined() | CallerLeft():
            return (type(event).__name__, event.call, event.queue, None)
        case CallEnded():  # AMI does not always name the call, nor always as the log does
            return (type(event).__name__, event.seat, event.queue, None)
    paused = getattr(event, "paused", None)
    apart = (getattr(event, "call", None), paused, getattr(event, "reason", None) if paused else None)
    return (type(event).__name__, event.seat, getattr(event, "queue", ""), apart)
