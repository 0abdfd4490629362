"""A gap that has ended, filled afterwards: by what the log tells, on the seats of which it leads from what was known
before to what is known after it (docs/time-bank.md 2.2). Pure.

Nothing that was observed is told otherwise: what is found lies between the two ends. Where it does not begin with what
was stored, or leads elsewhere than to what the switch said afterwards, nobody knows what is missing, and the seat stays
unobserved: all the time, or from the last that the log has of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ccd.floor.callers import CallGone
from ccd.floor.days import SECOND
from ccd.floor.events import Found, Heard, PbxEvent
from ccd.floor.floor import Floor
from ccd.floor.rules import SeatRules
from ccd.floor.seat_lines import NEVER_SEEN
from ccd.floor.seats import UNOBSERVED, State, View
from ccd.floor.segments import Segment
from ccd.history.gaps import Around, Gap
from ccd.pbx.beside import Beside
from ccd.pbx.fill import END, Logged, is_its_log
from ccd.pbx.queue_log import RING_S_MAX

NOWHERE = Around(None, None, None)
GOES_ON = (State.ON_CALL, State.RINGING)  # what only ends when somebody says so


class FoundLater(NamedTuple):
    """Segments without numbers, in the order in which they are to have them; callers; the log's events that were news;
    how many seats stay unobserved, in all or in part; and from when on the log was followed, µs."""

    segments: list[Segment]
    gone: list[CallGone]
    events: list[PbxEvent]
    unknown: int
    since: int


def floor_before(rules: SeatRules, gap: Gap, beside: Beside) -> Floor:
    """As it was when the gap began; where some of it was found before, as it was when the switch said the last."""
    floor = Floor(rules)
    for event in (*beside.before, Heard(_told_until(gap, beside))):
        floor.apply(event)
    floor.callers.gone.clear()
    return floor


def _told_until(gap: Gap, beside: Beside) -> int:
    if gap.told_at is None:
        return gap.since
    return max([gap.told_at, *(event.at for event in beside.before)])


def found_later(
    gap: Gap,
    floor: Floor,
    beside: Beside,
    logged: Sequence[PbxEvent],
    span: tuple[int, int],
    given: Sequence[PbxEvent] = (),
) -> FoundLater | None:
    """By a log that tells of this span (µs) these events; None where it does not reach to where the gap began, or is
    another switch's. None as well where the gap began in the second of the last answer: which lines of that second the
    answer shows, nobody can tell. The floor goes on to where the gap ends. What was `given` to the gap before it is of
    that one."""
    if gap.answered or beside.before[0].at // SECOND == gap.since // SECOND:
        return None
    listened = (gap.until, END if gap.lost_again is None else gap.lost_again)
    known = Logged(logged, [*beside.before, *beside.after, *given], span, [listened])
    near = [event for event in beside.before if event.at >= gap.since - RING_S_MAX * SECOND]
    if not known.covers(gap.since) or not is_its_log(logged, [*near, *beside.after]):
        return None
    begins = {name: segment.view for name, segment in floor.state.open.items()}
    last = gap.until - 1  # what was seen at the gap's end comes after all of this
    start = _told_until(gap, beside)
    events = list(known.between(start, last, known.numbers(start, gap.until)))
    opened: defaultdict[str, list[Segment]] = defaultdict(list)
    for event in (Found(start), *events, Heard(last)):
        for transition in floor.apply(event):
            opened[transition.opened.seat].append(transition.opened)
    segments: list[Segment] = []
    unknown = 0
    for seat in sorted({*gap.seats, *(opened.keys() - gap.known)}):
        around = gap.seats.get(seat, NOWHERE)
        begun, after = _from_stored(around, begins.get(seat, NEVER_SEEN), opened[seat], start)
        found = _of_seat(around, begun, after, gap.until)
        unknown += around.unseen is not None and (not found or found[-1].view.state is UNOBSERVED)
        segments += found
    segments.sort(key=lambda each: each.start)  # of each seat they stay in their order
    news = [event for event in events if event.at >= gap.since]
    return FoundLater(segments, floor.callers.gone, news, unknown, start)


def _from_stored(around: Around, begins: View, opened: Sequence[Segment], start: int) -> tuple[View, Sequence[Segment]]:
    """What a seat was where what is stored of it ends, and what it was after that. Of one instant as much was stored as
    leads to what is."""
    before, unseen, _ = around
    at = unseen.start if unseen else before.start if before else start
    place = sum(each.start < at for each in opened)
    stored = _told(before.view if before else NEVER_SEEN)
    line = [begins, *(each.view for each in opened)]
    if _told(line[place]) != stored:
        same = [number for number, each in enumerate(opened, 1) if each.start == at and _told(each.view) == stored]
        place = same[-1] if same else place
    return line[place], opened[place:]


def _of_seat(around: Around, begins: View, opened: Sequence[Segment], until: int) -> list[Segment]:
    before, unseen, after = around
    if _told(begins) != _told(before.view if before else NEVER_SEEN):
        return []
    found = list(opened)
    if unseen is not None:
        seat, start = unseen.seat, unseen.start
        first = Segment(seat, 0, start, None, begins._replace(name=unseen.view.name), False, 0, 0, 0, 0, 0)
        found = [first, *(replace(each, start=max(start, each.start)) for each in opened)]
    elif not found:
        return []
    newest = found[-1]
    if newest.view.state is UNOBSERVED and unseen is None:
        return []
    if newest.view.state is not UNOBSERVED and not _leads_to(newest.view, after.view if after else NEVER_SEEN):
        if unseen is None or len(found) == 1:
            return []
        lost = newest.view._replace(state=UNOBSERVED)
        while newest.view.state in GOES_ON and len(found) > 1 and found[-2].view.state is newest.view.state:
            found.pop()  # a pause that is pressed amid a call says nothing of the call
        found.append(Segment(newest.seat, 0, found[-1].start, None, lost, False, 0, 0, 0, 0, 0))
    if unseen is not None and all(each.start == unseen.start for each in found) and found[-1].view.state is UNOBSERVED:
        return []  # no more of it is known than before
    ended = [each.closed(then.start, then.opened_by) for each, then in pairwise(found)]
    return [*ended, found[-1].closed(until, after.opened_by if after else 0)]


def _told(view: View) -> tuple[State, bool, int, str]:
    return view.state, view.member, view.pause, view.reason


def _leads_to(view: View, after: View) -> bool:
    """Whether one can follow the other without a word that nobody heard."""
    if (view.member, view.pause) != (after.member, after.pause):
        return False
    return view.state is after.state or not {view.state, after.state} & {*GOES_ON}
