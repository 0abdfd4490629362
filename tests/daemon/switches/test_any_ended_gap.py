"""Whatever happens at a switch: what queue_log tells later of a gap that has ended is told as it was, or stays
unobserved, and what was observed is told as before."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from ccd.daemon.switches.ended_gaps import floor_before, found_later
from ccd.floor.events import Lost, PbxEvent, Snapshot
from ccd.floor.seats import State
from ccd.floor.segments import Segment, as_they_follow
from ccd.history.gaps import Gap, answered_between, around_gap
from ccd.pbx.beside import AFTER_US, Beside
from ccd.pbx.queue_log import QueueLog
from tests.floor.floors import S, tell
from tests.pbx.any_history import NAMES, History, Members
from tests.pbx.told_lines import RULES, Lines, invented, lines_of, lines_told_by, unseen_s

SEEDS = range(1_080, 1_140)  # two of which were told wrong once


class Cut(NamedTuple):
    """When AMI was lost and answered again (µs), and what the evidence tells beside that."""

    since: int
    until: int
    beside: Beside


def cuts(told: Sequence[PbxEvent]) -> Iterator[Cut]:
    """In the evidence an answer stands at the time of what was said before it (ccd.pbx.beside)."""
    said = list(accumulate((0 if isinstance(event, Snapshot) else event.at for event in told), max))
    kept = [
        replace(event, at=at) if isinstance(event, Snapshot) else event for event, at in zip(told, said, strict=True)
    ]
    for number, lost in enumerate(told):
        if not isinstance(lost, Lost):
            continue
        until = told[number + 1].at  # of the answer
        begins = max(place for place in range(number) if isinstance(told[place], Snapshot))
        before = [event for event in kept[begins:number] if event.at <= lost.at]
        after = [event for event in told[number + 2 :] if event.at < until + AFTER_US]
        yield Cut(lost.at, until, Beside(before, [one for one in after if not isinstance(one, Snapshot | Lost)]))


def filled_later(history: History) -> Lines:
    """All that is stored in the end."""
    stored = tell(*history.told, rules=RULES).segments
    log = QueueLog([(name, seat) for seat, name in NAMES.items()])
    logged = list(log.told_by(history.lines(), Path("queue_log")))
    later: list[Segment] = []
    given: Sequence[PbxEvent] = ()
    for since, until, beside in cuts(history.told):
        gap = gap_between(stored, since, until)
        if not any(around.unseen for around in gap.seats.values()):
            continue  # everybody was signed out, and nobody knows of a gap
        found = found_later(gap, floor_before(RULES, gap, beside), beside, logged, (0, history.at + S), given)
        if found is not None and found.segments:
            given = found.events
            later += [
                replace(each, number=number) for number, each in enumerate(found.segments, len(stored + later) + 1)
            ]
    return lines_of(stored + later)


def gap_between(stored: Sequence[Segment], since: int, until: int) -> Gap:
    """As it is read of the database."""
    followed = [each for _, each in as_they_follow(("pbx", one) for one in stored)]
    around = {seat: around_gap([one for one in followed if one.seat == seat], since, until) for seat in NAMES}
    seats = {seat: each for seat, each in around.items() if each is not None}
    unseen = [one.start for one in stored if one.view.state is State.UNOBSERVED and one.start != one.end]
    lost_again = min((start for start in unseen if start >= until), default=None)
    answered = answered_between(since - since % S, since, stored)
    return Gap(since, until, lost_again, None, answered, (0, 0), seats, frozenset(one.seat for one in stored))


@pytest.mark.parametrize("members", Members, ids=lambda members: members.name)
@pytest.mark.parametrize("restarts", [False, True], ids=["runs on", "restarts"])
def test_no_second_is_invented(restarts: bool, members: Members) -> None:
    for seed in SEEDS:
        history = History(Random(seed), members, restarts)
        found = invented(history, filled_later(history))
        assert not found, (seed, found[0])


def test_without_restarts_most_is_found() -> None:
    """What these histories are worth: of who leaves every gap, nothing would be invented either."""
    before = after = 0.0
    for seed in SEEDS:
        history = History(Random(seed), Members.KEPT, restarts=False)
        before += unseen_s(lines_told_by(history.told), history.at)
        after += unseen_s(filled_later(history), history.at)
    assert after < before / 3
    assert before > len(SEEDS) * 100
