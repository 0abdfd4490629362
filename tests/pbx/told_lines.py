"""What is told of a random history (tests.pbx.any_history), held against what was so."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ccd.floor.events import Device, DeviceChanged, MemberAdded, PbxEvent, Snapshot
from ccd.floor.rules import QueueRule, SeatRules
from ccd.floor.seats import State
from ccd.floor.segments import Segment, as_they_follow
from tests.floor.floors import S, tell
from tests.pbx.any_history import BEGINS, NAMES, QUEUES, History

RULES = SeatRules(queues={queue: QueueRule(wrap_up_s=0) for queue in QUEUES})
LOOKED_AT_EVERY = S // 2
BESIDE = 1_150_000  # µs: the log has whole seconds, and reckons when a ringing began
What = tuple[State, str]  # and why, where it is paused


class Line:
    """A seat's, as it was told: segments in the order of time."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._starts = [each.start for each in segments]
        self._states = [what(each) for each in segments]

    def at(self, moment: int) -> What:
        place = bisect_right(self._starts, moment)
        return self._states[place - 1] if place else (State.SIGNED_OUT, "")

    def between(self, start: int, end: int) -> set[What]:
        first, last = bisect_right(self._starts, start), bisect_right(self._starts, end)
        return {self.at(start), *self._states[first:last]}


Lines = Mapping[str, Line]


def what(segment: Segment) -> What:
    view = segment.view
    return view.state, view.reason if view.state is State.PAUSED else ""


def lines_of(segments: Iterable[Segment]) -> Lines:
    """By seat; segments that are stored, in any order."""
    followed = [each for _, each in as_they_follow(("pbx", one) for one in segments)]
    return {seat: Line([each for each in followed if each.seat == seat]) for seat in NAMES}


def lines_told_by(events: Iterable[PbxEvent]) -> Lines:
    return lines_of(tell(*events, rules=RULES).segments)


def without_telephones(events: Iterable[PbxEvent]) -> Iterator[PbxEvent]:
    for event in events:
        if isinstance(event, MemberAdded):
            yield replace(event, device=Device.FREE)
        elif isinstance(event, Snapshot):
            yield replace(event, members=tuple(replace(row, device=Device.FREE) for row in event.members))
        elif not isinstance(event, DeviceChanged):
            yield event


def invented(history: History, told: Lines) -> list[str]:
    """Where something is told that neither was so, about then, nor was told by AMI."""
    true, by_ami = lines_told_by(history.true), lines_told_by(history.told)
    bare = lines_told_by(without_telephones(history.true))
    found = []
    for seat in NAMES:
        for moment in range(BEGINS, history.at, LOOKED_AT_EVERY):
            now, around = told[seat].at(moment), (moment - BESIDE, moment + BESIDE)
            was = true[seat].between(*around) | bare[seat].between(*around)
            if now[0] is State.UNOBSERVED or now in was or now == by_ami[seat].at(moment):
                continue
            if any(state is State.RINGING for state, _ in was):
                continue  # the log tells of it when it ends
            found.append(f"{seat} at {(moment - BEGINS) / S:g}: {now}, was {was}")
    return found


def unseen_s(lines: Lines, until: int) -> float:
    moments = range(BEGINS, until, S)
    return sum(lines[seat].at(moment)[0] is State.UNOBSERVED for seat in NAMES for moment in moments)
