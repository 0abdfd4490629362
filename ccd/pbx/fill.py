"""Gaps in what AMI told, filled from queue_log.

Both speak the floor's events. What AMI observed stands; the log counts only where AMI was not listening: before its
first word, between `Lost` and the snapshot after it, after its last word. The log's whole seconds sort after the AMI
events of the same second; at a seam, a line that AMI told too is the same event, and is passed over. Of two gaps in a
second, the snapshot between them says which one a line fills. A gap that the log covers is none any more: the snapshot
after it is held against the floor as in mid-stream. Where the log does not reach, and where it tells of a restart, a
gap stays: also of one that it tells of right after the snapshot, since a switch that starts may answer before it writes
so, and none starts while AMI is listening.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace

from ccd.floor.days import SECOND
from ccd.floor.events import (
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Found,
    Heard,
    Lost,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
    Snapshot,
)

BEGINNING, END = -(2**62), 2**62
START_WRITTEN_WITHIN = 60 * SECOND  # of a switch's first answers

LOGGED_TOO = (MemberPaused, CallConnected, CallEnded, CallerJoined)  # always; of members a reload writes no line
TOLD_TOO = (*LOGGED_TOO, MemberAdded, MemberRemoved)  # always, while AMI is listening

Fingerprint = tuple[str, str, str, object]  # kind, seat or caller, queue, and what tells two of them apart
Pauses = dict[tuple[str, str], tuple[bool, str]]  # (seat, queue) → whether paused, and why; who is no member has none


def is_its_log(logged: Sequence[PbxEvent], told: Iterable[PbxEvent]) -> bool:
    """Whether a log tells anything of what AMI told: else it is another switch's, or one of its files is missing. True
    also where AMI told nothing that a log tells."""
    both = [event for event in told if isinstance(event, LOGGED_TOO)]
    return not both or any(at is not None for at in _told_at(logged, both))


def fill(told: Iterable[PbxEvent], logged: Sequence[PbxEvent]) -> Iterator[PbxEvent]:
    """What AMI `told`, with what the log says of its gaps; `logged` is in the order of time."""
    log = Logged(logged, told := list(told))
    since = yield from _filled(told, log, BEGINNING, {})
    if since is None:
        since = _last_at(told)
        if log.covers(since):
            yield Found(since)
    yield from log.between(since, END, log.numbers(since, END))


def fill_since(since: int, told: Sequence[PbxEvent], log: "Logged", pauses: Pauses) -> Iterator[PbxEvent]:
    """The same for a floor that is in a gap already, `since` then (µs): what the log says of it, then what AMI `told`
    after it, from the snapshot on. `pauses` are those that the floor knows of."""
    if log.covers(since):
        yield Found(since)
    yield from _filled(told, log, since, pauses)


def _filled(
    told: Sequence[PbxEvent], log: "Logged", since: int | None, pauses: Pauses
) -> Generator[PbxEvent, None, int | None]:
    """`since` (µs) is where the gap that runs at the beginning has begun, and returned is that of the one at the end;
    None where none runs."""
    losses = deque(event.at for event in told if isinstance(event, Lost))
    for event in told:
        if isinstance(event, Lost):
            since = losses.popleft()
            yield Found(since) if log.covers(since) else event
            continue
        if since is not None:
            numbers = log.numbers(since, event.at)
            if isinstance(event, Snapshot) and losses:
                numbers = log.before(event, numbers, losses[0], pauses)
            for logged_event in log.between(since, event.at, numbers):
                _take(logged_event, pauses)
                yield logged_event
            since = None
        _take(event, pauses)
        yield event
    return since


class Logged:
    """The log's events, and since when each can have been, if AMI did not tell it too.

    `span` (µs, half-open) is what the log is known to tell of; without one, from its first to its last line.
    `listened` (the same) is when AMI was, each from the snapshot on that ended a gap; without them, as `told` has it.
    """

    def __init__(
        self,
        logged: Sequence[PbxEvent],
        told: Sequence[PbxEvent],
        span: tuple[int, int] | None = None,
        listened: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        self._events = _with_starts_in_gaps(logged, _listened(told) if listened is None else listened)
        self._times = [event.at for event in self._events]
        told_at = _told_at(self._events, told)
        self._earliest = _earliest(self._events, told_at)
        self._latest = _latest(self._events, told_at)
        self._heard = sorted((event.at, isinstance(event, Lost)) for event in told)
        self._span = span or ((logged[0].at, logged[-1].at + SECOND) if logged else (END, BEGINNING))

    def covers(self, at: int) -> bool:
        start, end = self._span
        return start <= at < end

    def numbers(self, start: int, end: int) -> list[int]:
        """Which of the log's events can be of a gap, in their order."""
        first_second = start // SECOND * SECOND
        low, high = bisect_left(self._times, first_second - SECOND), bisect_right(self._times, end + SECOND)
        found = []
        for number in range(low, high):
            event, earliest = self._events[number], self._earliest[number]
            if earliest is None or earliest > end or self._latest[number] <= start:
                continue
            begins = first_second - SECOND if self._was_cut_off(event) else first_second
            if max(event.at + _reckoned(event), earliest) >= begins:
                found.append(number)
        return found

    def _was_cut_off(self, event: PbxEvent) -> bool:
        """Whether AMI, which did not tell it, was listening then: an event can be under way while a Ping is answered,
        and be lost with the connection."""
        before = bisect_left(self._heard, (event.at, False))
        return isinstance(event, TOLD_TOO) and before > 0 and not self._heard[before - 1][1]

    def before(self, snapshot: Snapshot, numbers: list[int], next_lost: int, pauses: Pauses) -> list[int]:
        """Those of a gap's `numbers` that lie before the snapshot at its end.

        What is of the second in which the next gap begins can be of that one. Of such lines as many lie before
        the snapshot as lead to what it shows; all, where it shows what no line leads to, or what it only guesses.
        """
        next_second = next_lost // SECOND * SECOND
        rows = {(row.seat, row.queue): (row.paused, row.reason) for row in snapshot.members}
        open_events = [self._events[number] for number in numbers if self._times[number] >= next_second]
        pairs = {(e.seat, e.queue) for e in open_events if isinstance(e, MemberAdded | MemberPaused | MemberRemoved)}
        pairs -= snapshot.spoke
        reached = {pair: pauses[pair] for pair in pairs if pair in pauses}
        shown = None
        for count, number in enumerate(numbers):
            if self._times[number] >= next_second and _shows(rows, reached, pairs):
                shown = count
            _take(self._events[number], reached)
        return numbers if _shows(rows, reached, pairs) else numbers[:shown]

    def between(self, start: int, end: int, numbers: list[int]) -> Iterator[PbxEvent]:
        """The log's news of a gap, each given once, but for a restart: of two gaps in its second it can be of either. A
        `Lost` where it falls silent before the gap's end."""
        reached = start
        for number in numbers:
            event = self._events[number]
            if isinstance(event, Heard):  # a restart: nothing is known since whatever was said last, by either
                yield Lost(reached)
            else:
                self._earliest[number] = None
            reached = min(max(event.at, start), end)
            if not isinstance(event, Lost):
                yield replace(event, at=reached)
        if end != END and self.covers(start) and not self.covers(end):
            yield Lost(max(reached, self._span[1] - SECOND))


def _listened(told: Sequence[PbxEvent]) -> list[tuple[int, int]]:
    """Up to the last word."""
    since: int | None = None
    found = list[tuple[int, int]]()
    for event in (*told, Lost(_last_at(told) + SECOND)):
        if isinstance(event, Snapshot) and since is None:
            since = event.at
        elif isinstance(event, Lost) and since is not None:
            found.append((since, event.at))
            since = None
    return found


def _with_starts_in_gaps(logged: Sequence[PbxEvent], listened: Sequence[tuple[int, int]]) -> list[PbxEvent]:
    """The log's events, with each start that was written as AMI was listening again at the end of the gap before."""

    def placed(event: PbxEvent) -> PbxEvent:
        if isinstance(event, Heard):
            for start, end in listened:
                if start < event.at <= min(start + START_WRITTEN_WITHIN, end - SECOND):
                    return replace(event, at=start)
        return event

    return sorted(map(placed, logged), key=lambda event: event.at)


def _earliest(logged: Sequence[PbxEvent], told_at: Sequence[int | None]) -> list[int | None]:
    """Since when (µs) each of the log's events can have been, None where AMI told it too.

    The log's lines are in their order, so that what stands below a line that AMI told comes after it, an offer after
    its caller has come, and what ends an offer after the offer.
    """
    found: list[int | None] = []
    newest = BEGINNING
    came: dict[str, int] = {}
    offered_at: dict[tuple[str, str], int] = {}
    for event, told_last in zip(logged, told_at, strict=True):
        if told_last is not None:
            if isinstance(event, CallOffered):
                offered_at[event.seat, event.call] = told_last
            else:
                newest = max(newest, told_last)
            found.append(None)
        elif isinstance(event, Heard):
            found.append(event.at)
        elif isinstance(event, CallConnected | OfferEnded):
            found.append(max(event.at, newest, offered_at.get((event.seat, event.call), newest)))
        elif isinstance(event, CallOffered):
            found.append(max(event.at - _reckoned(event), came.get(event.call, BEGINNING)))
        else:
            found.append(max(event.at, newest))
        if isinstance(event, CallerJoined):
            came[event.call] = found[-1] or newest
    return found


def _latest(logged: Sequence[PbxEvent], told_at: Sequence[int | None]) -> list[int]:
    """Up to when (µs) each of them can have been: what stands above a line that AMI told was before it."""
    found: list[int] = []
    oldest = END
    for event, at in zip(reversed(logged), reversed(told_at), strict=True):
        if isinstance(event, CallOffered):  # it is reckoned
            found.append(END)
            continue
        found.append(oldest)
        oldest = oldest if at is None else min(oldest, at)
    return found[::-1]


def _told_at(logged: Sequence[PbxEvent], told: Sequence[PbxEvent]) -> list[int | None]:
    """When (µs) AMI told each of the log's events, None where it did not.

    Each of them notes an event by its own clock a moment after it happened, and either can be the later: what only one
    of them has in a second is what only the other has in the second beside it.
    """
    found: list[int | None] = [None] * len(logged)
    taken: set[int] = set()
    for mark in (_named_end, _fingerprint):
        told_in: dict[tuple[int, Fingerprint], deque[int]] = {}
        for place, event in enumerate(told):
            if place not in taken and (marked := mark(event)):
                told_in.setdefault((event.at // SECOND, marked), deque()).append(place)
        lines = [(event.at // SECOND, mark(event)) for event in logged]
        for apart in (0, -1, 1):
            for number, (second, marked) in enumerate(lines):
                if marked and found[number] is None and (places := told_in.get((second + apart, marked))):
                    taken.add(place := places.popleft())
                    found[number] = told[place].at
    return found


def _take(event: PbxEvent, pauses: Pauses) -> None:
    """What the event makes of who is in which queue, and paused there."""
    match event:
        case MemberAdded():
            pauses[event.seat, event.queue] = (event.paused, event.reason)
        case MemberPaused() if (event.seat, event.queue) in pauses:
            pauses[event.seat, event.queue] = (event.paused, event.reason)
        case MemberRemoved():
            pauses.pop((event.seat, event.queue), None)
        case Snapshot():
            rows = {(row.seat, row.queue): (row.paused, row.reason) for row in event.members}
            spoke = {pair: pauses[pair] for pair in event.spoke if pair in pauses}
            pauses.clear()
            pauses.update({pair: row for pair, row in rows.items() if pair not in event.spoke} | spoke)


def _shows(rows: Pauses, pauses: Pauses, pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether the rows of a snapshot are what is known of the pairs; not every Asterisk names a pause's reason."""
    for pair in pairs:
        row, known = rows.get(pair), pauses.get(pair)
        if row != known and not (known and row == (known[0], "")):
            return False
    return True


def _reckoned(event: PbxEvent) -> int:
    """How far (µs) a time of the log can be off, either way: an offer's is reckoned back from the second of its end."""
    return SECOND if isinstance(event, CallOffered) else 0


def _last_at(told: Sequence[PbxEvent]) -> int:
    return max((event.at for event in told), default=BEGINNING)


def _named_end(event: PbxEvent) -> Fingerprint | None:
    """Of a call's end that names it: it is no other's."""
    return ("CallEnded", event.seat, event.queue, event.call) if isinstance(event, CallEnded) and event.call else None


def _fingerprint(event: PbxEvent) -> Fingerprint:
    match event:
        case Heard() | Lost() | Found() | Snapshot():
            return (type(event).__name__, "", "", event.at)
        case CallerJoined() | CallerLeft():
            return (type(event).__name__, event.call, event.queue, None)
        case CallEnded():  # AMI does not always name the call, nor always as the log does
            return (type(event).__name__, event.seat, event.queue, None)
    paused = getattr(event, "paused", None)
    apart = (getattr(event, "call", None), paused, getattr(event, "reason", None) if paused else None)
    return (type(event).__name__, event.seat, getattr(event, "queue", ""), apart)
