"""What an agent's day amounts to in a unit with schedules, or where somebody has ruled (docs/time-bank.md 2.3, 2.4).

Each instant of a shift is in the first of these that holds, so that no second is charged twice:

1. a scheduled break: nothing;
2. ruled: what the ruling says, whatever was seen; left out it is nothing, as a break is. A ruling about a unit is one
   about who was there: between the first and the last instant at which the agent was seen in the shift, and not absent;
3. an absence, and not signed in: on leave;
4. signed in: worked, aux, exempt or unreachable, as the floor judged it; with an absence, also worked on leave;
5. unobserved: it protects, and is never charged;
6. signed out by what nobody told (a restart, a reload), or by who leads the agent, inside the shift: excused;
7. signed out, and never signed in within the shift: off post;
8. signed out before the shift's first instant of being signed in: late; after its last: early leave;
9. signed out in between: as the policy says, aux and part of the base, or off post.

A shift over the day's end is cut there. Who is signed out from or up to such a cut is off post: what came before it, or
comes after, is another day's, and late and early leave are told of a shift's own ends alone. But who was signed out of
the shift before the cut, and is excused, stays it. Outside of shifts nothing counts.

Without schedules the whole day is looked at: what was seen counts as it was measured, but for what is ruled; a ruling
about a unit reaches who was seen then.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from itertools import pairwise
from operator import itemgetter
from types import MappingProxyType
from typing import Final, NamedTuple

from ccd.floor.days import BusinessDay
from ccd.floor.expected import Absence, Counts, Expected, Ruled, Shift
from ccd.floor.records import UNREACHABLE, Counted, OnDuty
from ccd.floor.seats import UNOBSERVED
from ccd.floor.spans import Span, spans_within
from ccd.floor.stretches import Judged, Stretch, Stretches


class What(Enum):
    """What an instant of a shift is, or of a day without schedules: NOTHING of one is what nobody saw or ruled."""

    NOTHING = auto()
    BREAK = auto()
    LEFT_OUT = auto()
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

    __hash__ = object.__hash__  # one object each: the enumeration's own looks at the name, fifty times an agent-day


SIGNED_IN = frozenset((What.WORKED, What.AUX, What.EXEMPT, What.UNREACHABLE))
JUDGED = {Judged.NONE: What.WORKED, Judged.AUX: What.AUX, Judged.EXEMPT: What.EXEMPT}
NOT_SCHEDULED = (What.NOTHING, What.BREAK, What.LEFT_OUT)
NO_TIME: Final[Mapping[What, int]] = MappingProxyType(dict.fromkeys(What, 0))
RULED: Final[Mapping[Counts, What]] = MappingProxyType(
    {"available": What.WORKED, "exempt": What.EXEMPT, "aux": What.AUX, "left_out": What.LEFT_OUT}
)


class Class(NamedTuple):
    """A part of a shift, and what it is; by which ruling, where one says so."""

    start: int
    end: int
    what: What
    in_absence: bool
    ruled: Ruled | None = None


def on_duty(line: Stretches, day: BusinessDay, expected: Expected) -> OnDuty:
    spent = dict(NO_TIME)
    worked_on_leave = 0
    for start, end, what, in_absence, ruled in classes(line, day, expected):
        spent[what] += end - start
        if in_absence and what in SIGNED_IN and ruled is None:
            worked_on_leave += end - start
    signed_out = spent[What.SIGNED_OUT]
    scheduled = sum(spent.values()) - sum(spent[what] for what in NOT_SCHEDULED)
    return OnDuty(
        scheduled=scheduled if expected.schedules else 0,
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


def away_for(line: Stretches, day: BusinessDay, expected: Expected) -> tuple[Absence, ...]:
    """The absences, with how long the agent was away for each. Where leave was told of a day off as well it is that:
    it is paid for."""
    if not expected.absences:
        return ()
    in_order = sorted(range(len(expected.absences)), key=lambda one: expected.absences[one].origin != "withdrawal")
    away: Counter[int] = Counter()
    for each in classes(line, day, expected):
        if each.what is What.ON_LEAVE:
            away[next(one for one in in_order if _lies_in(expected.absences[one], each.start))] += each.end - each.start
    return tuple(absence._replace(away=away[number]) for number, absence in enumerate(expected.absences))


def reached(line: Stretches, day: BusinessDay, expected: Expected) -> tuple[Ruled, ...]:
    """The parts of rulings that say what some of the day is, in the order of time."""
    found: list[Ruled] = []
    for start, end, _, _, ruled in classes(line, day, expected) if expected.ruled else ():
        if ruled is None:
            continue
        if found and found[-1].end == start and found[-1].ref == ruled.ref:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(ruled._replace(start=start, end=end))
    return tuple(found)


def classes(line: Stretches, day: BusinessDay, expected: Expected) -> Iterator[Class]:
    """The parts of the day's shifts, in the order of the shifts and of time: together they are the shifts, or without
    schedules the day."""
    for shift in expected.shifts if expected.schedules else (Shift(day.start, day.end),):
        for part in spans_within([shift], day):
            yield from _Part(line, shift, part, expected).classes()


class SeenAs(NamedTuple):
    """Stretches that mean the same, one after the other."""

    start: int
    end: int
    what: What


class _Part:
    """The part of a shift that lies in the day."""

    def __init__(self, line: Stretches, shift: Shift, part: Span, expected: Expected) -> None:
        self._shift, self._part, self._expected = shift, part, expected
        self._seen = _seen_in(line.spans, part)
        self._sign_outs = [each for each in line.sign_outs if shift.start <= each[0] < part.end]
        self._sent_off = _sent_off(line, expected.sent_off) if expected.sent_off else ()
        self._there = Span(self._seen[0].start, self._seen[-1].end) if self._seen else Span(0, 0)
        present = [each for each in self._seen if each.what is not What.UNSEEN]
        self._first = max(part.start, present[0].start) if present else None
        self._last = min(part.end, present[-1].end) if present else None

    def classes(self) -> Iterator[Class]:
        edges, (first, last) = {at for at, _ in self._sign_outs}, self._part
        absences, breaks = self._expected.absences, self._shift.breaks
        for spans in (breaks, absences, self._expected.ruled, self._seen):
            for each in spans:
                edges.add(each.start)
                edges.add(each.end)
        cuts = [first, *sorted(edge for edge in edges if first < edge < last), last]
        is_ruled, line, place = bool(self._expected.ruled), self._seen, 0
        for start, end in pairwise(cuts):
            in_absence = bool(absences) and any(_lies_in(each, start) for each in absences)
            if breaks and any(each.start <= start < each.end for each in breaks):
                yield Class(start, end, What.BREAK, in_absence)
                continue
            while place < len(line) and line[place].end <= start:
                place += 1
            seen = line[place] if place < len(line) and line[place].start <= start else None
            ruled = self._ruled_at(start, seen, in_absence) if is_ruled else None
            what = RULED[ruled.counts] if ruled else self._what(start, end, seen, in_absence)
            yield Class(start, end, what, in_absence, ruled)

    def _ruled_at(self, at: int, seen: SeenAs | None, in_absence: bool) -> Ruled | None:
        ruled = next((each for each in self._expected.ruled if each.start <= at < each.end), None)
        if ruled is None or not ruled.of_unit:
            return ruled
        if in_absence and (seen is None or seen.what is What.UNSEEN):
            return None
        there = self._there.start <= at < self._there.end if self._expected.schedules else seen is not None
        return ruled if there else None

    def _what(self, start: int, end: int, seen: SeenAs | None, in_absence: bool) -> What:
        if in_absence and (seen is None or seen.what is What.UNSEEN):
            return What.ON_LEAVE
        return self._signed_out(start, end) if seen is None else seen.what

    def _signed_out(self, start: int, end: int) -> What:
        if not self._expected.schedules:
            return What.NOTHING
        before = bisect_right(self._sign_outs, start, key=itemgetter(0))
        if before:
            at, told = self._sign_outs[before - 1]
            if not told or at in self._sent_off:
                return What.EXCUSED
        if self._first is None or self._last is None:
            return What.OFF_POST
        if end <= self._first:
            return What.LATE if self._part.start == self._shift.start else What.OFF_POST
        if start >= self._last:
            return What.EARLY_LEAVE if self._part.end == self._shift.end else What.OFF_POST
        return What.SIGNED_OUT if self._expected.sign_outs_count else What.OFF_POST


def _lies_in(absence: Absence, at: int) -> bool:
    return absence.start <= at < absence.end


def _sent_off(line: Stretches, spans: Iterable[Span]) -> tuple[int, ...]:
    """The sign-outs that were a leader's: the first within each span. Who leaves again later was not sent."""
    firsts = (next((at for at, _ in line.sign_outs if span.start <= at < span.end), None) for span in spans)
    return tuple(at for at in firsts if at is not None)


def _seen_in(line: Iterable[Stretch], part: Span) -> list[SeenAs]:
    """Whatever the telephone does meanwhile: two stretches of three are work after work."""
    found: list[SeenAs] = []
    first, last = part
    begins = ends = 0
    meant: What | None = None
    for start, end, state, judged in line:
        if end <= first or start >= last:
            continue
        what = What.UNSEEN if state is UNOBSERVED else What.UNREACHABLE if state is UNREACHABLE else JUDGED[judged]
        if what is meant and start == ends:
            ends = end
            continue
        if meant is not None:
            found.append(SeenAs(begins, ends, meant))
        begins, ends, meant = start, end, what
    if meant is not None:
        found.append(SeenAs(begins, ends, meant))
    return found
