"""Whatever happens at a switch: each second of a gap that queue_log fills is told as it was, or stays unobserved; as it
was but for what only a telephone did, of which queue_log says nothing."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccd.floor.events import Device, DeviceChanged, MemberAdded, PbxEvent, Snapshot
from ccd.floor.rules import QueueRule, SeatRules
from ccd.floor.seats import State
from ccd.floor.segments import Segment
from ccd.pbx.fill import fill
from ccd.pbx.queue_log import QueueLog
from tests.floor.floors import S, tell
from tests.pbx.any_history import BEGINS, NAMES, QUEUES, History, Members

RULES = SeatRules(queues={queue: QueueRule(wrap_up_s=0) for queue in QUEUES})
HISTORIES = 120  # of each kind
LOOKED_AT_EVERY = S // 2
BESIDE = 1_150_000  # µs: the log has whole seconds, and reckons when a ringing began
What = tuple[State, str]  # and why, where it is paused


class Line:
    """A seat's, as it was told."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._starts = [each.start for each in segments]
        self._states = [what(each) for each in segments]

    def at(self, moment: int) -> What:
        place = bisect_right(self._starts, moment)
        return self._states[place - 1] if place else (State.SIGNED_OUT, "")

    def between(self, start: int, end: int) -> set[What]:
        first, last = bisect_right(self._starts, start), bisect_right(self._starts, end)
        return {self.at(start), *self._states[first:last]}


def what(segment: Segment) -> What:
    view = segment.view
    return view.state, view.reason if view.state is State.PAUSED else ""


def lines_of(events: Iterable[PbxEvent]) -> dict[str, Line]:
    segments = sorted(tell(*events, rules=RULES).segments, key=lambda each: each.number)
    return {seat: Line([each for each in segments if each.seat == seat]) for seat in NAMES}


def without_telephones(events: Iterable[PbxEvent]) -> Iterator[PbxEvent]:
    for event in events:
        if isinstance(event, MemberAdded):
            yield replace(event, device=Device.FREE)
        elif isinstance(event, Snapshot):
            yield replace(event, members=tuple(replace(row, device=Device.FREE) for row in event.members))
        elif not isinstance(event, DeviceChanged):
            yield event


def invented(history: History) -> list[str]:
    """Where something is told that neither was so, about then, nor was told by AMI."""
    log = QueueLog([(name, seat) for seat, name in NAMES.items()])
    logged = list(log.told_by(history.lines(), Path("queue_log")))
    told, true, by_ami = lines_of(fill(history.told, logged)), lines_of(history.true), lines_of(history.told)
    bare = lines_of(without_telephones(history.true))
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


def unseen_s(events: Iterable[PbxEvent], until: int) -> float:
    lines = lines_of(events)
    moments = range(BEGINS, until, S)
    return sum(lines[seat].at(moment)[0] is State.UNOBSERVED for seat in NAMES for moment in moments)


@pytest.mark.parametrize("members", Members, ids=lambda members: members.name)
@pytest.mark.parametrize("restarts", [False, True], ids=["runs on", "restarts"])
def test_no_second_is_invented(restarts: bool, members: Members) -> None:
    for seed in range(HISTORIES):
        history = History(Random(seed), members, restarts)
        assert not invented(history), (seed, invented(history)[0])


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.sampled_from(Members), st.booleans(), st.integers(1, 40))
def test_a_history_of_which_something_is_invented_shrinks(
    chance: Random, members: Members, restarts: bool, steps: int
) -> None:
    assert not invented(History(chance, members, restarts, steps))


def test_without_restarts_next_to_nothing_stays_unobserved() -> None:
    """What these histories are worth: of a switch that always leaves the gap, nothing would be invented either."""
    before = after = 0.0
    for seed in range(HISTORIES):
        history = History(Random(seed), Members.KEPT, restarts=False)
        log = QueueLog([(name, seat) for seat, name in NAMES.items()])
        filled = fill(history.told, list(log.told_by(history.lines(), Path("queue_log"))))
        before += unseen_s(history.told, history.at)
        after += unseen_s(filled, history.at)
    assert after < before / 10
    assert before > HISTORIES * 100
