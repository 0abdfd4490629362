"""What an agent's day amounts to in a unit with schedules (docs/time-bank.md 2.3 and 2.4).

Each instant of a shift is in the first of these that holds, so that no second is charged twice:

1. a scheduled break: nothing;
2. an absence, and not signed in: on leave;
3. signed in: worked, aux, exempt or unreachable, as the floor judged it; with an absence, also worked on leave;
4. unobserved: it protects, and is never charged;
5. signed out by what nobody told (a restart, a reload) inside the shift: excused;
6. signed out, and never signed in within the shift: off post;
7. signed out before the shift's first instant of being signed in: late; after its last: early leave;
8. signed out in between: as the policy says, aux and part of the base, or off post.

A shift over the day's end is cut there. Who is signed out from or up to such a cut is off post: what came before it, or
comes after, is another day's, and late and early leave are told of a shift's own ends alone. Outside of shifts nothing
counts.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from enum import Enum, auto
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from ccd.floor.days import BusinessDay
from ccd.floor.expected import Expected, Shift, Span
from ccd.floor.records import UNREACHABLE, Counted, Duty
from ccd.floor.seats import UNOBSERVED
from ccd.floor.stretches import Judged, Stretch, Stretches


class What(Enum):
    """What an instant of a shift is."""

    BREAK = auto()
    ON_LEAVE = auto()
    WORKED = auto()
    AUX = auto()
    EXEMPT = auto()
    UNREACHABLE = auto()
    UNSEEN = auto()
    EXCUSED = auto()
    OFF_POST = auto()
    LATE = auto()
    EARLY_LEAVE = auto()
    SIGNED_OUT = auto()


SIGNED_IN = frozenset((What.WORKED, What.AUX, What.EXEMPT, What.UNREACHABLE))
JUDGED = {Judged.NONE: What.WORKED, Judged.AUX: What.AUX, Judged.EXEMPT: What.EXEMPT}


class Class(NamedTuple):
    """A part of a shift, and what it is."""

    start: int
    end: int
    what: What
    in_absence: bool


def on_duty(line: Stretches, day: BusinessDay, expected: Expected) -> Duty:
    spent: Counter[What] = Counter()
    worked_on_leave = 0
    for each in classes(line, day, expected):
        spent[each.what] += each.end - each.start
        if each.in_absence and each.what in SIGNED_IN:
            worked_on_leave += each.end - each.start
    signed_out = spent[What.SIGNED_OUT]
    return Duty(
        scheduled=spent.total() - spent[What.BREAK],
        late=spent[What.LATE],
        early_leave=spent[What.EARLY_LEAVE],
        off_post=spent[What.OFF_POST],
        on_leave=spent[What.ON_LEAVE],
        excused=spent[What.EXCUSED],
        worked_on_leave=worked_on_leave,
        counted=Counted(
            signed_in=sum(spent[what] for what in SIGNED_IN) + signed_out,
            exempt=spent[What.EXEMPT],
            unreachable=spent[What.UNREACHABLE],
            aux=spent[What.AUX] + signed_out,
            unobserved=spent[What.UNSEEN],
        ),
    )


def classes(line: Stretches, day: BusinessDay, expected: Expected) -> Iterator[Class]:
    """The parts of the day's shifts, in the order of the shifts and of time: together they are the shifts."""
    for shift in expected.shifts:
        part = Span(max(shift.start, day.start), min(shift.end, day.end))
        if part.start < part.end:
            yield from _Part(line, shift, part, expected).classes()


class _Part:
    """The part of a shift that lies in the day."""

    def __init__(self, line: Stretches, shift: Shift, part: Span, expected: Expected) -> None:
        self._shift, self._part, self._expected = shift, part, expected
        self._seen = [each for each in line.spans if each.end > part.start and each.start < part.end]
        self._starts = [each.start for each in self._seen]
        self._sign_outs = [each for each in line.sign_outs if part.start <= each[0] < part.end]
        present = [each for each in self._seen if each.state is not UNOBSERVED]
        self._first = max(part.start, present[0].start) if present else None
        self._last = min(part.end, present[-1].end) if present else None

    def classes(self) -> Iterator[Class]:
        edges = {at for at, _ in self._sign_outs}
        for spans in (self._shift.breaks, self._expected.absences, self._seen):
            edges.update(edge for each in spans for edge in (each.start, each.end))
        cuts = sorted({*self._part, *(edge for edge in edges if self._part.start < edge < self._part.end)})
        for start, end in pairwise(cuts):
            in_absence = any(each.start <= start < each.end for each in self._expected.absences)
            yield Class(start, end, self._what(start, end, in_absence), in_absence)

    def _what(self, start: int, end: int, in_absence: bool) -> What:
        if any(each.start <= start < each.end for each in self._shift.breaks):
            return What.BREAK
        seen = self._seen_at(start)
        if in_absence and (seen is None or seen.state is UNOBSERVED):
            return What.ON_LEAVE
        return self._signed_out(start, end) if seen is None else _as_seen(seen)

    def _seen_at(self, at: int) -> Stretch | None:
        number = bisect_right(self._starts, at) - 1
        return self._seen[number] if number >= 0 and at < self._seen[number].end else None

    def _signed_out(self, start: int, end: int) -> What:
        before = bisect_right(self._sign_outs, start, key=itemgetter(0))
        if before and not self._sign_outs[before - 1][1]:
            return What.EXCUSED
        if self._first is None or self._last is None:
            return What.OFF_POST
        if end <= self._first:
            return What.LATE if self._part.start == self._shift.start else What.OFF_POST
        if start >= self._last:
            return What.EARLY_LEAVE if self._part.end == self._shift.end else What.OFF_POST
        return What.SIGNED_OUT if self._expected.sign_outs_count else What.OFF_POST


def _as_seen(seen: Stretch) -> What:
    if seen.state is UNOBSERVED:
        return What.UNSEEN
    return What.UNREACHABLE if seen.state is UNREACHABLE else JUDGED[seen.judged]
