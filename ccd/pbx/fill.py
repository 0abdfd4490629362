"""Gaps in what AMI told, filled from queue_log.

Both speak the floor's events. What AMI observed stands; the log counts only where AMI was not listening: before its
first word, between `Lost` and the snapshot after it, after its last word. The log's whole seconds sort after the AMI
events of the same second; at a seam, a line that AMI told too is the same event, and is passed over. A gap that the log
covers is none any more: the snapshot after it is held against the floor as in mid-stream. Where the log does not reach,
and where it tells of a restart, a gap stays.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ccd.floor.days import SECOND
from ccd.floor.events import CallEnded, CallerJoined, CallerLeft, Heard, Lost, PbxEvent, Snapshot

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
    """The log's events, and what AMI told of the same seconds."""

    def __init__(self, logged: Sequence[PbxEvent], told: Sequence[PbxEvent]) -> None:
        self._events = logged
        self._times = [event.at for event in logged]
        self._told: dict[int, Counter[Fingerprint]] = {}
        for event in told:
            self._told.setdefault(event.at // SECOND, Counter())[_fingerprint(event)] += 1

    def covers(self, at: int) -> bool:
        return bool(self._times) and self._times[0] <= at < self._times[-1] + SECOND

    def between(self, start: int, end: int) -> Iterator[PbxEvent]:
        """The log's news of a gap; a `Lost` where it falls silent before the gap's end."""
        first_second, last_second = start // SECOND * SECOND, end // SECOND * SECOND
        # From a second before the gap on, so that a line of then is not missing where its like comes inside the gap.
        low, high = bisect_left(self._times, first_second - SECOND), bisect_right(self._times, end)
        reached = start
        for event in self._events[low:high]:
            is_at_seam = event.at <= first_second + SECOND or event.at == last_second
            if (is_at_seam and self._was_told(event)) or event.at < first_second:
                continue
            if isinstance(event, Heard):  # a restart: nothing is known since whatever was said last, by either
                yield Lost(reached)
            reached = max(event.at, start)
            if not isinstance(event, Lost):
                yield replace(event, at=reached)
        if high == len(self._events) and start != BEGINNING and end != END and self._times and self.covers(start):
            yield Lost(max(reached, self._times[-1]))

    def _was_told(self, event: PbxEvent) -> bool:
        """The log writes a moment after AMI tells: perhaps in the next second."""
        fingerprint = _fingerprint(event)
        for second in (event.at // SECOND, event.at // SECOND - 1):
            told = self._told.get(second)
            if told and told[fingerprint] > 0:
                told[fingerprint] -= 1
                return True
        return False


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
